-- delete: forget an account and all that there is of its login, and tell the
-- daemons.
--
-- KEYS  account, counters, secret and the others of the login; the last but one when it was
--       deleted (store/deleted.h); the last one until when a daemon may have a lease, as
--       for store/put.lua
-- ARGV  1 channel of changes   2 login   3 seconds that it is known to be deleted
--
-- Answers how many of them there were, and the milliseconds until no daemon has a lease
-- of the account.

local time = redis.call('TIME')
local now = math.floor(time[1] * 1000 + time[2] / 1000)
-- Before anything is deleted: it may be an error.
local till = redis.call('GET', KEYS[#KEYS])
local n = redis.call('DEL', unpack(KEYS, 1, #KEYS - 2))
if n > 0 then redis.call('SET', KEYS[#KEYS - 1], string.format('%.0f', now), 'EX', ARGV[3]) end
redis.pcall('PUBLISH', ARGV[1], '- ' .. ARGV[2])
return {n, math.max(0, (tonumber(till or 0) or 0) - now)}
