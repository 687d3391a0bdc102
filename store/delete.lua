-- delete: forget an account and all that there is of its login, and tell the
-- daemons.
--
-- KEYS  account, counters, secret and the others of the login
-- ARGV  1 channel of changes   2 login
--
-- Answers how many of them there were.

local n = redis.call('DEL', unpack(KEYS))
redis.pcall('PUBLISH', ARGV[1], '- ' .. ARGV[2])
return n
