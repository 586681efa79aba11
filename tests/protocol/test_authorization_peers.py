"""authlib's own authorization grants, asked the same: what we answer differently, we answer differently on purpose."""

# ruff: noqa: ARG002 - authlib calls these methods with these arguments

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, JsonRequest, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ImplicitGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode, OpenIDImplicitGrant
from authlib.oidc.core.userinfo import UserInfo
from joserfc.jwk import ECKey

from ostiary_server.protocol.errors import PageError
from tests.authorizing import APPLICATION, World, address, answer, code_request, implicit_request


class Client(ClientMixin):
    """The shop's application as authlib sees one."""

    def get_client_id(self) -> str:
        return APPLICATION.client_id

    def get_default_redirect_uri(self) -> str:
        return APPLICATION.callback_urls[0]

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(word for word in (scope or "").split() if word in APPLICATION.scopes)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in APPLICATION.callback_urls

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return True

    def check_response_type(self, response_type: str) -> bool:
        return True

    def check_grant_type(self, grant_type: str) -> bool:
        return True


def generated(*, scope: str, **_: Any) -> dict[str, Any]:
    """What authlib's generator of opaque tokens returns."""
    return {"access_token": "t", "token_type": "Bearer", "expires_in": 1, "scope": scope}


class Peer(AuthorizationServer):
    """authlib's server without storage: a signed-in user says yes to everything."""

    def __init__(self) -> None:
        super().__init__(scopes_supported=list(APPLICATION.scopes))
        self.register_token_generator("default", generated)
        self.register_grant(Code, [OpenIDCode(require_nonce=False), CodeChallenge(required=True)])
        self.register_grant(ImplicitGrant)
        self.register_grant(OpenIDImplicit)

    def query_client(self, client_id: str) -> Client | None:
        return Client() if client_id == APPLICATION.client_id else None

    def save_token(self, token: Any, request: Any) -> None:
        pass

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        pass

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def create_json_request(self, request: Any) -> JsonRequest:
        raise NotImplementedError

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> str:
        return dict(headers)["Location"]

    def location(self, parameters: dict[str, str]) -> str:
        """Where the browser would be sent."""
        request = OAuth2Request("GET", "https://login.example.com" + address(parameters))
        request.payload = BasicOAuth2Payload(parameters)
        grant = self.get_consent_grant(request, end_user="ada")
        answered: str = self.create_authorization_response(request, grant_user="ada", grant=grant)
        return answered


class Code(AuthorizationCodeGrant):
    def save_authorization_code(self, code: str, request: Any) -> None:
        pass


class OpenIDImplicit(OpenIDImplicitGrant):
    key = ECKey.generate_key("P-256", {"kid": "k", "alg": "ES256"})

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return False

    def resolve_client_private_key(self, client: Client) -> ECKey:
        return self.key

    def get_client_algorithm(self, client: Client) -> str:
        return "ES256"

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": "https://login.example.com", "aud": [client.get_client_id()]}

    def get_encode_header(self, client: Client) -> dict[str, Any]:
        return {"alg": "ES256"}

    def generate_user_info(self, user: str, scope: str) -> UserInfo:
        return UserInfo(sub=user)


# `iss` is RFC 9207's. `scope` and `expires_in` speak of an access token: authlib sends them beside an ID token alone.
NOT_COMPARED = {"iss", "scope", "expires_in", "session_state"}


@pytest.mark.parametrize(
    "parameters",
    [
        code_request(),
        code_request(scope="profile"),
        code_request(state=None),
        implicit_request(),
        implicit_request(response_type="id_token"),
        implicit_request(response_type="token", scope="profile"),
    ],
    ids=lambda parameters: urlencode(parameters)[:40],
)
async def test_success_has_the_same_channel_and_parameters(parameters: dict[str, str]) -> None:
    world = World()
    world.remember_everything()
    ours = answer(await world.begin(parameters, cookies=await world.signed_in()))
    theirs = urlsplit(Peer().location(parameters))
    channel = "fragment" if theirs.fragment else "query"
    values = dict(parse_qsl(theirs.fragment or theirs.query))
    assert ours[0] == channel
    assert ours[1].keys() - NOT_COMPARED == values.keys() - NOT_COMPARED
    assert ours[1].get("state") == values.get("state") == parameters.get("state")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code_challenge_method": "S512"}, "invalid_request"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"prompt": "none login", "scope": "openid"}, "invalid_request"),
    ],
)
async def test_both_refuse_the_same_mistakes(changes: dict[str, str | None], code: str) -> None:
    parameters = code_request(**changes)
    assert answer(await World().begin(parameters))[1]["error"] == code
    with pytest.raises(Exception, match=code) as refused:
        Peer().location(parameters)
    assert getattr(refused.value, "error", None) == code


async def test_neither_redirects_to_a_uri_that_is_not_registered() -> None:
    parameters = code_request(redirect_uri="https://evil.example/", response_type="nonsense")
    with pytest.raises(PageError):
        await World().begin(parameters)
    with pytest.raises(Exception, match=r"redirect|response_type") as refused:
        Peer().location(parameters)
    assert getattr(refused.value, "redirect_uri", None) is None
