"""/consent: may this application have this? Shown to a signed-in person for one pending request."""
