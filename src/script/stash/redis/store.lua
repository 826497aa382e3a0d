-- Replaces what is kept under a name, if it is what the caller saw. An empty text stands for no value.
-- ages: name → time of its end in ms. sizes: name → octets; their sum under the empty name.
-- Returns 0: done, 1: another value is there, 2: too many values, 3: too many octets.
local value, ages, sizes = KEYS[1], KEYS[2], KEYS[3]
local name, old, new, size, age, most_values, most_octets, channel = unpack(ARGV)

local function forget(gone)
  local size = redis.call('HGET', sizes, gone)
  if size then
    redis.call('HINCRBY', sizes, '', -size)
    redis.call('HDEL', sizes, gone)
  end
  redis.call('ZREM', ages, gone)
end

if (redis.call('GET', value) or '') ~= old then return 1 end
if new == '' then
  redis.call('DEL', value)
  forget(name)
  return 0
end

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', ages, '-inf', now)) do
  forget(gone)
end
local others = redis.call('ZCARD', ages)
if redis.call('ZSCORE', ages, name) then others = others - 1 end
local octets = (redis.call('HGET', sizes, '') or 0) - (redis.call('HGET', sizes, name) or 0)
if others >= tonumber(most_values) then return 2 end
if octets + size > tonumber(most_octets) then return 3 end

forget(name)
redis.call('SET', value, new, 'PX', age)
redis.call('ZADD', ages, now + age, name)
redis.call('HSET', sizes, name, size)
redis.call('HINCRBY', sizes, '', size)
for _, key in ipairs({ages, sizes}) do
  if redis.call('PTTL', key) < tonumber(age) then redis.call('PEXPIRE', key, age) end
end
redis.call('PUBLISH', channel, name)
return 0
