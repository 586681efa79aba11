"""The SQL database: intent that the operator writes, runtime state that the server writes, on PostgreSQL or SQLite.

Owns the tables (`tables`), their migrations, one repository an aggregate and the connections beneath them
(`database`). Every repository takes the `Database`, every method is one statement or one transaction, and each raises
`StoreUnavailable` when the database is away. The intent side is `intent`; the rest satisfies the ports of the
server by its shape. Never imports the operator or the server.
"""
