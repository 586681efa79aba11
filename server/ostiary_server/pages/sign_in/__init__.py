"""/sign-in: who are you? The person's password starts a session and the pending request goes on at /authorize."""
