"""/account/applications: what applications hold of the signed-in person, and the button that takes it back.

Only for the session's own person, at the session's own issuer. Each form is bound to the session and to one client.
"""
