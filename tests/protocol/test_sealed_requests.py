"""A request on its way through our pages: sealed, judged again, and not for long."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from ostiary_server.protocol.authorization import LIFETIME, SEALED
from ostiary_server.protocol.errors import PageError
from ostiary_server.protocol.requests import Parameters
from tests.authorizing import (
    APPLICATION,
    OTHER_ISSUER,
    World,
    answer,
    code_request,
)

TRUSTED = replace(APPLICATION, consent_required=False)


async def test_a_post_is_sealed_and_comes_back_as_a_get_that_brings_the_cookies() -> None:
    world = World(TRUSTED)
    form = Parameters(tuple(code_request().items()))
    location = await world.begin({}, method="POST", form=form)
    assert location.startswith("/authorize?request_handle=")
    again = {SEALED: location.partition("=")[2]}
    assert "code" in answer(await world.begin(again, cookies=await world.signed_in()))[1]


async def test_a_post_to_a_foreign_redirect_uri_is_refused_at_once() -> None:
    form = Parameters(tuple(code_request(redirect_uri="https://evil.example/").items()))
    with pytest.raises(PageError):
        await World().begin({}, method="POST", form=form)


async def test_a_sealed_request_expires_and_looking_at_it_does_not_prolong_it() -> None:
    world = World()
    sealed = urlsplit(await world.begin(code_request())).query.removeprefix(SEALED + "=")
    world.now += LIFETIME - 1
    again = urlsplit(await world.begin({SEALED: sealed})).query.removeprefix(SEALED + "=")
    world.now += 1
    for handle in (sealed, again, "forged"):
        with pytest.raises(PageError):
            await world.begin({SEALED: handle})


async def test_a_sealed_request_is_judged_again_by_what_is_declared_now() -> None:
    world = World(TRUSTED)
    cookies = await world.signed_in()
    sealed = urlsplit(await world.begin(code_request(prompt="login"), cookies=cookies)).query.removeprefix(SEALED + "=")
    world.put(replace(TRUSTED, enabled=False))
    with pytest.raises(PageError):
        await world.begin({SEALED: sealed}, cookies=cookies)
    world.put(replace(TRUSTED, grant_modes=frozenset()))
    assert await world.error({SEALED: sealed}, cookies=cookies) == "unauthorized_client"


async def test_a_sealed_request_of_one_issuer_does_not_open_at_another() -> None:
    world = World(APPLICATION, replace(APPLICATION, id="other/web", issuer_id=OTHER_ISSUER.id))
    sealed = urlsplit(await world.begin(code_request())).query.removeprefix(SEALED + "=")
    with pytest.raises(PageError):
        await world.begin({SEALED: sealed}, issuer=OTHER_ISSUER)
