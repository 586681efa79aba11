"""Cookies are as strict as the issuer's scheme allows."""

import pytest

from ostiary_server.protocol.cookies import BROWSER, SESSION, clear_cookie, cookie_name, read_cookie, set_cookie
from ostiary_state.runtime.issuer import Issuer

VALUE = "v" * 43


def issuer(origin: str) -> Issuer:
    return Issuer(id="i1", origin=origin, namespace=None)


def test_https_cookies_belong_to_the_host_alone() -> None:
    header = set_cookie(issuer("https://login.example.com"), SESSION, VALUE)
    assert header == f"__Host-ostiary-session={VALUE}; Path=/; HttpOnly; SameSite=Lax; Secure"


def test_http_cookies_are_plain_since_some_browsers_never_send_secure_ones_back() -> None:
    header = set_cookie(issuer("http://login.localhost"), BROWSER, VALUE)
    assert header == f"ostiary-browser={VALUE}; Path=/; HttpOnly; SameSite=Lax"


def test_cookies_ignore_ports_so_names_do_not() -> None:
    names = {cookie_name(issuer(f"http://login.localhost{port}"), SESSION) for port in ("", ":8080", ":8081")}
    assert len(names) == 3
    assert cookie_name(issuer("https://login.example.com:8443"), SESSION).startswith("__Host-ostiary-session-")


def test_an_ipv6_address_without_a_port_needs_no_hash() -> None:
    assert cookie_name(issuer("http://[::1]"), SESSION) == "ostiary-session"
    assert cookie_name(issuer("http://[::1]:8080"), SESSION) != "ostiary-session"


@pytest.mark.parametrize("value", ["", "v" * 42, "v" * 44, "v" * 42 + ";", "v" * 42 + "\n"])
def test_a_value_that_we_never_set_is_no_cookie(value: str) -> None:
    here = issuer("https://login.example.com")
    assert read_cookie(here, SESSION, {cookie_name(here, SESSION): value}) is None
    assert read_cookie(here, SESSION, {cookie_name(here, SESSION): VALUE}) == VALUE


def test_clearing_repeats_the_attributes_or_browsers_would_keep_it() -> None:
    header = clear_cookie(issuer("https://login.example.com"), SESSION)
    assert header == "__Host-ostiary-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure"
