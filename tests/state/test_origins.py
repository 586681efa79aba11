"""Addresses are compared in one way of writing them."""

import pytest

from ostiary_state.applications.origins import origin_of


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://login.example.com", "https://login.example.com"),
        ("HTTPS://Login.Example.COM", "https://login.example.com"),
        ("https://login.example.com:443", "https://login.example.com"),
        ("https://login.example.com.", "https://login.example.com"),
        ("https://login.example.com.:443", "https://login.example.com"),
        ("https://login.example.com.:8443", "https://login.example.com:8443"),
        ("https://login.example.com:80", "https://login.example.com:80"),
        ("http://login.localhost:80", "http://login.localhost"),
        ("http://login.localhost:8080", "http://login.localhost:8080"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]", "http://[::1]"),
        ("http://[::1]:80", "http://[::1]"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_an_origin_has_one_form(written: str, origin: str) -> None:
    assert origin_of(written) == origin
    assert origin_of(origin) == origin


@pytest.mark.parametrize(
    "address",
    [
        "",
        "login.example.com",
        "https://",
        "https://:443",
        "https://.",
        "https://login.example.com/",
        "https://login.example.com/realms/a",
        "https://login.example.com?x",
        "https://login.example.com#x",
        "https://ada@login.example.com",
        "https://login.example.com:0",
        "https://login.example.com:65536",
        "https://login.example.com:443:443",
        "https://login.example.com..",
        "http://login.example.com",
        "ftp://login.example.com",
        "https://login example.com",
        "https://login.example.com\n",
        "null",
    ],
)
def test_anything_but_an_origin_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"write|begin|remove|leave"):
        origin_of(address)
