-- Removes what is kept under a name, and returns it.
local value, ages, sizes = KEYS[1], KEYS[2], KEYS[3]
local name = ARGV[1]
local found = redis.call('GET', value)
if found then redis.call('DEL', value) end
local size = redis.call('HGET', sizes, name)
if size then
  redis.call('HINCRBY', sizes, '', -size)
  redis.call('HDEL', sizes, name)
end
redis.call('ZREM', ages, name)
return found
