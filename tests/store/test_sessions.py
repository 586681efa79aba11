"""Sessions: who is signed in, and what ends it."""

from dataclasses import replace

import pytest

from ostiary_state.runtime.revocation import RevocationKind
from tests.store.repositories import Repositories
from tests.store.values import ISSUER, NOW, consent, digest, family, gone, grant, issued, revocation, session, user

LATER = NOW + 1


async def signed_in(store: Repositories, client_id: str | None = "shop.web", now: float = LATER):
    return await store.sessions.signed_in(digest("s1"), ISSUER, client_id, now)


async def test_a_session_comes_with_its_user_and_the_consent_of_the_client(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    await store.sessions.start(session())
    await store.consents.remember(consent())

    found = await signed_in(store)

    assert found is not None
    assert found.session == session()
    assert found.user.username == "ada"
    assert found.user.groups == {"staff"}
    assert found.user.claims == {"department": "Finance", "level": 3}
    assert found.user.subject.startswith("u_")
    assert found.consent == consent()


async def test_without_a_client_or_its_consent_there_is_no_consent(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    await store.sessions.start(session())
    await store.consents.remember(consent(client_id="other"))

    for client_id in ("shop.web", None):
        found = await signed_in(store, client_id)
        assert found is not None
        assert found.consent is None


async def test_remembering_again_replaces_what_was_remembered(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    await store.sessions.start(session())
    await store.consents.remember(consent())
    await store.consents.remember(consent(scopes=frozenset({"openid"}), terms="terms-2"))

    found = await signed_in(store)

    assert found is not None
    assert found.consent == consent(scopes=frozenset({"openid"}), terms="terms-2")


async def test_a_session_counts_at_its_issuer_only(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    await store.sessions.start(session(issuer_id="i_other"))

    assert await signed_in(store) is None


async def test_a_session_ends_with_its_time(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    await store.sessions.start(session())

    assert await signed_in(store, now=NOW + 3599) is not None
    assert await signed_in(store, now=NOW + 3600) is None


@pytest.mark.parametrize(
    "change",
    [
        {"spec": {"username": "ada", "enabled": False}},
        {"not_before": NOW},
        {"incarnation": "uid-ada-2"},
    ],
    ids=["disabled", "signed out by a new password", "re-created"],
)
async def test_a_change_of_the_user_ends_the_session(store: Repositories, change: dict) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    await store.sessions.start(session())
    await store.intent.write([replace(user(), **change)], fence=0, now=LATER)

    assert await signed_in(store) is None


async def test_a_user_who_is_gone_has_no_session(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    await store.sessions.start(session())
    await store.intent.write([gone(user())], fence=0, now=LATER)

    assert await signed_in(store) is None


async def test_a_session_after_not_before_stands_and_a_consent_from_before_is_void(store: Repositories) -> None:
    await store.intent.write([user(not_before=NOW)], fence=0, now=NOW)
    await store.sessions.start(session(auth_time=LATER, created_at=LATER))
    await store.consents.remember(consent(granted_at=NOW))

    found = await signed_in(store, now=NOW + 2)

    assert found is not None
    assert found.consent is None


async def test_a_consent_of_another_incarnation_of_the_user_is_void(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    await store.sessions.start(session())
    await store.consents.remember(consent(user_incarnation="uid-ada-0"))

    found = await signed_in(store)

    assert found is not None
    assert found.consent is None


async def test_ending_a_session_ends_the_grants_that_belong_to_it_and_enters_the_set(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW)
    await store.sessions.start(session())
    bound, offline = grant("g1"), grant("g2", session_id=None)
    await store.grants.start(bound)
    await store.grants.start(offline)
    assert await store.grants.redeem(bound, issued(), NOW)

    ending = revocation(RevocationKind.SESSION, "s1")
    await store.sessions.end("s1", ending, LATER)

    assert await signed_in(store) is None
    context = await store.refresh_tokens.context(digest("r1"), LATER)
    assert context is not None
    assert context.family == family(revoked_at=LATER)
    assert context.grant.revoked_at == LATER
    assert not context.session_live
    kept = await store.grants.by_code(digest("code of g2"))
    assert kept is not None
    assert kept[0].revoked_at is None
    assert ending in await store.revocations.load_active(LATER)


async def test_a_grant_started_at_a_session_that_has_just_ended_cannot_be_redeemed(store: Repositories) -> None:
    await store.sessions.start(session())
    await store.sessions.end("s1", revocation(RevocationKind.SESSION, "s1"), LATER)
    await store.grants.start(grant())

    found = await store.grants.by_code(digest("code of g1"))

    assert found is not None
    assert found[0].revoked_at == LATER
    assert not await store.grants.redeem(grant(), issued(), LATER)
