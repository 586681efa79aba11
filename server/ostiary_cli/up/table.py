"""What is served and where, as text for a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ostiary_cli.manifests.envelope import Declaration, Kind
from ostiary_cli.up.convergence import Reconciled
from ostiary_cli.up.loopback_address import is_reached_on
from ostiary_operator.reconcile.conditions import Type
from ostiary_operator.reconcile.outcome import Condition, Truth, first_failing

GAP = "   "


@dataclass(frozen=True, slots=True)
class Palette:
    """Escape sequences, all empty where the output is no terminal."""

    good: str = ""
    bad: str = ""
    faint: str = ""
    strong: str = ""
    end: str = ""

    @classmethod
    def coloured(cls) -> "Palette":
        """The eight colours that every terminal theme defines."""
        return cls(good="\033[32m", bad="\033[31m", faint="\033[2m", strong="\033[1m", end="\033[0m")


@dataclass(frozen=True, slots=True)
class Table:
    """One line an object, and below a confidential application where its secret is."""

    palette: Palette
    secrets: Path
    port: int

    def lines(self, objects: Sequence[Reconciled], *, served: bool) -> Iterator[str]:
        """`served`: the server has applied what the objects' outcomes say."""
        applications = [each for each in objects if each.declaration.kind is Kind.APPLICATION]
        users = [each for each in objects if each.declaration.kind is Kind.USER]
        if applications:
            header = ("APPLICATION", "CLIENT ID", "GRANT MODES", "ADDRESS", "STATUS")
            described = [(*self._application(each), _status(each, served)) for each in applications]
            yield from self._table(header, described, [self._notes(each) for each in applications])
        if users:
            yield ""
            names = [(each.declaration.id, _username(each), _status(each, served)) for each in users]
            yield from self._table(("USER", "USERNAME", "STATUS"), names, [self._notes(each) for each in users])
        if not objects:
            yield "nothing is declared yet"

    def warning(self, text: str) -> str:
        """A line that must not be missed."""
        return self._coloured(self.palette.bad, text)

    def _application(self, each: Reconciled) -> tuple[str, str, str, str]:
        modes = each.declaration.spec.get("grantModes") or ("authorization_code",)
        address = each.outcome.endpoints.issuer if each.outcome.endpoints is not None else "-"
        return each.declaration.id, each.outcome.client_id or "-", ", ".join(modes), address

    def _notes(self, each: Reconciled) -> Iterator[str]:
        declaration, outcome = each.declaration, each.outcome
        if outcome.secret_name is not None:
            file = self.secrets / f"{declaration.namespace}.{outcome.secret_name}.yaml"
            if file.exists():
                yield self._coloured(self.palette.faint, f"client secret: {file}")
            else:
                yield self._coloured(self.palette.faint, f"client secret: your Secret {outcome.secret_name}")

    def _table(
        self, header: Sequence[str], rows: Sequence[Sequence[str]], notes: Iterable[Iterable[str]]
    ) -> Iterator[str]:
        widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
        yield self._coloured(self.palette.strong, GAP.join(map(str.ljust, header, widths)).rstrip())
        for row, below in zip(rows, notes, strict=True):
            colour = self.palette.good if row[-1] == "Ready" else self.palette.bad
            cells = [*map(str.ljust, row[:-1], widths), self._coloured(colour, row[-1])]
            yield GAP.join(cells)
            yield from (f"  {note}" for note in below)

    def _coloured(self, colour: str, text: str) -> str:
        return f"{colour}{text}{self.palette.end}"


def refusals(objects: Iterable[Reconciled]) -> Iterator[str]:
    """What is wrong with objects that are good by themselves, at their lines."""
    for each in objects:
        if (wrong := first_failing(each.outcome.conditions)) is not None:
            yield str(_place(each.declaration, wrong))


def unreachable(objects: Iterable[Reconciled], port: int) -> Iterator[str]:
    """Addresses that no browser gets to, at their lines."""
    for each in objects:
        endpoints = each.outcome.endpoints
        if endpoints is not None and not is_reached_on(port, endpoints.issuer):
            message = f"nothing listens at {endpoints.issuer}: leave the port out, and it is {port}"
            yield str(each.declaration.problem("spec.authenticationAddress", message, warning=True))


def unfollowed(objects: Iterable[Reconciled]) -> Iterator[str]:
    """Callbacks that a cluster would have, at their lines."""
    for each in objects:
        said = each.outcome.condition(Type.CALLBACKS_RESOLVED)
        if said is not None and said.status is not Truth.TRUE:
            yield str(each.declaration.problem("spec.callbackURLsFrom", said.message, warning=True))


def _place(declaration: Declaration, wrong: Condition) -> object:
    field, _, rest = wrong.message.partition(": ")
    if field.startswith(("spec.", "metadata.")) and " " not in field:
        return declaration.problem(field, rest)
    return declaration.problem("", f"{declaration.kind} {declaration.id}: {wrong.reason}: {wrong.message}")


def _username(each: Reconciled) -> str:
    return str(each.declaration.spec.get("username", "-"))


def _status(each: Reconciled, served: bool) -> str:
    """A word or two: what is wrong stands at its line, below the tables."""
    outcome = each.outcome
    wrong = first_failing(outcome.conditions)
    if wrong is not None and wrong.type is Type.ACCEPTED:
        return "Refused, last good state served" if outcome.revision is not None else "Refused"
    if wrong is not None:
        return str(wrong.reason)
    if each.declaration.spec.get("enabled") is False:
        return "Disabled"
    return "Ready" if served else "Stored"
