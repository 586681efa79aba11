"""/sign-in: who are you? The page of a password form.

The right password starts a session and sends the browser back to /authorize with the request that led here, or to /
where none did. Decides nothing itself: `protocol.authentication` knows passwords, `protocol.authorization` the rest.
"""
