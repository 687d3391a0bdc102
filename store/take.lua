-- take: test every row, then charge all of them or none.
--
-- KEYS  1 account   2 counters   3 message (charging only)
-- ARGV  1 version of the account the caller decided on, "?" when it knows none,
--         "*" whatever it is
--       2 seconds a message is remembered, and behind a space its token
--       3.. rows, each: kind, unit ("m", "r", "b"), window, amount, limit (-1
--       unlimited), enforce (1, or 0 to charge beyond the limit too), and then
--         kind "w", rolling: nothing more; window is in seconds
--         kind "h", "d", "k", "o", a clock hour, day, week, month: the period's
--         start and end (Unix time); window stands for the time zone
--         kind "W", "H", "D", "K", "O": as the small letter; counters of their own,
--         for mail from the null sender
--         kind "r", a ramp: as "w", with the limit it begins with, and then the
--         factor in thousandths, the seconds of a step, the limit it ends with
--
-- Answers {status, now in ms, counters exist (0 or 1)} and for each row: used;
-- retry-after in ms; the limit in force; the mark (80 or 95) that was passed
-- for the first time in this window, or 0. {"stale", account} when the version
-- is another; {"clock", now} when a calendar period is not the present one.
-- Retry-after is 0 for a row that fits and -1 for one that never will. For a
-- row whose amount is 0 it is when the oldest of what is used is let go.
--
-- The counters of a login are one value: a block for each kind, unit and
-- window.
--   block   kind 1, unit 1, window 4, born 7, newest slot 6, sum 7, mark 1,
--           marked slot 6, entries 1; then the entries, oldest first
--   entry   slot modulo 256 1, amount 4 (messages, recipients) or 6 (bytes)
-- A calendar block has no entries, and its period's start for newest slot. A
-- block of kind "f" only remembers in born when the first message was counted.
-- born is the time in microseconds at which the block was made, so that a
-- refund does not touch what was counted after a reset. engine/window.h says
-- how a rolling window counts; the arithmetic here is the same.
--
-- A message is remembered as "c", token 9 and for each row: kind 1, unit 1,
-- window 4, born 7, slot 6, amount 6, mark 1 (that it has reached); once
-- refunded, as "x" and token. Postfix's short queue ids come again: what is
-- remembered with another token of the same daemon (the token's first letter)
-- is another message's. A message that both daemons charge is one message.

local SLOTS = 60
local BLOCK = '>c1c1I4I7I6I7I1I6I1'
local BLOCK_SIZE = 34
local ENTRY = {m = '>I1I4', r = '>I1I4', b = '>I1I6'}
local ENTRY_SIZE = {m = 5, r = 5, b = 7}
local ENTRY_MAX = {m = 4294967295, r = 4294967295, b = 281474976710655}
-- Seconds; calendar_longest_s().
local LONGEST = {h = 3600, d = 93600, k = 612000, o = 2685600,
  H = 3600, D = 93600, K = 612000, O = 2685600}
local ROLLING = {w = true, W = true}
local MARKS = {95, 80}
-- AMOUNT_MAX of base/units.h.
local SUM_MAX = 9007199254740991
-- How long the first message of a login is remembered after its last one.
local FIRST_KEPT = 2678400

local DAMAGED = 'ERR the counters of this login cannot be read; "sendward reset" forgets them'

local version = redis.call('GETRANGE', KEYS[1], 0, 15)
if ARGV[1] ~= '*' and (ARGV[1] == '?' or version ~= ARGV[1]) then
  return {'stale', redis.call('GET', KEYS[1]) or ''}
end

local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = math.floor(now_us / 1000)

-- The blocks of the stored value, by kind, unit and window.
local stored = redis.call('GET', KEYS[2])
local blocks, order = {}, {}
local at = 1
while stored and at <= #stored do
  local first, kind, unit, window, born, newest, sum, mark, marked, n = at + BLOCK_SIZE
  if first <= #stored + 1 then
    kind, unit, window, born, newest, sum, mark, marked, n = struct.unpack(BLOCK, stored, at)
  end
  at = first + (n or 0) * (ENTRY_SIZE[unit] or 0)
  if not (ROLLING[kind] or LONGEST[kind] or kind == 'f') or not ENTRY_SIZE[unit] or
      (ROLLING[kind] and window < 1) or sum > SUM_MAX or at > #stored + 1 then
    return redis.error_reply(DAMAGED)
  end
  local block = {kind = kind, unit = unit, window = window, born = born, newest = newest,
    sum = sum, mark = mark, marked = marked, n = n, entries = string.sub(stored, first, at - 1)}
  blocks[kind .. unit .. window] = block
  order[#order + 1] = block
end

local function block_of(kind, unit, window)
  local name = kind .. unit .. window
  local block = blocks[name]
  if not block then
    block = {kind = kind, unit = unit, window = window, born = now_us, newest = 0, sum = 0,
      mark = 0, marked = 0, n = 0, entries = ''}
    blocks[name] = block
    order[#order + 1] = block
  end
  return block
end

local function entry(block, i)
  local size = ENTRY_SIZE[block.unit]
  local low, amount = struct.unpack(ENTRY[block.unit], block.entries, (i - 1) * size + 1)
  return block.newest - (block.newest - low) % 256, amount
end

-- The clock went back so far that a block counts as of now. That is written
-- even when nothing is charged; else it would be as of now again and again, and
-- a login that has used up its quota would have to wait for the old time. No
-- message was charged where the block counts then.
local rewound = false

local function rewind(block, slot)
  block.newest = slot
  block.born = now_us
  block.mark = 0
  rewound = true
end

-- Drops what is too old; block.slot is where amounts go.
local function roll(block)
  local length = math.ceil(block.window * 1000 / SLOTS)
  local slot = math.floor(now / length)
  block.length = length
  if block.n > 0 then
    if block.newest > slot + SLOTS then
      rewind(block, slot)
      block.sum = math.min(block.sum, ENTRY_MAX[block.unit])
      block.entries = struct.pack(ENTRY[block.unit], slot % 256, block.sum)
      block.n = 1
    elseif block.newest > slot then
      slot = block.newest
    end
  end
  local old = 0
  while old < block.n do
    local entry_slot, amount = entry(block, old + 1)
    if entry_slot >= slot - SLOTS then break end
    block.sum = block.sum - amount
    old = old + 1
  end
  if old > 0 then
    block.entries = string.sub(block.entries, old * ENTRY_SIZE[block.unit] + 1)
    block.n = block.n - old
  end
  if block.marked < slot - SLOTS then block.mark = 0 end
  block.slot = slot
end

-- The same for a calendar period. A clock that went back into the period
-- before goes on counting in the later one.
local function turn(block, start, finish)
  if block.newest < start then
    block.sum = 0
    block.mark = 0
  elseif block.newest > finish then
    rewind(block, start)
  else
    start = block.newest
  end
  block.slot = start
  block.finish = finish
end

local function add(block, amount)
  if amount <= 0 then return end
  if LONGEST[block.kind] then
    block.sum = block.sum + amount
    block.newest = block.slot
    return
  end
  local size = ENTRY_SIZE[block.unit]
  local kept, before = block.entries, 0
  if block.n > 0 and block.newest == block.slot then
    local _
    _, before = entry(block, block.n)
    kept = string.sub(kept, 1, -size - 1)
  else
    block.n = block.n + 1
    block.newest = block.slot
  end
  local after = math.min(before + amount, ENTRY_MAX[block.unit])
  block.entries = kept .. struct.pack(ENTRY[block.unit], block.slot % 256, after)
  block.sum = block.sum + after - before
end

-- When so much is let go that excess is gone.
local function let_go(block, excess)
  if block.finish then return block.finish * 1000 - now end
  for i = 1, block.n do
    local slot, counted = entry(block, i)
    excess = excess - counted
    if excess <= 0 then
      return (slot + SLOTS + 1) * block.length - now
    end
  end
  return -1
end

local function retry_after(block, amount, limit)
  if amount == 0 then return block.sum > 0 and let_go(block, 1) or 0 end
  if limit < 0 or block.sum + amount <= limit then return 0 end
  if amount > limit then return -1 end
  return let_go(block, block.sum + amount - limit)
end

-- The limit of a ramp today: from its first, by the factor for each step.
local function ramped(limit, factor, step, last)
  local first = blocks['fm0']
  if not first then return limit end
  for _ = 1, math.floor((now_us - first.born) / 1000000 / step) do
    local next_limit = math.floor(limit * factor / 1000)
    if limit >= last or next_limit <= limit then break end
    limit = next_limit
  end
  return math.min(limit, last)
end

-- Writes the blocks that still count.
local function save()
  local parts, longest = {}, 1
  for _, block in ipairs(order) do
    local lasts
    if block.kind == 'f' then
      lasts = FIRST_KEPT
    elseif LONGEST[block.kind] then
      lasts = block.sum > 0 and LONGEST[block.kind] or nil
      -- A block of no row any more goes when its time has passed.
      if lasts and not block.slot and now >= (block.newest + lasts) * 1000 then lasts = nil end
    else
      if not block.slot then roll(block) end
      lasts = block.n > 0 and block.window + math.ceil(block.window / SLOTS) or nil
    end
    if lasts then
      parts[#parts + 1] = struct.pack(BLOCK, block.kind, block.unit, block.window, block.born,
        block.newest, block.sum, block.mark, block.marked, block.n)
      parts[#parts + 1] = block.entries
      longest = math.max(longest, lasts)
    end
  end
  redis.call('SET', KEYS[2], table.concat(parts), 'EX', longest + 1)
end

-- Test.
local answer = {'done', now, stored and 1 or 0}
local rows, over, ramp = {}, false, false
local i = 3
while i <= #ARGV do
  local kind, unit, window = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  local amount, limit = tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])
  local enforce = ARGV[i + 5] == '1'
  local block
  i = i + 6
  if LONGEST[kind] then
    local start, finish = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
    i = i + 2
    if now_us < start * 1000000 or now_us >= finish * 1000000 then return {'clock', now} end
    block = block_of(kind, unit, window)
    if not block.slot then turn(block, start, finish) end
  else
    if kind == 'r' then
      ramp = true
      limit = ramped(limit, tonumber(ARGV[i]), tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2]))
      i = i + 3
    end
    block = block_of(kind == 'r' and 'w' or kind, unit, window)
    if not block.slot then roll(block) end
  end
  if enforce and limit >= 0 and amount > 0 and block.sum + amount > limit then over = true end
  rows[#rows + 1] = {block = block, amount = math.min(amount, ENTRY_MAX[unit]), limit = limit,
    answer = #answer + 1}
  answer[#answer + 1] = block.sum
  answer[#answer + 1] = retry_after(block, amount, limit)
  answer[#answer + 1] = limit
  answer[#answer + 1] = 0
end

-- What a charge adds to each block; two rows may count in one.
local charges = {}
for _, row in ipairs(rows) do
  if not row.block.charge then
    row.block.charge = {amount = row.amount, mark = 0}
    charges[#charges + 1] = row.block
  end
end

if not KEYS[3] then
  if over then answer[1] = 'over' end
  if rewound then save() end
  return answer
end

-- The marks that this charge reaches.
for _, row in ipairs(rows) do
  local charge = row.block.charge
  local reached = math.max(row.block.mark, charge.mark)
  local sum = row.block.sum + charge.amount
  for _, mark in ipairs(MARKS) do
    if not over and row.limit > 0 and reached < mark and sum * 100 >= row.limit * mark then
      reached = mark
      charge.mark = mark
      row.mark = mark
    end
  end
end

-- Charge, once.
local kept, token = string.match(ARGV[2], '^(%d+) ?(.*)$')
if token == '' then token = '---------' end

local function is_this_message(record)
  local other = string.sub(record, 2, 10)
  return other == token or string.sub(other, 1, 1) ~= string.sub(token, 1, 1)
end

local parts = {'c', token}
for _, block in ipairs(charges) do
  parts[#parts + 1] = struct.pack('>c1c1I4I7I6I6I1', block.kind, block.unit, block.window,
    block.born, block.slot, block.charge.amount, block.charge.mark)
end
local record = table.concat(parts)
local before
if over or not redis.call('SET', KEYS[3], record, 'NX', 'EX', kept) then
  before = redis.call('GET', KEYS[3])
  if before and not is_this_message(before) then
    before = nil
    if not over then redis.call('SET', KEYS[3], record, 'EX', kept) end
  end
end
if over or before then
  answer[1] = 'over'
  if before then answer[1] = string.sub(before, 1, 1) == 'c' and 'repeated' or 'gone' end
  if rewound then save() end
  return answer
end

for _, block in ipairs(charges) do
  add(block, block.charge.amount)
  if block.charge.mark > 0 then
    block.mark = block.charge.mark
    block.marked = block.slot
  end
end
for _, row in ipairs(rows) do
  answer[row.answer + 3] = row.mark or 0
end
if ramp then block_of('f', 'm', 0) end
save()
return answer
