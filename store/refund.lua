-- refund: take back what a message was charged.
--
-- KEYS  1 counters   2 message
-- ARGV  1 seconds a message is remembered
--
-- Answers 1 when something was taken back, 0 when the message was not charged
-- or was refunded before. Either way the message is remembered as refunded:
-- a charge that is still under way finds out. store/take.lua has the formats.

local BLOCK = '>c1c1I4I7I6I7I1'
local BLOCK_SIZE = 27
local ENTRY = {m = '>I1I4', r = '>I1I4', b = '>I1I6'}
local ENTRY_SIZE = {m = 5, r = 5, b = 7}
local CHARGE = '>c1I4I7I6I6'
local CHARGE_SIZE = 24

local message = redis.call('GET', KEYS[2])
redis.call('SET', KEYS[2], 'x', 'EX', ARGV[1])
if not message or string.sub(message, 1, 1) ~= 'c' then return 0 end

local charges = {}
for at = 2, #message, CHARGE_SIZE do
  local unit, window, born, slot, amount = struct.unpack(CHARGE, message, at)
  local list = charges[unit .. window] or {}
  charges[unit .. window] = list
  list[#list + 1] = {born = born, slot = slot, amount = amount}
end

-- The entries of a block without what was charged; also how many, and their sum.
local function without(unit, newest, entries, charge)
  local size = ENTRY_SIZE[unit]
  for at = 1, #entries, size do
    local low, amount = struct.unpack(ENTRY[unit], entries, at)
    if newest - (newest - low) % 256 == charge.slot then
      local back = math.min(amount, charge.amount)
      local kept = ''
      if amount > back or charge.slot == newest then
        kept = struct.pack(ENTRY[unit], low, amount - back)
      end
      return string.sub(entries, 1, at - 1) .. kept .. string.sub(entries, at + size), back
    end
  end
  return entries, 0
end

local stored = redis.call('GET', KEYS[1])
if not stored then return 0 end
local parts, at, any = {}, 1, 0
while at <= #stored do
  local unit, kind, window, born, newest, sum, n = struct.unpack(BLOCK, stored, at)
  local first = at + BLOCK_SIZE
  at = first + n * ENTRY_SIZE[unit]
  local entries = string.sub(stored, first, at - 1)
  for _, charge in ipairs(charges[unit .. window] or {}) do
    if charge.born == born then
      local back
      entries, back = without(unit, newest, entries, charge)
      sum = sum - back
      if back > 0 then any = 1 end
    end
  end
  parts[#parts + 1] = struct.pack(BLOCK, unit, kind, window, born, newest, sum,
    #entries / ENTRY_SIZE[unit])
  parts[#parts + 1] = entries
end
if any == 1 then
  redis.call('SET', KEYS[1], table.concat(parts), 'KEEPTTL')
end
return any
