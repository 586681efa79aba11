"""The certification plans of the OpenID Foundation, mirrored from the specifications: one module a plan.

The whole server (`app.create_app`) over a store in memory, asked over HTTP by a browser without JavaScript and by a
relying party that verifies what it gets with joserfc.
"""
