"""/check-session: the one page that other sites may embed (OpenID Connect Session Management 1.0, section 3.3).

It shows nothing, and does nothing but compare a value that a client has with a cookie that says nothing.
"""
