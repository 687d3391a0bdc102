-- put: write an account if it has not changed since it was read, and tell the
-- daemons.
--
-- KEYS  1 account   2 counters, which have the account's version in front   3 until
--       when a daemon may have a lease, as store/take.lua has written it
-- ARGV  1 version that was read ("" for none), "*" whatever it is
--       2 the account as JSON
--       3 channel of changes   4 login
--
-- Answers the new version: microseconds since 1970, always above the old one,
-- so that no version comes back after an account was deleted; "" when the account
-- has changed. And the milliseconds until no daemon has a lease of the older one.

local version = redis.call('GETRANGE', KEYS[1], 0, 15)
if ARGV[1] ~= '*' and ARGV[1] ~= version then return {'', 0} end
-- Before anything is written: it may be an error.
local till = redis.call('GET', KEYS[3])

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local before = tonumber(version)
if before and now <= before then now = before + 1 end
local new = string.format('%016.0f', now)
-- A Redis that is full lets a script write all it wants once it has written something that
-- takes no memory. Nothing is there; who is to be blocked is blocked all the same.
redis.pcall('DEL', KEYS[1] .. '%')
-- The counters first: until they have the account's version, it is asked. What is no
-- counters is no matter of ours.
local length = redis.pcall('STRLEN', KEYS[2])
if type(length) == 'number' and length > 0 then redis.call('SETRANGE', KEYS[2], '0', new) end
redis.call('SET', KEYS[1], new .. ARGV[2])
-- Not being allowed to say so does not undo it.
redis.pcall('PUBLISH', ARGV[3], new .. ' ' .. ARGV[4])
return {new, math.max(0, (tonumber(till or 0) or 0) - math.floor(time[1] * 1000 + time[2] / 1000))}
