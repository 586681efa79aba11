"""Status says that a credential authenticates only when a replica has said so."""

from dataclasses import dataclass, field

import pytest

from ostiary_operator.reconcile.conditions import Reason, Type
from ostiary_operator.reconcile.outcome import Condition, Truth, Verifiable
from ostiary_operator.serving import ServingFollower
from ostiary_operator.verification import verified
from tests.reconciling.fakes import application
from tests.reconciling.test_status import Desk

REJECTED = Condition(Type.CREDENTIAL_VERIFIED, Truth.FALSE, Reason.REJECTED, "refused")
NOT_ASKED = Condition(Type.CREDENTIAL_VERIFIED, Truth.UNKNOWN, Reason.NOT_ASKED, "away")


@dataclass
class Replica:
    """Answers with these one after the other, then that it authenticates."""

    answers: list[Condition]
    asked: list[Verifiable] = field(default_factory=list)

    async def check(self, namespace: str, verifiable: Verifiable) -> Condition:
        assert namespace == "shop"
        self.asked.append(verifiable)
        return self.answers.pop(0) if self.answers else verified(verifiable)


class CheckingDesk(Desk):
    """Its operator tries credentials."""

    def __init__(self, *answers: Condition) -> None:
        self.replica = Replica([*answers])
        super().__init__()

    def start(self) -> None:
        super().start()
        self.serving = ServingFollower(
            self.world.store,
            self.status,
            lambda: self.time,
            lambda _, seconds: self.measured.append(seconds),
            verifier=self.replica,
        )
        self.operation._serving = self.serving

    async def served(self, **spec: object) -> None:
        generation = 1 + len(self.replica.asked)
        declared = application({"callbackURLs": ["https://shop.example.com/callback"], **spec}, generation=generation)
        await self.seen(declared)
        self.replicas(self.world.store.database.revision)
        await self.look()


@pytest.fixture
def desk() -> CheckingDesk:
    return CheckingDesk()


async def test_a_credential_that_authenticates_is_told_with_the_rest_in_one_write(desk: CheckingDesk) -> None:
    await desk.served()
    assert desk.conditions()["CredentialVerified"] == ("True", "Verified")
    assert desk.conditions()["Ready"] == ("True", "Ready")
    (asked,) = desk.replica.asked
    assert (asked.secret_name, asked.secret_key, asked.client_id) == ("web-oauth", "client-secret", "shop.web")
    assert (asked.method, asked.origin, asked.credential) == ("client_secret_basic", "https://login.example.com", "1")


async def test_each_change_is_tried_and_a_restart_tries_nothing(desk: CheckingDesk) -> None:
    await desk.served()
    await desk.served(displayName="Shop")
    assert len(desk.replica.asked) == 2
    desk.start()
    await desk.served(displayName="Shop")
    assert len(desk.replica.asked) == 2


async def test_one_that_is_refused_is_never_ready_and_is_when_it_authenticates() -> None:
    desk = CheckingDesk(*[REJECTED] * 5)
    await desk.served()
    assert "Ready" not in desk.conditions()
    for _ in range(3):  # a replica that is going may have answered
        desk.time += 0.5
        await desk.look()
    assert desk.conditions()["CredentialVerified"] == ("False", "Rejected")
    assert desk.conditions()["Serving"] == ("True", "Served")
    assert desk.conditions()["Ready"] == ("False", "Rejected")
    desk.time += 29
    await desk.look()
    assert len(desk.replica.asked) == 4
    desk.time += 1
    await desk.look()
    assert desk.conditions()["Ready"] == ("False", "Rejected")
    desk.time += 30
    await desk.look()
    assert desk.conditions()["Ready"] == ("True", "Ready")
    assert desk.conditions()["CredentialVerified"] == ("True", "Verified")


async def test_one_that_nobody_could_try_is_told_so_and_does_not_hold_it_back() -> None:
    desk = CheckingDesk(NOT_ASKED)
    await desk.served()
    assert desk.conditions()["CredentialVerified"] == ("Unknown", "NotAsked")
    assert desk.conditions()["Ready"] == ("True", "Ready")
    desk.time += 30
    await desk.look()
    assert desk.conditions()["CredentialVerified"] == ("True", "Verified")


@pytest.mark.parametrize("spec", [{"type": "Public"}, {"enabled": False}])
async def test_what_is_meant_to_be_refused_is_not_tried(desk: CheckingDesk, spec: dict[str, object]) -> None:
    await desk.served(**spec)
    assert desk.replica.asked == []
    assert "CredentialVerified" not in desk.conditions()


async def test_what_was_said_goes_when_there_is_nothing_to_try_any_more(desk: CheckingDesk) -> None:
    await desk.served()
    await desk.served(enabled=False)
    assert "CredentialVerified" not in desk.conditions()
    assert desk.conditions()["Ready"] == ("True", "Ready")
