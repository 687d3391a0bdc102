-- reset: forget what was counted, in one kind of counter.
--
-- KEYS  1 counters
-- ARGV  1 kind, unit and window of the counter, as in store/take.lua
--
-- Answers 1 when there was such a counter, else 0.

local BLOCK = '>c1c1I4I7I6I7I1I6I1'
local BLOCK_SIZE = 34
local ENTRY_SIZE = {m = 5, r = 5, b = 7}

local stored = redis.call('GET', KEYS[1])
if not stored then return 0 end
local parts, at, found = {}, 1, 0
while at <= #stored do
  local kind, unit, window, _, _, _, _, _, n = struct.unpack(BLOCK, stored, at)
  local next_at = at + BLOCK_SIZE + n * ENTRY_SIZE[unit]
  if kind .. unit .. window == ARGV[1] then
    found = 1
  else
    parts[#parts + 1] = string.sub(stored, at, next_at - 1)
  end
  at = next_at
end
if found == 1 and #parts > 0 then
  redis.call('SET', KEYS[1], table.concat(parts), 'KEEPTTL')
elseif found == 1 then
  redis.call('DEL', KEYS[1])
end
return found
