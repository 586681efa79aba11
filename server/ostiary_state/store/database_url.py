"""The URL of a database, which holds a password."""

from sqlalchemy import URL, make_url


def parse_url(text: str) -> URL:
    """Raises ValueError, or SQLAlchemy's ArgumentError, neither of which repeats a part of the text."""
    try:
        return make_url(text)
    except ValueError:
        # Its message quotes what it took for the port: with an @ in the password, that is the password's end.
        raise ValueError("the port is no number: percent-encode @ : / and % in the password") from None
