"""What operator and server agree on to try a credential."""

CREDENTIAL_CHECK = "urn:ostiary:credential-check"  # token_type_hint: whoever authenticates so has not used its secret
