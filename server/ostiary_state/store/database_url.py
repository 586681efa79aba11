"""The URL of a database, which holds a password."""

import re

from sqlalchemy import URL, make_url

# libpq's way to name several hosts: postgresql://user:password@one:5432,two:5432/name
_HOSTS = re.compile(r"(?P<before>postgres(?:ql)?(?:\+\w+)?://(?:[^@/?#]*@)?)(?P<hosts>[^@/?#]+,[^@/?#]+)(?P<after>.*)")


def parse_url(text: str) -> URL:
    """Raises ValueError, or SQLAlchemy's ArgumentError, neither of which repeats a part of the text."""
    several = _HOSTS.fullmatch(text)
    if several is not None:
        hosts = (host if ":" in host else f"{host}:5432" for host in several["hosts"].split(","))
        joint = "&" if "?" in several["after"] else "?"
        text = several["before"] + several["after"] + joint + "&".join(f"host={host}" for host in hosts)
    try:
        return make_url(text)
    except ValueError:
        # Its message quotes what it took for the port: with an @ in the password, that is the password's end.
        raise ValueError("the port is no number: percent-encode @ : / and % in the password") from None
