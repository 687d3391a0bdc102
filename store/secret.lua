-- secret: write the secret of a username if it has not changed since it was read.
--
-- KEYS  1 secret
-- ARGV  1 record that was read ("" for none), "*" whatever it is
--       2 the new record, "" for none
--
-- Answers 1, or 0 when the record has changed.

local before = redis.call('GET', KEYS[1]) or ''
if ARGV[1] ~= '*' and ARGV[1] ~= before then return 0 end
if ARGV[2] == '' then
	redis.call('DEL', KEYS[1])
else
	redis.call('SET', KEYS[1], ARGV[2])
end
return 1
