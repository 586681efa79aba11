"""`ostiary example-app`: three small relying applications for docs/examples/quickstart, told apart by host name.

`shop` at app.localhost is a back end on authlib's Starlette client (authorization code with PKCE, refresh);
`notes` at spa.localhost is a page whose script reads the answer of the implicit grant; `billing` at
legacy.localhost asks for the password itself. They know of Ostiary only its addresses: nothing of the server or
the operator is imported.
"""
