"""`ostiary import`: from files to manifests, with a report of what has no equivalent."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from ostiary_cli.importing.comparison import compared
from ostiary_cli.importing.conversion import Target, convert
from ostiary_cli.importing.draft import Draft
from ostiary_cli.importing.finding import Finding, ImportFailed
from ostiary_cli.importing.reading import Fields, read
from ostiary_cli.importing.reporting import Report
from ostiary_cli.importing.sources import dex, hydra, hydra_maester, keycloak, openshift
from ostiary_cli.importing.writing import text_of, write


class Product(StrEnum):
    """Where clients come from."""

    HYDRA_MAESTER = "hydra-maester"
    HYDRA = "hydra"
    KEYCLOAK = "keycloak"
    DEX = "dex"
    OPENSHIFT = "openshift"


_SOURCES: Final[Mapping[Product, Callable[[Iterable[Fields]], Iterator[Draft | Finding]]]] = {
    Product.HYDRA_MAESTER: hydra_maester.drafts,
    Product.HYDRA: hydra.drafts,
    Product.KEYCLOAK: keycloak.drafts,
    Product.DEX: dex.drafts,
    Product.OPENSHIFT: openshift.drafts,
}


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where results go."""

    folder: Path | None = None  # None: standard output
    report: Path | None = None
    dry_run: bool = False


def import_clients(product: Product, files: Sequence[str], target: Target, outputs: Outputs) -> int:
    """Exit status: 0, 1 where a client stays behind, 2 where the input is not what it was said to be."""
    try:
        report = _report(product, files, target)
    except ImportFailed as failed:
        print(f"ostiary import: {failed}", file=sys.stderr)
        return 2
    if outputs.dry_run:
        print("\n".join(compared(report.moved, outputs.folder)))
    elif outputs.folder is not None:
        written = write(report.moved, outputs.folder)
        print(f"{written} files are in {outputs.folder}", file=sys.stderr)
    else:
        print(text_of(manifest for client in report.moved for manifest in client.manifests), end="")
    print(report.text(), file=sys.stderr, end="")
    if outputs.report is not None:
        outputs.report.write_text(report.markdown(), "utf-8")
    return 1 if report.left else 0


def _report(product: Product, files: Sequence[str], target: Target) -> Report:
    found = tuple(_SOURCES[product](read(files)))
    drafts = (each for each in found if isinstance(each, Draft))
    remarks = tuple(each for each in found if isinstance(each, Finding))
    return Report(str(product), convert(drafts, target), remarks)
