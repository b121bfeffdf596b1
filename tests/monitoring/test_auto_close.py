"""Tickets close themselves when the fault has gone, the codes allow it and nobody took them up (monitoring §3, T9)."""

from datetime import timedelta

import pytest

from app.accounts.models import Role
from app.core import clock, db, spoken
from app.core.types import system
from app.machines.models import DeviceProfile, Machine
from app.machines.profile_operations import import_profile
from app.monitoring import auto_close
from app.monitoring import operations as alarms
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, Episode
from app.tickets import operations, parents, states
from app.tickets.models import Ticket, TicketNote, TicketStatus, TicketTransition
from app.work_orders import on_site  # noqa: F401  # adds itself
from app.work_orders.models import OrderStatus, Visit
from tests import factories
from tests.monitoring.sender import Sender, store
from tests.personas import actor_of, make_user

START = clock.now().replace(microsecond=0) - timedelta(hours=20)
PROFILE = """profile: closes_v1
name: {zh: 站, en: Station}
metrics: {}
codes:
  A1: {name: {zh: 甲, en: A}, severity: high, auto_close: true}
  B1: {name: {zh: 乙, en: B}, severity: low, auto_close: true}
  K1: {name: {zh: 留, en: K}, severity: high}
  S1: {name: {zh: 安, en: S}, severity: critical, safety: true}
  C1: {name: {zh: 丙, en: C}, severity: high, ticket: none}
  R1: {name: {zh: 短, en: R}, severity: high, reopen_s: 600}
  X1: {name: {zh: 子, en: X}, severity: high}
combinations:
  - {code: Z1, all_of: [K1, X1], within_s: 7200, name: {zh: 合, en: Both}, severity: critical}
"""


@pytest.fixture
def machine(profile: DeviceProfile) -> Machine:
    """A machine whose profile has codes that close their tickets and codes that do not."""
    return factories.machine(serial="YS0001", device="EVC-1", profile=import_profile(by=system("setup"), text=PROFILE).row)


def run(minutes: float) -> None:
    now = START + timedelta(minutes=minutes)
    evaluator = Evaluator(lambda: now)
    while evaluator.evaluate_pending():
        pass
    evaluator.run_timers(now)


def say(device: Sender, minutes: float, code: str, *, is_active: bool = True) -> None:
    store(device.fault(code, START + timedelta(minutes=minutes), is_active=is_active))
    run(minutes)


def say_words(message: str) -> str:
    return spoken.say(None, message)


def come_and_go(device: Sender, code: str = "A1", minutes: float = 0) -> None:
    say(device, minutes, code)
    say(device, minutes + 10, code, is_active=False)
    run(minutes + 12)


def test_it_works(device: Sender) -> None:
    come_and_go(device)
    ticket = Ticket.get()
    assert (ticket.status, ticket.solution, ticket.is_open) == (TicketStatus.CLOSED, say_words(auto_close.SOLVED), False)
    assert [one.reason for one in TicketTransition.select().order_by(TicketTransition.id)][1:] == [states.GONE, states.GONE]


def test_a_code_that_does_not_allow_it_leaves_its_ticket_open(device: Sender) -> None:
    come_and_go(device, "K1")
    assert Ticket.get().is_open
    assert TicketNote.select().count() == 0


def test_a_ticket_with_another_standing_fault_stays_until_that_has_gone_too(device: Sender) -> None:
    say(device, 0, "A1")
    say(device, 0.2, "B1")
    assert Ticket.select().count() == 1
    say(device, 10, "A1", is_active=False)
    run(12)
    assert Ticket.get().is_open
    say(device, 20, "B1", is_active=False)
    run(22)
    assert not Ticket.get().is_open


def test_a_ticket_with_a_code_that_must_be_looked_at_stays(device: Sender) -> None:
    say(device, 0, "K1")
    say(device, 0.2, "A1")
    say(device, 5, "K1", is_active=False)
    say(device, 10, "A1", is_active=False)
    run(12)
    assert Ticket.get().is_open


@pytest.mark.parametrize("touch", ["note", "acknowledged"])
def test_a_ticket_that_somebody_took_up_stays_and_says_once_that_the_fault_has_gone(device: Sender, touch: str) -> None:
    clerk = actor_of(make_user(Role.CLERK))
    say(device, 0, "A1")
    if touch == "note":
        operations.add_note(by=clerk, ticket=Ticket.get(), text="正在联系")
    else:
        alarms.acknowledge(by=clerk, alarm=Alarm.get(), version=Alarm.get().version)
    say(device, 10, "A1", is_active=False)
    run(12)
    come_and_go(device, minutes=60)
    assert Ticket.get().is_open
    assert TicketNote.select().where(TicketNote.text == say_words(auto_close.GONE)).count() == 1


def test_a_ticket_that_closed_itself_is_opened_again_by_its_fault(device: Sender) -> None:
    """T12."""
    come_and_go(device)
    say(device, 60, "A1")
    assert (Ticket.select().count(), Ticket.get().status, Ticket.get().is_recurring) == (1, TicketStatus.TO_VERIFY, True)


def test_the_window_in_which_a_ticket_is_opened_again_is_that_of_the_code(device: Sender) -> None:
    """T12."""
    come_and_go(device, "R1")
    first = Ticket.get()
    Ticket.update(status="closed", is_open=False, closed_at=START + timedelta(minutes=15)).execute()
    first.faults[0].delete_instance()
    first.faults.model.create(ticket=first, machine=first.machine, family="R1", is_open=False)
    say(device, 24, "R1")
    assert Ticket.select().count() == 1
    Ticket.update(status="closed", is_open=False, closed_at=START + timedelta(minutes=30)).execute()
    first.faults.model.update(is_open=False).execute()
    say(device, 31, "R1", is_active=False)
    run(33)
    say(device, 41, "R1")
    again = Ticket.select().order_by(Ticket.id.desc()).first()
    assert (Ticket.select().count(), again.repeat_of, again.is_recurring) == (2, first, True)


def test_a_parent_closes_itself_after_its_last_child(device: Sender, machine: Machine) -> None:
    say(device, 0, "A1")
    child = Ticket.get()
    parent = factories.ticket(machine=None, source="monitoring", status=TicketStatus.TO_VERIFY)
    with db.transaction():
        parents.adopt(by=system("monitoring"), parent=parent, children=[child])
    say(device, 10, "A1", is_active=False)
    run(12)
    assert Ticket.get_by_id(parent.id).status == TicketStatus.CLOSED


def test_while_a_technician_is_at_the_machine_only_what_guards_people_opens_a_ticket(device: Sender, machine: Machine) -> None:
    """T14."""
    order = factories.work_order(machine=machine, lead=make_user(Role.TECHNICIAN), status=OrderStatus.ON_SITE)
    Visit.update(departed_at=START, arrived_at=START).where(Visit.order == order).execute()
    say(device, 10, "K1")
    assert (Ticket.select().count(), Alarm.get().suppressed_by) == (0, "service")
    say(device, 20, "S1")
    assert Ticket.get().title == "S1 安"
    run(12 * 60 - 1)
    assert Episode.get(Episode.code == "K1").ticket_id is None
    run(12 * 60 + 2)
    assert Episode.get(Episode.code == "K1").ticket_id is not None


def test_when_the_technician_has_left_what_still_stands_opens_its_ticket(device: Sender, machine: Machine) -> None:
    """T14."""
    order = factories.work_order(machine=machine, lead=make_user(Role.TECHNICIAN), status=OrderStatus.ON_SITE)
    Visit.update(departed_at=START, arrived_at=START).where(Visit.order == order).execute()
    say(device, 10, "K1")
    Visit.update(left_at=START + timedelta(minutes=30)).execute()
    run(32)
    assert Ticket.get().title == "K1 留"


def test_the_later_of_two_tickets_goes_into_the_earlier_when_their_codes_mean_something_together(device: Sender) -> None:
    say(device, 0, "X1")
    earlier = Ticket.get()
    say(device, 5, "X1", is_active=False)
    run(7)
    say(device, 180, "K1")
    later = Ticket.select().order_by(Ticket.id.desc()).first()
    assert (later.id != earlier.id, Ticket.select().count()) == (True, 2)
    say(device, 190, "X1")
    later, earlier = Ticket.get_by_id(later.id), Ticket.get_by_id(earlier.id)
    assert (later.status, later.merged_into, earlier.priority) == (TicketStatus.MERGED, earlier, "critical")
    assert {fault.family for fault in earlier.faults if fault.is_open} == {"X1", "K1", "Z1"}
    assert {row.ticket_id for row in Episode.select().where(Episode.ended_at.is_null())} == {earlier.id}


def test_somebody_who_is_out_for_the_later_ticket_goes_on_with_it(device: Sender) -> None:
    say(device, 0, "X1")
    say(device, 5, "X1", is_active=False)
    run(7)
    say(device, 180, "K1")
    later = Ticket.select().order_by(Ticket.id.desc()).first()
    Ticket.update(open_orders=1).where(Ticket.id == later.id).execute()
    say(device, 190, "X1")
    assert Ticket.get_by_id(later.id).is_open
