"""What applications hold of a person, and that withdrawing it leaves nothing."""

import asyncio
from typing import Any

import pytest

from ostiary_state.runtime.holdings import GrantsAlike, Held
from ostiary_state.runtime.issued import Issued
from ostiary_state.runtime.revocation import RevocationKind
from ostiary_state.store.revocations import LONGEST_TOKEN
from tests.store.repositories import Repositories
from tests.store.values import (
    ISSUER,
    NOW,
    access_token,
    consent,
    digest,
    family,
    grant,
    issued,
    refresh_token,
    revocation,
    session,
    user,
)

LATER = NOW + 10
DAYS_LATER = NOW + 3 * 86_400
UNTIL = LATER + 86_400
PERSON = (ISSUER, "people/ada", "uid-ada-1")
CLAIMS = {"userinfo": {"email": None}}


async def held(store: Repositories, now: float = LATER) -> Held:
    return await store.holdings.of_user(*PERSON, now)


async def given(store: Repositories, name: str = "1", **fields: Any) -> None:
    """A grant `g<name>` that has a refresh token."""
    started = grant(f"g{name}", **{"expires_at": NOW + 90 * 86_400} | fields)
    until = {"idle_expires_at": NOW + 14 * 86_400, "expires_at": NOW + 90 * 86_400}
    tokens = Issued(
        family=family(f"f{name}", grant_id=started.id, **until),
        refresh_token=refresh_token(f"r{name}", family_id=f"f{name}"),
    )
    await store.grants.start(started)
    assert await store.grants.redeem(started, tokens, NOW)


def alike(**fields: Any) -> GrantsAlike:
    values: dict[str, Any] = {
        "client_id": "shop.web",
        "application_incarnation": "uid-web-1",
        "scopes": ("openid", "email"),
        "claims": None,
        "last_used": NOW,
        "first_live": NOW,
        "last_live": NOW,
        "last_lasting": None,
    }
    return GrantsAlike(**values | fields)


async def test_nothing_is_held_of_somebody_new(store: Repositories) -> None:
    assert await held(store) == Held((), ())


async def test_consents_come_back_as_they_were_given(store: Repositories) -> None:
    remembered = consent(declined=frozenset({"phone"}), claims=frozenset({"nickname"}))
    await store.consents.remember(remembered)
    await store.consents.remember(consent(client_id="books.web", application_id="books/web"))

    found = await held(store)

    assert sorted(each.client_id for each in found.consents) == ["books.web", "shop.web"]
    assert remembered in found.consents
    assert found.grants == ()


async def test_what_another_person_gave_or_at_another_issuer_is_not_theirs(store: Repositories) -> None:
    others: list[dict[str, Any]] = [{"issuer_id": "i_2"}, {"user_id": "people/bob"}, {"user_incarnation": "uid-ada-0"}]
    for number, other in enumerate(others):
        await store.consents.remember(consent(client_id=f"app.{number}", **other))
        await given(store, str(number), **other)

    assert await held(store) == Held((), ())
    assert await store.holdings.withdraw(*PERSON, "shop.web", UNTIL, LATER) == []
    for number in range(len(others)):
        context = await store.refresh_tokens.context(digest(f"r{number}"), LATER)
        assert context is not None
        assert (context.grant.revoked_at, context.family.revoked_at) == (None, None)


async def test_grants_that_say_the_same_are_one_line_however_often_they_were_given(store: Repositories) -> None:
    await store.sessions.start(session())
    for each in range(5):
        await given(store, str(each), created_at=NOW + each)

    assert await held(store) == Held((), (alike(last_used=NOW + 4, last_live=NOW + 4),))


async def test_other_scopes_claims_clients_and_incarnations_are_lines_of_their_own(store: Repositories) -> None:
    await store.sessions.start(session())
    await given(store, "1")
    await given(store, "2", scopes=("openid",))
    await given(store, "3", claims=CLAIMS)
    await given(store, "4", client_id="books.web")
    await given(store, "5", application_incarnation="uid-web-0")

    found = (await held(store)).grants

    assert len(found) == 5
    assert alike() in found
    assert alike(claims=CLAIMS) in found
    assert alike(client_id="books.web") in found
    assert alike(scopes=("openid",)) in found
    assert alike(application_incarnation="uid-web-0") in found


async def test_last_used_is_when_it_was_last_refreshed(store: Repositories) -> None:
    await store.sessions.start(session())
    await given(store)
    successor = refresh_token("r2", issued_at=NOW + 600)
    assert await store.refresh_tokens.rotate(refresh_token("r1"), family(), successor, b"s", None, NOW + 600)

    (found,) = (await held(store, NOW + 700)).grants

    assert (found.last_used, found.last_live) == (NOW + 600, NOW)


async def test_what_outlives_the_session_is_told(store: Repositories) -> None:
    await given(store, session_id=None)

    (found,) = (await held(store, DAYS_LATER)).grants

    assert (found.last_live, found.last_lasting) == (NOW, NOW)


async def test_without_a_refresh_token_it_is_held_as_long_as_an_access_token_can_live(store: Repositories) -> None:
    await store.grants.start_with(Issued(grant=grant(code=None, session_id=None, expires_at=NOW + 90 * 86_400)))

    for now, live in ((LATER, NOW), (NOW + LONGEST_TOKEN, None)):
        (found,) = (await held(store, now)).grants
        assert (found.last_live, found.last_lasting) == (live, None)


@pytest.mark.parametrize("ended", ["revoked", "expired", "signed out", "session over", "unused for too long"])
async def test_what_has_ended_is_not_live_and_was_used_all_the_same(store: Repositories, ended: str) -> None:
    await store.sessions.start(session(expires_at=NOW + 43_200))
    now = DAYS_LATER
    offline = {"session_id": None} if ended in ("revoked", "expired", "unused for too long") else {}
    await given(store, **offline, expires_at=NOW + (86_400 if ended == "expired" else 90 * 86_400))
    if ended == "revoked":
        await store.grants.revoke("g1", revocation(), NOW)
    elif ended == "signed out":
        await store.sessions.end("s1", revocation(RevocationKind.SESSION, "s1"), NOW)
        now = LATER
    elif ended == "unused for too long":
        now = NOW + 15 * 86_400

    assert await held(store, now) == Held((), (alike(first_live=None, last_live=None),))


async def test_a_grant_started_at_a_session_that_has_just_ended_is_not_live(store: Repositories) -> None:
    await store.sessions.start(session())
    await store.sessions.end("s1", revocation(RevocationKind.SESSION, "s1"), LATER)
    await store.grants.start(grant())

    (found,) = (await held(store)).grants

    assert found.last_live is None


async def test_withdrawing_forgets_the_consent_and_revokes_every_grant(store: Repositories) -> None:
    await store.intent.write([user()], fence=0, now=NOW - 60)
    await store.sessions.start(session())
    await store.consents.remember(consent())
    await store.consents.remember(consent(client_id="books.web"))
    await given(store, "1")
    await given(store, "2", session_id=None, scopes=("openid", "offline_access"))
    await given(store, "3", client_id="books.web")
    await store.access_tokens.add(access_token())

    ended = await store.holdings.withdraw(*PERSON, "shop.web", UNTIL, LATER)

    assert sorted(each.id for each in ended) == ["g1", "g2"]
    for name, revoked_at in (("r1", LATER), ("r2", LATER), ("r3", None)):
        context = await store.refresh_tokens.context(digest(name), LATER)
        assert context is not None
        assert (context.grant.revoked_at, context.family.revoked_at) == (revoked_at, revoked_at)
    signed_in = await store.sessions.signed_in(digest("s1"), ISSUER, "shop.web", LATER)
    assert signed_in is not None
    assert signed_in.consent is None
    left = await held(store)
    assert [each.client_id for each in left.consents] == ["books.web"]
    assert {each.client_id for each in left.grants if each.last_live} == {"books.web"}


async def test_each_grant_enters_the_revocation_set_once_and_until_its_last_token_has_expired(
    store: Repositories,
) -> None:
    for name in ("1", "2"):
        await given(store, name, session_id=None)
    await store.grants.revoke("g2", revocation(name="g2"), NOW)

    ended = await store.holdings.withdraw(*PERSON, "shop.web", UNTIL, LATER)
    again = await store.holdings.withdraw(*PERSON, "shop.web", UNTIL, LATER + 1)

    assert list(ended) == [revocation(name="g1", not_before=UNTIL, expires_at=UNTIL)]
    assert list(again) == []
    assert set(await store.revocations.load_active(LATER)) == {*ended, revocation(name="g2")}


async def test_a_code_on_its_way_cannot_be_redeemed_any_more(store: Repositories) -> None:
    await store.grants.start(grant(session_id=None))

    await store.holdings.withdraw(*PERSON, "shop.web", UNTIL, LATER)

    assert not await store.grants.redeem(grant(session_id=None), issued(), LATER)


async def test_whatever_wins_a_redemption_and_a_withdrawal_leaves_no_live_family(store: Repositories) -> None:
    for each in range(8):
        started = grant(f"g{each}", client_id=f"app.{each}", session_id=None)
        tokens = issued(
            family=family(f"f{each}", grant_id=f"g{each}"),
            refresh_token=refresh_token(f"r{each}", family_id=f"f{each}"),
        )
        await store.grants.start(started)

        await asyncio.gather(
            store.grants.redeem(started, tokens, NOW),
            store.holdings.withdraw(*PERSON, f"app.{each}", UNTIL, NOW),
        )

        context = await store.refresh_tokens.context(digest(f"r{each}"), NOW)
        assert context is None or context.family.revoked_at == NOW


async def test_two_withdrawals_at_once_end_as_one(store: Repositories) -> None:
    for each in range(6):
        await given(store, str(each), session_id=None)

    one, other = await asyncio.gather(
        store.holdings.withdraw(*PERSON, "shop.web", UNTIL, LATER),
        store.holdings.withdraw(*PERSON, "shop.web", UNTIL, LATER),
    )

    assert sorted(each.id for each in (*one, *other)) == [f"g{each}" for each in range(6)]
