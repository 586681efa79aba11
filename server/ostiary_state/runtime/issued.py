"""What one token response stores."""

from dataclasses import dataclass

from ostiary_state.runtime.access_token import OpaqueAccessToken
from ostiary_state.runtime.grant import Grant
from ostiary_state.runtime.refresh_token import RefreshFamily, RefreshToken


@dataclass(frozen=True, slots=True)
class Issued:
    """What is inserted in the transaction of the claim that permits it; all None: a JWT access token alone."""

    family: RefreshFamily | None = None
    refresh_token: RefreshToken | None = None
    access_token: OpaqueAccessToken | None = None
    grant: Grant | None = None  # password: the grant is made with its tokens
