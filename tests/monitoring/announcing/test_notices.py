"""What is announced is written with what happened, once; what is inhibited is announced when its time comes."""

from datetime import timedelta

import pytest
from peewee import Database

from app.core import clock, db
from app.core.types import system
from app.machines.models import Machine
from app.machines.profile_operations import import_profile
from app.monitoring import announcing, operations, shelving
from app.monitoring.announcing import sending
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, AlarmNotice, Episode, FeedOutage, NoticeKind, StormCause, TicketStorm
from app.tickets.models import Ticket
from tests import factories
from tests.monitoring.sender import Sender, store
from tests.personas import actor_of, make_user

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NOW = clock.now().replace(microsecond=0) - 6 * HOUR


def run(now, *messages) -> None:
    store(*messages)
    evaluator = Evaluator(lambda: now)
    while evaluator.evaluate_pending():
        pass
    evaluator.run_timers(now)


def written() -> list[tuple[str, int, str]]:
    return list(AlarmNotice.select(AlarmNotice.kind, AlarmNotice.step, AlarmNotice.severity).order_by(AlarmNotice.id).tuples())


def test_it_works(machine: Machine, device: Sender) -> None:
    """T3: a high alarm waits to be gathered, a critical one goes at once; both will be looked at by escalation."""
    run(NOW, device.fault("E04", NOW), device.fault("E16", NOW))
    rows = {row.severity: row for row in AlarmNotice.select()}
    assert (rows["high"].due_at, rows["critical"].due_at) == (NOW + MINUTE, NOW)
    assert {alarm.announce_at for alarm in Alarm.select()} == {NOW + MINUTE}


def test_raised_again_announces_nothing(machine: Machine, device: Sender) -> None:
    """T4 and T8: the episode is announced already."""
    run(NOW, device.fault("E04", NOW))
    run(NOW + MINUTE, device.fault("E04", NOW + MINUTE / 2))
    run(NOW + 2 * MINUTE, device.fault("E04", NOW + MINUTE, is_active=False), device.fault("E04", NOW + MINUTE * 1.5))
    assert written() == [("raised", 0, "high")]


def test_what_is_over_already_is_not_announced(machine: Machine, device: Sender) -> None:
    run(NOW, device.fault("E04", NOW - HOUR), device.fault("E04", NOW - HOUR / 2, is_active=False))
    assert written() == []


def test_what_is_laid_aside_is_announced_when_the_shelf_is_over(machine: Machine, device: Sender) -> None:
    """T13: as in T3, whoever acknowledged it before."""
    clerk = actor_of(make_user("clerk"))
    run(NOW, device.fault("E04", NOW))
    alarm = Alarm.get()
    operations.acknowledge(by=clerk, alarm=alarm, version=alarm.version, at=NOW + MINUTE)
    alarm = Alarm.get()
    shelving.shelve(by=clerk, alarm=alarm, version=alarm.version, until=NOW + HOUR, reason="维修中", is_safety=False, at=NOW + MINUTE)
    run(NOW + HOUR)
    assert written() == [("raised", 0, "high"), ("raised", 1, "high")]
    assert (Alarm.get().is_acknowledged, Alarm.get().announce_at) == (False, NOW + HOUR + MINUTE)


def test_raised_on_a_shelf_is_announced_once_and_after_it(machine: Machine, device: Sender) -> None:
    clerk = actor_of(make_user("clerk"))
    run(NOW, device.fault("E04", NOW))
    run(NOW + 5 * MINUTE, device.fault("E04", NOW + MINUTE, is_active=False))
    alarm = Alarm.get()
    shelving.shelve(by=clerk, alarm=alarm, version=alarm.version, until=NOW + HOUR, reason="维修中", is_safety=False, at=NOW + 5 * MINUTE)
    run(NOW + 20 * MINUTE, device.fault("E04", NOW + 20 * MINUTE))
    assert AlarmNotice.select().count() == 1
    run(NOW + HOUR)
    assert AlarmNotice.select().count() == 2


def test_acknowledging_stops_escalation_until_the_repeat(machine: Machine, device: Sender) -> None:
    """T6, and the beginning of T15: critical after four hours."""
    clerk = actor_of(make_user("clerk"))
    run(NOW, device.fault("E16", NOW))
    alarm = Alarm.get()
    operations.acknowledge(by=clerk, alarm=alarm, version=alarm.version, at=NOW + MINUTE)
    assert Alarm.get().announce_at == NOW + MINUTE + 4 * HOUR


@pytest.mark.parametrize("times", [1, 2])
def test_a_storm_and_an_outage_are_announced_once(sqlite_database: Database, times: int) -> None:
    ticket = factories.ticket(priority="high")
    with db.transaction():
        storm = TicketStorm.create(cause=StormCause.CUSTOMER, name="1", ticket=ticket, started_at=NOW, last_at=NOW)
        outage = FeedOutage.create(from_at=NOW - HOUR, noticed_at=NOW)
        for _ in range(times):
            announcing.storm(storm, NOW)
            announcing.outage(outage, NOW)
    assert written() == [(NoticeKind.STORM, 0, "high"), (NoticeKind.OUTAGE, 0, "critical")]


PROFILE = """profile: announced_v1
name: {zh: 站, en: Station}
codes:
  P1: {name: {zh: 父, en: P}, severity: high}
  L1: {name: {zh: 轻, en: L}, severity: low, ticket: none}
  N1: {name: {zh: 多, en: N}, severity: low, ticket: {count: 3, within_s: 3600}}
suppress:
  - {parent: P1, children: [L1]}
"""


def test_a_fault_that_comes_back_is_told_again(machine: Machine, device: Sender) -> None:
    """T12: the same ticket, but a new episode; who was told that it had gone must know."""
    run(NOW, device.fault("E04", NOW))
    run(NOW + 5 * MINUTE, device.fault("E04", NOW + MINUTE, is_active=False))
    with db.transaction():
        AlarmNotice.update(sent_at=NOW + MINUTE).execute()
    run(NOW + HOUR, device.fault("E04", NOW + HOUR))
    assert [(row.kind, row.created_at, row.sent_at is None) for row in AlarmNotice.select().order_by(AlarmNotice.id)] == [
        (NoticeKind.RAISED, NOW, False),
        (NoticeKind.RAISED, NOW + HOUR, True),
    ]
    assert Ticket.select().count() == 1


def test_a_child_that_wants_no_ticket_is_silent_while_its_parent_stands(machine: Machine, device: Sender) -> None:
    """T14: it speaks for itself when its parent has gone."""
    follow(machine)
    run(NOW, device.fault("P1", NOW))
    run(NOW + MINUTE, device.fault("L1", NOW + MINUTE))
    sending.look(NOW + 3 * MINUTE)
    assert dict(AlarmNotice.select(Episode.code, AlarmNotice.withdrawn_at.is_null()).join(Episode).tuples()) == {"P1": True, "L1": False}
    run(NOW + 10 * MINUTE, device.fault("P1", NOW + 9 * MINUTE, is_active=False))
    run(NOW + 11 * MINUTE)
    assert Alarm.get(Alarm.code == "L1").suppressed_by is None
    (notice,) = AlarmNotice.select().join(Episode).where(Episode.code == "L1")
    assert (notice.withdrawn_at, notice.created_at) == (None, NOW + 11 * MINUTE)
    assert {episode.code for episode in Episode.select().where(Episode.ticket.is_null(False))} == {"P1"}


def test_a_code_that_counts_only_when_it_comes_often_is_announced_the_last_time(machine: Machine, device: Sender) -> None:
    follow(machine)
    for number in range(3):
        at = NOW + number * 15 * MINUTE
        run(at, device.fault("N1", at))
        assert AlarmNotice.select().count() == (number == 2)
        run(at + 10 * MINUTE, device.fault("N1", at + MINUTE, is_active=False))
    assert AlarmNotice.get().episode.ticket_id is not None


def follow(machine: Machine) -> None:
    """The machine is monitored by ``PROFILE``."""
    with db.transaction():
        machine.profile = import_profile(by=system("setup"), text=PROFILE).row
        machine.save(only=[Machine.profile])


def test_a_notice_that_was_withdrawn_stands_again_and_one_that_left_does_not(machine: Machine, device: Sender) -> None:
    run(NOW, device.fault("E04", NOW))
    episode = AlarmNotice.get().episode
    with db.transaction():
        AlarmNotice.update(withdrawn_at=NOW).execute()
        announcing.raised(episode, NOW + HOUR)
    assert (AlarmNotice.get().withdrawn_at, AlarmNotice.get().created_at) == (None, NOW + HOUR)
    with db.transaction():
        AlarmNotice.update(sent_at=NOW + HOUR).execute()
        announcing.raised(episode, NOW + 2 * HOUR)
    assert (AlarmNotice.get().created_at, AlarmNotice.select().count()) == (NOW + HOUR, 1)
