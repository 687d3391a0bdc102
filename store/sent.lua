-- sent: keep what logins have sent, of each some messages.
--
-- KEYS  the list of each login; one may stand there again
-- ARGV  1 how many messages a list keeps   2 seconds that it lasts after its last one
--       3 for each list an octet: how many messages follow for it
--       4.. the messages, oldest first
--
-- A list may be longer by a quarter before it is cut. Answers how many lists were written;
-- an error when none was.

local call, byte = redis.pcall, string.byte
local keep, counts = tonumber(ARGV[1]), ARGV[3]
local at, written, failed = 4, 0, nil

for i = 1, #KEYS do
  local key, n = KEYS[i], byte(counts, i)
  local length = call('LPUSH', key, unpack(ARGV, at, at + n - 1))
  at = at + n
  if type(length) == 'number' then
    written = written + 1
    call('EXPIRE', key, ARGV[2])
    if length > keep + keep / 4 then call('LTRIM', key, '0', string.format('%.0f', keep - 1)) end
  else
    failed = failed or length
  end
end
return written == 0 and failed or written
