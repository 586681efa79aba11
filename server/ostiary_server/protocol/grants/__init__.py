"""One grant a file: authlib's class with the steps that are unsafe as they come overridden, and nothing shared.

A grant supplies only what is its own; client authentication, permission and the order of steps are the token
endpoint's, so that a grant cannot forget them. Grants do not import each other.
"""
