"""HTTPRoutes and Ingresses of tenants, read for the hosts that are callbacks of their applications.

Never written; those that the operator itself keeps for addresses are `addresses`'. Only namespaces and kinds that an
application refers to are watched, and of each route only its hosts and what gateways say of it are held.
"""
