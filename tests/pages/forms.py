"""Reading and sending the forms of pages as a browser without JavaScript does."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx


@dataclass
class Form:
    """The one form of a page: where it goes, its fields, its buttons in order."""

    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, dict[str, str | None]] = field(default_factory=dict)
    boxes: dict[str, bool] = field(default_factory=dict)  # values of `scope`, ticked or not
    buttons: list[dict[str, str | None]] = field(default_factory=list)

    async def send(self, client: httpx.AsyncClient, **values: Any) -> httpx.Response:
        """POST what the page holds, with `values` filled in; boxes as they are, unless `scope` says otherwise."""
        ticked = [value for value, checked in self.boxes.items() if checked]
        return await client.post(self.action, data={"scope": ticked} | self.fields | values)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            assert attributes["method"] == "post"
            self.forms.append(Form(action=attributes["action"] or ""))
        elif tag == "input" and attributes["type"] == "checkbox":
            assert attributes["name"] == "scope"
            self.forms[-1].boxes[attributes["value"] or ""] = "checked" in attributes
        elif tag == "input":
            name = attributes["name"] or ""
            self.forms[-1].inputs[name] = attributes
            self.forms[-1].fields[name] = attributes.get("value") or ""
        elif tag == "button":
            self.forms[-1].buttons.append(attributes)


def form_of(response: httpx.Response) -> Form:
    """The form of a page; there must be exactly one."""
    (form,) = forms_of(response)
    return form


def forms_of(response: httpx.Response) -> list[Form]:
    """Every form of a page."""
    reader = _Reader()
    reader.feed(response.text)
    return reader.forms


async def open_form(client: httpx.AsyncClient, path: str) -> Form:
    """GET a page, following our own redirects, and read its form."""
    response = await client.get(path, follow_redirects=True)
    assert response.status_code == 200, response.text
    return form_of(response)
