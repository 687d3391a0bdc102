-- take: test every row, then charge all of them or none.
--
-- KEYS  1 account   2 counters   3 message (charging only)
-- ARGV  1 version of the account the caller decided on, "?" when it knows none
--       2 seconds a message is remembered
--       3.. rows: unit ("m", "r", "b"), window in seconds, amount, limit (-1
--       unlimited), enforce (1, or 0 to charge beyond the limit too)
--
-- Answers {status, now in ms, counters exist (0 or 1), used and retry-after
-- in ms for each row}; {"stale", account} when the version is another.
-- Retry-after is 0 for a row that fits and -1 for one that never will.
--
-- The counters of a login are one value: a block for each unit and window.
--   block   unit 1, kind "w" 1, window in s 4, born 7, newest slot 6, sum 7,
--           entries 1; then the entries, oldest first
--   entry   slot modulo 256 1, amount 4 (messages, recipients) or 6 (bytes)
-- born is the time in microseconds at which the block was made, so that a
-- refund does not touch what was counted after a reset. engine/window.h says
-- how a window counts; the arithmetic here is the same.
--
-- A message is remembered as "c" and for each row: unit 1, window 4, born 7,
-- slot 6, amount 6; once refunded, as "x".

local SLOTS = 60
local BLOCK = '>c1c1I4I7I6I7I1'
local BLOCK_SIZE = 27
local ENTRY = {m = '>I1I4', r = '>I1I4', b = '>I1I6'}
local ENTRY_SIZE = {m = 5, r = 5, b = 7}
local ENTRY_MAX = {m = 4294967295, r = 4294967295, b = 281474976710655}

local DAMAGED = 'ERR the counters of this login cannot be read; "sendward reset" forgets them'

local version = redis.call('GETRANGE', KEYS[1], 0, 15)
if ARGV[1] == '?' or version ~= ARGV[1] then
  return {'stale', redis.call('GET', KEYS[1]) or ''}
end

local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = math.floor(now_us / 1000)

-- The blocks of the stored value, by unit and window.
local stored = redis.call('GET', KEYS[2])
local blocks, order = {}, {}
local at = 1
while stored and at <= #stored do
  local first, unit, kind, window, born, newest, sum, n = at + BLOCK_SIZE
  if first <= #stored + 1 then
    unit, kind, window, born, newest, sum, n = struct.unpack(BLOCK, stored, at)
  end
  at = first + (n or 0) * (ENTRY_SIZE[unit] or 0)
  if kind ~= 'w' or not ENTRY_SIZE[unit] or window < 1 or at > #stored + 1 then
    return redis.error_reply(DAMAGED)
  end
  local block = {unit = unit, kind = kind, window = window, born = born, newest = newest,
    sum = sum, n = n, entries = string.sub(stored, first, at - 1)}
  blocks[unit .. window] = block
  order[#order + 1] = block
end

local function entry(block, i)
  local size = ENTRY_SIZE[block.unit]
  local low, amount = struct.unpack(ENTRY[block.unit], block.entries, (i - 1) * size + 1)
  return block.newest - (block.newest - low) % 256, amount
end

-- Drops what is too old; block.slot is where amounts go.
local function advance(block)
  local length = math.ceil(block.window * 1000 / SLOTS)
  local slot = math.floor(now / length)
  block.length = length
  if block.n > 0 then
    if block.newest > slot + SLOTS then
      block.newest = slot
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
  block.slot = slot
end

local function add(block, amount)
  if amount <= 0 then return end
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

local function retry_after(block, amount, limit)
  local excess = block.sum + amount - limit
  if excess <= 0 then return 0 end
  if amount > limit then return -1 end
  for i = 1, block.n do
    local slot, counted = entry(block, i)
    excess = excess - counted
    if excess <= 0 then
      return (slot + SLOTS + 1) * block.length - now
    end
  end
  return -1
end

-- Test.
local answer = {'done', now, stored and 1 or 0}
local rows, over = {}, false
for i = 3, #ARGV, 5 do
  local unit, window = ARGV[i], tonumber(ARGV[i + 1])
  local amount, limit = tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local block = blocks[unit .. window]
  if not block then
    block = {unit = unit, kind = 'w', window = window, born = now_us, newest = 0, sum = 0,
      n = 0, entries = ''}
    blocks[unit .. window] = block
    order[#order + 1] = block
  end
  if not block.slot then advance(block) end
  local retry = 0
  if limit >= 0 and block.sum + amount > limit then
    retry = retry_after(block, amount, limit)
    if ARGV[i + 4] == '1' then over = true end
  end
  rows[#rows + 1] = {block = block, amount = math.min(amount, ENTRY_MAX[unit])}
  answer[#answer + 1] = block.sum
  answer[#answer + 1] = retry
end

if not KEYS[3] then
  if over then answer[1] = 'over' end
  return answer
end

-- Charge, once; two rows of one unit and window are one counter.
local charges = {}
for _, row in ipairs(rows) do
  if not row.block.charged then charges[#charges + 1] = row end
  row.block.charged = true
end
local parts = {'c'}
for _, row in ipairs(charges) do
  parts[#parts + 1] = struct.pack('>c1I4I7I6I6', row.block.unit, row.block.window,
    row.block.born, row.block.slot, row.amount)
end
if over or not redis.call('SET', KEYS[3], table.concat(parts), 'NX', 'EX', ARGV[2]) then
  local before = redis.call('GET', KEYS[3])
  if not before then
    answer[1] = 'over'
  else
    answer[1] = string.sub(before, 1, 1) == 'c' and 'repeated' or 'gone'
  end
  return answer
end

local parts, longest = {}, 1
for _, row in ipairs(charges) do add(row.block, row.amount) end
for _, block in ipairs(order) do
  -- A block of no row any more goes when its window has passed.
  if not block.slot then advance(block) end
  if block.n > 0 then
    parts[#parts + 1] = struct.pack(BLOCK, block.unit, block.kind, block.window, block.born,
      block.newest, block.sum, block.n)
    parts[#parts + 1] = block.entries
    longest = math.max(longest, block.window)
  end
end
redis.call('SET', KEYS[2], table.concat(parts), 'EX', longest + math.ceil(longest / SLOTS) + 1)
return answer
