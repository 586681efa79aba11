"""What a person who is on a page sees of errors that a client would get as JSON."""

from collections.abc import Iterator
from contextlib import contextmanager

from ostiary_server.protocol.errors import InvalidRequest, PageError, TemporarilyUnavailable
from ostiary_state.errors import StoreUnavailable

RETRY_AFTER = 5  # seconds: a person loads a page again more slowly than a program


@contextmanager
def shown_to_a_person() -> Iterator[None]:
    """Turn what happens to a browser before its client can be told into `PageError`."""
    try:
        yield
    except InvalidRequest as error:
        raise PageError(error.code, error.description) from error
    except TemporarilyUnavailable as error:
        raise PageError(
            error.code, error.description, status=503, retry_after=error.retry_after or RETRY_AFTER
        ) from error
    except StoreUnavailable as error:
        raise PageError(
            TemporarilyUnavailable.code,
            "The database does not answer. Load this page again in a moment.",
            status=503,
            detail=str(error),
            retry_after=RETRY_AFTER,
        ) from error
