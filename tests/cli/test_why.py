"""What `ostiary why` makes of a status."""

from typing import Any

import pytest

from ostiary_cli.asking.verdict import verdict


def body(*conditions: tuple[str, str, str, str], generation: int = 2, **status: Any) -> dict[str, Any]:
    """An application with these conditions: type, status, reason, message."""
    told = [dict(zip(("type", "status", "reason", "message"), each, strict=True)) for each in conditions]
    told = [each | {"observedGeneration": 2} for each in told]
    return {
        "kind": "OAuthApplication",
        "metadata": {"name": "shop", "namespace": "team-a", "generation": generation},
        "spec": {},
        "status": {"observedGeneration": 2, "conditions": told, **status},
    }


ACCEPTED = ("Accepted", "True", "Accepted", "")
SECRET = ("SecretReady", "True", "Generated", "Secret shop-oauth")
STORED = ("Synced", "True", "Stored", "revision 7")
SERVED = ("Serving", "True", "Served", "revision 7 is served by every live replica")
READY = ("Ready", "True", "Ready", "")


def test_what_every_replica_serves_is_served() -> None:
    found = verdict(body(ACCEPTED, SECRET, STORED, SERVED, READY, revision=7))
    assert found.served
    assert found.headline == "OAuthApplication team-a/shop is served, by revision 7 on every live replica."
    assert (found.obstacle, found.asides) == ((), ())


def test_what_is_served_as_disabled_says_so() -> None:
    disabled = body(ACCEPTED, SECRET, STORED, SERVED, READY, revision=7) | {"spec": {"enabled": False}}
    assert verdict(disabled).served
    assert verdict(disabled).headline.endswith("It is not enabled: every request is refused.")


@pytest.mark.parametrize(
    ("conditions", "first"),
    [
        (
            [
                ("Accepted", "False", "Conflict", "client id 'shop' belongs to OAuthApplication b/shop"),
                ("SecretReady", "False", "WaitingForSecret", "x"),
                ("Synced", "False", "Refused", "x"),
            ],
            "Accepted is False, Conflict: client id 'shop' belongs to OAuthApplication b/shop",
        ),
        (
            [
                ACCEPTED,
                ("PolicyAllowed", "False", "ScopeNotAllowed", "policy all"),
                ("Synced", "False", "Refused", "x"),
            ],
            "PolicyAllowed is False, ScopeNotAllowed: policy all",
        ),
        (
            [("Synced", "False", "WaitingForSecret", "x"), ("SecretReady", "False", "NotUsable", "y"), ACCEPTED],
            "SecretReady is False, NotUsable: y",
        ),
        ([ACCEPTED, SECRET, ("Synced", "Unknown", "Suspended", "")], "Synced is Unknown, Suspended"),
        (
            [ACCEPTED, SECRET, STORED, ("Serving", "False", "WaitingForReplicas", "still has 6")],
            "Serving is False, WaitingForReplicas: still has 6",
        ),
        ([ACCEPTED, SECRET, STORED, ("Serving", "Unknown", "NoReplica", "")], "Serving is Unknown, NoReplica"),
    ],
)
def test_the_first_that_a_person_would_change_is_told(conditions: list[tuple[str, str, str, str]], first: str) -> None:
    found = verdict(body(*conditions))
    assert not found.served
    assert found.headline == "OAuthApplication team-a/shop is not served as it is written."
    assert found.obstacle[0] == first
    assert found.obstacle[1].startswith("  that means: ")
    assert found.obstacle[2].startswith("  what to do: ")
    assert "`" not in "".join(found.obstacle)


def test_what_is_served_from_before_is_named() -> None:
    found = verdict(body(("Accepted", "False", "InvalidSpec", "x"), SERVED, revision=6))
    assert found.headline.endswith("What is served is revision 6, from before.")
    found = verdict(body(("Accepted", "False", "InvalidSpec", "x"), revision=6, servedUntil="2026-12-01T00:00:00Z"))
    assert found.headline.endswith("What is served is revision 6, from before, until 2026-12-01T00:00:00Z.")


def test_what_is_stored_is_not_served_before_a_replica_says_so() -> None:
    assert verdict(body(ACCEPTED, SECRET, STORED)).obstacle[0] == "it is stored, and no replica has reported it yet"
    found = body(ACCEPTED, SECRET, STORED, SERVED, revision=7)
    found["status"]["conditions"][-1]["observedGeneration"] = 1
    assert not verdict(found).served


def test_a_manifest_that_nobody_has_looked_at_needs_an_operator() -> None:
    never = body()
    del never["status"]
    assert verdict(never).headline == "OAuthApplication team-a/shop is not served: no operator has looked at it."
    assert any("OSTIARY_WATCH_NAMESPACES" in line for line in verdict(never).obstacle)
    behind = verdict(body(ACCEPTED, SECRET, STORED, SERVED, READY, generation=3, revision=7))
    assert not behind.served
    assert behind.obstacle[0] == "the manifest is at generation 3, and the operator has decided on generation 2"


def test_an_object_that_is_being_deleted_names_who_is_waited_for() -> None:
    going = body(ACCEPTED)
    going["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["ostiary.dev/finalizer"]}
    found = verdict(going)
    assert not found.served
    assert "waits for ostiary.dev/finalizer" in found.obstacle[0]
    assert "ostiary release" in found.obstacle[1]


def test_what_is_no_obstacle_is_told_only_where_there_is_something_to_do() -> None:
    discouraged = ("DiscouragedGrantMode", "True", "InUse", "implicit puts access tokens into the address bar")
    published = ("AddressReady", "True", "Published", "")
    found = verdict(body(ACCEPTED, SECRET, STORED, SERVED, READY, discouraged, published, revision=7))
    assert found.served
    assert [each.type for each in found.asides] == ["DiscouragedGrantMode"]


def test_a_reason_of_a_newer_operator_is_told_by_its_message() -> None:
    found = verdict(body(("Accepted", "False", "OfTomorrow", "do this"), ("NewThing", "True", "Because", "that")))
    assert found.obstacle == ("Accepted is False, OfTomorrow: do this",)
    assert [each.type for each in found.asides] == ["NewThing"]
