"""What the operator and the server share, and the only thing they share.

Owns the kinds (`applications`, `users`: what a manifest may say and what is served from it; `kinds`: what they are
made of; `reference`: their pages of docs), the values of runtime state (`runtime`: grants, sessions, keys,
revocations), the SQL database that holds both (`store`) and how every process logs (`log_lines`).
Never imports kopf, kubernetes, fastapi or jinja2, nor either side that uses it.
"""
