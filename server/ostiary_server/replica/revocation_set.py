"""The revocation set in memory: what ends a token before it expires, looked up without a database access."""

from collections.abc import Iterable

from ostiary_state.runtime.revocation import Revocation, RevocationKind


class RevokedKeys:
    """The protocol's `RevocationSet`: for each key that a token may carry, the instant up to which tokens are void."""

    def __init__(self) -> None:
        self._revoked: dict[tuple[RevocationKind, str], Revocation] = {}

    def revoked(
        self,
        *,
        issued_at: float,
        jti: str | None,
        grant_id: str | None,
        session_id: str | None,
        user_incarnation: str | None,
        application_incarnation: str | None,
    ) -> bool:
        carried = (
            (RevocationKind.JTI, jti),
            (RevocationKind.GRANT, grant_id),
            (RevocationKind.SESSION, session_id),
            (RevocationKind.USER, user_incarnation),
            (RevocationKind.APPLICATION, application_incarnation),
        )
        for kind, id_ in carried:
            if id_ is not None:
                revocation = self._revoked.get((kind, id_))
                if revocation is not None and issued_at <= revocation.not_before:
                    return True
        return False

    def add(self, revocation: Revocation) -> None:
        """Void the tokens of a key up to `not_before`, or up to what is known if that is later."""
        key = revocation.kind, revocation.id
        known = self._revoked.get(key)
        if known is not None:
            revocation = Revocation(
                kind=revocation.kind,
                id=revocation.id,
                not_before=max(known.not_before, revocation.not_before),
                expires_at=max(known.expires_at, revocation.expires_at),
            )
        self._revoked[key] = revocation

    def add_all(self, revocations: Iterable[Revocation]) -> None:
        """Add what was read. There is no way to take one out: a set that was read before another one was added
        must not undo it, and what is in the set too long ends no token that it should not."""
        for revocation in revocations:
            self.add(revocation)

    def forget_expired(self, now: float) -> None:
        """Drop what no living token can carry any more."""
        self._revoked = {key: entry for key, entry in self._revoked.items() if entry.expires_at > now}

    def __len__(self) -> int:
        return len(self._revoked)
