-- reset: forget what was counted, in one kind of counter or in all.
--
-- KEYS  1 counters   2 lease, as for store/put.lua
-- ARGV  1 kind, unit and window of the counter, as in store/take.lua; "" for all
--
-- Answers 1 when there was such a counter, else 0; and the milliseconds until no
-- daemon charges to the old ones.

local VERSION_SIZE, FRONT_SIZE, FRESH_SIZE = 16, 18, 16
local NAME, NAME_SIZE, SUM_SIZE, BORN_SIZE, REST_SIZE = '>c1c1I4', 6, 8, 7, 21
local ENTRY_SIZE = {m = 5, r = 5, b = 7}

-- Before anything is forgotten: it may be an error.
local till = redis.call('GET', KEYS[2])

local function answer(found)
  local time = redis.call('TIME')
  return {found, math.max(0, (tonumber(till or 0) or 0) - math.floor(time[1] * 1000 + time[2] / 1000))}
end

if ARGV[1] == '' then return answer(redis.call('DEL', KEYS[1])) end
local stored = redis.call('GET', KEYS[1])
if not stored then return answer(0) end
local n = struct.unpack('>I2', stored, FRONT_SIZE - 1)
local sums_at = FRONT_SIZE + 1 + n * NAME_SIZE
local fresh_at = sums_at + n * SUM_SIZE
local borns_at = fresh_at + FRESH_SIZE
local rests_at = borns_at + n * BORN_SIZE
local at = rests_at + n * REST_SIZE

local names, sums, borns, rests, entries = {}, {}, {}, {}, {}
for i = 0, n - 1 do
  local kind, unit, window = struct.unpack(NAME, stored, FRONT_SIZE + 1 + i * NAME_SIZE)
  local next_at = at + string.byte(stored, rests_at + (i + 1) * REST_SIZE - 1) * ENTRY_SIZE[unit]
  local function part(from, size)
    return string.sub(stored, from + i * size, from + (i + 1) * size - 1)
  end
  if kind .. unit .. window ~= ARGV[1] then
    names[#names + 1] = part(FRONT_SIZE + 1, NAME_SIZE)
    sums[#sums + 1] = part(sums_at, SUM_SIZE)
    borns[#borns + 1] = part(borns_at, BORN_SIZE)
    rests[#rests + 1] = part(rests_at, REST_SIZE)
    entries[#entries + 1] = string.sub(stored, at, next_at - 1)
  end
  at = next_at
end
if #names == n then return answer(0) end
if #names > 0 then
  redis.call('SET', KEYS[1], string.sub(stored, 1, VERSION_SIZE) .. struct.pack('>I2', #names) ..
    table.concat(names) .. table.concat(sums) .. string.sub(stored, fresh_at, borns_at - 1) ..
    table.concat(borns) .. table.concat(rests) .. table.concat(entries), 'KEEPTTL')
else
  redis.call('DEL', KEYS[1])
end
return answer(1)
