"""The HTTP API and its authorizer: requests in, conditional writes of the jobs table out. It never touches a queue.

`handler` and `authorizer` are the two Lambda functions. `application` turns events into requests and answers, `routes`
lists what there is, `endpoints` translate, use cases (named by their verb) do the work, `problems` says no. `wire`
holds the formats (JSON, times, durations, page tokens), `models` the shapes of requests.
"""
