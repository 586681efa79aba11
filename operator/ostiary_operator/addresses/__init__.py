"""Authentication addresses made reachable: one Ingress or HTTPRoute each, in the operator's own namespace.

They lead to the server's Service, which an Ingress can only do from beside it; so they belong to an address and not to
an application, and have no owner. What is wanted follows from what is stored, what is there from a watch. Tells of each
application whether its address is reachable, as the condition AddressReady.
"""
