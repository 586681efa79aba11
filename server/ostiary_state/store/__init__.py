"""The SQL database: PostgreSQL (>= 14) for many processes, SQLite for one pod.

`engine` opens it and hands out read and write transactions; `tables` is the schema; `schema` holds its version
and runs the alembic migrations; then one repository per aggregate (`applications`, `users`, `issuers`,
`intent`, `signing_keys`, `sessions`, `consents`, `grants`, `refresh_tokens`, `access_tokens`, `revocations`,
`replicas`) and `sweeper`. Repositories take and return the frozen values of `ostiary_state`; no row leaves this
package. Every instant is a float of seconds since the epoch, passed in.
"""
