"""Which secrets of an application authenticate it now, from those that did and the one in its Secret.

The Secret is the truth. So a crash at any point of a replacement is settled by looking at it: the secret in it is the
current one, one that was stored and does not get there in time is forgotten, and the one before ends after the overlap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ostiary_state.applications.credentials import ClientCredential
from ostiary_state.applications.rotation_spec import RotationSpec

ROTATE = "ostiary.dev/rotate"  # annotation of an OAuthApplication: another value replaces its secret
REVOKE = "ostiary.dev/revoke-up-to"  # annotation: the id of a secret; it and those before it count no more. One that
# no secret has yet revokes none: each that came would be replaced at once, for ever

_DEFAULT = RotationSpec()
_MOST = 5  # secrets at a time: each costs a comparison
_LATE = 600.0  # seconds in which one may still get into the Secret: by a write whose answer was lost, or that another
# operator began before this one
_LONGEST_REQUEST = 128  # characters of the annotation that are told from another value


@dataclass(frozen=True, slots=True)
class History:
    """How the secrets of one application follow each other. `uses`: when each was used last, by id."""

    rotation: RotationSpec | None
    annotations: Mapping[str, str] = field(default_factory=dict)
    uses: Mapping[str, float] = field(default_factory=dict)

    @property
    def requested(self) -> str:
        """What the annotation asks for."""
        return self.annotations.get(ROTATE, "")[:_LONGEST_REQUEST]

    def settled(
        self, known: Sequence[ClientCredential], digest: bytes, now: float, hash_: str = ""
    ) -> tuple[ClientCredential, ...]:
        """With the secret of this digest as the current one, oldest first. `hash_`: all that is known of it."""
        current = next((each for each in known if each.digest == digest), None)
        if current is None or current.expires_at is not None:  # also one that came back
            current = self._new(known, digest, now)
        current = replace(current, pending=False, hash=hash_)
        ours = any(each.digest == digest and each.pending for each in known)
        until = now + self._overlap(ours=ours)
        earlier = [_followed(each, until) for each in known if each.digest != digest and not each.pending]
        kept = [each for each in earlier if self._counts(each, current, now)]
        late = [each for each in known if not ours and each.pending and now - each.created_at < _LATE]
        return (*kept[-(_MOST - 1) :], *sorted([current, *late[-1:]], key=lambda each: int(each.id)))

    def without_secret(self, known: Sequence[ClientCredential], now: float) -> tuple[ClientCredential, ...]:
        """While nothing can be read: the last good state, but what has ended."""
        return tuple(each for each in known if each.valid(now))

    def pending(self, known: Sequence[ClientCredential], digest: bytes, now: float) -> ClientCredential:
        """One that is to become the current one."""
        return replace(self._new(known, digest, now), pending=True)

    def asked_for(self, current: ClientCredential) -> bool:
        """Whether somebody wants the current one replaced now."""
        return self._revoked(current, current) or (bool(self.requested) and self.requested != current.requested)

    def unused(self, earlier: ClientCredential, current: ClientCredential, now: float) -> bool:
        """Proven so: the new one has been used since it came, and the earlier one not for long enough."""
        rotation = self.rotation or _DEFAULT
        if rotation.revoke != "WhenUnused" or self.uses.get(current.id, 0.0) <= current.created_at:
            return False
        last = max(self.uses.get(earlier.id, 0.0), current.created_at)
        return now - last >= rotation.unused_for.seconds

    def _new(self, known: Sequence[ClientCredential], digest: bytes, now: float) -> ClientCredential:
        number = max((int(each.id) for each in known), default=0) + 1
        return ClientCredential(str(number), digest, now, requested=self.requested)

    def _overlap(self, *, ours: bool) -> int:
        """Whoever changes the Secret by hand has a reason, and gets an overlap only where the manifest says so."""
        rotation = self.rotation or _DEFAULT
        return rotation.longest_overlap.seconds if ours or rotation.overlap is not None else 0

    def _counts(self, earlier: ClientCredential, current: ClientCredential, now: float) -> bool:
        return earlier.valid(now) and not self._revoked(earlier, current) and not self.unused(earlier, current, now)

    def _revoked(self, credential: ClientCredential, newest: ClientCredential) -> bool:
        upto = self.annotations.get(REVOKE, "")
        if not upto.isdecimal() or len(upto) >= _LONGEST_REQUEST:
            return False
        return int(credential.id) <= int(upto) <= int(newest.id)


def _followed(earlier: ClientCredential, until: float) -> ClientCredential:
    return earlier if earlier.expires_at is not None else replace(earlier, expires_at=until)
