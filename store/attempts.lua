-- attempts: count refusals of a login.
--
-- KEYS  1 what is counted of it, see store/attempt.h
-- ARGV  1 seconds of a slot   2 slots to keep   3 seconds that the key lasts
--       4 the line about the last one; "" none but monitored ones
--       5 how many, "NAME=COUNT NAME=COUNT"
--
-- What stands in slots that begin later than now (the clock was set back) goes into that of
-- now, and a last one of then gives way. Answers 1.

local now_s = tonumber(redis.call('TIME')[1])
local now = math.floor(now_s / tonumber(ARGV[1]))
local oldest = now - tonumber(ARGV[2]) + 1
local last, slots = string.match(redis.call('GET', KEYS[1]) or '', '^([^\n]*)\n(.*)$')

local lines, names, counts = {}, {}, {}
local function add(text)
  for name, n in string.gmatch(text, '(%S+)=(%d+)') do
    if not counts[name] then names[#names + 1] = name end
    counts[name] = (counts[name] or 0) + tonumber(n)
  end
end
for slot, text in string.gmatch(slots or '', '(%d+)( [^\n]*)\n') do
  if tonumber(slot) >= now then
    add(text)
  elseif tonumber(slot) >= oldest then
    lines[#lines + 1] = slot .. text .. '\n'
  end
end
add(ARGV[5])

local function time_of(line)
  return tonumber(string.match(line or '', '^%d+') or 0)
end
if ARGV[4] ~= '' and (time_of(ARGV[4]) >= time_of(last) or time_of(last) > now_s) then
  last = ARGV[4]
end

local mine = {}
for i, name in ipairs(names) do
  mine[i] = string.format(' %s=%.0f', name, counts[name])
end
redis.call('SET', KEYS[1], (last or '') .. '\n' .. table.concat(lines) .. now ..
  table.concat(mine) .. '\n', 'EX', ARGV[3])
return 1
