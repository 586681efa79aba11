"""One writer, every channel: `state` and `iss` are where the rest is."""

from urllib.parse import urlsplit

import pytest

from ostiary_server.protocol.errors import AccessDenied
from ostiary_server.protocol.responses import Redirect, ResponseChannel, ResponseMode, error_parameters
from tests.authorizing import answer


def located(channel: ResponseChannel, parameters: dict[str, str]) -> str:
    """Where a browser is redirected to."""
    onward = channel.send(channel.response(parameters))
    assert isinstance(onward, Redirect)
    return onward.location


def told(channel: ResponseChannel, parameters: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The mode and the parameters of a response, in whatever mode."""
    onward = channel.send(channel.response(parameters))
    if isinstance(onward, Redirect):
        return answer(onward.location)
    assert onward.action == channel.redirect_uri
    return "form_post", dict(onward.fields)


def channel(uri: str, mode: ResponseMode, state: str | None = "a&b=c#d e") -> ResponseChannel:
    return ResponseChannel(redirect_uri=uri, mode=mode, state=state, issuer="https://login.example.com")


@pytest.mark.parametrize("mode", list(ResponseMode))
def test_success_carries_state_and_issuer_in_its_own_channel(mode: ResponseMode) -> None:
    assert told(channel("https://a.example/cb", mode), {"code": "x"}) == (
        mode.value,
        {"code": "x", "state": "a&b=c#d e", "iss": "https://login.example.com"},
    )


@pytest.mark.parametrize("mode", list(ResponseMode))
def test_an_error_does_too(mode: ResponseMode) -> None:
    assert told(channel("https://a.example/cb", mode), error_parameters(AccessDenied("No."))) == (
        mode.value,
        {
            "error": "access_denied",
            "error_description": "No.",
            "state": "a&b=c#d e",
            "iss": "https://login.example.com",
        },
    )


def test_no_state_is_sent_where_none_came() -> None:
    assert "state" not in told(channel("https://a.example/cb", ResponseMode.QUERY, None), {})[1]


def test_a_registered_query_is_kept_but_cannot_pose_as_our_answer() -> None:
    uri = "https://a.example/cb?tenant=7&code=planted&st%61te=planted&iss=planted&error=planted&response=planted&session_state=planted"
    query = urlsplit(located(channel(uri, ResponseMode.QUERY), {"code": "x"})).query
    assert query.startswith("tenant=7&code=x&")
    assert "planted" not in query


def test_a_registered_query_stays_a_query_when_the_answer_is_a_fragment() -> None:
    location = located(channel("https://a.example/cb?tenant=7", ResponseMode.FRAGMENT), {"access_token": "x"})
    assert location.startswith("https://a.example/cb?tenant=7#access_token=x&")


@pytest.mark.parametrize(
    "uri", ["com.example.app:/cb", "com.example.app://cb", "com.example.app:///cb", "http://[::1]:1/"]
)
def test_the_redirect_uri_is_not_rewritten_on_the_way(uri: str) -> None:
    assert located(channel(uri, ResponseMode.QUERY), {"code": "x"}).startswith(uri + "?code=x&")


def test_nothing_can_break_out_of_the_header() -> None:
    hostile = channel("https://a.example/cb", ResponseMode.QUERY, "x\r\nSet-Cookie: a=b")
    location = located(hostile, error_parameters(AccessDenied('No\r\n"way" \\ é')))
    assert location.isascii()
    assert location.isprintable()
    assert answer(location)[1]["error_description"] == "No???way? ? ?"
