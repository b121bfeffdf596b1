"""The token of a machine's QR code."""

import pytest
from peewee import Database

from app.accounts.models import Role
from app.core import db
from app.core.errors import Conflict, NotAllowed
from app.core.history import HistoryEntry
from app.core.types import system
from app.machines import operations, qr
from app.machines.models import Machine
from app.machines.operations import MachineDetails
from tests import factories
from tests.personas import actor_of, make_user


def test_it_works(database: Database) -> None:
    machine = operations.create_machine(by=system("tests"), details=MachineDetails(serial="A1", model="M"))
    token = qr.token_of(machine)
    found = qr.machine_of(token)
    assert found is not None
    assert (found.serial, found.model.name) == ("A1", "M")
    assert qr.path_of(machine) == f"/m/{token}"


def test_a_token_has_128_bits_and_no_two_are_alike() -> None:
    tokens = {qr.made_up() for _ in range(1_000)}
    assert len(tokens) == 1_000
    assert {len(token) for token in tokens} == {22}


def test_a_machine_without_a_token_gets_one_once(database: Database) -> None:
    machine = factories.machine(qr_token=None)
    again = Machine.get_by_id(machine.id)
    assert qr.token_of(machine) == qr.token_of(again) == Machine.get_by_id(machine.id).qr_token


def test_a_new_token_makes_old_labels_lead_nowhere(database: Database) -> None:
    machine, deputy = factories.machine(), actor_of(make_user(Role.DEPUTY))
    old = qr.token_of(machine)
    new = qr.new_token(by=deputy, machine=machine, present=old)
    assert qr.machine_of(old) is None
    assert qr.machine_of(new) == machine
    entry = HistoryEntry.get(HistoryEntry.action == "machine.qr_renewed")
    assert new not in str(entry.after) + str(entry.before), "who reads the history could print a label"


def test_two_who_renew_a_code_at_once_do_not_make_each_others_labels_void(database: Database) -> None:
    machine, clerk = factories.machine(), actor_of(make_user(Role.CLERK))
    present = qr.token_of(machine)
    qr.new_token(by=clerk, machine=machine, present=present)
    with pytest.raises(Conflict):
        qr.new_token(by=clerk, machine=machine, present=present)


def test_only_those_who_keep_machines_renew_codes(database: Database) -> None:
    machine = factories.machine()
    with pytest.raises(NotAllowed):
        qr.new_token(by=actor_of(make_user(Role.TECHNICIAN)), machine=machine, present=qr.token_of(machine))


@pytest.mark.parametrize("token", ["", "x", "' OR 1=1 --", "机", "a" * 500, "%"])
def test_a_made_up_token_leads_nowhere(sqlite_database: Database, token: str) -> None:
    factories.machine()
    assert qr.machine_of(token) is None


def test_two_machines_cannot_carry_one_token(database: Database) -> None:
    first = factories.machine()
    with pytest.raises(Exception, match=r"(?i)unique"), db.transaction():
        factories.machine(qr_token=first.qr_token)
