"""What a person reads in the terminal."""

from dataclasses import replace
from pathlib import Path

from ostiary_cli.manifests.document import documents
from ostiary_cli.manifests.envelope import Declaration, declarations
from ostiary_cli.up.convergence import Reconciled
from ostiary_cli.up.table import Palette, Table, refusals, unfollowed, unreachable
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Condition, Endpoints, Outcome, Truth
from tests.cli.manifests import application, user

STORED = Outcome(
    generation=1,
    conditions=(Condition(Type.ACCEPTED, Truth.TRUE, Reason.ACCEPTED),),
    revision=7,
    client_id="team.shop",
    secret_name="shop-oauth",
    endpoints=Endpoints.of("http://shop.localhost:8080"),
)
REFUSED = Outcome(
    generation=1,
    conditions=(Condition(Type.ACCEPTED, Truth.FALSE, Reason.INVALID_SPEC, "spec.type: type cannot be changed"),),
    revision=7,
)


def declaration(text: str) -> Declaration:
    (found,) = (each for document in documents(Path("a.yaml"), text) for each in declarations(document))
    assert isinstance(found, Declaration)
    return found


SHOP = declaration(application("shop", spec="grantModes: [client_credentials]\ntype: Public"))


def text(*objects: Reconciled, served: bool = True, palette: Palette = Palette()) -> str:  # noqa: B008 - frozen
    return "\n".join(Table(palette, Path("data/secrets"), 8080).lines(objects, served=served))


def test_an_application_stands_with_its_client_id_grant_modes_address_and_status() -> None:
    line = text(Reconciled(SHOP, STORED)).splitlines()[1]

    assert line.split() == ["team/shop", "team.shop", "client_credentials", "http://shop.localhost:8080", "Ready"]


def test_a_disabled_application_and_one_that_is_not_served_yet_are_told_from_ready_ones() -> None:
    disabled = declaration(application("shop", spec="enabled: false\ngrantModes: [client_credentials]"))

    assert text(Reconciled(disabled, STORED)).splitlines()[1].endswith("Disabled")
    assert text(Reconciled(SHOP, STORED), served=False).splitlines()[1].endswith("Stored")


def test_a_secret_that_you_declared_is_not_looked_for_in_the_data_directory() -> None:
    assert "client secret: your Secret shop-oauth" in text(Reconciled(SHOP, STORED))


def test_a_refusal_is_told_at_the_line_of_its_field() -> None:
    assert "Refused, last good state served" in text(Reconciled(SHOP, REFUSED))
    assert list(refusals([Reconciled(SHOP, REFUSED)])) == ["a.yaml:8: spec.type: type cannot be changed"]


def test_columns_line_up_with_and_without_colours() -> None:
    alice = Reconciled(declaration(user()), Outcome(generation=1, revision=7))
    plain = text(Reconciled(SHOP, STORED), alice)
    coloured = text(Reconciled(SHOP, STORED), alice, palette=Palette.coloured())
    stripped = coloured
    for code in ("\033[32m", "\033[31m", "\033[2m", "\033[1m", "\033[0m"):
        stripped = stripped.replace(code, "")

    assert "\033" not in plain
    assert coloured != plain == stripped
    header, row = plain.splitlines()[:2]
    assert header.index("STATUS") == row.index("Ready")


def test_an_empty_directory_says_so() -> None:
    assert text() == "nothing is declared yet"


def test_an_address_on_another_port_is_worth_a_warning() -> None:
    shop = declaration(application("shop", spec="authenticationAddress: http://shop.localhost:8080"))

    assert list(unreachable([Reconciled(shop, STORED)], 8080)) == []
    assert list(unreachable([Reconciled(shop, STORED)], 9000)) == [
        "a.yaml:7: warning: spec.authenticationAddress: "
        "nothing listens at http://shop.localhost:8080: leave the port out, and it is 9000"
    ]


def test_a_route_that_is_not_followed_is_told_at_its_line() -> None:
    spec = "callbackURLsFrom:\n- {httpRouteRef: {name: shop}, path: /cb}"
    shop, message = declaration(application("shop", spec=spec)), "HTTPRoute shop is not followed"
    said = Condition(Type.CALLBACKS_RESOLVED, Truth.FALSE, Reason.NOT_FOLLOWED, message)

    assert list(unfollowed([Reconciled(shop, STORED)])) == []
    assert list(unfollowed([Reconciled(shop, replace(STORED, conditions=(said,)))])) == [
        f"a.yaml:7: warning: spec.callbackURLsFrom: {message}"
    ]
