-- Gives a lock back, if it is still its holder's.
local lock = KEYS[1]
local token, name, channel = unpack(ARGV)
if redis.call('GET', lock) == token then
  redis.call('DEL', lock)
  redis.call('PUBLISH', channel, name)
end
return 0
