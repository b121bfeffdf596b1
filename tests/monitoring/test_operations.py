"""Acknowledging, registering devices, keeping credentials."""

from hashlib import sha256

import pytest
from peewee import Database

from app.accounts.models import Role
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.history import HistoryEntry
from app.core.types import Actor
from app.machines.models import DeviceProfile, Machine
from app.monitoring import feed, intake, operations
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, CredentialState, DeviceCredential, Episode, InboxMessage, QuarantinedMessage, Reading
from app.monitoring.operations import Registration
from app.tickets.models import Ticket
from tests import factories
from tests.monitoring.sender import Sender, ago, store
from tests.personas import actor_of, make_user


@pytest.fixture
def clerk(database: Database) -> Actor:
    return actor_of(make_user(Role.CLERK))


@pytest.fixture
def deputy(database: Database) -> Actor:
    return actor_of(make_user(Role.DEPUTY))


@pytest.fixture
def alarm(machine: Machine, device: Sender) -> Alarm:
    store(device.fault("E04", ago(minutes=5)))
    Evaluator().evaluate_pending()
    return Alarm.get()


def test_it_works(alarm: Alarm, clerk: Actor) -> None:
    operations.acknowledge(by=clerk, alarm=alarm, version=alarm.version)
    assert Alarm.get().is_acknowledged
    assert Episode.get().acknowledged_by_id == clerk.user_id
    assert HistoryEntry.select().where(HistoryEntry.action == "alarm.acknowledged").count() == 1


def test_acknowledging_does_not_end_the_condition(alarm: Alarm, clerk: Actor) -> None:
    operations.acknowledge(by=clerk, alarm=alarm, version=alarm.version)
    assert Alarm.get().condition == "active"
    assert Episode.get().ended_at is None


def test_a_stale_acknowledgement_has_no_effect(alarm: Alarm, clerk: Actor, device: Sender) -> None:
    store(device.fault("E04", ago(minutes=4), is_active=False), device.fault("E04", ago(minutes=3)))
    Evaluator().evaluate_pending()
    with pytest.raises(Conflict):
        operations.acknowledge(by=clerk, alarm=alarm, version=alarm.version)
    assert not Alarm.get().is_acknowledged


def test_the_second_of_two_who_acknowledge_is_told(alarm: Alarm, clerk: Actor, deputy: Actor) -> None:
    operations.acknowledge(by=clerk, alarm=alarm, version=alarm.version)
    with pytest.raises(Conflict):
        operations.acknowledge(by=deputy, alarm=alarm, version=alarm.version)
    assert Episode.get().acknowledged_by_id == clerk.user_id


def test_a_new_episode_wants_a_new_acknowledgement(alarm: Alarm, clerk: Actor, device: Sender) -> None:
    operations.acknowledge(by=clerk, alarm=alarm, version=alarm.version)
    store(device.fault("E04", ago(minutes=4), is_active=False), device.fault("E04", ago(minutes=3)))
    Evaluator().evaluate_pending()
    assert not Alarm.get().is_acknowledged


def test_a_technician_cannot_acknowledge(alarm: Alarm) -> None:
    with pytest.raises(NotAllowed):
        operations.acknowledge(by=actor_of(make_user(Role.TECHNICIAN)), alarm=alarm, version=alarm.version)


def test_a_device_without_a_machine_waits_and_is_taken_in_when_registered(profile: DeviceProfile, clerk: Actor) -> None:
    """FI-39: quarantine, and no machine made by itself."""
    device = Sender("NEW-1")
    store(device.birth(ago(minutes=9)), device.reading(ago(minutes=8), oil_temp=50), device.fault("E04", ago(minutes=7)))
    assert Machine.select().count() == 0
    assert [(one.device, one.messages) for one in feed.quarantine()] == [("NEW-1", 3)]
    customer = factories.customer()
    wanted = Registration(serial="YS1", model="YS-10", customer=customer, profile=profile)
    machine, released = operations.register_device(by=clerk, device="NEW-1", registration=wanted)
    assert (released, machine.serial, machine.device, machine.customer_id) == (3, "YS1", "NEW-1", customer.id)
    assert (InboxMessage.select().count(), Reading.select().count()) == (2, 1)
    assert feed.quarantine() == []
    Evaluator().evaluate_pending()
    assert Ticket.get().machine_id == machine.id


def test_registering_an_existing_machine_gives_it_the_device(profile: DeviceProfile, clerk: Actor) -> None:
    there = factories.machine(serial="YS2", device=None, profile=profile)
    store(Sender("NEW-2").reading(ago(minutes=8), oil_temp=50))
    machine, released = operations.register_device(by=clerk, device="NEW-2", registration=Registration(serial="YS2"))
    assert (machine.id, Machine.get_by_id(there.id).device, released) == (there.id, "NEW-2", 1)


def test_a_machine_with_another_device_is_not_taken(profile: DeviceProfile, clerk: Actor) -> None:
    factories.machine(serial="YS3", device="OLD-3", profile=profile)
    store(Sender("NEW-3").reading(ago(minutes=8), oil_temp=50))
    with pytest.raises(Conflict):
        operations.register_device(by=clerk, device="NEW-3", registration=Registration(serial="YS3"))
    assert QuarantinedMessage.select().where(QuarantinedMessage.released_at.is_null()).count() == 1


def test_a_registration_that_is_refused_changes_nothing(database: Database, clerk: Actor) -> None:
    store(Sender("NEW-4").reading(ago(minutes=8), oil_temp=50))
    with pytest.raises(Invalid) as refused:
        operations.register_device(by=clerk, device="NEW-4", registration=Registration(serial="YS4"))
    assert "model" in refused.value.fields
    assert Machine.select().count() == 0
    assert len(feed.quarantine()) == 1


def test_a_secret_is_long_unique_and_kept_only_until_the_broker_has_it(deputy: Actor) -> None:
    secret = operations.create_credential(by=deputy, device="D1")
    assert len(secret) >= 32
    assert secret != operations.create_credential(by=deputy, device="D2")
    row = DeviceCredential.get(DeviceCredential.device == "D1")
    assert (row.state, bytes(row.secret_hash)) == (CredentialState.PENDING, sha256(secret.encode()).digest())
    for task in intake.credential_tasks():
        intake.confirm_credential(task)
    row = DeviceCredential.get(DeviceCredential.device == "D1")
    assert (row.state, row.secret) == (CredentialState.ACTIVE, None)
    assert intake.secret_is_right("D1", secret)
    assert not any(secret in (entry.after or "") for entry in HistoryEntry.select())


def test_a_device_has_one_credential(deputy: Actor) -> None:
    operations.create_credential(by=deputy, device="D1")
    with pytest.raises(Conflict):
        operations.create_credential(by=deputy, device="D1")


def test_rotating_ends_the_old_secret(deputy: Actor) -> None:
    old = operations.create_credential(by=deputy, device="D1")
    new = operations.rotate_credential(by=deputy, device="D1")
    assert intake.secret_is_right("D1", new)
    assert not intake.secret_is_right("D1", old)


def test_a_withdrawn_credential_opens_nothing_and_can_be_made_anew(deputy: Actor) -> None:
    secret = operations.create_credential(by=deputy, device="D1")
    operations.revoke_credential(by=deputy, device="D1")
    assert not intake.secret_is_right("D1", secret)
    with pytest.raises(NotFound):
        operations.rotate_credential(by=deputy, device="D1")
    assert operations.create_credential(by=deputy, device="D1")


@pytest.mark.parametrize("device", ["", "a/b", "a+", "#", "x" * 65, "机器"])
def test_a_code_that_no_device_can_have_gets_no_credential(deputy: Actor, device: str) -> None:
    with pytest.raises(Invalid):
        operations.create_credential(by=deputy, device=device)


def test_a_clerk_keeps_no_credentials(clerk: Actor) -> None:
    with pytest.raises(NotAllowed):
        operations.create_credential(by=clerk, device="D1")
