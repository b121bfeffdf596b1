"""Terminals that stop speaking, the alarm of it, and what ends it (T14, T16; FI-23, FI-24)."""

import pytest
from peewee import Database

from app.core import clock
from app.core.types import system
from app.machines.models import DeviceProfile, Machine
from app.machines.move_operations import TerminalDetails, replace_terminal
from app.monitoring.evaluation import Evaluator
from app.monitoring.evaluation.inbox import Partition
from app.monitoring.models import Alarm, Condition, Episode, Terminal, TerminalSilence
from app.tickets.models import Ticket
from tests import factories
from tests.monitoring.sender import Sender
from tests.monitoring.silence.clocked import HOUR, MINUTE, MONDAY, SECOND, Clocked


@pytest.fixture
def site(machine: Machine) -> Clocked:
    """Up for an hour."""
    return Clocked().up_for(HOUR)


@pytest.fixture
def others(site: Clocked, profile: DeviceProfile) -> list[Sender]:
    """Two machines that go on speaking."""
    return [Sender(factories.machine(device=f"EVC-{number}", profile=profile).device) for number in (8, 9)]


def terminal(device: str = "EVC-1") -> Terminal:
    return Terminal.get(Terminal.device == device)


def lost() -> Alarm:
    return Alarm.get(Alarm.code == "COMM_LOST")


def episode() -> Episode:
    return Episode.select().where(Episode.code == "COMM_LOST").order_by(Episode.id).first()


def test_it_works(site: Clocked, device: Sender, others: list[Sender]) -> None:
    site.hear(device, oil_temp=50)
    heard_at = site.now
    site.pass_by(181 * SECOND, *others)
    assert (terminal().is_late, terminal().is_silent) == (True, False)
    assert Alarm.select().count() == 0
    site.pass_by(10 * MINUTE, *others)
    assert (terminal().is_late, terminal().is_silent, terminal().silent_since) == (False, True, heard_at)
    silence = TerminalSilence.get()
    assert (silence.from_at, silence.ended_at) == (heard_at, None)
    assert (lost().condition, lost().severity, lost().is_acknowledged) == (Condition.ACTIVE, "high", False)
    assert (episode().started_at, episode().ticket_id) == (silence.noticed_at, None)


def test_the_next_message_ends_it(site: Clocked, device: Sender, others: list[Sender]) -> None:
    site.hear(device, oil_temp=50)
    site.pass_by(20 * MINUTE, *others)
    site.hear(device, oil_temp=50)
    heard_at = site.now
    site.pass_by(2 * MINUTE, *others)
    assert (terminal().is_silent, terminal().silent_since, terminal().is_late) == (False, None, False)
    assert TerminalSilence.get().ended_at == heard_at
    assert (lost().condition, episode().ended_at, episode().is_late) == (Condition.NORMAL, heard_at, False)


def test_a_birth_that_ends_it_puts_nothing_in_another_place(site: Clocked, device: Sender, others: list[Sender]) -> None:
    for _round in range(3):
        site.hear(device, "birth")
        site.pass_by(MINUTE, *others)
        site.hear(device, "will")
        site.pass_by(20 * MINUTE, *others)
    site.hear(device, "birth")
    site.pass_by(2 * MINUTE, *others)
    rows = list(Episode.select().order_by(Episode.started_at))
    assert [(row.ended_at is not None, row.is_late, row.count) for row in rows] == [(True, False, 1)] * 3


def test_nothing_else_of_the_machine_is_touched(site: Clocked, device: Sender, others: list[Sender]) -> None:
    site.hear(device, "fault", "E04")
    site.pass_by(20 * MINUTE, *others)
    fault = Alarm.get(Alarm.code == "E04")
    assert fault.condition == Condition.ACTIVE
    assert Episode.get(Episode.code == "E04").ended_at is None
    assert lost().condition == Condition.ACTIVE


def test_a_last_will_makes_late_at_once_and_silent_ten_minutes_later(site: Clocked, device: Sender, others: list[Sender]) -> None:
    site.hear(device, "birth")
    site.hear(device, "will")
    site.pass_by(10 * SECOND, *others)
    assert terminal().is_late
    site.pass_by(601 * SECOND, *others)
    assert terminal().is_silent


def test_a_last_will_of_a_boot_that_is_over_says_nothing(site: Clocked, device: Sender, others: list[Sender]) -> None:
    site.hear(device, "birth")
    again = Sender("EVC-1", boot="a2")
    site.hear(again, "birth")
    site.hear(device, "will", boot="a1")
    site.pass_by(10 * SECOND, *others)
    assert (terminal().is_online, terminal().is_late) == (True, False)


def test_who_goes_on_speaking_after_its_will_is_there_although_its_birth_was_lost(
    site: Clocked, device: Sender, others: list[Sender]
) -> None:
    site.hear(device, "birth")
    site.hear(device, "will")
    site.now += SECOND
    site.hear(device, oil_temp=50)
    site.pass_by(10 * SECOND, *others)
    assert (terminal().is_online, terminal().is_late) == (True, False)


def test_what_the_broker_kept_is_no_sign_of_life(site: Clocked, device: Sender, others: list[Sender]) -> None:
    site.hear(device, "birth")
    heard_at = site.now
    site.pass_by(20 * MINUTE, *others)
    site.hear(device, "birth", is_retained=True)
    site.pass_by(MINUTE, *others)
    assert (terminal().is_silent, terminal().last_received_at) == (True, heard_at)
    assert lost().condition == Condition.ACTIVE


def test_a_ticket_is_opened_after_two_hours_of_working_time(site: Clocked, device: Sender, others: list[Sender]) -> None:
    site.hear(device, oil_temp=50)
    site.pass_by(14 * MINUTE, *others)
    assert episode().started_at == MONDAY + HOUR + 810 * SECOND  # 11:13 in Shanghai; work goes on at 13:30
    due = MONDAY.replace(hour=6, minute=43, second=30)
    site.now = due - 10 * SECOND
    site.pass_by(SECOND, every=SECOND)
    assert Ticket.select().count() == 0
    for other in others:
        site.hear(other, oil_temp=40)
    site.pass_by(10 * SECOND, *others)
    assert [ticket.machine.device for ticket in Ticket.select()] == ["EVC-1"]
    assert episode().ticket == Ticket.get()


def test_nobody_is_called_silent_just_after_a_start(site: Clocked, device: Sender, others: list[Sender]) -> None:
    site.hear(device, oil_temp=50)
    site.pass_by(12 * MINUTE, *others)
    site.restart()
    site.pass_by(270 * SECOND, *others)
    assert (terminal().is_late, terminal().is_silent) == (True, False)
    site.pass_by(30 * SECOND, *others)
    assert terminal().is_silent


def test_a_silence_outlives_a_restart(site: Clocked, device: Sender, others: list[Sender]) -> None:
    site.hear(device, oil_temp=50)
    site.pass_by(20 * MINUTE, *others)
    site.restart()
    site.pass_by(20 * MINUTE, *others)
    assert terminal().is_silent
    assert TerminalSilence.select().count() == Episode.select().count() == 1


def test_a_terminal_that_is_taken_off_is_waited_for_no_longer(
    site: Clocked, machine: Machine, device: Sender, others: list[Sender]
) -> None:
    site.hear(device, oil_temp=50)
    site.pass_by(20 * MINUTE, *others)
    details = TerminalDetails(device="EVC-2", reason="defect", at=site.now)
    replace_terminal(by=system("test"), machine=machine, version=machine.version, details=details)
    site.pass_by(2 * MINUTE, *others)
    assert TerminalSilence.get().ended_at is not None
    assert lost().condition == Condition.NORMAL
    assert not terminal().is_silent


def test_a_machine_without_profile_has_the_usual_limits(database: Database) -> None:
    factories.machine(device="EVC-5")
    site, device = Clocked().up_for(HOUR), Sender("EVC-5")
    site.hear(device, oil_temp=50)
    site.pass_by(14 * MINUTE)
    assert (lost().severity, lost().condition, Ticket.select().count()) == ("high", Condition.ACTIVE, 0)


def test_a_late_message_from_before_the_silence_leaves_it_as_it_is(site: Clocked, device: Sender, others: list[Sender]) -> None:
    site.hear(device, oil_temp=50)
    before = site.now + MINUTE
    site.pass_by(20 * MINUTE, *others)
    site.hear(device, oil_temp=50)
    site.pass_by(5 * MINUTE, device, *others)
    told = [(row.started_at, row.ended_at) for row in Episode.select()]
    site.receive(device.fault("COMM_LOST", before, is_active=False))
    site.pass_by(MINUTE, device, *others)
    assert [(row.started_at, row.ended_at) for row in Episode.select()] == told
    assert lost().condition == Condition.NORMAL


def test_of_several_partitions_only_the_first_looks(site: Clocked, device: Sender) -> None:
    site.hear(device, oil_temp=50)
    second, first = (Evaluator(lambda: site.now, Partition(number, 2)) for number in (1, 0))
    for evaluator, is_noticed in ((second, False), (first, True)):
        for _minute in range(8):
            site.now += MINUTE
            evaluator.tick(clock.to_ms(site.now))
        assert (terminal().is_late or terminal().is_silent) == is_noticed
