"""/consent: may this application have this? Shown to a signed-in person for one pending request.

The answer goes to the application's redirect URI. When to ask and what an answer is remembered for is decided in
`protocol.consent`; the form is bound to the session and the request that it was shown for.
"""
