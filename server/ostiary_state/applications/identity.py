"""The names that an application has where its manifest does not say."""

from ostiary_state.applications.spec import OAuthApplicationSpec


def client_id_of(spec: OAuthApplicationSpec, *, namespace: str, name: str) -> str:
    """The OAuth client_id: the explicit one, or `<namespace>.<name>`, which no other object can have."""
    return spec.client_id or f"{namespace}.{name}"


def secret_name_of(spec: OAuthApplicationSpec, *, name: str) -> str | None:
    """The Kubernetes Secret with the credentials, in the application's namespace; None where there is none: a Public
    application has no secret, one that signs has only the Secret that it asks for, and that of a client that registered
    itself is known to the client alone."""
    if spec.type == "Public" or spec.registered_by is not None:
        return None
    if spec.secret is None:
        return None if spec.authenticates_by_key else f"{name}-oauth"
    return None if spec.secret.mode == "None" else spec.secret.name or f"{name}-oauth"
