"""The public keys of those who sign for applications, from manifests or from the addresses that these name."""

import warnings
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from ostiary_server.protocol.ports import FetchFailed, Outbound
from ostiary_state.applications.openid import KeySource

Key = RSAKey | ECKey | OKPKey

KEPT: Final = 300.0  # seconds that fetched keys are used without asking again
UNKNOWN_KEY: Final = 10.0  # seconds between two fetches that unknown key ids can cause
MOST_KEPT: Final = 1000  # addresses
MOST_KEYS: Final = 32
LONGEST: Final = 16_384  # characters of a JWT that somebody else signed
LEEWAY: Final = 30.0  # seconds by which clocks may differ
REGISTERED: Final = frozenset({"iss", "aud", "exp", "iat", "nbf", "jti", "sub"})  # what a JWT says of itself
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
_TYPE_OF_KEY: Final = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}  # by the beginning of the algorithm's name


class NotSigned(Exception):
    """A JWT that none of the keys has signed with a permitted algorithm; it says why, for the log."""


class KeysAway(NotSigned):
    """One that could not be verified, since no key of its issuer is known."""


class Unsigned(NotSigned):
    """One that says so itself: `alg` is `none`."""


@dataclass(frozen=True, slots=True)
class SignedClaims:
    """A JWT whose signature is good; what it says has still to be judged."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]


class ClientKeys:
    """Fetched keys are kept for minutes; a key id that is not among them is asked for at once, but not at every one."""

    def __init__(self, outbound: Outbound, *, clock: Callable[[], float]) -> None:
        self._outbound = outbound
        self._clock = clock
        self._fetched: dict[str, tuple[float, Sequence[Key]]] = {}
        self._failed: dict[str, float] = {}

    async def verified(self, token: str, source: KeySource, algorithms: Collection[str]) -> SignedClaims:
        """A compact JWS that one of these keys signed. The algorithm belongs to the key: a header cannot turn an RSA
        key into a shared secret (RFC 8725 section 2.1). Raises NotSigned.
        """

        async def keys(kid: str | None) -> Sequence[Key]:
            try:
                return await self._keys(source, kid)
            except FetchFailed as failed:
                raise NotSigned(str(failed)) from failed

        return await verified_by(keys, token, algorithms)

    async def _keys(self, source: KeySource, kid: str | None) -> Sequence[Key]:
        if source.jwks is not None:
            return read_keys(source.jwks)
        if source.jwks_url is None:
            raise FetchFailed("no keys are declared")
        at, kept = self._fetched.get(source.jwks_url, (0.0, ()))
        age = self._clock() - at
        known = any(is_named(key, kid) for key in kept)
        if age < (KEPT if known else UNKNOWN_KEY):
            return kept
        if self._clock() - self._failed.get(source.jwks_url, float("-inf")) < UNKNOWN_KEY and not known:
            raise FetchFailed("the keys could not be read a moment ago")
        try:
            keys = read_keys(await self._outbound.fetch(source.jwks_url, accept="application/jwk-set+json"))
        except FetchFailed:
            if len(self._failed) >= MOST_KEPT:
                self._failed.clear()
            self._failed[source.jwks_url] = self._clock()
            if known:
                return kept  # their address is away: the last ones count
            raise
        if len(self._fetched) >= MOST_KEPT:
            self._fetched.pop(next(iter(self._fetched)))
        self._fetched[source.jwks_url] = self._clock(), keys
        return keys


async def verified_by(
    keys: Callable[[str | None], Awaitable[Sequence[Key]]], token: str, algorithms: Collection[str]
) -> SignedClaims:
    """A compact JWS that one of these keys signed; its header only chooses among them. Raises NotSigned."""
    try:
        unverified = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError) as error:
        raise NotSigned(f"no JWS: {error!r}") from error
    algorithm, kid = str(unverified.get("alg")), unverified.get("kid")
    if algorithm == "none":
        raise Unsigned("it is not signed")
    if algorithm not in algorithms or "crit" in unverified or "b64" in unverified:
        raise NotSigned(f"a header that is not accepted, alg {algorithm[:20]!r}")
    kid = kid if isinstance(kid, str) else None
    for key in await keys(kid):
        if key.key_type != _TYPE_OF_KEY[algorithm[:2]] or not is_named(key, kid):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SecurityWarning)  # of EdDSA, whose name RFC 9864 replaces
                signed = jws.deserialize_compact(token, key, algorithms=[algorithm])
            claims = orjson.loads(signed.payload)
        except (JoseError, ValueError):
            continue
        if not isinstance(claims, dict):
            raise NotSigned("the payload is no JSON object")
        return SignedClaims(signed.headers(), claims)
    raise NotSigned("no key verifies it")


def is_named(key: Key, kid: str | None) -> bool:
    """A key without a name may be any (RFC 7517 section 4.5 makes `kid` optional)."""
    return kid is None or key.get("kid") in (None, kid)


def read_keys(document: bytes) -> Sequence[Key]:
    """Signature keys that can be read; what else is in the set is left out. Raises FetchFailed."""
    try:
        listed = orjson.loads(document)["keys"][:MOST_KEYS]
        usable = [key for key in listed if key.get("use", "sig") == "sig" and key.get("kty") in {"RSA", "EC", "OKP"}]
        read = KeySet.import_key_set({"keys": usable}).keys if usable else []
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise FetchFailed(f"the key set cannot be read: {error!r}") from error
    return [key for key in read if isinstance(key, Key)]
