"""Values with what a test does not care about filled in. `NOW` is any instant."""

from dataclasses import replace
from hashlib import sha256
from typing import Any

from ostiary_state.applications.credentials import first_credentials
from ostiary_state.intent import Kind, StoredApplication, StoredUser, Tombstone
from ostiary_state.runtime.access_token import OpaqueAccessToken
from ostiary_state.runtime.consent import Consent
from ostiary_state.runtime.grant import AuthorizationCode, Grant
from ostiary_state.runtime.issued import Issued
from ostiary_state.runtime.logout import LogoutDelivery
from ostiary_state.runtime.refresh_token import RefreshFamily, RefreshToken
from ostiary_state.runtime.revocation import Revocation, RevocationKind
from ostiary_state.runtime.session import Session
from ostiary_state.runtime.signing_key import SigningKey

NOW = 1_800_000_000.25
ISSUER = "i_1"


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def application(name: str = "shop/web", **fields: Any) -> StoredApplication:
    namespace, _, short = name.partition("/")
    row = StoredApplication(
        id=name,
        incarnation=f"uid-{short}-1",
        client_id=f"{namespace}.{short}",
        origin="https://login.example.com",
        namespace="",
        spec={"displayName": "Shop", "callbackURLs": ["https://shop.example.com/callback"]},
        credentials=first_credentials([digest("one"), digest("two")], 0.0),
    )
    return replace(row, **fields)


def user(name: str = "people/ada", **fields: Any) -> StoredUser:
    short = name.partition("/")[2]
    row = StoredUser(
        id=name,
        incarnation=f"uid-{short}-1",
        username=short,
        spec={"username": short, "groups": ["staff"], "claims": {"department": "Finance", "level": 3}},
        password_hash="$argon2id$any",
        password_version="uid/1",
    )
    return replace(row, **fields)


def gone(row: StoredApplication | StoredUser) -> Tombstone:
    kind = Kind.APPLICATION if isinstance(row, StoredApplication) else Kind.USER
    return Tombstone(kind, row.id, row.incarnation)


def session(name: str = "s1", **fields: Any) -> Session:
    row = Session(
        id=name,
        digest=digest(name),
        issuer_id=ISSUER,
        user_id="people/ada",
        user_incarnation="uid-ada-1",
        auth_time=NOW,
        amr=("pwd",),
        created_at=NOW,
        expires_at=NOW + 3600,
    )
    return replace(row, **fields)


def consent(**fields: Any) -> Consent:
    row = Consent(
        issuer_id=ISSUER,
        user_id="people/ada",
        user_incarnation="uid-ada-1",
        client_id="shop.web",
        application_id="shop/web",
        application_incarnation="uid-web-1",
        scopes=frozenset({"openid", "email"}),
        terms="terms-1",
        granted_at=NOW,
    )
    return replace(row, **fields)


def grant(name: str = "g1", **fields: Any) -> Grant:
    code = AuthorizationCode(digest(f"code of {name}"), "https://shop.example.com/callback", "challenge", NOW + 60)
    row = Grant(
        id=name,
        issuer_id=ISSUER,
        client_id="shop.web",
        application_id="shop/web",
        application_incarnation="uid-web-1",
        user_id="people/ada",
        user_incarnation="uid-ada-1",
        session_id="s1",
        scopes=("openid", "email"),
        audience=("https://api.example.com",),
        nonce="n",
        auth_time=NOW,
        amr=("pwd",),
        created_at=NOW,
        expires_at=NOW + 86_400,
        code=code,
    )
    return replace(row, **fields)


def family(name: str = "f1", **fields: Any) -> RefreshFamily:
    row = RefreshFamily(name, grant_id="g1", created_at=NOW, idle_expires_at=NOW + 3600, expires_at=NOW + 86_400)
    return replace(row, **fields)


def refresh_token(name: str = "r1", **fields: Any) -> RefreshToken:
    return replace(RefreshToken(digest(name), family_id="f1", issued_at=NOW), **fields)


def access_token(name: str = "a1", **fields: Any) -> OpaqueAccessToken:
    row = OpaqueAccessToken(digest(name), ISSUER, "g1", {"sub": "u_1", "aud": ["x"], "exp": NOW}, NOW + 600)
    return replace(row, **fields)


def issued(**fields: Any) -> Issued:
    return replace(Issued(family=family(), refresh_token=refresh_token()), **fields)


def revocation(kind: RevocationKind = RevocationKind.GRANT, name: str = "g1", **fields: Any) -> Revocation:
    return replace(Revocation(kind, name, not_before=NOW, expires_at=NOW + 86_400), **fields)


def delivery(name: str = "d1", **fields: Any) -> LogoutDelivery:
    row = LogoutDelivery(
        id=name,
        issuer_id=ISSUER,
        application_id="shop/web",
        application_incarnation="uid-web-1",
        session_id="s1",
        subject="u_1",
        attempts=0,
        due_at=NOW,
        expires_at=NOW + 86_400,
    )
    return replace(row, **fields)


def signing_key(kid: str, issuer_id: str, **fields: Any) -> SigningKey:
    row = SigningKey(
        kid=kid,
        issuer_id=issuer_id,
        algorithm="ES256",
        public_jwk={"kty": "EC", "kid": kid},
        sealed_private_key=b"sealed",
        created_at=NOW,
        active_from=NOW,
        expires_at=NOW + 86_400,
    )
    return replace(row, **fields)
