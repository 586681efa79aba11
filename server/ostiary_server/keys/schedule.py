"""When a signing key is made, published, used and forgotten. Pure: keys and the time in, what is due out."""

from collections.abc import Sequence
from dataclasses import dataclass

from ostiary_state.runtime.signing_key import SigningKey

LONGEST_TOKEN_LIFETIME = 86_400.0  # seconds; what `tokenLifetimes` allows at most for access and ID tokens


@dataclass(frozen=True, slots=True)
class KeySchedule:
    """Seconds. A key signs for `signing`, is published `publication` before, and `longest_token` after it signed."""

    signing: float
    publication: float
    longest_token: float = LONGEST_TOKEN_LIFETIME

    def next_active_from(self, keys: Sequence[SigningKey], now: float) -> float | None:
        """When the key that must be made now begins to sign; None: none is due.

        `keys` are one issuer's of one algorithm. Its first key signs at once, since no client can hold an older
        JWKS; each later one only when every cached JWKS has it.
        """
        if not keys:
            return now
        last = max(keys, key=lambda key: key.active_from)
        if now >= last.expires_at - self.publication - self.longest_token:
            return now  # nobody ran for two terms: the key is about to be removed and cannot introduce another
        if now < last.active_from + self.signing - self.publication:
            return None
        return max(last.active_from + self.signing, now + self.publication)

    def expires_at(self, active_from: float) -> float:
        """What is stored with a new key: it may sign for two terms, as when no replica ran when the next was due."""
        return active_from + 2 * self.signing + self.publication + self.longest_token

    def needed_until(self, key: SigningKey, keys: Sequence[SigningKey]) -> float:
        """When the last token that `key` can have signed has expired: known once a later key takes over."""
        later = [other.active_from for other in keys if other.active_from > key.active_from]
        return min(later) + self.longest_token if later else float("inf")
