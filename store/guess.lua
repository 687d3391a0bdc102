-- guess: failed logins, of one user name or of one client network.
--
-- KEYS  1 the failures: a line "FROM COUNT LAST UNTIL" for each place they came
--         from; times are Unix seconds, it is refused until UNTIL
-- ARGV  1 "look", "fail" (one more), "pass" (the password was right) or "forget"
--       2 from   3 window, in seconds   4 limit, 0 for none
--       5 seconds to refuse   6 lines to keep
--
-- Answers the count, for how many seconds the place is still refused, and 1 when
-- that has begun just now; of "forget" what is no more.

local what, from = ARGV[1], ARGV[2]
local window, limit, refuse = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local most = tonumber(ARGV[6])
local now = tonumber(redis.call('TIME')[1])

-- Those that still count, and the one in question.
local others, mine = {}, { count = 0, last = now, untl = 0 }
local text = redis.call('GET', KEYS[1]) or ''
for name, count, last, untl in string.gmatch(text, '(%S+) (%d+) (%d+) (%d+)\n') do
  local line = { name = name, count = tonumber(count), last = tonumber(last), untl = tonumber(untl) }
  if line.last + window > now or line.untl > now then
    if name == from then
      mine = line
    else
      others[#others + 1] = line
    end
  end
end

local left = math.max(0, mine.untl - now)
if what == 'look' then
  return { mine.count, left, 0 }
end

local begun, forgotten = 0, mine.count
mine.name, mine.last = from, now
if what == 'forget' then
  mine.count = 0
elseif what == 'fail' then
  mine.count = mine.count + 1
  if limit > 0 and mine.count >= limit and left == 0 then
    mine.untl, left, begun = now + refuse, refuse, 1
  end
elseif left > 0 or mine.count == 0 then
  return { mine.count, left, 0 }
else
  mine.count = 0
end

-- The newest are kept: an attacker with many addresses pushes out his own.
table.sort(others, function(a, b) return a.last > b.last end)
local lines = {}
if mine.count > 0 then
  lines[1] = mine.name .. ' ' .. mine.count .. ' ' .. mine.last .. ' ' .. mine.untl .. '\n'
end
for at, o in ipairs(others) do
  if at >= most then break end
  lines[#lines + 1] = o.name .. ' ' .. o.count .. ' ' .. o.last .. ' ' .. o.untl .. '\n'
end
if #lines == 0 then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], table.concat(lines), 'EX', math.max(window, refuse))
end
return { what == 'forget' and forgotten or mine.count, left, begun }
