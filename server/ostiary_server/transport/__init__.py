"""HTTP around the application, whatever it answers: what a connection may take, and what every answer gets.

`http_server` and `bounded_requests` are beneath the application. Around it, from the outside in: `envelope` (request
id, headers, measurement, a line in the `access_log`), `loaded_first`, `hot_path`. Beside it, on a port of its own, the
`exposition` of the metrics. Pure ASGI; nothing is decided here. Never imports `protocol`, `endpoints`, `pages`,
`replica`, `keys` or anything of `ostiary_state` but `log_lines`.
"""
