"""What operator and server agree on to try a credential."""

from collections.abc import Mapping

CREDENTIAL_CHECK = "urn:ostiary:credential-check"  # token_type_hint: whoever authenticates so has not used its secret
NO_TOKEN = "none"  # which is asked about then: nobody has it


def is_credential_check(form: Mapping[str, str]) -> bool:
    """Whether a request can be nothing else: whoever gets something by a secret has used it, whatever it says."""
    return (
        form.get("token_type_hint") == CREDENTIAL_CHECK and form.get("token") == NO_TOKEN and "grant_type" not in form
    )
