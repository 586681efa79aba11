"""A client of which only another product's hash is known authenticates as it always did, slowly once."""

import base64
from dataclasses import replace

import bcrypt
import pytest

from ostiary_server.protocol.hashed_secrets import HashedSecrets
from ostiary_server.protocol.tokens import digest_of
from ostiary_state.applications.credentials import ClientCredential
from tests.openid.provider import CERTIFIED, Provider

SECRET = "chosen by Hydra"
HASH = bcrypt.hashpw(SECRET.encode(), bcrypt.gensalt(4)).decode()
MACHINE = frozenset({"client_credentials"})


class Comparison:
    """Counts what is slow."""

    def __init__(self) -> None:
        self.compared = 0

    async def matches_hash(self, secret_hash: str, secret: str) -> bool:
        self.compared += 1
        return bcrypt.checkpw(secret.encode(), secret_hash.encode())


@pytest.fixture
def provider() -> Provider:
    return Provider(
        replace(
            CERTIFIED,
            grant_modes=MACHINE,
            credentials=(ClientCredential("1", digest_of(HASH), 0.0, hash=HASH),),
            token_endpoint_auth_method="client_secret_basic",
        )
    )


async def token(provider: Provider, secret: str) -> int:
    pair = base64.b64encode(f"{provider.application.client_id}:{secret}".encode()).decode()
    async with provider.client() as http:
        form = {"grant_type": "client_credentials"}
        answer = await http.post("/token", data=form, headers={"Authorization": f"Basic {pair}"})
    return answer.status_code


async def test_the_secret_that_was_hashed_authenticates_and_no_other_does(provider: Provider) -> None:
    assert await token(provider, "a guess") == 401
    assert await token(provider, SECRET) == 200
    assert await token(provider, SECRET) == 200
    assert await token(provider, "a guess") == 401
    assert await token(provider, HASH) == 401


async def test_it_is_compared_the_slow_way_once_and_remembered_by_its_digest() -> None:
    comparison, told = Comparison(), []
    credential = ClientCredential("1", digest_of(HASH), 0.0, hash=HASH)
    application = replace(CERTIFIED, credentials=(credential,))
    hashed = HashedSecrets(comparison, verified=lambda key, digest: told.append((key, digest)))
    for _ in range(3):
        await hashed.matches(application, SECRET, "192.0.2.1", 0.0)
    key = (application.id, application.incarnation, "1")
    assert (comparison.compared, told) == (1, [(key, digest_of(HASH) + digest_of(SECRET))])
    assert hashed.digest(application, credential) == digest_of(SECRET)

    after_a_restart = HashedSecrets(comparison)
    after_a_restart.learn(*told[0])
    await after_a_restart.matches(application, "a guess", "192.0.2.1", 0.0)
    assert comparison.compared == 1


async def test_guessing_at_a_slow_hash_is_slowed_down(provider: Provider) -> None:
    answers = [await token(provider, f"guess {number}") for number in range(8)]
    assert answers[:5] == [401] * 5
    assert 503 in answers


async def test_what_was_verified_counts_for_that_hash_alone() -> None:
    """An application that has no secret for a while begins to count at 1 again."""
    hashed = HashedSecrets(Comparison())
    before = ClientCredential("1", digest_of(HASH), 0.0, hash=HASH)
    await hashed.matches(replace(CERTIFIED, credentials=(before,)), SECRET, "192.0.2.1", 0.0)
    other = bcrypt.hashpw(b"another", bcrypt.gensalt(4)).decode()
    after = ClientCredential("1", digest_of(other), 0.0, hash=other)
    application = replace(CERTIFIED, credentials=(after,))
    assert hashed.digest(application, after) != digest_of(SECRET)
    await hashed.matches(application, "another", "192.0.2.1", 0.0)
    assert hashed.digest(application, after) == digest_of("another")


async def test_a_secret_that_is_known_is_no_guess_at_the_hash_beside_it(provider: Provider) -> None:
    (old,) = provider.application.credentials
    later = replace(old, expires_at=provider.now + 60)
    provider.put(credentials=(later, ClientCredential("2", digest_of("new"), 0.0)))
    assert {await token(provider, "new") for _ in range(20)} == {200}
    assert await token(provider, SECRET) == 200
