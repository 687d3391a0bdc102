-- delete: forget an account, its counters and its secret, and tell the daemons.
--
-- KEYS  1 account   2 counters   3 secret
-- ARGV  1 channel of changes   2 login
--
-- Answers how many of them there were.

local n = redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.pcall('PUBLISH', ARGV[1], '- ' .. ARGV[2])
return n
