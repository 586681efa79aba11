"""What the status of an `OAuthUser` says, as `kubectl explain` prints it."""

from ostiary_state.kinds.status import ObjectStatus


class OAuthUserStatus(ObjectStatus):
    """What became of the manifest: whether the person can sign in, and what is in the way."""
