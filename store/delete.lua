-- delete: forget an account and all that there is of its login, and tell the
-- daemons.
--
-- KEYS  account, counters, secret and the others of the login; the last one until when
--       a daemon may have a lease, as for store/put.lua
-- ARGV  1 channel of changes   2 login
--
-- Answers how many of them there were, and the milliseconds until no daemon has a lease
-- of the account.

local n = redis.call('DEL', unpack(KEYS, 1, #KEYS - 1))
redis.pcall('PUBLISH', ARGV[1], '- ' .. ARGV[2])
local time = redis.call('TIME')
local till = redis.call('GET', KEYS[#KEYS])
return {n, math.max(0, (tonumber(till or 0) or 0) - math.floor(time[1] * 1000 + time[2] / 1000))}
