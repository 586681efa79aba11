"""The console script `ostiary`: one function a command, which imports what it needs when it runs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

application = typer.Typer(
    name="ostiary",
    help="Manifests in, OAuth 2.0 and OpenID Connect out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, which hold secrets
)


@application.command()
def up(
    directory: Annotated[Path, typer.Argument(help="Where the manifests are.", exists=True, file_okay=False)],
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 8080,
    data_dir: Annotated[Path, typer.Option(help="Database, keys and generated Secrets.")] = Path(".ostiary"),
) -> None:
    """Serve the manifests of a directory, and each change of them, until Ctrl-C. No cluster, no database server."""
    from ostiary_cli.up.command import serve_directory

    sys.exit(serve_directory(directory, port=port, data_dir=data_dir))


@application.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Files, and directories of them.", exists=True)],
) -> None:
    """Check manifests offline, by the rules of a cluster. Exits with 1 if one would be refused."""
    from ostiary_cli.check import check as check_files

    problems, count = check_files(paths)
    for problem in problems:
        print(problem)
    wrong = any(not problem.warning for problem in problems)
    print(f"{count} objects: {'some would be refused' if wrong else 'all would be accepted'}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


@application.command()
def crds(
    output_dir: Annotated[Path | None, typer.Option(help="Write one file each instead of printing them.")] = None,
) -> None:
    """Print the CustomResourceDefinitions."""
    from ostiary_state.applications.crd import crd_files

    for name, text in crd_files().items():
        if output_dir is None:
            print(text if text.startswith("---") else f"---\n{text}", end="")
        else:
            output_dir.mkdir(parents=True, exist_ok=True)
            (output_dir / name).write_text(text, "utf-8")


@application.command()
def migrate(
    database_url: Annotated[
        str, typer.Option(envvar="OSTIARY_DATABASE_URL", help="URL of the database.", show_envvar=True)
    ],
) -> None:
    """Bring a database's schema up to this release. Safe to run twice, and by two at once."""
    from ostiary_cli.migrate import migrate as migrate_database

    sys.exit(migrate_database(database_url))


@application.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as installed_version

    print(installed_version("ostiary"))


@application.command()
def example_app(
    port: Annotated[int, typer.Option(help="Port to listen on; callbackURLs name it.", min=1, max=65535)] = 8081,
    issuer: Annotated[str, typer.Option(help="Where the shop's users sign in.")] = "http://shop.localhost:8080",
    secret_file: Annotated[Path, typer.Option(help="The shop's generated Secret.")] = Path(
        ".ostiary/secrets/quickstart.shop-oauth.yaml"
    ),
) -> None:
    """Serve the applications of docs/examples/quickstart, to click through: a shop, a single-page and a legacy one."""
    from ostiary_cli.example.command import serve_example

    sys.exit(serve_example(port=port, issuer=issuer, secret_file=secret_file))


def main() -> None:
    """Run the command line."""
    application()


if __name__ == "__main__":
    main()
