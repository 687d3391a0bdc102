-- take: for each message, test every row, then charge all of them or none.
--
-- KEYS  the counters of each message; then for each the key it is remembered by
--       (its counters again when nothing is to be charged); then for each the
--       account
--       of a lease the key that tells of it, and an index of both turns; of a message
--       that a lease may have charged the records and the index of both turns
--       (store/lent.lua)
-- ARGV  1 seconds a message is remembered
--       2.. of each message, packed (numbers of 8 octets that are said to be doubles
--       are little endian, all others big endian integers):
--         number of rows 1, charge 1 (0 only tests; asked alone: 2 a lease, 3 a
--         message that a lease may have charged), usual 1 (1 when there are rows,
--         of rolling windows, each with an amount and a calm)
--         version 16, of the account the caller decided on (NULs: no account; "?"
--         and NULs: it knows none; "*" and NULs: whatever it is), number of rows 2,
--         and for each its name: kind 1, unit 1 ("m", "r", "b"), window 4
--         token 9, and for each row: amount, a double
--         for each row its calm, a double: a block whose sum is not above it has room
--         for the amount, which reaches no mark there
--         for each row: type 1, enforce 1 (0 to charge beyond the limit too), limit 8
--         (-1 unlimited), and then
--           type "w", rolling: nothing more; window is in seconds
--           type "c", kind "h", "d", "k", "o", a clock hour, day, week, month: the
--           period's start and end (Unix time, 8 each); window stands for the
--           time zone
--           kind "W", "H", "D", "K", "O": as the small letter; counters of their own,
--           for mail from the null sender
--           type "r", a ramp: as "w", with the limit it begins with, and then the
--           factor in thousandths, the seconds of a step, the limit it ends with
--           (8 each)
--         of a message that a lease may have charged at last its fingerprint 12
--
-- Answers one text for each message, which begins with its status:
--   "u" done, the usual case; then the time in microseconds 7, and for each row:
--       what is used, as a double, with the amount when it is charged; then for
--       each row whose amount is 0 its retry-after in ms 7
--   "d" done, "o" over (a lease also when too much was lent; then all that follows is 0),
--       "r" repeated, "g" gone; then the time 7, counters exist
--       (0 or 1) 1; and for each row: used 7; retry-after in ms 7; the limit in
--       force 8; the mark (80 or 95) that was passed for the first time in this
--       window, or 0, 1
--   "s" stale, the version is another; then the account
--   "c" a calendar period is not the present one; then the time 7
--   "e" an error; then its text. The only message of a call gets an error reply.
-- Retry-after is 0 for a row that fits and -1 for one that never will. For a row
-- whose amount is 0 it is when the oldest of what is used is let go.
--
-- The counters of a login are one value: a block for each kind, unit and window,
-- n of them. What the usual charge changes stands in front; the front before the
-- sums is as it stands in the question.
--   version 16, of the account there is (NULs: none); "-" and NULs, or the one before:
--               the account is to be asked. store/put.lua writes it too.
--   n 2
--   names       of each block: kind 1, unit 1, window 4
--   sums        of each block: all that counts, a double
--   fresh       Unix time in ms, from and until, doubles: in between the newest slot of
--               each block is the present one; both 0 when that is not known
--   borns       of each block: the time in microseconds at which it was made 7, so
--               that a refund does not touch what was counted after a reset
--   rests       of each block: newest slot 6, its base 7 (sum less what was counted
--               in the newest slot), mark 1, marked slot 6, older entries 1
--   entries     of each block, oldest first: slot modulo 256 1, amount 4 (messages,
--               recipients) or 6 (bytes)
-- A calendar block has no entries, its period's start for newest slot, and base 0. A
-- block of kind "f" only remembers in born when the first message was counted.
-- engine/window.h says how a rolling window counts; the arithmetic here is the same.
-- The expiry is that of the longest window, from its newest slot where that is still to come,
-- and is set with each new slot of that at least.
--
-- A message is remembered as "q", the time in microseconds 7, number of rows 2, their
-- names, token 9, their amounts (doubles), and the borns 7;
-- where the clock has stepped back, or a block or mark is new, as "c", token 9 and
-- for each row: kind 1, unit 1, window 4, born 7, slot 6, amount 6, mark 1 (that
-- it has reached); once refunded, as "x" and token. Postfix's short queue ids come again: what is
-- remembered with another token of the same daemon (the token's first letter)
-- is another message's. A message that both daemons charge is one message.
-- needs lent.lua

-- ---- every case; without upvalues, which would cost each call more than the rest.

local function slow(item, version, counters, message, stored, now_us, lent)
  local call, pack, unpack, sub = redis.call, struct.pack, struct.unpack, string.sub
  local floor, ceil, concat = math.floor, math.ceil, table.concat
  local SLOTS, FRONT_SIZE, ROW_SIZE = 60, 18, 10
  -- Of a block: in names, sums, borns and rests; of all: fresh.
  local NAME, NAME_SIZE, SUM_SIZE, BORN_SIZE, REST, REST_SIZE, FRESH_SIZE =
    '>c1c1I4', 6, 8, 7, '>I6I7I1I6I1', 21, 16
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

  local kept = ARGV[1]
  local n_rows = string.byte(item)
  local names = 4 + FRONT_SIZE
  local amounts = names + n_rows * NAME_SIZE + 9
  local token = sub(item, amounts - 9, amounts - 1)
  local now = floor(now_us / 1000)

  -- The blocks of the stored value, by kind, unit and window.
  local blocks, order, rows = {}, {}, {}
  local function parse()
    if #stored < FRONT_SIZE then error(DAMAGED, 0) end
    local n = unpack('>I2', stored, FRONT_SIZE - 1)
    local sums = FRONT_SIZE + 1 + n * NAME_SIZE
    local borns = sums + n * SUM_SIZE + FRESH_SIZE
    local rests = borns + n * BORN_SIZE
    local at = rests + n * REST_SIZE
    if at > #stored + 1 then error(DAMAGED, 0) end
    for i = 0, n - 1 do
      local kind, unit, window = unpack(NAME, stored, FRONT_SIZE + 1 + i * NAME_SIZE)
      local newest, base, mark, marked, older = unpack(REST, stored, rests + i * REST_SIZE)
      local block = {kind = kind, unit = unit, window = window, newest = newest, mark = mark,
        marked = marked, n = older, sum = unpack('<d', stored, sums + i * SUM_SIZE),
        born = unpack('>I7', stored, borns + i * BORN_SIZE)}
      local first, last = at, block.sum - base
      at = at + older * (ENTRY_SIZE[unit] or 0)
      if not (ROLLING[kind] or LONGEST[kind] or kind == 'f') or not ENTRY_SIZE[unit] or
          not (block.sum <= SUM_MAX and last >= 0) or last % 1 ~= 0 or at > #stored + 1 or
          ROLLING[kind] and (window < 1 or last > ENTRY_MAX[unit]) then
        error(DAMAGED, 0)
      end
      block.entries = sub(stored, first, at - 1)
      if ROLLING[kind] and last > 0 then
        block.entries = block.entries .. pack(ENTRY[unit], newest % 256, last)
        block.n = older + 1
      end
      blocks[kind .. unit .. window] = block
      order[#order + 1] = block
    end
    if n == 0 or at ~= #stored + 1 then error(DAMAGED, 0) end
  end
  if stored then parse() end

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

  -- Those of the rows first, as the usual question has them.
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

  -- How long what the block has still counts, in seconds; nil: it does not. When the clock
  -- went back, its newest slot is still to come.
  local function lasts(block)
    if block.kind == 'f' then return FIRST_KEPT end
    local longest = LONGEST[block.kind]
    if longest then
      -- A block of no row any more goes when its time has passed.
      local gone = block.sum <= 0 or not block.slot and now >= (block.newest + longest) * 1000
      local ahead = math.max(0, block.newest - floor(now / 1000))
      return not gone and longest + math.min(ahead, longest) or nil
    end
    if not block.slot then roll(block) end
    local ahead = math.max(0, ceil((block.newest * block.length - now) / 1000))
    return block.n > 0 and block.window + ceil(block.window / SLOTS) + ahead or nil
  end

  -- Writes the blocks that still count.
  local function save()
    local names, sums, borns, rests, entries = {}, {}, {}, {}, {}
    local from, till, longest = 0, 281474976710655, 1
    for _, block in ipairs(in_order()) do
      local kept_s = lasts(block)
      if kept_s then
        local base, older, kept = 0, 0, ''
        if ROLLING[block.kind] then
          local _, last = entry(block, block.n)
          base, older = block.sum - last, block.n - 1
          kept = sub(block.entries, 1, older * ENTRY_SIZE[block.unit])
          from = math.max(from, block.newest * block.length)
          till = math.min(till, (block.newest + 1) * block.length)
        else
          till = 0
        end
        names[#names + 1] = pack(NAME, block.kind, block.unit, block.window)
        sums[#sums + 1] = pack('<d', block.sum)
        borns[#borns + 1] = pack('>I7', block.born)
        rests[#rests + 1] = pack(REST, block.newest, base, block.mark, block.marked, older)
        entries[#entries + 1] = kept
        longest = math.max(longest, kept_s)
      end
    end
    local value = version .. pack('>I2', #names) .. concat(names) .. concat(sums) ..
      pack('<dd', from, till) .. concat(borns) .. concat(rests) .. concat(entries)
    if #names > 0 then
      call('SET', counters, value, 'EX', longest + 1)
    else
      call('DEL', counters)
    end
  end

  -- Test.
  local over, ramp = false, false
  local at = amounts + 16 * n_rows
  for i = 0, n_rows - 1 do
    local kind, enforce, limit = unpack('>I1I1i8', item, at)
    local amount = unpack('<d', item, amounts + 8 * i)
    local letter, unit, window = unpack(NAME, item, names + i * NAME_SIZE)
    local block
    at = at + ROW_SIZE
    if kind == 99 then
      local start, finish = unpack('>i8i8', item, at)
      at = at + 16
      if now_us < start * 1000000 or now_us >= finish * 1000000 then return 'c' .. pack('>I7', now_us) end
      block = block_of(letter, unit, window)
      if not block.slot then turn(block, start, finish) end
    else
      if kind == 114 then
        ramp = true
        limit = ramped(limit, unpack('>i8i8i8', item, at))
        at = at + 24
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
    local from = sub(record, 1, 1) == 'q' and 11 + 6 * unpack('>I2', record, 9) or 2
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
  if lent and is_this_message(lent) then
    before = lent
  elseif over or not call('SET', message, record, 'NX', 'EX', kept) then
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

-- ---- what rolling windows mean now, by their names (as in a value, their number in front);
-- kept for the questions that follow. Of each: 1 the slot, 2 its length in ms, 3 when it
-- began, 4 its number as it is stored; of an entry 5 the format, 6 the octets, 7 the most
-- it holds. fresh, and the longest slot in ms; first: what follows the sums when all is as
-- the first message makes it, when no name is there twice.

local function look(names, now, NOW)
  local pack, unpack = struct.pack, struct.unpack
  local from, till, longest = 0, 281474976710655, 0
  local seen, first, present = {}, '', {}
  for at = 3, #names, 6 do
    local kind, unit, window = unpack('>c1c1I4', names, at)
    local length = math.ceil(window * 1000 / 60)
    local slot = math.floor(now / length)
    local row = {slot, length, slot * length, pack('>I6', slot), '>I1I4', 5, 4294967295}
    if unit == 'b' then row[5], row[6], row[7] = '>I1I6', 7, 281474976710655 end
    present[#present + 1] = row
    from, till = math.max(from, slot * length), math.min(till, (slot + 1) * length)
    longest = math.max(longest, length)
    local name = kind .. unit .. window
    first = first and not seen[name] and first .. row[4] .. string.rep('\0', 15)
    seen[name] = true
  end
  present.fresh, present.longest = pack('<dd', from, till), longest
  present.first = first and present.fresh .. string.rep(NOW, #present) .. first
  return present
end

-- ---- the usual case, but some rows have a new slot. after: the sums with the amounts;
-- from: as in fresh, so that it is in the newest slot of each block; present: look().
-- Returns the sums, the value, and the longest slot in ms when the expiry is to be set;
-- nothing in every other case. The expiry may stay as long as the row with the longest
-- slots has the one in which it was set: rows whose slots are not quite as long end
-- before. Lua hashes each octet of each string it makes, which is half of the time spent
-- here: so nothing is joined twice that need not be.

local function turn(front, n, stored, after, from, present, pack, unpack, sub, byte)
  local sum_at = #front + 1
  -- What is as it was is copied in one: borns and rests from kept_at, entries from
  -- left_at.
  local kept_at = sum_at + 8 * n + 16
  local rest_at = kept_at + 7 * n
  local entries_at = rest_at + 21 * n
  local entry_at, left_at, turned = entries_at, entries_at, 0
  -- What comes before kept_at, and before left_at: of the turned rows but the last, and of
  -- that one.
  local rests, same, rest, entries, ahead, kept, newer = '', '', '', '', '', '', ''
  if entries_at > #stored + 1 then return end
  for i = 1, n do
    local row = present[i]
    if from >= row[3] then
      entry_at = entry_at + byte(stored, rest_at + 20) * row[6]
    else
      local slot, length, format, size = row[1], row[2], row[5], row[6]
      local newest = (from - from % length) / length
      local sum = unpack('<d', stored, sum_at)
      local base, mark, older = unpack('>I7c7I1', stored, rest_at + 6)
      local first, last, oldest = entry_at, sum - base, slot - 60
      entry_at = first + older * size
      if last < 0 or last > row[7] or entry_at > #stored + 1 then return end
      if turned > 0 then
        rests, entries = rests .. same .. rest, entries .. ahead .. kept .. newer
        ahead = ''
      end

      if newest < oldest or older > 0 and newest - (newest - byte(stored, first)) % 256 < oldest then
        -- What is too old.
        ahead = sub(stored, left_at, first - 1)
        local before = sum
        if newest < oldest then
          first, older, sum, last = entry_at, 0, 0, nil
        end
        while older > 0 and newest - (newest - byte(stored, first)) % 256 < oldest do
          local _, amount = unpack(format, stored, first)
          first, older, sum = first + size, older - 1, sum - amount
        end
        if sum < (last or 0) then return end
        left_at = first
        local used = unpack('<d', after, 8 * i - 7) - before + sum
        after = sub(after, 1, 8 * i - 8) .. pack('<d', used) .. sub(after, 8 * i + 1)
      end

      kept, newer = sub(stored, left_at, entry_at - 1), ''
      left_at = entry_at
      if last then
        newer, older = pack(format, newest % 256, last), older + 1
      end
      same = sub(stored, kept_at, rest_at - 1)
      rest = pack('>c6I7c7I1', row[4], sum, mark, older)
      kept_at = rest_at + 21
      if length > turned then turned = length end
    end
    rest_at, sum_at = rest_at + 21, sum_at + 8
  end
  if entry_at ~= #stored + 1 then return end
  local value = front .. after .. present.fresh .. rests .. same .. rest ..
    sub(stored, kept_at, entries_at - 1) .. entries .. ahead .. kept .. newer ..
    sub(stored, left_at)
  return after, value, turned * 61 > present.longest * 60 and present.longest or nil
end

-- ---- a new slot, and what is not quite usual: rolling windows, all of them there, in
-- the order of the rows; all rows fit, none reaches a mark. Returns the answer and, when
-- it is charged, the value, the longest slot in ms and the borns; nothing in every other
-- case.

local function middle(item, front, n, stored, message, usual, now, answer)
  local pack, unpack, sub, byte = struct.pack, struct.unpack, string.sub, string.byte
  local floor, ceil = math.floor, math.ceil
  local SLOTS, ROW_SIZE, REST, REST_SIZE = 60, 10, '>I6I7I1I6I1', 21
  -- AMOUNT_MAX of base/units.h.
  local SUM_MAX = 9007199254740991
  -- string.byte('w'), string.byte('b')
  local WINDOW, BYTES = 119, 98

  local sum_at = #front + 1
  local born_at = sum_at + 8 * n + 16
  local rest_at = born_at + 7 * n
  local entry_at = rest_at + REST_SIZE * n
  local asked_at = #front + 13
  local calms = 8 * n
  local row_at = asked_at + 16 * n
  if entry_at > #stored + 1 then return end

  -- The value: what stands in it before the entries, at their places, and these.
  local parts, n_parts = {front, '', '', '', ''}, 5
  local sums, rests, retries, from, till, longest = '', '', '', 0, 281474976710655, 0
  for i = 0, n - 1 do
    local unit, window = unpack('>I1I4', front, 20 + 6 * i)
    local amount = unpack('<d', item, asked_at + 8 * i)
    local sum = unpack('<d', stored, sum_at + 8 * i)
    local newest, base, mark, marked, older = unpack(REST, stored, rest_at)
    local entry, entry_size, entry_max = '>I1I4', 5, 4294967295
    if unit == BYTES then entry, entry_size, entry_max = '>I1I6', 7, 281474976710655 end
    local length = ceil(window * 1000 / SLOTS)
    local first, slot, oldest = entry_at, floor(now / length), newest
    entry_at = first + older * entry_size
    rest_at = rest_at + REST_SIZE
    if newest > slot or not (sum <= SUM_MAX and base <= sum) or sum % 1 ~= 0 or
        entry_at > #stored + 1 then return end

    -- What is too old.
    while older > 0 do
      oldest = newest - (newest - byte(stored, first)) % 256
      if oldest >= slot - SLOTS then break end
      local _, gone = unpack(entry, stored, first)
      sum = sum - gone
      base = base - gone
      older = older - 1
      first = first + entry_size
      oldest = newest
    end
    if newest < slot - SLOTS then
      if amount == 0 then return end
      sum, base, newest = 0, 0, slot
    end
    if marked < slot - SLOTS then mark = 0 end

    local after = sum + amount
    if usual == 0 or sum > unpack('<d', item, asked_at + calms + 8 * i) then
      local kind, _, limit = unpack('>I1I1i8', item, row_at + i * ROW_SIZE)
      if kind ~= WINDOW or limit >= 0 and (after > limit or
          mark < 95 and after * 100 >= limit * (mark < 80 and 80 or 95)) then return end
      if amount == 0 then retries = retries .. pack('>i7', (oldest + SLOTS + 1) * length - now) end
    end
    if not message then
      after = sum
    else
      parts[n_parts + 1] = sub(stored, first, entry_at - 1)
      n_parts = n_parts + 1
      if amount > 0 and newest < slot then
        parts[n_parts + 1] = pack(entry, newest % 256, sum - base)
        n_parts = n_parts + 1
        older = older + 1
        newest = slot
        base = sum
      end
      if after - base > entry_max then return end
      rests = rests .. pack(REST, newest, base, mark, marked, older)
      if newest * length > from then from = newest * length end
      if (newest + 1) * length < till then till = (newest + 1) * length end
      if length > longest then longest = length end
    end
    sums = sums .. pack('<d', after)
  end
  if entry_at ~= #stored + 1 then return end
  answer = answer .. sums .. retries
  if not message then return answer end
  local borns = sub(stored, born_at, born_at + 7 * n - 1)
  parts[2], parts[3], parts[4], parts[5] = sums, pack('<dd', from, till), borns, rests
  return answer, table.concat(parts), longest, borns
end

-- ---- the usual case, for message after message: as above, in the slot of the one
-- before; the message is new.

local SLOTS = 60
local NO_VERSION = '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
local ANY_VERSION = '*\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
-- Of a value whose account is to be asked for.
local OTHER_VERSION = '-\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'

local call, pack, unpack, all = redis.pcall, struct.pack, struct.unpack, unpack
local sub, byte, find, floor = string.sub, string.byte, string.find, math.floor
local KEYS, ARGV, kept = KEYS, ARGV, ARGV[1]

-- LEASE_MS of store/lease.h, KEY_LENT_INDEX_FULL of store/key.h.
local LEASE_MS, INDEX_FULL = 1000, 65536

-- Of a lease until when it may last, before there is one, for who changes the account
-- (store/put.lua); none when as much is remembered as may be looked through. Of a message that
-- a lease has charged what it is remembered as.
local function leased(charge, item, n, now, NOW)
  if charge == 2 then
    local lent = call('STRLEN', KEYS[5 + floor(now / 1000 / kept) % 2])
    if type(lent) == 'table' then return lent end
    if lent >= INDEX_FULL then return 'o' .. NOW .. string.rep('\0', 1 + 23 * n) end
    local set = call('SET', KEYS[4], string.format('%.0f', now + LEASE_MS), 'PX', LEASE_MS)
    return type(set) == 'table' and set.err and set or nil
  end
  local token = sub(item, 22 + 6 * n, 30 + 6 * n)
  local ok, lent = pcall(find_lent, {KEYS[4], KEYS[5], KEYS[6], KEYS[7]}, sub(item, -12),
    function(other) return other == token or byte(other) ~= byte(token) end)
  if not ok then return type(lent) == 'table' and lent or {err = lent} end
  return nil, lent and sub(lent.value, lent.at, lent.at + 9)
end

-- The counters as a whole, of which size octets are there; longest: slot in ms, when the
-- expiry is to be set, as it is where there are none.
local function write(counters, value, size, longest, kept_ms)
  if not longest and #value == size then
    -- Where one slot has come and one is gone: no memory is taken and none given back.
    return call('SETRANGE', counters, '0', value)
  end
  if not longest then return call('SET', counters, value, 'KEEPTTL') end
  kept_ms[longest] = kept_ms[longest] or string.format('%.0f', (SLOTS + 1) * longest + 1000)
  return call('SET', counters, value, 'PX', kept_ms[longest])
end

local n_items = #ARGV - 1
local time = call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = floor(now_us / 1000)
local NOW = pack('>I7', now_us)

local values = call('MGET', all(KEYS, 1, n_items))
if values.err then values = {} end
-- The counters that are not as they were read; how long others live, by their longest
-- slot; look() by names.
local written, kept_ms, presents = {}, {}, {}
-- Where the sums of so many rows stand in the counters, counted from 0.
local SUMS_AT = {'24', '30', '36', '42'}
-- Up to four doubles, read and written; where there are fewer, what is read in place of
-- the others does not matter.
local READ = {'<dBBB', '<ddBB', '<dddB', '<dddd'}
local WRITE = {'<d', '<dd', '<ddd', '<dddd'}

local answers = {}
for i = 1, n_items do
  local counters, message, item, stored = KEYS[i], KEYS[n_items + i], ARGV[i + 1], values[i]
  local n, charge, usual = byte(item, 1, 3)
  local front = sub(item, 4, 21 + 6 * n)
  local front_size = #front
  local answer, lent
  if charge == 0 then message = nil end
  if charge > 1 then answer, lent = leased(charge, item, n, now, NOW) end
  if answer or lent then usual = 0 end
  if written[counters] then
    stored = call('GET', counters)
    if type(stored) == 'table' then answer, stored = stored, nil end
  end

  local known = stored and find(stored, front, 1, true) == 1
  if known and usual == 1 and #stored > front_size + 36 * n then
    local sums_at, asked_at, after = front_size + 1, front_size + 13, ''
    local from, till = unpack('<dd', stored, sums_at + 8 * n)
    local fresh = from <= now and now < till
    local fits = fresh or message and from < till and from <= now
    for r = n, 1, -4 do
      if not fits then break end
      local lanes = r < 4 and r or 4
      local read = READ[lanes]
      -- Sums, amounts and calms.
      local s1, s2, s3, s4 = unpack(read, stored, sums_at)
      local a1, a2, a3, a4 = unpack(read, item, asked_at)
      local c1, c2, c3, c4 = unpack(read, item, asked_at + 8 * n)
      -- Not so for a NaN either.
      fits = s1 >= 0 and s1 <= c1 and s1 % 1 == 0 and
        (lanes < 2 or s2 >= 0 and s2 <= c2 and s2 % 1 == 0) and
        (lanes < 3 or s3 >= 0 and s3 <= c3 and s3 % 1 == 0) and
        (lanes < 4 or s4 >= 0 and s4 <= c4 and s4 % 1 == 0)
      local sums = pack(WRITE[lanes], s1 + a1, s2 + a2, s3 + a3, s4 + a4)
      after = r == n and sums or after .. sums
      sums_at, asked_at = sums_at + 32, asked_at + 32
    end
    local value, longest
    if fits and not fresh then
      local names = sub(front, 17)
      presents[names] = presents[names] or look(names, now, NOW)
      after, value, longest = turn(front, n, stored, after, from, presents[names],
        pack, unpack, sub, byte)
      fits = after
    end
    if fits and not message then
      answer = 'u' .. NOW .. sub(stored, front_size + 1, front_size + 8 * n)
    elseif fits then
      local borns_at = front_size + 8 * n + 17
      local new = call('SET', message, 'q' .. NOW .. sub(item, 20, front_size + 12 + 8 * n) ..
        sub(stored, borns_at, borns_at + 7 * n - 1), 'NX', 'EX', kept)
      if new and not new.err then
        answer = 'u' .. NOW .. after
        if fresh then
          new = call('SETRANGE', counters, SUMS_AT[n] or front_size, after)
        else
          new = write(counters, value, #stored, longest, kept_ms)
        end
        written[counters] = true
        if type(new) == 'table' and new.err then answer = new end
      elseif new then
        answer = new
      end
    end
  end

  local version = not answer and sub(front, 1, 16)
  if not answer and not known then
    -- Of the account, as the counters do not tell it.
    local account = KEYS[2 * n_items + i]
    local present = call('GETRANGE', account, '0', '15')
    if version == present or present == '' and version == NO_VERSION or
        version == ANY_VERSION and type(present) == 'string' then
      version = #present == 16 and present or present == '' and NO_VERSION or OTHER_VERSION
      front = version .. sub(front, 17)
      known = stored and sub(stored, 17, #front) == sub(front, 17)
      if not stored then
        stored = call('GET', counters)
        if type(stored) == 'table' then answer = stored end
      end
    elseif type(present) == 'string' then
      answer = call('GET', account) or ''
      if type(answer) == 'string' then answer = 's' .. answer end
    else
      answer = present
    end
  end
  if not answer and not lent and (known or not stored and usual == 1 and message) then
    local found, value, longest, borns
    if known then
      found, value, longest, borns = middle(item, front, n, stored, message, usual, now, 'u' .. NOW)
    else
      -- The first message.
      local names, sums = sub(front, 17), sub(item, front_size + 13, front_size + 12 + 8 * n)
      local present = presents[names] or look(names, now, NOW)
      presents[names] = present
      if present.first then
        found, value, longest = 'u' .. NOW .. sums, front .. sums .. present.first, present.longest
        borns = string.rep(NOW, n)
      end
    end
    if found and message then
      local new = call('SET', message, 'q' .. NOW .. sub(item, 20, #front + 12 + 8 * n) .. borns,
        'NX', 'EX', kept)
      if new and not new.err then
        new = write(counters, value, 0, longest, kept_ms)
        written[counters] = true
      end
      if new then answer = new.err and new or found end
    else
      answer = found
    end
  end
  if not answer then
    local ok
    ok, answer = pcall(slow, item, version, counters, message, stored, now_us, lent)
    written[counters] = true
    if not ok and type(answer) ~= 'table' then answer = {err = answer} end
  end
  -- What goes wrong with one is no matter of the others.
  if type(answer) == 'table' then
    if n_items == 1 then return answer end
    answer = 'e' .. answer.err
  end
  answers[i] = answer
end
return answers
