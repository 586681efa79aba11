"""The one way to write an origin (RFC 6454), by which addresses are compared."""

from ostiary_state.applications.addresses import ORIGIN

_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


def origin_of(address: str) -> str:
    """Lower case, without the scheme's default port and without a dot at the end of the host.

    Raises ValueError for anything but an origin: https, or http on loopback and `*.localhost`.
    """
    scheme, separator, authority = address.lower().partition("://")
    host, colon, port = authority.rpartition(":") if not authority.endswith("]") else (authority, "", "")
    if not colon:
        host, port = authority, ""
    origin = f"{scheme}{separator}{host.removesuffix('.')}{colon}{port}".removesuffix(_DEFAULT_PORTS.get(scheme, "/"))
    for check in ORIGIN:
        if not check.passes(origin):
            raise ValueError(check.message)
    return origin
