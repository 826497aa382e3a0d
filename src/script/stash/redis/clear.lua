-- Removes everything that is kept.
local ages, sizes = KEYS[1], KEYS[2]
local prefix = ARGV[1]
for _, name in ipairs(redis.call('ZRANGE', ages, 0, -1)) do
  redis.call('DEL', prefix .. name)
end
redis.call('DEL', ages, sizes)
return 0
