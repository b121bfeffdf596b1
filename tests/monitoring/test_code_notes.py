"""What the desk notes of a code stands wherever the code does."""

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.history import HistoryEntry
from app.machines.models import Machine
from app.monitoring import code_notes
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, CodeNote
from app.tickets.models import Ticket
from tests import factories
from tests.monitoring.sender import Sender, ago, store
from tests.personas import actor_of, make_user, sign_in

WORDS = "先问风扇是否在转"


@pytest.fixture
def alarm(machine: Machine, device: Sender) -> Alarm:
    store(device.fault("E04", ago(minutes=5)))
    Evaluator().evaluate_pending()
    return Alarm.get()


def write(machine: Machine, text: str, version: int, role: Role = Role.CLERK) -> None:
    code_notes.write(by=actor_of(make_user(role)), machine=machine, code="E04", text=text, version=version)


def test_it_works(client: FlaskClient, alarm: Alarm, machine: Machine) -> None:
    clerk = sign_in(client, make_user(Role.CLERK))
    answer = clerk.post(f"/alarms/{alarm.id}/note", data={"version": 0, "text": WORDS})
    assert (answer.status_code, answer.location) == (303, "/monitoring")
    for address in ("/monitoring", "/monitoring/machines/EVC-1", f"/tickets/{Ticket.get().number}"):
        assert WORDS in clerk.get(address).text


def test_it_stands_on_other_machines_of_the_profile_alone(client: FlaskClient, alarm: Alarm, machine: Machine) -> None:
    factories.machine(profile=machine.profile, serial="S2", device="D2")
    factories.machine(serial="S3", device="D3")
    store(Sender("D2").fault("E04", ago(minutes=5)), Sender("D3").fault("E04", ago(minutes=5)))
    Evaluator().evaluate_pending()
    write(machine, WORDS, 0)
    clerk = sign_in(client, make_user(Role.CLERK))
    assert [WORDS in clerk.get(f"/monitoring/machines/{device}").text for device in ("EVC-1", "D2", "D3")] == [True, True, False]


def test_it_is_changed_and_removed_by_version(machine: Machine) -> None:
    write(machine, WORDS, 0)
    write(machine, "换滤芯", 1)
    assert (CodeNote.get().text, CodeNote.get().version) == ("换滤芯", 2)
    write(machine, "  ", 2)
    assert CodeNote.select().count() == 0
    assert [entry.action for entry in HistoryEntry.select().where(HistoryEntry.object_type == "device_profile")][-3:] == [
        "code.noted", "code.noted", "code.note_removed",
    ]  # fmt: skip


def test_two_who_write_at_once_do_not_overwrite_each_other(machine: Machine) -> None:
    write(machine, WORDS, 0)
    with pytest.raises(Conflict):
        write(machine, "换滤芯", 0)
    with pytest.raises(Conflict):
        write(machine, "", 7)
    assert CodeNote.get().text == WORDS


def test_what_was_typed_stays_when_somebody_was_faster(client: FlaskClient, alarm: Alarm, machine: Machine) -> None:
    write(machine, WORDS, 0)
    answer = sign_in(client, make_user(Role.CLERK)).post(f"/alarms/{alarm.id}/note", data={"version": 0, "text": "换滤芯"})
    assert answer.status_code == 409
    assert "换滤芯" in answer.text
    assert WORDS in answer.text


def test_what_is_too_long_or_without_a_profile_is_refused(machine: Machine) -> None:
    with pytest.raises(Invalid):
        write(machine, "长" * 501, 0)
    with pytest.raises(Invalid):
        write(factories.machine(serial="S3"), WORDS, 0)


def test_a_technician_writes_none(machine: Machine) -> None:
    with pytest.raises(NotAllowed):
        write(machine, WORDS, 0, Role.TECHNICIAN)
