"""Redirect URIs are compared character by character: none of the published tricks sends an answer elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostiary_state.applications.redirect_uris import is_registered
from tests.state.manifests import BAD_CALLBACKS

SHOP = "https://shop.example.com/callback"
LOOPBACK = "http://127.0.0.1/callback"
LOOPBACK_V6 = "http://[::1]:4711/callback?a=b"
NATIVE = "com.example.app:/callback"
LOCALHOST = "http://localhost:3000/callback"
REGISTERED = (SHOP, LOOPBACK, LOOPBACK_V6, NATIVE, LOCALHOST, "https://shop.example.com/Case?x=1")


@pytest.mark.parametrize("uri", REGISTERED)
def test_what_is_registered_is_registered(uri: str) -> None:
    assert is_registered(uri, REGISTERED)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:1/callback",
        "http://127.0.0.1:65535/callback",
        "http://[::1]/callback?a=b",
        "http://[::1]:80/callback?a=b",
    ],
)
def test_the_port_of_a_loopback_ip_is_free(uri: str) -> None:
    assert is_registered(uri, REGISTERED)


@pytest.mark.parametrize(
    "uri",
    [
        # keycloak CVE-2023-6291, CVE-2024-8883: a host that only one parser sees
        "https://shop.example.com@evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
        "http://localhost@evil.example:3000/callback",
        # doorkeeper #1878: userinfo before a loopback host
        "http://attacker@127.0.0.1/callback",
        "http://attacker:x@127.0.0.1:8080/callback",
        # keycloak CVE-2024-1132, CVE-2022-3782: encoded and doubly encoded traversal
        "https://shop.example.com/callback/..%2Fevil",
        "https://shop.example.com/callback/%2e%2e/evil",
        "https://shop.example.com/callback/%252e%252e%252fevil",
        # keycloak CVE-2026-3872: path parameters
        "https://shop.example.com/callback/..;/evil",
        "https://shop.example.com/callback;/",
        # keycloak CVE-2023-6927, CVE-2026-7504: wildcards mean nothing
        "https://shop.example.com/*",
        # authentik CVE-2024-52289: the dot is a dot
        "https://shopXexample.com/callback",
        # fosite CVE-2020-15234: case counts
        "https://shop.example.com/CALLBACK",
        "https://shop.example.com/case?x=1",
        "HTTPS://shop.example.com/callback",
        "https://SHOP.example.com/callback",
        # fosite CVE-2020-15233: loopback frees the port and nothing else
        "http://127.0.0.1/callback/evil",
        "http://127.0.0.1/callback?x=1",
        "http://127.0.0.1:8080/",
        "http://127.0.0.1:8080",
        "https://127.0.0.1/callback",
        "http://127.0.0.2/callback",
        "http://127.1/callback",
        "http://[::ffff:127.0.0.1]/callback",
        "http://[0:0:0:0:0:0:0:1]:4711/callback?a=b",
        "http://127.0.0.1:/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:080/callback",
        "http://127.0.0.1:65536/callback",
        "http://127.0.0.1:8080:9/callback",
        "http://127.0.0.1:8080@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        # localhost is a name that is looked up: its port is not free
        "http://localhost/callback",
        "http://localhost:3001/callback",
        # one character more, less or other
        "https://shop.example.com/callback/",
        "https://shop.example.com/callback?",
        "https://shop.example.com/callback#",
        "https://shop.example.com/callback#token",
        "https://shop.example.com:443/callback",
        "https://shop.example.com./callback",
        "https://shop.example.com//callback",
        "https://shop.example.com/./callback",
        "https://shop.example.com\\callback",
        "https:\\\\shop.example.com/callback",
        " https://shop.example.com/callback",
        "https://shop.example.com/callback\n",
        "https://shop.example.com/callback\x00",
        "https://shop.example.com/callback ",
        "http://shop.example.com/callback",
        "//shop.example.com/callback",
        "/callback",
        "com.example.app:/callback/",
        "com.example.app://callback",
        "javascript:alert(1)",
        "",
    ],
)
def test_a_look_alike_is_not_registered(uri: str) -> None:
    assert not is_registered(uri, REGISTERED)


@pytest.mark.parametrize("uri", [url for url, _ in BAD_CALLBACKS.values()], ids=BAD_CALLBACKS)
def test_what_no_manifest_may_register_matches_nothing_even_if_it_were(uri: str) -> None:
    assert not is_registered(uri, (uri,))


def test_nothing_is_registered_where_nothing_is() -> None:
    assert not is_registered(SHOP, ())


@given(
    uri=st.sampled_from(REGISTERED),
    at=st.integers(min_value=0, max_value=40),
    removed=st.integers(min_value=0, max_value=3),
    put=st.text(alphabet=st.sampled_from("/\\@:#?*.%;2eEfF05cC \t\n\x00aA0[]~"), max_size=6),
)
def test_a_changed_uri_is_registered_only_if_it_is_the_same_or_another_port(
    uri: str, at: int, removed: int, put: str
) -> None:
    changed = uri[:at] + put + uri[at + removed :]
    if is_registered(changed, REGISTERED):
        assert changed in REGISTERED or _is_loopback_with_a_port(changed)


def _is_loopback_with_a_port(uri: str) -> bool:
    """Said without a regular expression, so as to be another opinion."""
    for host, path in (("http://127.0.0.1", "/callback"), ("http://[::1]", "/callback?a=b")):
        if uri.startswith(host) and uri.endswith(path):
            port = uri[len(host) : -len(path)]
            return port == "" or (port[0] == ":" and port[1:].isdigit() and str(int(port[1:])) == port[1:])
    return False


@given(st.text(max_size=60))
def test_no_text_at_all_is_registered_by_accident(text: str) -> None:
    assert is_registered(text, REGISTERED) == (text in REGISTERED)
