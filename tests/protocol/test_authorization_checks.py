"""Each check of an authorization request, where its failure is told, and which of two failures is told first."""

from dataclasses import replace

import pytest

from ostiary_server.protocol.authorization_checks import LONGEST_PARAMETERS, MOST_PARAMETERS
from ostiary_server.protocol.errors import PageError
from ostiary_server.protocol.requests import Parameters
from tests.authorizing import APPLICATION, CHALLENGE, OTHER_ISSUER, World, answer, code_request, implicit_request

SINGLE_PAGE = replace(APPLICATION, confidential=False)


async def page_error(world: World, parameters: dict[str, str] | Parameters, **fields: object) -> PageError:
    with pytest.raises(PageError) as error:
        await world.begin(parameters, **fields)
    return error.value


async def told(world: World, parameters: dict[str, str] | Parameters) -> tuple[str, str]:
    """The channel and code of an error that is redirected, after checking what every such answer must have."""
    location = await world.begin(parameters)
    assert location.startswith("https://shop.example.com/callback"), location
    channel, values = answer(location)
    assert values["iss"] == "https://login.example.com"
    assert values["error_description"]
    state = parameters.first("state") if isinstance(parameters, Parameters) else parameters.get("state")
    assert values.get("state") == state
    return channel, values["error"]


# Before the redirect URI is known good: a page, never a redirect.


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": None}, "invalid_request"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"client_id": "SHOP.WEB"}, "invalid_client"),
        ({"redirect_uri": "https://evil.example/callback"}, "invalid_request"),
        ({"redirect_uri": "https://shop.example.com/callback/"}, "invalid_request"),
        ({"redirect_uri": "https://shop.example.com/callback?x=1"}, "invalid_request"),
        ({"redirect_uri": "https://shop.example.com/callback#x"}, "invalid_request"),
        ({"redirect_uri": "https://shop.example.com/%63allback"}, "invalid_request"),
        ({"redirect_uri": "https://SHOP.example.com/callback"}, "invalid_request"),
        ({"redirect_uri": "https://shop.example.com@evil.example/callback"}, "invalid_request"),
        ({"redirect_uri": "https://shop.example.com/callback\r\nSet-Cookie: a=b"}, "invalid_request"),
        ({"redirect_uri": "javascript:alert(1)"}, "invalid_request"),
    ],
)
async def test_an_unknown_client_or_redirect_uri_is_never_redirected_to(
    changes: dict[str, str | None], code: str
) -> None:
    assert (await page_error(World(), code_request(**changes))).code == code


@pytest.mark.parametrize(
    "rest",
    [
        {"response_type": "nonsense"},
        {"response_type": None},
        {"response_type": "id_token", "scope": "profile"},
        {"request": "x"},
        {"response_mode": "form_post"},
    ],
)
async def test_a_wrong_redirect_uri_is_found_before_anything_that_is_redirected(rest: dict[str, str | None]) -> None:
    await page_error(World(), code_request(redirect_uri="https://evil.example/", **rest))


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_two_clients_or_redirect_uris_are_no_choice_of_ours(name: str) -> None:
    pairs = tuple(code_request().items())
    same = Parameters((*pairs, (name, code_request()[name])))
    assert (await page_error(World(), same)).code == "invalid_request"


async def test_a_disabled_application_is_refused_on_a_page() -> None:
    error = await page_error(World(replace(APPLICATION, enabled=False)), code_request())
    assert (error.code, error.status) == ("unauthorized_client", 403)


async def test_an_application_is_served_at_its_own_issuer_only() -> None:
    assert (await page_error(World(), code_request(), issuer=OTHER_ISSUER)).code == "invalid_client"


async def test_a_missing_redirect_uri_is_an_error_where_there_is_a_choice() -> None:
    two = replace(APPLICATION, callback_urls=("https://shop.example.com/callback", "https://shop.example.com/two"))
    assert (await page_error(World(two), code_request(redirect_uri=None, scope="profile"))).code == "invalid_request"


async def test_a_missing_redirect_uri_is_the_registered_one_where_there_is_no_choice() -> None:
    location = await World().begin(code_request(redirect_uri=None, scope="profile"))
    assert location.startswith("/sign-in?")


async def test_openid_connect_demands_the_redirect_uri_all_the_same() -> None:
    assert await told(World(), code_request(redirect_uri=None)) == ("query", "invalid_request")


@pytest.mark.parametrize("uri", ["http://127.0.0.1:49152/cb", "http://127.0.0.1/cb"])
async def test_a_native_application_chooses_its_port_on_loopback(uri: str) -> None:
    native = replace(SINGLE_PAGE, callback_urls=("http://127.0.0.1/cb",))
    assert (await World(native).begin(code_request(redirect_uri=uri))).startswith("/sign-in?")
    await page_error(World(native), code_request(redirect_uri=uri.replace("127.0.0.1", "localhost")))


async def test_requests_are_bounded_in_number_and_length() -> None:
    assert (await page_error(World(), code_request(state="s" * LONGEST_PARAMETERS))).status == 413
    many = Parameters(tuple(code_request().items()) + (("x", ""),) * MOST_PARAMETERS)
    assert (await page_error(World(), many)).status == 413


# After it: told to the client, in the channel of its response type.


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"request": "eyJ.."}, "request_not_supported"),
        ({"request_uri": "https://evil.example/"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"nonce": "n\0"}, "invalid_request"),
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "nonsense"}, "unsupported_response_type"),
        ({"response_type": "none"}, "unsupported_response_type"),
        ({"response_mode": "web_message"}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "soon"}, "invalid_request"),
        ({"max_age": "1" * 400}, "invalid_request"),
        ({"claims": "{"}, "invalid_request"),
        ({"claims": "[]"}, "invalid_request"),
        ({"claims": '{"userinfo": []}'}, "invalid_request"),
        ({"claims": '{"userinfo": {"email": true}}'}, "invalid_request"),
        ({"claims": '{"userinfo": {"email": {"values": "x"}}}'}, "invalid_request"),
        (
            {"claims": '{"id_token": {"acr": {"essential": true, "value": "urn:mace:iris"}}}'},
            "unmet_authentication_requirements",
        ),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"scope": 'open"id'}, "invalid_scope"),
        ({"scope": "openid  profile"}, "invalid_scope"),
        ({"scope": "openid\tprofile"}, "invalid_scope"),
        ({"scope": "offline_access"}, "invalid_scope"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "x"}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1] + "="}, "invalid_request"),
    ],
)
async def test_what_is_wrong_with_a_code_request_is_told_in_the_query(
    changes: dict[str, str | None], code: str
) -> None:
    assert await told(World(), code_request(**changes)) == ("query", code)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"nonce": None}, "invalid_request"),
        ({"nonce": None, "response_type": "id_token"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"response_mode": "query"}, "invalid_request"),
        ({"response_mode": "query", "response_type": "token"}, "invalid_request"),
        ({"response_type": "code token"}, "unauthorized_client"),
        ({"response_type": "code id_token"}, "unauthorized_client"),
        ({"response_type": "code id_token token"}, "unauthorized_client"),
        ({"response_type": "token magic"}, "unsupported_response_type"),
        ({"prompt": "none", "max_age": "x"}, "invalid_request"),
        ({"request": "x"}, "request_not_supported"),
    ],
)
async def test_what_is_wrong_with_an_implicit_request_is_told_in_the_fragment(
    changes: dict[str, str | None], code: str
) -> None:
    assert await told(World(), implicit_request(**changes)) == ("fragment", code)


async def test_a_client_that_asked_for_the_fragment_gets_its_errors_there() -> None:
    assert await told(World(), code_request(response_mode="fragment", prompt="x")) == ("fragment", "invalid_request")


@pytest.mark.parametrize("name", ["scope", "state", "response_type", "nonce", "code_challenge", "prompt", "anything"])
async def test_no_parameter_may_be_there_twice(name: str) -> None:
    pairs = (*code_request(nonce="n", prompt="login", anything="1").items(), (name, "again"))
    assert await told(World(), Parameters(pairs)) == ("query", "invalid_request")


async def test_only_resource_may_be_there_more_than_once() -> None:
    pairs = (*code_request().items(), ("resource", "https://a.example"), ("resource", "https://b.example"))
    assert (await World().begin(Parameters(pairs))).startswith("/sign-in?")


async def test_a_parameter_without_a_value_counts_as_left_out() -> None:
    assert (await World().begin(code_request(prompt="", max_age="", request=""))).startswith("/sign-in?")


async def test_unknown_parameters_are_ignored() -> None:
    assert (await World().begin(code_request(utm_source="x"))).startswith("/sign-in?")


@pytest.mark.parametrize(
    ("modes", "parameters", "channel"),
    [
        ({"implicit"}, code_request(), "query"),
        ({"authorization_code", "client_credentials"}, implicit_request(), "fragment"),
        ({"authorization_code"}, implicit_request(response_type="token"), "fragment"),
        ({"authorization_code"}, implicit_request(response_type="id_token"), "fragment"),
    ],
)
async def test_a_response_type_needs_its_grant_mode_in_the_manifest(
    modes: set[str], parameters: dict[str, str], channel: str
) -> None:
    world = World(replace(APPLICATION, grant_modes=frozenset(modes)))
    assert await told(world, parameters) == (channel, "unauthorized_client")


@pytest.mark.parametrize("words", ["id_token token", "token id_token"])
async def test_the_order_of_response_types_does_not_matter(words: str) -> None:
    assert (await World().begin(implicit_request(response_type=words))).startswith("/sign-in?")


# PKCE concerns codes alone.


@pytest.mark.parametrize("kind", ["token", "id_token", "id_token token"])
async def test_without_a_code_there_is_nothing_to_challenge(kind: str) -> None:
    ignored = implicit_request(response_type=kind, code_challenge="short", code_challenge_method="plain")
    assert (await World().begin(ignored)).startswith("/sign-in?")


async def test_an_application_may_be_declared_to_go_without_a_challenge_but_not_with_a_weak_one() -> None:
    world = World(replace(APPLICATION, pkce_required=False))
    without = code_request(code_challenge=None, code_challenge_method=None)
    assert (await world.begin(without)).startswith("/sign-in?")
    assert await told(world, without | {"code_challenge": CHALLENGE}) == ("query", "invalid_request")
    assert await told(world, without | {"code_challenge_method": "S256"}) == ("query", "invalid_request")


# Of two mistakes the earlier check speaks.


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"request": "x", "response_type": "nonsense"}, "request_not_supported"),
        ({"response_type": "nonsense", "scope": "unknown"}, "unsupported_response_type"),
        ({"response_type": "token", "response_mode": "query"}, "unauthorized_client"),
        ({"prompt": "none login", "scope": "unknown"}, "invalid_request"),
        ({"scope": "unknown", "code_challenge": None}, "invalid_scope"),
    ],
)
async def test_the_order_of_checks_is_what_clients_see(changes: dict[str, str | None], code: str) -> None:
    world = World(replace(APPLICATION, grant_modes=frozenset({"authorization_code"})))
    assert (await told(world, code_request(**changes)))[1] == code
