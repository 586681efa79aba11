"""What has no equivalent, for a terminal and as Markdown. Findings hold no secrets, and nothing else is printed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ostiary_cli.importing.conversion import Client
from ostiary_cli.importing.finding import Finding


@dataclass(frozen=True, slots=True)
class Report:
    """Of one import."""

    source: str
    clients: tuple[Client, ...]
    remarks: tuple[Finding, ...]  # on what is no client

    @property
    def moved(self) -> tuple[Client, ...]:
        """Those that have manifests."""
        return tuple(client for client in self.clients if not client.refused)

    @property
    def left(self) -> tuple[Client, ...]:
        """Those that have none."""
        return tuple(client for client in self.clients if client.refused)

    @property
    def summary(self) -> str:
        """One line."""
        return f"{len(self.moved)} of {len(self.clients)} clients of {self.source} have manifests"

    def text(self) -> str:
        """For standard error."""
        return "\n".join([*self._lines(), self.summary, ""])

    def markdown(self) -> str:
        """For a ticket or a wiki."""
        return "\n".join([f"# Moving in from {self.source}", "", f"{self.summary}.", *self._sections()])

    def _lines(self) -> Iterator[str]:
        for title, findings in self._chapters():
            yield f"{title}:"
            yield from (f"  {each.field}: {each.why}; {each.instead}" for each in findings)

    def _sections(self) -> Iterator[str]:
        for title, findings in self._chapters():
            yield from ("", f"## {title}", "", "| source field | why | what to do instead |", "|---|---|---|")
            yield from (f"| {_cell(each.field)} | {_cell(each.why)} | {_cell(each.instead)} |" for each in findings)
        yield ""

    def _chapters(self) -> Iterator[tuple[str, Sequence[Finding]]]:
        for client in self.left:
            yield f"{client.origin} is not imported", client.findings
        if self.remarks:
            yield "What is no client", self.remarks
        for client in self.moved:
            if client.findings:
                yield f"{client.origin}, now OAuthApplication {client.namespace}/{client.name}", client.findings


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
