-- delete: forget an account and its counters, and tell the daemons.
--
-- KEYS  1 account   2 counters
-- ARGV  1 channel of changes   2 login
--
-- Answers how many of the two there were.

local n = redis.call('DEL', KEYS[1], KEYS[2])
redis.pcall('PUBLISH', ARGV[1], '- ' .. ARGV[2])
return n
