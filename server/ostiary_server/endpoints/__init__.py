"""One FastAPI router per endpoint: parse the request once, call the protocol, write the response.

Never decides anything of OAuth, never touches SQL. Errors are written by `errors` alone.
"""
