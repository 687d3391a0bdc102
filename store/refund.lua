-- refund: take back what a message was charged.
--
-- KEYS  1 counters   2 message
-- ARGV  1 seconds a message is remembered, and behind a space its token; with
--         0 seconds it is forgotten
--
-- Answers 1 when something was taken back, 0 when the message was not charged
-- or was refunded before. Either way the message is remembered as refunded: a
-- charge that is still under way finds out. What is remembered with another
-- token is another message's and left alone. store/take.lua has the formats.

local BLOCK = '>c1c1I4I7I6I7I1I6I1'
local BLOCK_SIZE = 34
local ENTRY = {m = '>I1I4', r = '>I1I4', b = '>I1I6'}
local ENTRY_SIZE = {m = 5, r = 5, b = 7}
local CHARGE = '>c1c1I4I7I6I6I1'
local CHARGE_SIZE = 26
local CHARGES = 11
local ROW = '>xc1c1I4I4i8'
local ROW_SIZE = 28
local ROWS = 35
local BORN_SIZE = 7
local NO_TOKEN = '---------'

local kept, token = string.match(ARGV[1], '^(%d+) ?(.*)$')
if token == '' then token = NO_TOKEN end

local message = redis.call('GET', KEYS[2])
local kind = message and string.sub(message, 1, 1)
local from = kind == 'q' and 26 or 2
local other = message and string.sub(message, from, from + 8) or token
if other ~= token and other ~= NO_TOKEN and token ~= NO_TOKEN then return 0 end

-- Last, when nothing can fail any more.
local function remember()
  if kept == '0' then
    redis.call('DEL', KEYS[2])
  else
    redis.call('SET', KEYS[2], 'x' .. token, 'EX', kept)
  end
end

if kind ~= 'c' and kind ~= 'q' then
  remember()
  return 0
end

-- By kind, unit and window, where it was counted.
local charges = {}
if kind == 'c' then
  for at = CHARGES, #message, CHARGE_SIZE do
    local letter, unit, window, born, slot, amount, mark = struct.unpack(CHARGE, message, at)
    charges[letter .. unit .. window] = {born = born, slot = slot, amount = amount, mark = mark}
  end
else
  local now = math.floor(struct.unpack('>I7', message, 2) / 1000)
  local n = (#message - ROWS + 1) / (ROW_SIZE + BORN_SIZE)
  for i = 0, n - 1 do
    local letter, unit, window, length, amount = struct.unpack(ROW, message, ROWS + i * ROW_SIZE)
    local born = struct.unpack('>I7', message, ROWS + n * ROW_SIZE + i * BORN_SIZE)
    charges[letter .. unit .. window] = {born = born, amount = amount, mark = 0,
      slot = math.floor(now / length)}
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

-- The block as it is stored; "" when nothing is left in it.
local function packed(block)
  local size = ENTRY_SIZE[block.unit]
  local n = #block.entries / size
  if block.sum == 0 and block.kind ~= 'f' then return '' end
  if n > 0 then
    local low = struct.unpack(ENTRY[block.unit], block.entries, #block.entries - size + 1)
    block.newest = slot_of(block, low)
  end
  return struct.pack(BLOCK, block.kind, block.unit, block.window, block.born, block.newest,
    block.sum, block.mark, block.marked, n) .. block.entries
end

local stored = redis.call('GET', KEYS[1]) or ''
local parts, at, taken = {}, 1, 0
while at <= #stored do
  local block = {}
  block.kind, block.unit, block.window, block.born, block.newest, block.sum, block.mark,
    block.marked, block.n = struct.unpack(BLOCK, stored, at)
  local first = at + BLOCK_SIZE
  at = first + block.n * ENTRY_SIZE[block.unit]
  block.entries = string.sub(stored, first, at - 1)
  local charge = charges[block.kind .. block.unit .. block.window]
  if charge and charge.born == block.born then
    taken = taken + take_back(block, charge)
  end
  parts[#parts + 1] = packed(block)
end
remember()
if taken == 0 then return 0 end
local left = table.concat(parts)
if left == '' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], left, 'KEEPTTL')
end
return 1
