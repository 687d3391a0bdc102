-- lent: finds what a lease has charged. store/embed-lua puts it in front of the scripts that
-- have a line "-- needs lent.lua".
--
-- Messages that leases have charged are kept in turns of as long as a message is remembered,
-- two of each key (store/key.h):
--   records  a hash: under the id of a lease, 8 octets, how many octets a record has 2, how many
--            all have 4, these (store/lease_records.h), and what the lease was remembered as
--            (store/take.lua), which tells where the amounts count
--   index    where to look for a message, which the last octet of its fingerprint says: of each
--            lease that has charged any of these: its id 8, how many 2, and of each the first
--            octets of its fingerprint 4
-- keys are the records and the index of both turns. Returns the last record of the message
-- whose token 9 is_it() likes; nil when there is none.

local function find_lent(keys, print, is_it)
  local call, unpack, sub, find = redis.call, struct.unpack, string.sub, string.find
  local first, lent = sub(print, 1, 4), nil
  for turn = 1, 2 do
    local index = call('GET', keys[2 + turn]) or ''
    local hit, behind, id, n = find(index, first, 1, true), 1, nil, nil
    while hit do
      while behind <= hit do
        id, n = unpack('>c8I2', index, behind)
        behind = behind + 10 + 4 * n
      end
      local value = call('HGET', keys[turn], id)
      local size, all = unpack('>I2I4', value or '\0\1\0\0\0\0')
      local at = value and find(value, print, 7, true)
      while at and at <= 6 + all do
        if (at - 17) % size == 0 and is_it(sub(value, at - 9, at - 1)) then
          lent = {key = keys[turn], id = id, value = value, at = at - 10, size = size, all = all}
        end
        at = find(value, print, at + 1, true)
      end
      hit = find(index, first, hit + 1, true)
    end
  end
  return lent
end

