"""Alarms laid aside, reset, suppressed and combined: what is announced, and on which ticket (T10, T13, T14, monitoring §4)."""

from datetime import datetime, timedelta

import pytest

from app.accounts.models import Role
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.history import HistoryEntry
from app.core.types import Actor, system
from app.machines.models import DeviceProfile, Machine
from app.machines.profile_operations import import_profile
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, AlarmReset, AlarmShelving, Condition, Episode
from app.monitoring.resetting import reset
from app.monitoring.shelving import shelve, unshelve
from app.tickets.models import Priority, Ticket, TicketFault
from tests import factories
from tests.monitoring.sender import Sender, store
from tests.personas import actor_of, make_user

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
START = clock.now().replace(microsecond=0) - timedelta(hours=9)
PROFILE = """profile: shelves_v1
name: {zh: 站, en: Station}
metrics:
  mode: {kind: text, name: {zh: 操作方式, en: Mode}, values: {auto: {zh: 自动, en: Automatic}, service: {zh: 检修, en: Service}}}
codes:
  A1: {name: {zh: 甲, en: A}, severity: high}
  B1: {name: {zh: 乙, en: B}, severity: low}
  L1: {name: {zh: 锁, en: L}, severity: high, latching: true}
  S1: {name: {zh: 安, en: S}, severity: critical, safety: true}
  P1: {name: {zh: 父, en: P}, severity: high}
  Q1: {name: {zh: 静, en: Q}, severity: high, ticket: none}
  W1: {name: {zh: 等, en: W}, severity: high, ticket: {after_s: 600}}
  N1: {name: {zh: 多, en: N}, severity: high, ticket: {count: 3, within_s: 3600}}
combinations:
  - {code: C1, all_of: [A1, B1], within_s: 3600, name: {zh: 合, en: Both}, severity: critical}
suppress:
  - {parent: P1, children: [L1]}
  - {parent: Q1, children: [N1, S1]}
"""


@pytest.fixture
def machine(profile: DeviceProfile) -> Machine:
    """A machine whose profile has a latch, a combination and parents."""
    return factories.machine(serial="YS0001", device="EVC-1", profile=import_profile(by=system("setup"), text=PROFILE).row)


def at(seconds: float) -> datetime:
    return START + seconds * SECOND


def run(seconds: float) -> None:
    evaluator = Evaluator(lambda: at(seconds))
    while evaluator.evaluate_pending():
        pass
    evaluator.run_timers(at(seconds))


def say(device: Sender, seconds: float, code: str, *, is_active: bool = True) -> None:
    """The device speaks, and is evaluated at once."""
    store(device.fault(code, at(seconds), is_active=is_active))
    run(seconds)


def alarm(code: str) -> Alarm:
    return Alarm.get(Alarm.code == code)


def lay_aside(by: Actor, code: str, until: datetime, seconds: float, **values: object) -> None:
    found = alarm(code)
    shelve(
        **{"by": by, "alarm": found, "version": found.version, "until": until, "reason": "known", "is_safety": False, "at": at(seconds)}
        | values
    )


@pytest.fixture
def clerk(machine: Machine) -> Actor:
    """A clerk at work."""
    return actor_of(make_user(Role.CLERK))


@pytest.fixture
def manager(machine: Machine) -> Actor:
    """The manager."""
    return actor_of(make_user(Role.MANAGER))


def test_it_works(device: Sender, clerk: Actor) -> None:
    """T13: while it is laid aside a new episode opens nothing; when the shelf is over and it still stands, it does."""
    say(device, 0, "A1")
    first = Ticket.get()
    Ticket.update(status="cancelled", is_open=False).execute()
    TicketFault.update(is_open=False).execute()
    say(device, 10, "A1", is_active=False)
    run(80)
    lay_aside(clerk, "A1", at(3_600), 100)
    say(device, 200, "A1")
    assert (Episode.select().count(), Ticket.select().count()) == (2, 1)
    run(3_599)
    assert Ticket.select().count() == 1
    run(3_600)
    assert Ticket.select().count() == 2
    assert Episode.get(Episode.started_at == at(200)).ticket_id != first.id
    assert (alarm("A1").shelved_until, AlarmShelving.get().ended_at) == (None, at(3_600))


def test_a_shelf_that_ends_after_the_alarm_has_gone_announces_nothing(device: Sender, clerk: Actor) -> None:
    say(device, 0, "B1")
    Episode.update(ticket=None).execute()
    TicketFault.delete().execute()
    lay_aside(clerk, "B1", at(3_600), 5)
    say(device, 10, "B1", is_active=False)
    before = Ticket.select().count()
    run(3_700)
    assert Ticket.select().count() == before
    assert alarm("B1").shelved_until is None


def test_who_may_lay_what_aside_and_how_long(device: Sender, clerk: Actor, manager: Actor) -> None:
    say(device, 0, "A1")
    say(device, 1, "S1")
    for wrong in ({"until": at(9 * 3_600)}, {"until": at(0)}, {"until": at(60), "reason": " "}):
        with pytest.raises(Invalid):
            lay_aside(clerk, "A1", **{"seconds": 5} | wrong)
    with pytest.raises(NotAllowed):
        lay_aside(clerk, "S1", at(60), 5, is_safety=True)
    with pytest.raises(Invalid):
        lay_aside(manager, "A1", at(73 * 3_600), 5)
    lay_aside(manager, "S1", at(60), 5, is_safety=True)
    lay_aside(manager, "A1", at(72 * 3_600), 5)
    with pytest.raises(Conflict):
        lay_aside(manager, "A1", at(60), 6)
    assert HistoryEntry.select().where(HistoryEntry.action == "alarm.shelved").count() == 2


def test_a_shelf_can_be_ended_at_once(device: Sender, clerk: Actor) -> None:
    say(device, 0, "A1")
    lay_aside(clerk, "A1", at(3_600), 5)
    unshelve(by=clerk, alarm=alarm("A1"), version=alarm("A1").version, at=at(10))
    run(10)
    assert alarm("A1").shelved_until is None


def test_a_latched_alarm_is_reset_with_a_reason(device: Sender, clerk: Actor) -> None:
    say(device, 0, "L1")
    with pytest.raises(Conflict):
        reset(by=clerk, alarm=alarm("L1"), version=alarm("L1").version, reason="seen", at=at(5))
    say(device, 10, "L1", is_active=False)
    run(70)
    assert alarm("L1").condition == Condition.LATCHED
    with pytest.raises(Invalid):
        reset(by=clerk, alarm=alarm("L1"), version=alarm("L1").version, reason=" ", at=at(80))
    with pytest.raises(Conflict):
        reset(by=clerk, alarm=alarm("L1"), version=alarm("L1").version - 1, reason="seen", at=at(80))
    reset(by=clerk, alarm=alarm("L1"), version=alarm("L1").version, reason="seen", at=at(100))
    assert (alarm("L1").condition, Episode.get().ended_at, AlarmReset.get().reason) == (Condition.NORMAL, at(100), "seen")
    say(device, 200, "L1")
    assert Episode.select().count() == 2


def test_a_reset_counts_when_a_late_message_makes_the_episode_be_computed_again(device: Sender, clerk: Actor) -> None:
    """T17."""
    say(device, 10, "L1")
    say(device, 20, "L1", is_active=False)
    run(90)
    reset(by=clerk, alarm=alarm("L1"), version=alarm("L1").version, reason="seen", at=at(100))
    say(device, 5, "L1")
    run(300)
    assert [(row.started_at, row.ended_at, row.count) for row in Episode.select()] == [(at(5), at(100), 2)]


def test_children_are_listed_on_the_ticket_of_their_parent(device: Sender, machine: Machine) -> None:
    """T14."""
    say(device, 0, "P1")
    say(device, 100, "L1")
    assert Ticket.select().count() == 1
    assert alarm("L1").suppressed_by == "P1"
    assert Episode.get(Episode.code == "L1").ticket_id == Ticket.get().id
    say(device, 200, "P1", is_active=False)
    run(260)
    run(261)
    assert alarm("L1").suppressed_by is None


def test_what_still_stands_when_its_parent_has_gone_opens_its_own(device: Sender, machine: Machine) -> None:
    """T14, with a parent that opens no ticket."""
    say(device, 0, "Q1")
    say(device, 100, "S1")
    assert Ticket.select().count() == 0
    say(device, 200, "Q1", is_active=False)
    run(260)
    run(261)
    assert Ticket.get().title == "S1 安"


def test_codes_that_mean_something_together_share_a_graver_ticket(device: Sender, machine: Machine) -> None:
    say(device, 0, "B1")
    assert Ticket.get().priority == Priority.LOW
    say(device, 1_800, "A1")
    ticket = Ticket.get()
    assert Ticket.select().count() == 1
    assert ticket.priority == Priority.CRITICAL
    assert {fault.family for fault in TicketFault.select()} == {"A1", "B1", "C1"}
    assert "C1" in ticket.reason


def test_codes_too_far_apart_are_no_combination(device: Sender, machine: Machine) -> None:
    say(device, 0, "B1")
    say(device, 3_601, "A1")
    assert Ticket.select().count() == 2


def test_a_code_that_must_stand_some_time_first_opens_its_ticket_then(device: Sender, machine: Machine) -> None:
    say(device, 0, "W1")
    run(599)
    assert Ticket.select().count() == 0
    run(600)
    assert Ticket.select().count() == 1
    assert alarm("W1").due_at is None


def test_a_code_that_must_come_often_opens_its_ticket_the_last_time(device: Sender, machine: Machine) -> None:
    for number in range(3):
        say(device, 1_000 * number, "N1")
        assert Ticket.select().count() == (number == 2)
        say(device, 1_000 * number + 10, "N1", is_active=False)


def test_while_somebody_works_at_the_machine_only_what_guards_people_opens_a_ticket(device: Sender, machine: Machine) -> None:
    """T14: afterwards what still stands opens its own."""
    store(device.reading(at(0), mode="service"))
    say(device, 10, "A1")
    assert (Ticket.select().count(), alarm("A1").suppressed_by) == (0, "service")
    say(device, 20, "S1")
    assert Ticket.get().title == "S1 安"
    run(80)
    assert Episode.get(Episode.code == "A1").ticket_id is None
    store(device.reading(at(130), mode="auto"))
    run(200)
    assert Episode.get(Episode.code == "A1").ticket_id is not None
    assert alarm("A1").suppressed_by is None


def test_service_mode_keeps_alarms_back_for_twelve_hours_at_most(device: Sender, machine: Machine) -> None:
    store(device.reading(at(0), mode="service"))
    say(device, 10, "A1")
    run(10 + 12 * 3_600 - 30)
    assert Ticket.select().count() == 0
    run(10 + 12 * 3_600 + 31)
    assert Ticket.select().count() == 1
