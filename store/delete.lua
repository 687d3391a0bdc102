-- delete: forget an account, its counters, its secret and what it has sent,
-- and tell the daemons.
--
-- KEYS  1 account   2 counters   3 secret   4 what it has sent
-- ARGV  1 channel of changes   2 login
--
-- Answers how many of them there were.

local n = redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
redis.pcall('PUBLISH', ARGV[1], '- ' .. ARGV[2])
return n
