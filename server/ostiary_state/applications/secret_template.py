"""Files rendered from an application's credentials: Liquid's outputs, without its statements.

Whoever may write a manifest writes the template, and it is rendered in the operator. There are no tags and no filter
that could loop or multiply, so that what is rendered is about as long as what is written.
"""

from collections.abc import Mapping
from typing import Final

from liquid import Environment, Mode, StrictUndefined
from liquid.exceptions import LiquidError

LONGEST: Final = 65_536  # bytes that a file may have
_TAGS: Final = ("content", "output", "illegal")  # the parser's own; `raw` is the lexer's
_FILTERS: Final = (
    "append", "prepend", "upcase", "downcase", "url_encode", "base64_encode", "base64_url_safe_encode", "escape",
)  # fmt: skip


class TemplateFailed(Exception):
    """The text says what and where, and none of the values."""


class _Outputs(Environment):
    output_stream_limit = LONGEST

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, tolerance=Mode.STRICT)
        self.tags = {name: self.tags[name] for name in _TAGS}
        self.filters = {name: self.filters[name] for name in _FILTERS}


_ENVIRONMENT: Final = _Outputs()


def render(text: str, values: Mapping[str, str]) -> str:
    """Raises TemplateFailed."""
    try:
        return _ENVIRONMENT.from_string(text).render(**values)
    except LiquidError as error:
        at = error.token.start_index if error.token is not None else 0
        line = text.count("\n", 0, max(at, 0)) + 1
        raise TemplateFailed(f"line {line}: {error.message}") from None
