"""A client that names a user gets that user or an error, never somebody else's tokens."""

from dataclasses import replace

import pytest

from ostiary_server.protocol.id_token_hint import IdTokenHints
from ostiary_server.protocol.tokens import ACCESS_TOKEN_TYPE, ID_TOKEN_TYPE
from tests.authorizing import APPLICATION, ISSUER, NOW, OTHER_ISSUER, USER, World, answer, code_request, key_pairs

TRUSTED = replace(APPLICATION, consent_required=False)


def id_token(typ: str = ID_TOKEN_TYPE, **claims: object) -> str:
    values = {"iss": ISSUER.origin, "aud": "shop.web", "sub": USER.subject, "exp": NOW - 1}
    return key_pairs()[1].sign(typ, values | claims)


def subject(token: str) -> str | None:
    return IdTokenHints(World().ring).subject(token, ISSUER, "shop.web")


def test_an_expired_id_token_still_names_its_user() -> None:
    assert subject(id_token()) == USER.subject


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "e30.e30.",
        "e30.e30.e30",
        "bnVsbA.W10.e30",
        id_token(iss=OTHER_ISSUER.origin),
        id_token(aud="another"),
        id_token(typ=ACCESS_TOKEN_TYPE),
        id_token()[:-5] + "AAAAA",
        id_token().replace(".", ".e30", 1),
        "é." + id_token(),
    ],
)
def test_what_is_no_id_token_of_ours_for_this_client_names_nobody(token: str) -> None:
    assert subject(token) is None


async def test_the_named_user_passes_silently() -> None:
    world = World(TRUSTED)
    asked = code_request(prompt="none", id_token_hint=id_token())
    assert "code" in answer(await world.begin(asked, cookies=await world.signed_in()))[1]


@pytest.mark.parametrize("hint", [id_token(sub="u_somebody_else"), "unreadable"])
async def test_somebody_else_is_an_error_where_no_page_can_be_shown(hint: str) -> None:
    world = World(TRUSTED)
    asked = code_request(prompt="none", id_token_hint=hint)
    assert await world.error(asked, cookies=await world.signed_in()) == "login_required"


async def test_somebody_else_is_asked_to_sign_in_and_an_unreadable_hint_does_not_matter() -> None:
    world = World(TRUSTED)
    cookies = await world.signed_in()
    other = code_request(id_token_hint=id_token(sub="u_somebody_else"))
    assert (await world.begin(other, cookies=cookies)).startswith("/sign-in?")
    assert "code" in answer(await world.begin(code_request(id_token_hint="x"), cookies=cookies))[1]


async def test_signing_in_as_another_than_the_named_user_is_told_to_the_client() -> None:
    world = World(TRUSTED)
    request = world.request({})
    location = await world.begin(code_request(id_token_hint=id_token(sub="u_somebody_else")))
    started = await world.sessions.start(USER, ("pwd",), request)
    pending = world.authorization.open(location.partition("=")[2], request)
    onward = world.authorization.signed_in(pending, started.session, world.now)
    name, _, value = started.cookies[0].partition(";")[0].partition("=")
    handle = {"request_handle": onward.partition("=")[2]}
    assert await world.error(handle, cookies={name: value}) == "login_required"
