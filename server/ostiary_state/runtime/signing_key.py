"""A signing key of one issuer and one algorithm."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair as it is stored: the public half in the clear, the private half sealed.

    Published (JWKS) from `created_at` to `expires_at`; signs from `active_from` until a later key is active.
    `active_from` is at least one JWKS cache lifetime after `created_at`, but for an issuer's first key.
    """

    kid: str  # RFC 7638 thumbprint of the public key
    issuer_id: str
    algorithm: str  # ES256 | RS256 | EdDSA
    public_jwk: Mapping[str, str]
    sealed_private_key: bytes  # AES-256-GCM under the key-encryption key, bound to kid as associated data
    created_at: float
    active_from: float
    expires_at: float  # after this no token that it signed can be live
