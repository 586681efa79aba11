"""A directory becomes what the store holds, by the operator's own reconcilers; here over a store in memory."""

from itertools import count
from pathlib import Path

import pytest

from ostiary_cli.up.convergence import Convergence
from ostiary_cli.up.incarnations import Incarnations
from ostiary_cli.up.manifest_folder import ManifestFolder
from ostiary_cli.up.secret_files import SecretFiles
from ostiary_operator.reconcile.application import ApplicationReconciler
from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.user import UserReconciler
from ostiary_operator.reconcile.writer import GroupCommit
from ostiary_state.errors import StoreUnavailable
from tests.cli.manifests import application, password, user
from tests.reconciling.fakes import NOW, Hasher, Store


class Directory:
    """Manifests, generated Secrets and incarnations in a directory, and a store in memory."""

    def __init__(self, root: Path) -> None:
        self.manifests, self.secrets, self.store = root / "manifests", root / "data", Store()
        self.manifests.mkdir()
        self.secrets.mkdir()
        self._root, self._uids, self._minted = root, count(1), count(1)
        self.restart()

    def restart(self) -> None:
        """Forget all that only memory held, but for the store."""
        files = SecretFiles(self.secrets)
        writer = GroupCommit(self.store, lambda: 0, lambda: NOW)
        self.incarnations = Incarnations(self._root / "incarnations.json", lambda: f"uid-{next(self._uids)}")
        self._folder = ManifestFolder(self.manifests, self.secrets)
        self._convergence = Convergence(
            store=self.store,
            applications=ApplicationReconciler(
                store=self.store,
                writer=writer,
                secrets=files,
                default_issuer="http://localhost:8080",
                client_id_prefixes=frozenset(),
                now=lambda: NOW,
                new_secret=lambda: f"{next(self._minted):043}",
            ),
            users=UserReconciler(
                store=self.store, writer=writer, secrets=files, hasher=Hasher(), namespaces=None, now=lambda: NOW
            ),
            secrets=files,
            incarnations=self.incarnations,
        )

    def write(self, file: str, text: str | None) -> None:
        path = self.manifests / file
        path.unlink() if text is None else path.write_text(text)

    async def converge(self) -> dict[str, Reason]:
        """The reason of Accepted by each object's name."""
        reconciled = await self._convergence.converge(self._folder.read())
        accepted = {each.declaration.name: each.outcome.condition(Type.ACCEPTED) for each in reconciled}
        return {name: condition.reason for name, condition in accepted.items() if condition is not None}


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    made = Directory(tmp_path)
    made.write("shop.yaml", application("shop"))
    made.write("alice.yaml", user() + "---\n" + password())
    return made


async def test_what_is_declared_is_stored(directory: Directory) -> None:
    assert await directory.converge() == {"alice": Reason.ACCEPTED, "shop": Reason.ACCEPTED}
    assert set(directory.store.rows) == {"team/shop"}
    assert directory.store.people["team/alice"].password_hash is not None


async def test_routes_are_not_followed_and_callbacks_that_are_listed_count(directory: Directory) -> None:
    followed = "callbackURLsFrom:\n- {ingressRef: {name: shop}, path: /cb}"
    directory.write("shop.yaml", application("shop", spec=followed))
    directory.write("both.yaml", application("both", spec=f"callbackURLs: [https://shop.example/]\n{followed}"))
    assert (await directory.converge())["shop"] is Reason.ACCEPTED
    assert [(row.id, row.spec["callbackURLs"]) for row in directory.store.rows.values()] == [
        ("team/both", ["https://shop.example/"])
    ]


async def test_what_did_not_change_writes_nothing_also_after_a_restart(directory: Directory) -> None:
    await directory.converge()
    written = len(directory.store.batches)
    directory.restart()
    await directory.converge()

    assert len(directory.store.batches) == written


async def test_what_is_declared_no_more_goes_with_its_secret_also_after_a_restart(directory: Directory) -> None:
    await directory.converge()
    directory.restart()
    directory.write("shop.yaml", None)
    directory.write("alice.yaml", None)
    await directory.converge()

    assert (directory.store.rows, directory.store.people, directory.incarnations.held) == ({}, {}, {})
    assert list(directory.secrets.glob("*.yaml")) == []


async def test_orphan_keeps_the_application_and_its_secret(directory: Directory) -> None:
    directory.write("shop.yaml", application("shop", spec="grantModes: [client_credentials]\ndeletionPolicy: Orphan"))
    await directory.converge()
    directory.write("shop.yaml", None)
    await directory.converge()

    assert not directory.store.rows["team/shop"].owned
    assert len(list(directory.secrets.glob("*.yaml"))) == 1


@pytest.mark.parametrize("broken", ["{", application("shop").replace("spec:", "specs:")])
async def test_a_broken_file_ends_nothing_also_after_a_restart(directory: Directory, broken: str) -> None:
    await directory.converge()
    directory.write("shop.yaml", broken)
    directory.restart()
    await directory.converge()

    assert set(directory.store.rows) == {"team/shop"}


async def test_a_manifest_in_another_file_is_the_same_object(directory: Directory) -> None:
    await directory.converge()
    before = directory.store.rows["team/shop"]
    directory.write("shop.yaml", None)
    directory.write("moved.yaml", application("shop"))
    await directory.converge()

    assert directory.store.rows["team/shop"] == before


async def test_a_name_that_is_given_up_goes_to_who_waits_for_it_at_once(directory: Directory) -> None:
    spec = "clientID: team.first\ngrantModes: [client_credentials]"
    directory.write("shop.yaml", application("first", spec=spec))
    await directory.converge()
    directory.write("other.yaml", application("second", spec=spec))
    assert (await directory.converge())["second"] is Reason.CONFLICT

    directory.write("shop.yaml", None)
    assert (await directory.converge())["second"] is Reason.ACCEPTED


async def test_a_store_that_is_away_is_said_plainly_and_nothing_is_lost(directory: Directory) -> None:
    directory.store.database.away = True
    with pytest.raises(StoreUnavailable):
        await directory.converge()

    directory.store.database.away = False
    assert await directory.converge() == {"alice": Reason.ACCEPTED, "shop": Reason.ACCEPTED}


async def test_the_annotation_of_a_file_replaces_the_secret_and_both_count(directory: Directory) -> None:
    directory.write("shop.yaml", application("shop", spec="grantModes: [client_credentials]"))
    await directory.converge()
    (before,) = directory.store.rows["team/shop"].credentials
    text = application("shop", spec="grantModes: [client_credentials]")
    directory.write("shop.yaml", text.replace("metadata:", 'metadata:\n  annotations: {ostiary.dev/rotate: "2"}', 1))
    await directory.converge()
    await directory.converge()
    first, second = directory.store.rows["team/shop"].credentials
    assert (first.id, first.digest, second.id) == ("1", before.digest, "2")
    (file,) = directory.secrets.glob("*.yaml")
    assert f"{2:043}" in file.read_text()
