-- take: for each message, test every row, then charge all of them or none.
--
-- KEYS  for each message: account, counters, message (the counters again when
--       nothing is to be charged)
-- ARGV  1 seconds a message is remembered
--       2.. two for each message: the seconds after which nothing of its charge
--       counts any more; and packed: the version of the account the caller
--       decided on 16 (NULs: no account; "?" and NULs: it knows none; "*" and
--       NULs: whatever it is), charge 1 (0 only tests), token 9; then rows, each:
--       type 1, kind 1, unit 1 ("m", "r", "b"), window 4, length of a slot in ms 4,
--       amount 8, limit 8 (-1 unlimited), enforce 1 (0 to charge beyond the limit
--       too), and then
--         type "w", rolling: nothing more; window is in seconds
--         type "c", kind "h", "d", "k", "o", a clock hour, day, week, month: the
--         period's start and end (Unix time, 8 each); window stands for the
--         time zone
--         kind "W", "H", "D", "K", "O": as the small letter; counters of their own,
--         for mail from the null sender
--         type "r", a ramp: as "w", with the limit it begins with, and then the
--         factor in thousandths, the seconds of a step, the limit it ends with
--         (8 each)
--
-- Answers one text for each message, which begins with its status:
--   "d" done, "o" over, "r" repeated, "g" gone; then the time in microseconds 7,
--       counters exist (0 or 1) 1; and for each row: used 7; retry-after in ms 7;
--       the limit in force 8; the mark (80 or 95) that was passed for the first
--       time in this window, or 0, 1
--   "s" stale, the version is another; then the account
--   "c" a calendar period is not the present one; then the time 7
--   "e" an error; then its text. The only message of a call gets an error reply.
-- Retry-after is 0 for a row that fits and -1 for one that never will. For a row
-- whose amount is 0 it is when the oldest of what is used is let go.
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
-- A message is remembered as "q", the time in microseconds 7, what was asked, and
-- for each row born 7;
-- where the clock has stepped back, or a block or mark is new, as "c", token 9 and
-- for each row: kind 1, unit 1, window 4, born 7, slot 6, amount 6, mark 1 (that
-- it has reached); once refunded, as "x" and token. Postfix's short queue ids come again: what is
-- remembered with another token of the same daemon (the token's first letter)
-- is another message's. A message that both daemons charge is one message.

-- ---- every case; without upvalues, which would cost each call more than the rest.

local function slow(item, counters, message, stored, now_us)
  local call, pack, unpack, sub = redis.call, struct.pack, struct.unpack, string.sub
  local floor, ceil, concat = math.floor, math.ceil, table.concat
  local SLOTS, BLOCK_SIZE, ITEM_SIZE, ROW_SIZE = 60, 34, 26, 28
  local BLOCK = '>c1c1I4I7I6I7I1I6I1'
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

  local kept, token = ARGV[1], sub(item, 18, ITEM_SIZE)
  local now = floor(now_us / 1000)

  -- The blocks of the stored value, by kind, unit and window.
  local blocks, order, rows = {}, {}, {}
  local at = 1
  while stored and at <= #stored do
    local first, kind, unit, window, born, newest, sum, mark, marked, n = at + BLOCK_SIZE
    if first <= #stored + 1 then
      kind, unit, window, born, newest, sum, mark, marked, n = unpack(BLOCK, stored, at)
    end
    at = first + (n or 0) * (ENTRY_SIZE[unit] or 0)
    if not (ROLLING[kind] or LONGEST[kind] or kind == 'f') or not ENTRY_SIZE[unit] or
        (ROLLING[kind] and window < 1) or sum > SUM_MAX or at > #stored + 1 then
      error(DAMAGED, 0)
    end
    local block = {kind = kind, unit = unit, window = window, born = born, newest = newest,
      sum = sum, mark = mark, marked = marked, n = n, entries = sub(stored, first, at - 1)}
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
    local low, amount = unpack(ENTRY[block.unit], block.entries, (i - 1) * size + 1)
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
    local length = ceil(block.window * 1000 / SLOTS)
    local slot = floor(now / length)
    block.length = length
    if block.n > 0 then
      if block.newest > slot + SLOTS then
        rewind(block, slot)
        block.sum = math.min(block.sum, ENTRY_MAX[block.unit])
        block.entries = pack(ENTRY[block.unit], slot % 256, block.sum)
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
      block.entries = sub(block.entries, old * ENTRY_SIZE[block.unit] + 1)
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
      kept = sub(kept, 1, -size - 1)
    else
      block.n = block.n + 1
      block.newest = block.slot
    end
    local after = math.min(before + amount, ENTRY_MAX[block.unit])
    block.entries = kept .. pack(ENTRY[block.unit], block.slot % 256, after)
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
    for _ = 1, floor((now_us - first.born) / 1000000 / step) do
      local next_limit = floor(limit * factor / 1000)
      if limit >= last or next_limit <= limit then break end
      limit = next_limit
    end
    return math.min(limit, last)
  end

  -- Those of the rows first, as quick() finds them again.
  local function in_order()
    local sorted, seen = {}, {}
    for _, row in ipairs(rows) do
      if not seen[row.block] then sorted[#sorted + 1] = row.block end
      seen[row.block] = true
    end
    for _, block in ipairs(order) do
      if not seen[block] then sorted[#sorted + 1] = block end
    end
    return sorted
  end

  -- Writes the blocks that still count.
  local function save()
    local parts, longest = {}, 1
    for _, block in ipairs(in_order()) do
      local lasts
      if block.kind == 'f' then
        lasts = FIRST_KEPT
      elseif LONGEST[block.kind] then
        lasts = block.sum > 0 and LONGEST[block.kind] or nil
        -- A block of no row any more goes when its time has passed.
        if lasts and not block.slot and now >= (block.newest + lasts) * 1000 then lasts = nil end
      else
        if not block.slot then roll(block) end
        lasts = block.n > 0 and block.window + ceil(block.window / SLOTS) or nil
      end
      if lasts then
        parts[#parts + 1] = pack(BLOCK, block.kind, block.unit, block.window, block.born,
          block.newest, block.sum, block.mark, block.marked, block.n)
        parts[#parts + 1] = block.entries
        longest = math.max(longest, lasts)
      end
    end
    call('SET', counters, concat(parts), 'EX', longest + 1)
  end

  -- Test.
  local over, ramp = false, false
  local i = ITEM_SIZE + 1
  while i <= #item do
    local kind, _, _, amount, limit, enforce = unpack('>I1I6I4i8i8I1', item, i)
    local letter, unit, window, block = unpack('>c1c1I4', item, i + 1)
    i = i + ROW_SIZE
    if kind == 99 then
      local start, finish = unpack('>i8i8', item, i)
      i = i + 16
      if now_us < start * 1000000 or now_us >= finish * 1000000 then return 'c' .. pack('>I7', now_us) end
      block = block_of(letter, unit, window)
      if not block.slot then turn(block, start, finish) end
    else
      if kind == 114 then
        ramp = true
        limit = ramped(limit, unpack('>i8i8i8', item, i))
        i = i + 24
      end
      block = block_of(letter, unit, window)
      if not block.slot then roll(block) end
    end
    if enforce == 1 and limit >= 0 and amount > 0 and block.sum + amount > limit then over = true end
    rows[#rows + 1] = {block = block, amount = math.min(amount, ENTRY_MAX[unit]), limit = limit,
      used = block.sum, retry = retry_after(block, amount, limit)}
  end

  local function answer(status)
    local parts = {status, pack('>I7', now_us), stored and '\1' or '\0'}
    for _, row in ipairs(rows) do
      parts[#parts + 1] = pack('>I7i7i8I1', row.used, row.retry, row.limit, status == 'd' and row.mark or 0)
    end
    return concat(parts)
  end

  -- What a charge adds to each block; two rows may count in one.
  local charges = {}
  for _, row in ipairs(rows) do
    if not row.block.charge then
      row.block.charge = {amount = row.amount, mark = 0}
      charges[#charges + 1] = row.block
    end
  end

  if not message then
    if rewound then save() end
    return answer(over and 'o' or 'd')
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
  local function is_this_message(record)
    local from = sub(record, 1, 1) == 'q' and 26 or 2
    local other = sub(record, from, from + 8)
    return other == token or sub(other, 1, 1) ~= sub(token, 1, 1)
  end

  local parts = {'c', token}
  for _, block in ipairs(charges) do
    parts[#parts + 1] = pack('>c1c1I4I7I6I6I1', block.kind, block.unit, block.window,
      block.born, block.slot, block.charge.amount, block.charge.mark)
  end
  local record = concat(parts)
  local before
  if over or not call('SET', message, record, 'NX', 'EX', kept) then
    before = call('GET', message)
    if before and not is_this_message(before) then
      before = nil
      if not over then call('SET', message, record, 'EX', kept) end
    end
  end
  if over or before then
    if rewound then save() end
    return answer(not before and 'o' or sub(before, 1, 1) == 'x' and 'g' or 'r')
  end

  for _, block in ipairs(charges) do
    add(block, block.charge.amount)
    if block.charge.mark > 0 then
      block.mark = block.charge.mark
      block.marked = block.slot
    end
  end
  if ramp then block_of('f', 'm', 0) end
  save()
  return answer('d')
end

-- ---- the usual case, for message after message: rolling windows, all of them
-- there, in the order of the rows; all rows fit, none reaches a mark, the message
-- is new.

local SLOTS = 60
local BLOCK_SIZE = 34
local VERSION = '>c16I1'
local NO_VERSION = '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
local ANY_VERSION = '*\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
local ITEM_SIZE = 26
local ROW = '>I1I6I4i8i8'
local ROW_SIZE = 28
-- A block's head; kind, unit and window as one number.
local HEAD = '>I6I7I6I7I1I6I1'
-- AMOUNT_MAX of base/units.h.
local SUM_MAX = 9007199254740991
-- string.byte('w'), string.byte('b')
local WINDOW, BYTES = 119, 98

local call, pack, unpack = redis.pcall, struct.pack, struct.unpack
local sub, byte, floor = string.sub, string.byte, math.floor

local time = call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = floor(now_us / 1000)
local NOW = pack('>I7', now_us)

local answers = {}
for i = 1, (#ARGV - 1) / 2 do
  local counters, message, item = KEYS[3 * i - 1], KEYS[3 * i], ARGV[2 * i + 1]
  local version, charge = unpack(VERSION, item)
  if charge == 0 then message = nil end
  local answer, stored
  local present = call('GETRANGE', KEYS[3 * i - 2], 0, 15)
  if version == present or present == '' and version == NO_VERSION or
      version == ANY_VERSION and type(present) == 'string' then
    stored = call('GET', counters)
    if type(stored) == 'table' then answer = stored end
  elseif type(present) == 'string' then
    answer = call('GET', KEYS[3 * i - 2]) or ''
    if type(answer) == 'string' then answer = 's' .. answer end
  else
    answer = present
  end

  local usual, value, at, from = not answer and type(stored) == 'string', '', ITEM_SIZE + 1, 1
  local rows, borns = 'u' .. NOW, ''
  while usual and at <= #item do
    local kind, name, length, amount, limit = unpack(ROW, item, at)
    if kind ~= WINDOW or from + BLOCK_SIZE > #stored then usual = false break end
    local stored_name, born, newest, sum, mark, marked, n = unpack(HEAD, stored, from)
    local entry, entry_size, entry_max = '>I1I4', 5, 4294967295
    if byte(stored, from + 1) == BYTES then
      entry, entry_size, entry_max = '>I1I6', 7, 281474976710655
    end
    local head, first, slot, oldest = from, from + BLOCK_SIZE, floor(now / length)
    from = first + n * entry_size
    if stored_name ~= name or newest > slot or sum > SUM_MAX or from > #stored + 1 then
      usual = false
      break
    end

    -- What is too old.
    while n > 0 do
      oldest = newest - (newest - byte(stored, first)) % 256
      if oldest >= slot - SLOTS then break end
      local _, gone = unpack(entry, stored, first)
      sum = sum - gone
      n = n - 1
      first = first + entry_size
    end
    if marked < slot - SLOTS then mark = 0 end

    local after = sum + amount
    if n == 0 or limit >= 0 and (after > limit or
        mark < 95 and after * 100 >= limit * (mark < 80 and 80 or 95)) then usual = false break end
    rows = rows .. pack('>I7i7', sum, amount > 0 and 0 or (oldest + SLOTS + 1) * length - now)
    if message then borns = borns .. sub(stored, head + 6, head + 12) end
    if not message then
      -- Only a test.
    elseif amount == 0 then
      value = value .. pack(HEAD, name, born, newest, sum, mark, marked, n) ..
        sub(stored, first, from - 1)
    else
      local _, last, before = nil, from, 0
      if newest == slot then
        last = from - entry_size
        _, before = unpack(entry, stored, last)
      else
        n = n + 1
      end
      if before + amount > entry_max then usual = false break end
      value = value .. pack(HEAD, name, born, slot, after, mark, marked, n) ..
        sub(stored, first, last - 1) .. pack(entry, slot % 256, before + amount)
    end
    at = at + ROW_SIZE
  end

  if usual and from > #stored then
    local new = not message or call('SET', message, 'q' .. NOW .. item .. borns, 'NX', 'EX', ARGV[1])
    if new and message and not new.err then new = call('SET', counters, value, 'EX', ARGV[2 * i]) end
    if new then answer = new ~= true and new.err and new or rows end
  end
  if not answer then
    local ok
    ok, answer = pcall(slow, item, counters, message, stored, now_us)
    if not ok and type(answer) ~= 'table' then answer = {err = answer} end
  end
  -- What goes wrong with one is no matter of the others.
  if type(answer) == 'table' then
    if #ARGV == 3 then return answer end
    answer = 'e' .. answer.err
  end
  answers[i] = answer
end
return answers
