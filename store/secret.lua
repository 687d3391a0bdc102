-- secret: write the secret of a username if it has not changed since it was read,
-- or delete it.
--
-- KEYS  1 secret; what else there is of the username, to be deleted with it
-- ARGV  1 record that was read ("" for none), "*" whatever it is
--       2 the new record, "" for none
--
-- Answers 1, or 0 when the record has changed, or there was none to delete.

local before = redis.call('GET', KEYS[1]) or ''
if ARGV[1] ~= '*' and ARGV[1] ~= before then return 0 end
if ARGV[2] == '' then
	redis.call('DEL', unpack(KEYS))
	return before == '' and 0 or 1
end
-- As in store/put.lua: also when Redis is full.
redis.pcall('DEL', KEYS[1] .. '%')
redis.call('SET', KEYS[1], ARGV[2])
return 1
