"""What a replica follows: snapshots, changes in the order of their revisions, and the trim it must notice."""

from ostiary_state.intent import Kind
from ostiary_state.store.changes import Change
from tests.store.repositories import Repositories
from tests.store.values import NOW, application, gone, user


async def test_a_snapshot_holds_what_is_live_at_its_revision(store: Repositories) -> None:
    removed = application("shop/removed")
    await store.intent.write([application(), removed, user()], fence=0, now=NOW)
    await store.intent.write([gone(removed)], fence=0, now=NOW)

    served = await store.applications.load_all()

    assert served.revision == 2
    assert [each.id for each in served.applications] == ["shop/web"]
    assert served.applications[0].callback_urls == ("https://shop.example.com/callback",)
    assert served.applications[0].credentials == application().credentials
    assert [each.origin for each in served.issuers] == ["https://login.example.com"]
    assert served.applications[0].issuer_id == served.issuers[0].id


async def test_an_empty_store_serves_nothing_at_revision_0(store: Repositories) -> None:
    served = await store.applications.load_all()

    assert (served.revision, list(served.issuers), list(served.applications)) == (0, [], [])
    following = await store.changes.since(0)
    assert (following.through, following.reload) == (0, False)


async def test_changes_name_what_was_written_and_deleted(store: Repositories) -> None:
    await store.intent.write([application(), user()], fence=0, now=NOW)
    await store.intent.write([gone(application())], fence=0, now=NOW)

    following = await store.changes.since(0)

    assert (following.through, following.current, following.reload) == (2, 2, False)
    assert [each for each in following.changes if each.kind is not Kind.ISSUER] == [
        Change(1, Kind.APPLICATION, "shop/web"),
        Change(1, Kind.USER, "people/ada"),
        Change(2, Kind.APPLICATION, "shop/web"),
    ]
    assert (await store.changes.since(1)).changes == [Change(2, Kind.APPLICATION, "shop/web")]
    assert not (await store.changes.since(2)).changes


async def test_a_limit_cuts_between_revisions(store: Repositories) -> None:
    for each in range(5):
        await store.intent.write([application("shop/a"), application(f"shop/b{each}")], fence=0, now=NOW)

    first = await store.changes.since(0, limit=3)
    rest = await store.changes.since(first.through, limit=3)

    assert (first.through, rest.through, rest.current) == (3, 5, 5)
    listed = [*first.changes, *rest.changes]
    assert [each.revision for each in listed if each.id == "shop/a"] == [1, 2, 3, 4, 5]


async def test_loading_by_id_says_what_is_gone(store: Repositories) -> None:
    await store.intent.write([application()], fence=0, now=NOW)

    loaded = await store.applications.load(["shop/web", "shop/gone"])

    assert loaded["shop/gone"] is None
    assert loaded["shop/web"] is not None
    assert loaded["shop/web"].revision == 1


async def test_a_replica_behind_the_trim_or_ahead_of_the_counter_must_reload(store: Repositories) -> None:
    for _ in range(6):
        await store.intent.write([application()], fence=0, now=NOW)
    await store.replicas.heartbeat("replica", 4)

    await store.changes.trim(keep=0)

    assert (await store.changes.since(3)).reload
    following = await store.changes.since(4)
    assert not following.reload
    assert [each.revision for each in following.changes] == [5, 6]
    assert (await store.changes.since(7)).reload


async def test_the_trim_keeps_what_the_slowest_live_replica_needs(store: Repositories) -> None:
    for _ in range(4):
        await store.intent.write([application()], fence=0, now=NOW)
    await store.replicas.heartbeat("fast", 4)
    await store.replicas.heartbeat("slow", 1)

    await store.changes.trim(keep=0)

    assert [each.revision for each in (await store.changes.since(1)).changes] == [2, 3, 4]


async def test_the_trim_leaves_the_last_revisions_where_no_replica_lives(store: Repositories) -> None:
    for _ in range(4):
        await store.intent.write([application()], fence=0, now=NOW)

    assert await store.changes.trim() == 0
    await store.changes.trim(keep=1)

    assert [each.revision for each in (await store.changes.since(3)).changes] == [4]


async def test_served_is_the_slowest_live_replica(store: Repositories) -> None:
    none = await store.intent.served()
    await store.replicas.heartbeat("one", 5)
    await store.replicas.heartbeat("two", 3)
    both = await store.intent.served()
    await store.replicas.heartbeat("two", 6)
    later = await store.intent.served()
    await store.replicas.remove("one")
    left = await store.intent.served()

    assert (none.minimum, none.replicas) == (None, 0)
    assert (both.minimum, both.replicas) == (3, 2)
    assert set(both.ages) == {"one", "two"}
    assert all(0 <= age < 5 for age in both.ages.values())
    assert later.minimum == 5
    assert (left.minimum, left.replicas) == (6, 1)
