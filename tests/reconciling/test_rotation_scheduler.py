"""Who is looked at again for the sake of a secret: nobody who stays as it is keeps others from their turn."""

from collections.abc import Mapping, Sequence
from typing import cast

from ostiary_operator.reconcile.rotating import Turns
from ostiary_operator.rotation import RotationScheduler
from ostiary_operator.worklist import Worklist
from ostiary_state.applications.credentials import ClientCredential
from ostiary_state.intent import StoredApplication
from tests.reconciling.fakes import ISSUER, NOW, World


class List:
    """Of what was put on it, in order."""

    def __init__(self) -> None:
        self.added: list[str] = []

    def add(self, key: object, *, quiet: bool) -> None:
        assert quiet
        self.added.append(str(getattr(key, "id", "")))

    def taken(self) -> list[str]:
        taken, self.added = self.added, []
        return taken


class Overlaps:
    """Who is told of applications with several secrets."""

    def __init__(self) -> None:
        self.followed: list[str] = []

    async def follow(self, rows: Sequence[StoredApplication], uses: Mapping[str, Mapping[str, float]]) -> None:
        self.followed = [row.id for row in rows]
        assert set(uses) == set(self.followed)


def row(name: str, *credentials: ClientCredential, due: float | None = None, owned: bool = True) -> StoredApplication:
    return StoredApplication(
        f"shop/{name}", f"uid-of-{name}", f"shop.{name}", ISSUER, "", {}, credentials, rotate_at=due, owned=owned
    )


def scheduler(world: World, worklist: List, overlaps: Overlaps | None = None) -> RotationScheduler:
    turns = Turns(10.0, lambda: 0.0)  # free at each look: whoever was handed over did not take it
    return RotationScheduler(world.store, cast("Worklist", worklist), turns, overlaps or Overlaps(), lambda: world.now)


async def test_those_that_stay_due_for_ever_do_not_keep_others_from_their_turn(world: World) -> None:
    """A tenant's disabled or suspended applications stay due, and have waited the longest."""
    for number in range(30):
        world.store.put(row(f"stuck-{number}", due=NOW - 100))
    world.store.put(row("web", due=NOW - 1))
    worklist, handed = List(), []
    look = scheduler(world, worklist)
    for _ in range(40):
        await look.once()
        handed += worklist.taken()
        world.now += 5.0
    assert "shop/web" in handed
    assert len(set(handed)) == 31


async def test_one_that_stays_due_is_looked_at_once_a_minute(world: World) -> None:
    world.store.put(row("web", due=NOW))
    worklist = List()
    look = scheduler(world, worklist)
    for _ in range(13):
        await look.once()
        world.now += 5.0
    assert worklist.taken() == ["shop/web"] * 2


async def test_a_secret_that_has_ended_and_cannot_go_is_no_reason_to_look_again_and_again(world: World) -> None:
    """Such as that of a suspended application, or of one whose manifest is refused now."""
    ended = ClientCredential("1", b"1" * 32, NOW - 9, expires_at=NOW - 1)
    world.store.put(row("web", ended, ClientCredential("2", b"2" * 32, NOW - 9)))
    worklist = List()
    look = scheduler(world, worklist)
    for _ in range(13):
        await look.once()
        world.now += 5.0
    assert worklist.taken() == ["shop/web"] * 2


async def test_what_was_left_behind_is_nobodys_to_look_after(world: World) -> None:
    """It would be rolled, and its namespace bound, for ever."""
    ended = ClientCredential("1", b"1" * 32, NOW - 9, expires_at=NOW - 1)
    world.store.put(row("web", ended, ClientCredential("2", b"2" * 32, NOW - 9), owned=False))
    worklist, overlaps = List(), Overlaps()
    await scheduler(world, worklist, overlaps).once()
    assert (worklist.taken(), overlaps.followed) == ([], [])
