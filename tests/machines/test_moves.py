"""Moving a machine and replacing its terminal: what happened before stays where it was, and nothing is lost whichever way it changes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peewee import Database

from app.accounts.models import Role
from app.core import clock, db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.history import HistoryEntry
from app.core.types import system
from app.customers.models import Project
from app.machines import move_operations, operations
from app.machines.models import Machine, MachineMove, TerminalChange
from app.machines.move_operations import MoveDetails, TerminalDetails
from app.machines.terminals import Removals, spans
from app.tickets.models import Ticket
from tests import factories
from tests.personas import actor_of, make_area, make_user

BY = system("tests")


def ago(**parts: float) -> datetime:
    return clock.now() - timedelta(**parts)


def move(machine: Machine, **values: object) -> MachineMove:
    """Move ``machine`` to a new site of another customer (unless given)."""
    site = None if "customer" in values else factories.site()
    defaults = {"customer": site and site.customer, "site": site, "at": ago(hours=1), "reason": "sold"}
    return move_operations.move_machine(by=BY, machine=machine, version=machine.version, details=MoveDetails(**defaults | values))


def fit(machine: Machine, device: str, **values: object) -> TerminalChange:
    """Fit ``machine`` with the terminal ``device``."""
    details = TerminalDetails(**{"device": device, "at": ago(minutes=10), "reason": "broken"} | values)
    return move_operations.replace_terminal(by=BY, machine=machine, version=machine.version, details=details)


def test_it_works(database: Database) -> None:
    machine = factories.machine(area=make_area("north"))
    before, place = machine.customer, factories.site(customer=factories.customer(area=make_area("south")))
    made = move(machine, customer=place.customer, site=place, reason=" sold on ")
    now = Machine.get_by_id(machine.id)
    assert (now.customer, now.site, now.area.name, now.version) == (place.customer, place, "south", 2)
    assert (made.from_customer, made.to_customer, made.to_site, made.reason) == (before, place.customer, place, "sold on")
    assert HistoryEntry.get().action == "machine.moved"


def test_tickets_stay_with_the_customer_they_were_opened_for(database: Database) -> None:
    machine = factories.machine()
    ticket = factories.ticket(machine=machine)
    before = machine.customer_id
    move(machine)
    assert Ticket.get_by_id(ticket.id).customer_id == before


def test_a_machine_may_come_back_to_the_manufacturer(database: Database) -> None:
    machine = factories.machine()
    move(machine, customer=None)
    now = Machine.get_by_id(machine.id)
    assert (now.customer, now.site) == (None, None)


def test_the_project_it_was_sold_under_stays_with_a_machine_that_moves_on(database: Database) -> None:
    machine = factories.machine()
    project = Project.create(contract_number="HT-1", name="P", customer=machine.customer, created_at=clock.now())
    details = replace(operations.written(machine), project=project)
    operations.edit_machine(by=BY, machine=machine, version=1, details=details)
    move(machine)
    assert Machine.get_by_id(machine.id).project == project


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("reason", {"reason": " "}),
        ("reason", {"reason": "x" * 201}),
        ("at", {"at": clock.now() + timedelta(days=2)}),
    ],
)
def test_a_move_needs_a_reason_and_a_day_that_has_been(database: Database, field: str, values: dict) -> None:
    machine = factories.machine()
    with pytest.raises(Invalid) as refused:
        move(machine, **values)
    assert field in refused.value.fields
    assert not MachineMove.select().exists()


def test_a_machine_cannot_move_to_where_it_stands_nor_to_a_site_of_somebody_else(database: Database) -> None:
    machine = factories.machine()
    for values in ({"customer": machine.customer, "site": machine.site}, {"customer": factories.customer(), "site": machine.site}):
        with pytest.raises(Invalid):
            move(machine, **values)


def test_moves_are_in_the_order_of_time(database: Database) -> None:
    machine = factories.machine()
    move(machine, at=ago(days=3))
    with pytest.raises(Invalid) as refused:
        move(machine, at=ago(days=4))
    assert "at" in refused.value.fields


def test_a_stale_move_is_refused(database: Database) -> None:
    machine = factories.machine()
    stale = Machine.get_by_id(machine.id)
    move(machine)
    with pytest.raises(Conflict):
        move(stale, at=ago(minutes=1))
    assert MachineMove.select().count() == 1


def test_only_those_who_keep_machines_move_them(database: Database) -> None:
    machine, by = factories.machine(), actor_of(make_user(Role.TECHNICIAN))
    with pytest.raises(NotAllowed):
        move_operations.move_machine(by=by, machine=machine, version=1, details=MoveDetails(customer=None, at=ago(hours=1), reason="r"))


@pytest.mark.parametrize("way", ["edit", "import"])
def test_whichever_way_a_machine_changes_its_place_or_terminal_the_log_knows(database: Database, way: str) -> None:
    machine = factories.machine(device="OLD")
    place = factories.site()
    details = replace(operations.written(machine), customer=place.customer, site=place, device="NEW")
    if way == "edit":
        operations.edit_machine(by=BY, machine=machine, version=1, details=details)
    else:
        with db.transaction():
            operations.renew(by=BY, machine=machine, version=1, details=details, model=machine.model)
    assert MachineMove.get().to_site == place
    change = TerminalChange.get()
    assert (change.old_device, change.new_device) == ("OLD", "NEW")


def test_naming_the_first_customer_is_no_move(database: Database) -> None:
    machine = factories.machine(customer=None, site=None)
    Machine.update(customer=None, site=None).execute()
    machine = Machine.get_by_id(machine.id)
    operations.edit_machine(by=BY, machine=machine, version=1, details=replace(operations.written(machine), customer=factories.customer()))
    assert not MachineMove.select().exists()


def test_a_move_of_today_can_be_taken_back(database: Database) -> None:
    machine = factories.machine()
    was = (machine.customer_id, machine.site_id, machine.area_id)
    made = move(machine)
    move_operations.undo_move(by=BY, machine=Machine.get_by_id(machine.id), move_id=made.id)
    now = Machine.get_by_id(machine.id)
    assert (now.customer_id, now.site_id, now.area_id) == was
    assert not MachineMove.select().exists()
    assert [entry.action for entry in HistoryEntry.select().order_by(HistoryEntry.id)] == ["machine.moved", "machine.move_undone"]


def test_a_move_cannot_be_taken_back_twice_late_or_when_a_ticket_came_of_it(database: Database) -> None:
    machine = factories.machine()
    made = move(machine)
    machine = Machine.get_by_id(machine.id)
    with pytest.raises(Conflict):
        move_operations.undo_move(by=BY, machine=machine, move_id=made.id, at=clock.now() + timedelta(hours=25))
    ticket = factories.ticket(machine=machine)
    with pytest.raises(Conflict):
        move_operations.undo_move(by=BY, machine=machine, move_id=made.id)
    ticket.delete_instance()
    move_operations.undo_move(by=BY, machine=machine, move_id=made.id)
    with pytest.raises(Conflict):
        move_operations.undo_move(by=BY, machine=Machine.get_by_id(machine.id), move_id=made.id)


def test_a_ticket_from_before_does_not_keep_a_move_from_being_taken_back(database: Database) -> None:
    machine = factories.machine()
    factories.ticket(machine=machine, opened_at=ago(days=2))
    move(machine)
    assert move_operations.undoable(Machine.get_by_id(machine.id)) is not None


# --- terminals --------------------------------------------------------------


def test_a_terminal_is_replaced_with_its_sim(database: Database) -> None:
    machine = factories.machine(device="OLD", sim_number="1")
    change = fit(machine, "NEW", sim_number="89860012345", sim_expires_on=clock.now().date(), gateway="gw-2")
    now = Machine.get_by_id(machine.id)
    assert (now.device, now.sim_number, now.gateway) == ("NEW", "89860012345", "gw-2")
    assert now.sim_expires_on == clock.now().date()
    assert (change.old_device, change.new_device, change.sim_number, change.reason) == ("OLD", "NEW", "89860012345", "broken")
    assert HistoryEntry.get().action == "machine.terminal_replaced"


def test_a_terminal_may_be_taken_off(database: Database) -> None:
    machine = factories.machine(device="OLD")
    assert fit(machine, "").new_device is None
    assert Machine.get_by_id(machine.id).device is None


def test_a_terminal_of_another_machine_is_refused_by_its_name(database: Database) -> None:
    factories.machine(serial="OTHER-1", device="TAKEN")
    machine = factories.machine(device="OLD")
    with pytest.raises(Invalid, match="OTHER-1"):
        fit(machine, "TAKEN")


@pytest.mark.parametrize("device", ["OLD", "with a blank", "x" * 65])
def test_a_terminal_must_be_another_one_with_a_proper_code(database: Database, device: str) -> None:
    machine = factories.machine(device="OLD")
    with pytest.raises(Invalid) as refused:
        fit(machine, device)
    assert "device" in refused.value.fields


def test_a_code_that_is_used_again_takes_no_time_along(database: Database) -> None:
    first, second = factories.machine(device="D1"), factories.machine(device="D2")
    change = fit(first, "D3", at=ago(hours=5))
    fit(second, "D1", at=ago(hours=2))
    now = {span.device: (span.from_at, span.to_at) for span in spans(Machine.get_by_id(first.id))}
    assert now == {"D3": (None, None), "D1": (None, change.at)}
    now = {span.device: (span.from_at, span.to_at) for span in spans(Machine.get_by_id(second.id))}
    assert now == {"D1": (change.at, None), "D2": (None, TerminalChange.get(TerminalChange.machine == second).at)}


_T0 = datetime(2026, 1, 1, tzinfo=UTC)


@given(
    st.lists(st.integers(0, 50), max_size=6).map(sorted),
    st.lists(st.integers(1, 3), min_size=6, max_size=6),
    st.integers(-1, 51),
)
def test_the_owner_is_the_machine_it_was_taken_off_next(times: list[int], owners: list[int], at: int) -> None:
    removals = Removals([_T0 + timedelta(hours=hour) for hour in times], owners[: len(times)])
    later = [owner for hour, owner in zip(times, owners, strict=False) if hour > at]
    assert removals.owner_at(_T0 + timedelta(hours=at)) == (later[0] if later else None)
