"""A replica finds applications by client id and issuer, by id, and issuers by host, and is never empty."""

from collections.abc import Sequence
from dataclasses import replace

from ostiary_server.replica.directory import Directory
from ostiary_state.applications.application import Application
from ostiary_state.runtime.issuer import Issuer
from tests.factories import ISSUER, application

OTHER = Issuer(id="i2", origin="https://login.other.com", namespace="other")


def loaded(*applications: Application, issuers: Sequence[Issuer] = (ISSUER, OTHER)) -> Directory:
    directory = Directory()
    directory.replace_all(issuers, applications or (application(),))
    return directory


def test_an_application_is_found_on_its_own_issuer_only() -> None:
    directory = loaded()
    assert directory.application("i1", "shop.web") == application()
    assert directory.application("i2", "shop.web") is None
    assert directory.application("i1", "shop.other") is None
    assert directory.application_of_id("shop/web") == application()


def test_an_issuer_is_found_by_its_host() -> None:
    directory = loaded()
    assert directory.issuer_of_host("login.example.com") == ISSUER
    assert directory.issuer_of_host("example.com") is None


def test_a_replaced_application_leaves_its_former_client_and_issuer() -> None:
    directory = loaded()
    directory.put_application(application(issuer_id="i2", client_id="shop.moved", revision=2))
    assert directory.application("i1", "shop.web") is None
    assert directory.application("i2", "shop.moved") is not None
    assert list(directory.applications_of("i1")) == []
    assert [found.revision for found in directory.applications_of("i2")] == [2]


def test_the_list_of_an_issuer_follows_each_change() -> None:
    directory = loaded()
    assert len(directory.applications_of("i1")) == 1
    directory.put_application(application(id="shop/app", client_id="shop.app"))
    assert len(directory.applications_of("i1")) == 2
    directory.remove_application("shop/web")
    assert [found.id for found in directory.applications_of("i1")] == ["shop/app"]


def test_a_client_id_that_passed_to_another_object_survives_the_removal_of_the_first() -> None:
    directory = loaded()
    directory.put_application(application(id="shop/heir"))
    directory.remove_application("shop/web")
    heir = directory.application("i1", "shop.web")
    assert heir is not None
    assert heir.id == "shop/heir"


def test_removing_what_is_not_there_changes_nothing() -> None:
    directory = loaded()
    directory.remove_application("shop/absent")
    directory.remove_issuer("absent")
    assert len(directory) == 1


def test_a_retired_issuer_is_not_served_and_its_successor_is() -> None:
    directory = loaded()
    heir = Issuer(id="i3", origin=ISSUER.origin, namespace="heir")
    directory.put_issuer(heir)
    directory.put_issuer(replace(ISSUER, retired_at=5.0))
    assert directory.issuer_of_host("login.example.com") == heir
    directory.remove_issuer("i3")
    assert directory.issuer_of_host("login.example.com") is None


def test_a_reload_serves_exactly_what_was_loaded() -> None:
    directory = loaded()
    directory.become(loaded(application(id="shop/new", client_id="shop.new", issuer_id="i2"), issuers=[OTHER]))
    assert directory.issuer_of_host("login.example.com") is None
    assert directory.application("i1", "shop.web") is None
    assert directory.application("i2", "shop.new") is not None
    assert directory.issuers() == (OTHER,)


def test_equal_parts_of_applications_are_one_object_in_memory() -> None:
    apps = [application(id=f"shop/{n}", client_id=f"shop.{n}", scopes=("openid", f"x{n % 2}")) for n in range(4)]
    directory = loaded(*apps)
    first, third = directory.application_of_id("shop/0"), directory.application_of_id("shop/2")
    assert first is not None
    assert third is not None
    assert first.scopes is third.scopes
