"""What an application asks for or holds, as people read it: in words, under headings."""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from ostiary_server.pages.texts import scope_text, text
from ostiary_server.protocol.consent import Asked
from ostiary_server.protocol.scopes import OFFLINE_ACCESS, USER_SCOPES
from ostiary_state.applications.application import Application


@dataclass(frozen=True, slots=True)
class Permission:
    """One line; an optional one has a box."""

    text: Markup
    scope: str
    optional: bool
    ticked: bool


@dataclass(frozen=True, slots=True)
class PermissionGroup:
    """Lines that belong together."""

    heading: Markup
    permissions: tuple[Permission, ...]


def grouped(asked: Iterable[Asked], application: Application) -> tuple[PermissionGroup, ...]:
    """About the person first, then what is the application's own, then how long it lasts; only what there is."""
    person: list[Permission] = []
    own: list[Permission] = []
    lasting: list[Permission] = []
    described = dict(application.openid.scope_descriptions)
    for each in asked:
        words = text("scope.claim", claim=each.name) if each.claim else scope_text(each.name, described.get(each.name))
        lines = person if each.claim or each.name in USER_SCOPES else own
        if each.name == OFFLINE_ACCESS and not each.claim:
            lines = lasting
        lines.append(Permission(words, each.name, each.optional, each.preset))
    headings = (
        (text("permissions.person"), person),
        (text("permissions.own", application=application.display_name), own),
        (text("permissions.lasting"), lasting),
    )
    return tuple(PermissionGroup(heading, tuple(lines)) for heading, lines in headings if lines)
