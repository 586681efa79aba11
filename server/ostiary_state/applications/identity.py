"""The names that an application has where its manifest does not say."""

from ostiary_state.applications.spec import OAuthApplicationSpec


def client_id_of(spec: OAuthApplicationSpec, *, namespace: str, name: str) -> str:
    """The OAuth client_id: the explicit one, or `<namespace>.<name>`, which no other object can have."""
    return spec.client_id or f"{namespace}.{name}"


def secret_name_of(spec: OAuthApplicationSpec, *, name: str) -> str | None:
    """The Kubernetes Secret with the credentials, in the application's namespace; None where there is none: a Public
    application has no secret nor has one that signs, and that of a client that registered itself is known to the client
    alone."""
    if spec.type == "Public" or spec.authenticates_by_key or spec.registered_by is not None:
        return None
    return (spec.secret.name if spec.secret else None) or f"{name}-oauth"
