"""The console script `ostiary`: one function a command, which imports what it needs when it runs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
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


@application.command(name="import")
def import_(
    source: Annotated[str, typer.Option("--from", help="hydra-maester, hydra, keycloak, dex or openshift.")],
    files: Annotated[list[str], typer.Argument(help="Exports of it in YAML or JSON; - reads standard input.")],
    output: Annotated[Path | None, typer.Option(help="Folder for one file each, instead of printing.")] = None,
    report: Annotated[Path | None, typer.Option(help="Also write what has no equivalent, as Markdown.")] = None,
    namespace: Annotated[str | None, typer.Option(help="For all clients. Default: the source's, or default.")] = None,
    authentication_address: Annotated[
        str | None, typer.Option(help="Where users of all these clients sign in.")
    ] = None,
    client_id_prefix: Annotated[
        list[str] | None, typer.Option(help="As OSTIARY_CLIENT_ID_PREFIXES of the operator; repeatable.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would change in the folder instead.")] = False,
) -> None:
    """Make manifests of another product's clients, which keep their ids and, where it has them, their secrets."""
    from ostiary_cli.importing.command import Outputs, Product, import_clients
    from ostiary_cli.importing.conversion import Target

    if source not in tuple(Product):
        raise typer.BadParameter(f"choose one of {', '.join(Product)}", param_hint="--from")
    target = Target(namespace, authentication_address, frozenset(client_id_prefix or ()))
    sys.exit(import_clients(Product(source), files, target, Outputs(output, report, dry_run)))


@application.command()
def why(
    name: Annotated[str, typer.Argument(help="NAMESPACE/NAME, or NAME together with --namespace.")],
    namespace: Annotated[str, typer.Option("--namespace", "-n", help="Where it is.")] = "default",
    user: Annotated[bool, typer.Option("--user", help="An OAuthUser instead of an OAuthApplication.")] = False,
) -> None:
    """Say whether an object of the cluster is served; if not, what is in the way and what to do. Exits with 1 then."""
    with _needs_the_operator():
        from ostiary_cli.asking.why import why as ask
    before, slash, behind = name.partition("/")
    sys.exit(ask(before if slash else namespace, behind if slash else name, user=user))


@application.command()
def diff(
    paths: Annotated[list[Path], typer.Argument(help="Files, and directories of them.", exists=True)],
    prune: Annotated[
        bool, typer.Option("--prune", help="Objects of these namespaces that are in no file would be deleted.")
    ] = False,
) -> None:
    """Print what applying manifests would change in the cluster. Exits with 1 if anything, as kubectl diff."""
    with _needs_the_operator():
        from ostiary_cli.asking.diff import diff as compare
    sys.exit(compare(paths, prune=prune))


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
    timeout: Annotated[float, typer.Option(help="Seconds to wait for a database that does not answer.", min=0)] = 0,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit with 3 if a change is due.")] = False,
    pooler: Annotated[
        bool,
        typer.Option("--pooler", envvar="OSTIARY_DATABASE_POOLER", help="A pooler in transaction mode is in between."),
    ] = False,
) -> None:
    """Bring a database's schema up to this release. Safe to run twice, and by two at once."""
    from ostiary_cli import migrate as command

    if check:
        sys.exit(command.check(database_url, pooler=pooler))
    sys.exit(command.migrate(database_url, timeout=timeout, pooler=pooler))


@application.command()
def keys(
    secret: Annotated[str, typer.Option(help="Its name.")],
    namespace: Annotated[str, typer.Option(help="Where it is.")],
    output_dir: Annotated[Path | None, typer.Option(help="Also write the values to files here.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the Kubernetes API.", min=0)] = 60,
) -> None:
    """Make the Secret with the server's keys if it is absent; an existing one is left as it is."""
    with _needs_the_operator():
        from ostiary_cli.installation.keys import make_keys
    sys.exit(make_keys(namespace, secret, output_dir, timeout=timeout))


@application.command()
def rotate(
    name: Annotated[str, typer.Argument(metavar="NAMESPACE/NAME", help="The OAuthApplication.")],
    compromised: Annotated[
        bool, typer.Option("--compromised", help="The secret of now and all before count no more, without an overlap.")
    ] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait until it is served.", min=1)] = 60,
) -> None:
    """Give an application another client secret; the one before goes on counting for the overlap."""
    with _needs_the_operator():
        from ostiary_cli.installation.rotate import rotate_secret
    sys.exit(rotate_secret(name, compromised=compromised, patience=timeout))


@application.command()
def rotate_keys(
    issuer: Annotated[list[str] | None, typer.Option(help="Such as https://login.example.com; repeatable.")] = None,
    every_issuer: Annotated[bool, typer.Option("--all", help="Every issuer.")] = False,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Sign with the new keys now, before clients' copies of /jwks have them.")
    ] = False,
    compromised: Annotated[
        bool, typer.Option("--compromised", help="The same, and remove the old keys: what they signed is worthless.")
    ] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the replicas.", min=0)] = 30,
) -> None:
    """Replace signing keys ahead of their schedule. Settings are the server's: run it in one of its pods."""
    from ostiary_cli.rotate_keys import rotate_keys as rotate
    from ostiary_server.keys.rotation import Urgency

    if bool(issuer) is every_issuer:
        raise typer.BadParameter("name each issuer with --issuer, or all of them with --all")
    urgency = Urgency.COMPROMISED if compromised else Urgency.AT_ONCE if at_once else Urgency.ROUTINE
    sys.exit(rotate(tuple(issuer or ()), urgency, patience=timeout))


@application.command()
def smoke(
    namespace: Annotated[str, typer.Option(help="Where the test's objects are made; it may declare users.")],
    server: Annotated[str, typer.Option(help="Where the server answers, such as the address of its Service.")],
    timeout: Annotated[float, typer.Option(help="Seconds that all of it may take.", min=1)] = 120,
) -> None:
    """Apply an application and a user, sign in, fetch tokens, and delete both: does the installation work?"""
    with _needs_the_operator():
        from ostiary_cli.installation.smoke import try_out
    sys.exit(try_out(namespace, server, timeout=timeout))


@application.command()
def release(
    namespace: Annotated[list[str] | None, typer.Option(help="Only this namespace; may be repeated.")] = None,
    lease_namespace: Annotated[str, typer.Option(help="Where the operator ran.")] = "ostiary-system",
    lease_name: Annotated[str, typer.Option(help="The Lease that it held.")] = "ostiary-operator",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Even while an operator runs.")] = False,
) -> None:
    """Remove Ostiary's finalizers, for those who leave for good: objects can then be deleted without an operator."""
    with _needs_the_operator():
        from ostiary_cli.installation.release import Lapsed, release_objects
    sys.exit(release_objects(tuple(namespace or ()), Lapsed(lease_namespace, lease_name), ask=not yes, force=force))


@contextmanager
def _needs_the_operator() -> Iterator[None]:
    """The server's image has no client for Kubernetes."""
    try:
        yield
    except ModuleNotFoundError as error:
        print(f"ostiary: this command needs {error.name}, which the operator's image has", file=sys.stderr)
        sys.exit(1)


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
