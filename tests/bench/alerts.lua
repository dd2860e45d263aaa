-- Sends alerts whose keys never repeat: each thread of wrk counts for itself.
-- Arguments: the path, how many alerts go into a request, a name that no other run has.
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("thread_number", threads)
end

function init(arguments)
  path, per_request, run = arguments[1], tonumber(arguments[2]), arguments[3]
  count = 0
  headers = { ["Content-Type"] = "application/json" }
end

local function alert()
  count = count + 1
  return '{"event_status":"Critical","title_rule":"disk full on db-' .. count
    .. '","alert_key":"' .. run .. "-" .. thread_number .. "-" .. count
    .. '","description":"usage above 90 % for 5 minutes","labels":{"service":"postgres","host":"db-' .. count
    .. '","region":"eu-1"}}'
end

function request()
  local body
  if per_request == 1 then
    body = alert()
  else
    local alerts = {}
    for number = 1, per_request do alerts[number] = alert() end
    body = "[" .. table.concat(alerts, ",") .. "]"
  end
  return wrk.format("POST", path, headers, body)
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"seconds":%f,"refused":%d,"lost":%d,"p50":%f,"p99":%f}',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  ))
end
