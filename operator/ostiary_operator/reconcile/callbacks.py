"""The callback URLs of an application: those that it lists, and those that its routes give now.

A host that somebody else may get one day must not stay a callback, or whoever gets it receives authorization codes. So
what a route gives ends with it, as soon as the API has said that it is gone; but what cannot be read is no news, and
leaves what was so before.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.declared import DeclaredApplication
from ostiary_operator.reconcile.outcome import Condition, Truth
from ostiary_operator.reconcile.route_port import Admission, RoutePort, RouteRef, RouteUnreadable
from ostiary_state.applications.addresses import REDIRECT_URI
from ostiary_state.applications.callback_sources import CallbackSourceSpec
from ostiary_state.applications.spec import OAuthApplicationSpec
from ostiary_state.intent import StoredApplication

MOST = 64  # callback URLs of an application, as the CRD has it
_HTTPS = "https://"
_AT_A_HOST = re.compile(r"https://[a-z0-9.-]+", re.ASCII)
_SOURCES = TypeAdapter(tuple[CallbackSourceSpec, ...])


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What became of callbackURLsFrom."""

    declared: DeclaredApplication  # its callbackURLs are all that are to be in force
    resolved: tuple[str, ...]  # those of routes, sorted
    condition: Condition
    lost: tuple[str, ...] = ()  # that the row has from a route, which gives them no more


@dataclass(slots=True)
class _Found:
    """While routes are asked one after the other."""

    urls: set[str] = field(default_factory=set)
    problems: list[tuple[Reason, str]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    answered: list[CallbackSourceSpec] = field(default_factory=list)  # what their routes give is known


def sources_of(spec: Mapping[str, Any]) -> tuple[CallbackSourceSpec, ...]:
    """Those of a raw spec, whatever is wrong with the rest of it."""
    try:
        return _SOURCES.validate_python(spec.get("callbackURLsFrom") or ())
    except ValidationError:
        return ()


def route_of(source: CallbackSourceSpec) -> RouteRef | None:
    """None where the rule that there is exactly one is broken."""
    if source.http_route_ref is not None and source.ingress_ref is None:
        return RouteRef("HTTPRoute", source.http_route_ref.name)
    if source.ingress_ref is not None and source.http_route_ref is None:
        return RouteRef("Ingress", source.ingress_ref.name)
    return None


def lacks_callbacks(spec: OAuthApplicationSpec) -> bool:
    """Nobody can sign in, since no route has given a host."""
    needed = {"authorization_code", "implicit"} & set(spec.grant_modes)
    return bool(needed) and bool(spec.callback_urls_from) and not spec.callback_urls


async def effective(
    declared: DeclaredApplication,
    sources: Sequence[CallbackSourceSpec],
    held: StoredApplication | None,
    routes: RoutePort,
) -> Callbacks:
    """The callback URLs that are to be in force, before anything is checked. Raises ClusterUnavailable."""
    found = _Found()
    for source in sources:
        if (ref := route_of(source)) is not None:
            await _ask(source, ref, declared, held, routes, found)
    listed = _listed(declared.spec)
    extra = sorted(found.urls - set(listed))
    if len(listed) + len(extra) > MOST:
        over = len(listed) + len(extra) - MOST
        found.problems.append((Reason.TOO_MANY_HOSTS, f"{MOST} callback URLs are the most: {over} are left out"))
        extra = extra[: max(0, MOST - len(listed))]
    resolved = tuple(sorted((*extra, *(found.urls & set(listed)))))
    all_of_them = [*listed, *extra]
    lost = {url for source in found.answered for url in from_source(source, held)} - set(all_of_them)
    spec = {**declared.spec, "callbackURLs": all_of_them} if extra else declared.spec
    return Callbacks(replace(declared, spec=spec), resolved, _condition(found, resolved), tuple(sorted(lost)))


def from_source(source: CallbackSourceSpec, held: StoredApplication | None) -> frozenset[str]:
    """What the row has from a source, told by the path: it was listed there, and these are below https hosts.

    The row does not say whence each came. Two sources with one path share theirs; a listed URL with the same path is
    among them, too.
    """
    if held is None or source not in sources_of(held.spec):
        return frozenset()
    ending = [url for url in _listed(held.spec) if url.endswith(source.path)]
    return frozenset(url for url in ending if _AT_A_HOST.fullmatch(url.removesuffix(source.path)))


async def _ask(
    source: CallbackSourceSpec,
    ref: RouteRef,
    declared: DeclaredApplication,
    held: StoredApplication | None,
    routes: RoutePort,
    found: _Found,
) -> None:
    try:
        route = await routes.route(declared.namespace, ref)
    except RouteUnreadable as unreadable:
        kept = _keep(source, unreadable.last, declared, held, found)
        found.problems.append((unreadable.reason, f"{unreadable}{kept}"))
        return
    if route is not None and route.admission is Admission.PENDING:
        kept = _keep(source, route.last, declared, held, found)
        found.problems.append((Reason.PENDING, f"{ref}: {route.told}{kept}"))
        return
    found.answered.append(source)
    if route is None:
        found.problems.append((Reason.ROUTE_NOT_FOUND, f"{ref} is not in namespace {declared.namespace}"))
    elif route.admission is Admission.REFUSED:
        found.problems.append((Reason.ROUTE_NOT_ACCEPTED, f"{ref}: {route.told}"))
    else:
        urls, skipped = _urls(source, route.hosts)
        found.urls |= urls
        found.skipped += [f"{ref}: {each}" for each in skipped]
        if not urls:
            why = "; ".join(skipped) or "its gateway's are not followed: list them in the route"
            found.problems.append((Reason.NO_HOSTS, f"{ref} has no host that can be a callback: {why}"))


def _keep(
    source: CallbackSourceSpec,
    last: tuple[str, ...] | None,
    declared: DeclaredApplication,
    held: StoredApplication | None,
    found: _Found,
) -> str:
    """What is so since before stays; this process may not have seen it, the row has."""
    kept = from_source(source, held) - set(_listed(declared.spec)) if last is None else _urls(source, last)[0]
    found.urls |= kept
    return f"; kept: {', '.join(sorted(kept))}" if kept else ""


def _urls(source: CallbackSourceSpec, hosts: Sequence[str]) -> tuple[frozenset[str], list[str]]:
    """And which hosts cannot be one, in words."""
    urls, skipped = set(), []
    for host in hosts:
        url = f"{_HTTPS}{host}{source.path}"
        if not host:
            skipped.append("a rule without a host is for any host, and a callback is at one")
        elif "*" in host:
            skipped.append(f"{host} is skipped: a callback has no wildcards (RFC 9700 section 2.1)")
        elif (problem := next((each.message for each in REDIRECT_URI if not each.passes(url)), None)) is not None:
            skipped.append(f"{url} is skipped: {problem}")
        else:
            urls.add(url)
    return frozenset(urls), skipped


def _condition(found: _Found, resolved: Sequence[str]) -> Condition:
    if not found.problems:
        text = "; ".join((f"{len(resolved)} callback URLs", *found.skipped))
        return Condition(Type.CALLBACKS_RESOLVED, Truth.TRUE, Reason.RESOLVED, text)
    text = "; ".join(message for _, message in found.problems)
    return Condition(Type.CALLBACKS_RESOLVED, Truth.FALSE, found.problems[0][0], text)


def _listed(spec: Mapping[str, Any]) -> list[str]:
    """Nothing where it is not understood: then it is refused as a whole."""
    urls = spec.get("callbackURLs")
    return [url for url in urls if isinstance(url, str)] if isinstance(urls, list | tuple) else []
