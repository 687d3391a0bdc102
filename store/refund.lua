-- refund: take back what a message was charged.
--
-- KEYS  1 counters   2 message
--       of a message that a lease may have charged 3, 4 records and 5, 6 index of both
--       turns (store/lent.lua); of a lease 3, 4 records and then both turns of each index
--       that some of its messages belong in
-- ARGV  1 seconds a message is remembered, and behind a space its token; with
--         0 seconds it is forgotten
--       of a message that a lease may have charged: 2 its fingerprint
--       of a lease (store/lease.h), which is KEYS 2 and goes back: 2 what is added to
--         each index; 3 what is left of each row, 4 octets each; 4 how many octets
--         the record of a message has; 5 the records of those that it has charged
--
-- Answers 1 when something was taken back, 0 when the message was not charged
-- or was refunded before. Either way the message is remembered as refunded: a
-- charge that is still under way finds out. What is remembered with another
-- token is another message's and left alone. store/take.lua has the formats.
--
-- A message that a lease has charged is remembered in a record of its own. Forgotten, it has
-- none any more.
-- needs lent.lua

local FRONT_SIZE = 18
local NAME, NAME_SIZE, SUM_SIZE, BORN_SIZE, FRESH_SIZE = '>c1c1I4', 6, 8, 7, 16
local REST, REST_SIZE = '>I6I7I1I6I1', 21
local ENTRY = {m = '>I1I4', r = '>I1I4', b = '>I1I6'}
local ENTRY_SIZE = {m = 5, r = 5, b = 7}
local CHARGE = '>c1c1I4I7I6I6I1'
local CHARGE_SIZE = 26
local CHARGES = 11
local TOKEN_SIZE = 9
local NO_TOKEN = '---------'
local SLOTS = 60

local kept, token = string.match(ARGV[1], '^(%d+) ?(.*)$')
if token == '' then token = NO_TOKEN end

-- In the records of a lease: their head, and in each what is before the amounts.
local HEAD, HEAD_SIZE = '>I2I4', 6
local BEFORE_AMOUNTS = 22

-- Of a message that a lease has charged, find_lent().
local lent
-- What is taken back of each row, when it is not what was charged.
local given = ARGV[3]

local function is_this(other)
  return other == token or other == NO_TOKEN or token == NO_TOKEN
end

local function look_for_lent()
  lent = find_lent({KEYS[3], KEYS[4], KEYS[5], KEYS[6]}, ARGV[2], is_this)
  if not lent then return false end
  given = string.sub(lent.value, lent.at + BEFORE_AMOUNTS, lent.at + lent.size - 1)
  return string.sub(lent.value, HEAD_SIZE + lent.all + 1)
end

-- The messages of a lease, and where it has counted. A try before may have failed half way: what
-- it has added to the indexes is not added again.
local function remember_lent(record)
  local index, size, messages = ARGV[2], ARGV[4], ARGV[5]
  if messages == '' then return end
  local turn = math.floor(redis.call('TIME')[1] / kept) % 2
  local key = KEYS[3 + turn]
  local new = redis.call('HSET', key, string.sub(index, 1, 8),
    struct.pack(HEAD, size, #messages) .. messages .. record)
  redis.call('EXPIRE', key, kept)
  if new == 0 then return end
  local at = 1
  for i = 5 + turn, #KEYS, 2 do
    local next_at = at + 10 + 4 * struct.unpack('>I2', index, at + 8)
    redis.call('APPEND', KEYS[i], string.sub(index, at, next_at - 1))
    redis.call('EXPIRE', KEYS[i], kept)
    at = next_at
  end
end

-- In what a message is remembered as.
local function token_at(record)
  return string.sub(record, 1, 1) == 'q' and 11 + NAME_SIZE * struct.unpack('>I2', record, 9) or 2
end

local message = redis.call('GET', KEYS[2])
local from = message and token_at(message)
local is_another = message and not is_this(string.sub(message, from, from + TOKEN_SIZE - 1))
-- Also when another one with that queue id was charged without a lease.
if ARGV[2] and not given and (not message or is_another) then message = look_for_lent() end
if is_another and not lent or lent and string.sub(lent.value, lent.at, lent.at) == 'x' then
  return 0
end
local kind = message and string.sub(message, 1, 1)

-- Last, when nothing can fail any more.
local function remember()
  if ARGV[3] and kind ~= 'x' then remember_lent(message or '') end
  if lent and kept == '0' then
    redis.call('HSET', lent.key, lent.id, struct.pack(HEAD, lent.size, lent.all - lent.size) ..
      string.sub(lent.value, HEAD_SIZE + 1, lent.at - 1) ..
      string.sub(lent.value, lent.at + lent.size))
  elseif lent then
    redis.call('HSET', lent.key, lent.id, string.sub(lent.value, 1, lent.at - 1) .. 'x' ..
      string.sub(lent.value, lent.at + 1))
  elseif kept == '0' then
    redis.call('DEL', KEYS[2])
  else
    redis.call('SET', KEYS[2], 'x' .. token, 'EX', kept)
  end
end

if kind ~= 'c' and kind ~= 'q' then
  remember()
  return 0
end

local function amount_given(i)
  return given and (struct.unpack('>I4', given, 1 + 4 * i))
end

-- By kind, unit and window, where it was counted.
local charges = {}
if kind == 'c' then
  for at = CHARGES, #message, CHARGE_SIZE do
    local letter, unit, window, born, slot, amount, mark = struct.unpack(CHARGE, message, at)
    charges[letter .. unit .. window] = {born = born, slot = slot, mark = mark,
      amount = amount_given((at - CHARGES) / CHARGE_SIZE) or amount}
  end
else
  local now = math.floor(struct.unpack('>I7', message, 2) / 1000)
  local n = struct.unpack('>I2', message, 9)
  local amounts = token_at(message) + TOKEN_SIZE
  for i = 0, n - 1 do
    local letter, unit, window = struct.unpack(NAME, message, 11 + i * NAME_SIZE)
    local length = math.ceil(window * 1000 / SLOTS)
    charges[letter .. unit .. window] = {mark = 0, slot = math.floor(now / length),
      amount = amount_given(i) or struct.unpack('<d', message, amounts + i * 8),
      born = struct.unpack('>I7', message, amounts + n * 8 + i * BORN_SIZE)}
  end
end

local function slot_of(block, low)
  return block.newest - (block.newest - low) % 256
end

-- A mark that this message has reached will be told again.
local function unmark(block, charge)
  if charge.mark > 0 and charge.mark == block.mark and charge.slot == block.marked then
    block.mark = charge.mark == 95 and 80 or 0
  end
end

-- Takes a charge out of its block; how much there was.
local function take_back(block, charge)
  unmark(block, charge)
  if block.kind ~= 'w' and block.kind ~= 'W' then
    local back = charge.slot == block.newest and math.min(block.sum, charge.amount) or 0
    block.sum = block.sum - back
    return back
  end
  local format, size = ENTRY[block.unit], ENTRY_SIZE[block.unit]
  for at = 1, #block.entries, size do
    local low, amount = struct.unpack(format, block.entries, at)
    if slot_of(block, low) == charge.slot then
      local back, rest = math.min(amount, charge.amount), ''
      if amount > back then rest = struct.pack(format, low, amount - back) end
      block.entries = string.sub(block.entries, 1, at - 1) .. rest ..
        string.sub(block.entries, at + size)
      block.sum = block.sum - back
      return back
    end
  end
  return 0
end

-- Block i of n, whose older entries begin at at; in a rolling window what was counted
-- in the newest slot is one more of them.
local function read(stored, n, i, at)
  local sums = FRONT_SIZE + 1 + n * NAME_SIZE
  local borns = sums + n * SUM_SIZE + FRESH_SIZE
  local block = {}
  block.kind, block.unit, block.window = struct.unpack(NAME, stored, FRONT_SIZE + 1 + i * NAME_SIZE)
  block.sum = struct.unpack('<d', stored, sums + i * SUM_SIZE)
  block.born = struct.unpack('>I7', stored, borns + i * BORN_SIZE)
  local base, older
  block.newest, base, block.mark, block.marked, older =
    struct.unpack(REST, stored, borns + n * BORN_SIZE + i * REST_SIZE)
  local next_at = at + older * ENTRY_SIZE[block.unit]
  block.entries = string.sub(stored, at, next_at - 1)
  if block.kind == 'w' or block.kind == 'W' then
    block.entries = block.entries ..
      struct.pack(ENTRY[block.unit], block.newest % 256, block.sum - base)
  end
  return block, next_at
end

-- The counters as they are stored, without the blocks that nothing is left in; nil
-- when there is none. What is fresh is not known.
local function packed(version, blocks)
  local names, sums, borns, rests, entries = {}, {}, {}, {}, {}
  for _, block in ipairs(blocks) do
    local size = ENTRY_SIZE[block.unit]
    local base, older = 0, 0
    if block.entries ~= '' then
      local last_at = #block.entries - size + 1
      local low, last = struct.unpack(ENTRY[block.unit], block.entries, last_at)
      block.newest = slot_of(block, low)
      block.entries = string.sub(block.entries, 1, last_at - 1)
      base, older = block.sum - last, #block.entries / size
    end
    if block.sum > 0 or block.kind == 'f' then
      names[#names + 1] = struct.pack(NAME, block.kind, block.unit, block.window)
      sums[#sums + 1] = struct.pack('<d', block.sum)
      borns[#borns + 1] = struct.pack('>I7', block.born)
      rests[#rests + 1] = struct.pack(REST, block.newest, base, block.mark, block.marked, older)
      entries[#entries + 1] = block.entries
    end
  end
  if #names == 0 then return nil end
  return version .. struct.pack('>I2', #names) .. table.concat(names) .. table.concat(sums) ..
    string.rep('\0', FRESH_SIZE) .. table.concat(borns) .. table.concat(rests) ..
    table.concat(entries)
end

local stored = redis.call('GET', KEYS[1])
local blocks, taken = {}, 0
if stored then
  local n = struct.unpack('>I2', stored, FRONT_SIZE - 1)
  local at = FRONT_SIZE + 1 + n * (NAME_SIZE + SUM_SIZE + BORN_SIZE + REST_SIZE) + FRESH_SIZE
  for i = 0, n - 1 do
    local block
    block, at = read(stored, n, i, at)
    local charge = charges[block.kind .. block.unit .. block.window]
    if charge and charge.born == block.born then
      taken = taken + take_back(block, charge)
    end
    blocks[#blocks + 1] = block
  end
end
remember()
if taken == 0 then return 0 end
local left = packed(string.sub(stored, 1, 16), blocks)
if left then
  redis.call('SET', KEYS[1], left, 'KEEPTTL')
else
  redis.call('DEL', KEYS[1])
end
return 1
