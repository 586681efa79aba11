"""What authlib reads of a request is all there, though its own constructor is not run."""

from authlib.oauth2.rfc6749 import OAuth2Request

from ostiary_server.protocol.engine_request import EngineRequest
from ostiary_server.protocol.requests import Parameters, ProtocolRequest
from ostiary_state.runtime.issuer import Issuer

ISSUER = Issuer("i-1", "http://shop.localhost:8080", None)


def request(*pairs: tuple[str, str]) -> ProtocolRequest:
    return ProtocolRequest("POST", "/token", ISSUER, Parameters(), Parameters(pairs), None, None, "192.0.2.1", 0.0)


def test_nothing_that_authlib_sets_is_missing_or_set_otherwise() -> None:
    theirs = vars(OAuth2Request("POST", "https://shop.localhost:8080/token"))
    ours = vars(EngineRequest(request()))
    assert {name: ours[name] for name in theirs if name != "payload"} == {
        name: value for name, value in theirs.items() if name != "payload"
    }


def test_its_uri_is_https_wherever_the_issuer_is() -> None:
    assert EngineRequest(request()).uri == "https://shop.localhost:8080/token"


def test_a_parameter_without_a_value_counts_as_not_sent() -> None:
    assert EngineRequest(request(("scope", ""), ("grant_type", "password"))).form == {"grant_type": "password"}
