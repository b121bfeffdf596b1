"""From the inbox to alarms, episodes and tickets, on both databases."""

import os
import random
from datetime import datetime, timedelta

import pytest
from peewee import Database, OperationalError

from app.core import clock, db, live
from app.core.errors import Unavailable
from app.core.types import system
from app.machines.models import DeviceProfile, Machine
from app.monitoring import intake
from app.monitoring.alarm_machine import transitions
from app.monitoring.alarm_machine.parameters import Parameters
from app.monitoring.alarm_machine.state import Signal, State
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, Condition, Episode, EvaluationCursor, InboxMessage, Terminal
from app.tickets import moving
from app.tickets.models import Priority, Ticket, TicketFault, TicketSource, TicketStatus
from tests import factories
from tests.monitoring.alarm_machine.reference import Said, Settings, Walk
from tests.monitoring.sender import Sender, ago, store


def evaluate(now: datetime | None = None) -> None:
    """Everything that is stored, then the timers."""
    evaluator = Evaluator(lambda: now or clock.now())
    while evaluator.evaluate_pending():
        pass
    evaluator.tick(clock.to_ms(now or clock.now()))


def episodes(machine: Machine, code: str = "E04") -> list[tuple[datetime, datetime | None, int]]:
    rows = Episode.select().where(Episode.machine == machine, Episode.code == code).order_by(Episode.started_at)
    return [(row.started_at, row.ended_at, row.count) for row in rows]


def test_it_works(machine: Machine, device: Sender) -> None:
    raised_at = ago(minutes=5)
    shown = live.version("alarms")
    store(device.birth(ago(minutes=6)), device.fault("E04", raised_at, text="oil 66"))
    assert Evaluator().evaluate_pending() == 2
    alarm, ticket = Alarm.get(), Ticket.get()
    assert (alarm.condition, alarm.is_acknowledged, alarm.severity) == (Condition.ACTIVE, False, Priority.HIGH)
    assert episodes(machine) == [(raised_at, None, 1)]
    assert Episode.get().ticket == ticket
    assert Episode.get().text == "oil 66"
    assert (ticket.status, ticket.source, ticket.priority, ticket.title) == (
        TicketStatus.TO_VERIFY,
        TicketSource.MONITORING,
        "high",
        "E04 油温高",
    )
    assert live.version("alarms") == shown + 1
    assert live.version("tickets") == 1


def test_a_fault_that_goes_ends_its_episode_but_not_its_ticket(machine: Machine, device: Sender) -> None:
    store(device.fault("E04", ago(minutes=5)))
    evaluate()
    gone_at = ago(minutes=2)
    store(device.fault("E04", gone_at, is_active=False))
    evaluate()
    assert episodes(machine)[0][1] == gone_at
    assert Alarm.get().condition == Condition.NORMAL
    assert Ticket.get().is_open
    assert not Alarm.get().is_acknowledged


def test_raised_again_counts_and_opens_nothing(machine: Machine, device: Sender) -> None:
    store(device.fault("E04", ago(minutes=5)))
    evaluate()
    version = Alarm.get().version
    store(device.fault("E04", ago(minutes=4)), device.fault("E04", ago(minutes=3)))
    evaluate()
    assert Episode.get().count == 3
    assert Ticket.select().count() == 1
    assert Alarm.get().version == version  # a repetition makes no screen stale


def test_an_old_fault_opens_no_ticket_while_what_is_still_to_come_may_say_that_it_is_over(machine: Machine, device: Sender) -> None:
    """FI-06: a fresh one waits for nothing."""
    evaluator = Evaluator()
    evaluator.is_intake_behind = lambda: True
    store(device.fault("E04", ago(hours=5)), device.fault("E06", ago(hours=4)), device.fault("E07", ago(seconds=5)))
    evaluator.evaluate_pending()
    evaluator.run_timers(clock.now() + timedelta(seconds=2))
    assert [one.code for one in Episode.select().where(Episode.ticket.is_null(False))] == ["E07"]
    store(device.fault("E06", ago(hours=3), is_active=False))
    evaluator.evaluate_pending()
    evaluator.is_intake_behind = lambda: False
    evaluator.run_timers(clock.now() + timedelta(seconds=4))
    assert {one.code for one in Episode.select().where(Episode.ticket.is_null(False))} == {"E04", "E07"}


def signals_of(seed: int) -> tuple[Sender, list, list[Said], datetime]:
    """A stream of one code with births, and the same in the words of the reference, a tick a second."""
    chance = random.Random(seed)
    device = Sender(f"EVC-{seed}")
    base = ago(hours=6)
    span = chance.choice((40, 400, 4_000))
    messages, expected = [], []
    for number in range(chance.randint(1, 25)):
        second = chance.randint(0, span)
        moment = base + timedelta(seconds=second)
        if chance.random() < 0.2:
            named = ["E04"] if chance.random() < 0.5 else []
            messages.append(device.birth(moment, *named, seq=number))
            expected.append(Said(second, number, "present" if named else "absent"))
        else:
            is_active = chance.random() < 0.6
            messages.append(device.fault("E04", moment, is_active=is_active, seq=number))
            expected.append(Said(second, number, "raised" if is_active else "cleared"))
    return device, messages, expected, base


def reference(said: list[Said], base: datetime) -> list[tuple[datetime, datetime | None, int]]:
    """Start, end and count of each episode of a device code with the usual delays."""
    walk = Walk(Settings({"": [(0, 1)]}, {"": 60})).through(said, 10_000)
    second = timedelta(seconds=1)
    return [(base + one.start * second, None if one.end is None else base + one.end * second, one.count) for one in walk.episodes]


def test_any_order_of_arrival_and_any_batches_give_the_reference_episodes(profile: DeviceProfile) -> None:
    """FI-07, FI-08: shuffled, doubled, cut into batches at any place."""
    for seed in range(300 if os.environ.get("FAULTS") == "long" else 15):
        device, messages, expected, base = signals_of(seed)
        machine = factories.machine(device=device.device, profile=profile)
        chance = random.Random(seed + 1000)
        arriving = messages + chance.choices(messages, k=len(messages) // 2)
        chance.shuffle(arriving)
        while arriving:
            size = chance.randint(1, 8)
            intake.store(arriving[:size])
            arriving = arriving[size:]
            if chance.random() < 0.7:
                evaluator = Evaluator()
                evaluator.evaluate_pending(limit=chance.randint(1, 10))
                if chance.random() < 0.5:
                    evaluator.tick(clock.now_ms())
        evaluate(clock.now() + timedelta(seconds=2))  # what waited for the messages behind it is looked at again after a second
        assert episodes(machine) == reference(expected, base), seed
        check_tickets(machine)


def check_tickets(machine: Machine) -> None:
    """At most one open ticket a family; each standing alarm that wants one has one."""
    open_faults = TicketFault.select().where(TicketFault.machine == machine, TicketFault.is_open)
    assert open_faults.count() <= 1
    standing = Episode.select().where(Episode.machine == machine, Episode.ended_at.is_null())
    assert all(episode.ticket_id is not None for episode in standing)
    alarm = Alarm.get_or_none(Alarm.machine == machine)
    assert alarm is None or (alarm.condition == Condition.ACTIVE) == bool(standing.count())


def test_a_late_message_is_put_in_its_place_and_marked(machine: Machine, device: Sender) -> None:
    store(device.fault("E04", ago(hours=1), seq=10))
    evaluate()
    ticket = Episode.get().ticket_id
    store(device.fault("E04", ago(hours=3), seq=8), device.fault("E04", ago(hours=2), is_active=False, seq=9))
    evaluate()
    rows = list(Episode.select().order_by(Episode.started_at))
    assert [(row.is_late, row.ticket_id) for row in rows] == [(True, None), (False, ticket)]


@pytest.mark.parametrize("days", [1, 6, 20])
def test_what_is_already_over_opens_no_ticket(machine: Machine, device: Sender, days: int) -> None:
    """FI-09."""
    store(device.fault("E04", ago(minutes=5), seq=30), device.fault("E04", ago(minutes=4), is_active=False, seq=31))
    evaluate()
    store(device.fault("E04", ago(days=days, hours=1), seq=10), device.fault("E04", ago(days=days), is_active=False, seq=11))
    evaluate()
    assert len(episodes(machine)) == 2
    assert Ticket.select().count() == 0


def test_an_acknowledgement_and_a_ticket_stay_when_the_start_moves(machine: Machine, device: Sender) -> None:
    store(device.fault("E04", ago(hours=1), seq=10))
    evaluate()
    before = Episode.get()
    Episode.update(acknowledged_at=clock.now()).execute()
    started_at = ago(hours=2)
    store(device.fault("E04", started_at, seq=9))
    evaluate()
    after = Episode.get()
    assert (after.id, after.ticket_id, after.count, after.started_at) == (before.id, before.ticket_id, 2, started_at)
    assert after.acknowledged_at is not None


def test_a_live_birth_ends_what_it_does_not_name_and_raises_what_it_names(machine: Machine, device: Sender) -> None:
    """FI-23."""
    store(device.fault("E04", ago(minutes=9)))
    evaluate()
    born_at = ago(minutes=1)
    device.boot = "a2"
    store(device.birth(born_at, "E06", seq=0))
    evaluate()
    assert episodes(machine, "E04")[0][1] == born_at
    assert episodes(machine, "E06") == [(born_at, None, 1)]


def test_a_reboot_in_the_middle_of_a_fault_opens_nothing_twice(machine: Machine, device: Sender) -> None:
    """FI-23: the fault stands through will and birth."""
    store(device.fault("E04", ago(minutes=9)))
    evaluate()
    store(device.will(ago(minutes=5)))
    evaluate()
    assert Alarm.get().condition == Condition.ACTIVE
    assert Terminal.get().is_online is False
    device.boot = "a2"
    store(device.birth(ago(minutes=1), "E04", seq=0))
    evaluate()
    assert Episode.select().count() == 1
    assert Episode.get().count == 1
    assert Ticket.select().count() == 1


def test_an_old_will_after_a_newer_birth_is_ignored(machine: Machine, device: Sender) -> None:
    """FI-24."""
    device.boot = "a2"
    store(device.birth(ago(minutes=1), seq=0))
    store(device.will(clock.now(), boot="a1"))
    evaluate()
    assert Terminal.get().is_online is True


def test_a_retained_birth_told_again_opens_nothing_twice(machine: Machine, device: Sender) -> None:
    """FI-26."""
    birth = device.birth(ago(minutes=9), "E04", is_retained=True)
    store(birth)
    evaluate()
    store(device.fault("E04", ago(minutes=5), is_active=False))
    evaluate()
    store(birth)
    evaluate()
    assert Episode.select().count() == 1
    assert Alarm.get().condition == Condition.NORMAL


def test_a_code_that_the_profile_does_not_have_is_high_and_opens_a_ticket(machine: Machine, device: Sender) -> None:
    store(device.fault("X99", ago(minutes=1)))
    evaluate()
    assert Alarm.get().severity == Priority.HIGH
    assert Ticket.get().title == "X99"


def test_a_code_without_a_ticket_in_its_profile_opens_none(machine: Machine, device: Sender) -> None:
    store(device.fault("E18", ago(minutes=1)))
    evaluate()
    assert Episode.select().count() == 1
    assert Ticket.select().count() == 0


def test_faults_of_one_machine_within_half_a_minute_share_a_ticket(machine: Machine, device: Sender) -> None:
    store(device.fault("E04", ago(minutes=1)))
    evaluate()
    store(device.fault("E06", ago(seconds=50)))
    evaluate()
    assert Ticket.select().count() == 1
    assert TicketFault.select().count() == 2


def test_a_fault_that_comes_back_within_a_day_opens_its_ticket_again_and_later_a_linked_one(machine: Machine, device: Sender) -> None:
    """T12."""
    store(device.fault("E04", ago(hours=3)), device.fault("E06", ago(hours=3)))
    evaluate(ago(hours=3))
    first = Ticket.get()
    moving.change_status(by=system("test"), ticket=first, to=TicketStatus.RESOLVED, version=first.version)
    store(device.fault("E04", ago(hours=2), is_active=False))
    evaluate()
    store(device.fault("E04", ago(hours=1)))
    evaluate()
    first = Ticket.get()
    assert Ticket.select().count() == 1
    assert first.is_open
    assert first.is_recurring
    moving.change_status(by=system("test"), ticket=first, to=TicketStatus.RESOLVED, version=first.version)
    store(device.fault("E04", ago(minutes=50), is_active=False), device.fault("E04", ago(minutes=40)))
    evaluate(clock.now() + timedelta(hours=25))
    assert Ticket.select().count() == 2
    assert Ticket.select().where(Ticket.repeat_of == first).count() == 1


def test_a_rule_that_raises_marks_its_message_and_the_rest_commits(
    machine: Machine, device: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FI-14."""
    step = transitions.step

    def fails_on_text(state: State, signal: Signal, parameters: Parameters) -> State:
        if signal.text == "poison":
            raise ZeroDivisionError("rule")
        return step(state, signal, parameters)

    monkeypatch.setattr(transitions, "step", fails_on_text)
    store(device.fault("E04", ago(minutes=3)), device.fault("E06", ago(minutes=2), text="poison"), device.fault("E02", ago(minutes=1)))
    evaluate()
    assert {alarm.code for alarm in Alarm.select()} == {"E04", "E02"}
    marked = InboxMessage.get(InboxMessage.error.is_null(False))
    assert marked.code == "E06"
    assert "ZeroDivisionError" in marked.error
    store(device.fault("E06", ago(seconds=30)))
    evaluate()
    assert [row[2] for row in episodes(machine, "E06")] == [1]


def test_effects_and_cursor_commit_together(machine: Machine, device: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    store(device.fault("E04", ago(minutes=3)))

    def dies(name: str) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as patched:
        patched.setattr("app.monitoring.evaluation.evaluator.crash_point", dies)
        with pytest.raises(Unavailable):
            Evaluator().evaluate_pending()
    assert Alarm.select().count() == 0
    assert Ticket.select().count() == 0
    evaluate()
    assert Alarm.select().count() == 1
    assert Ticket.select().count() == 1


def test_readings_cost_no_write_until_a_tick(machine: Machine, device: Sender) -> None:
    evaluator = Evaluator()
    store(*(device.reading(ago(minutes=5), oil_temp=50 + number) for number in range(5)))
    assert evaluator.evaluate_pending() == 5
    assert EvaluationCursor.select().count() == 0
    assert evaluator.evaluate_pending() == 0
    store(device.fault("E04", ago(minutes=3)))
    assert evaluator.evaluate_pending() == 1
    assert EvaluationCursor.get().position == 6
    store(device.reading(ago(minutes=2), oil_temp=50))
    evaluator.evaluate_pending()
    evaluator.tick(clock.now_ms())
    assert EvaluationCursor.get().position == 7


def test_at_most_as_many_messages_as_asked_for_are_taken(machine: Machine, device: Sender) -> None:
    store(*(device.fault("E04", ago(minutes=9 - number)) for number in range(5)))
    evaluator = Evaluator()
    assert [evaluator.evaluate_pending(limit=2) for _round in range(4)] == [2, 2, 1, 0]
    assert Episode.get().count == 5


def test_a_device_whose_machine_has_gone_is_passed_over(machine: Machine, device: Sender) -> None:
    store(device.fault("E04", ago(minutes=1)))
    Machine.update(device=None).execute()
    assert Evaluator().evaluate_pending() == 1
    assert Alarm.select().count() == 0


def test_two_evaluators_never_do_one_message_twice(database: Database, machine: Machine, device: Sender) -> None:
    one, other = Evaluator(), Evaluator()
    store(device.fault("E04", ago(minutes=5)))
    one.evaluate_pending()
    store(device.fault("E04", ago(minutes=4)))
    other.evaluate_pending()
    one.evaluate_pending()
    assert Episode.get().count == 2


def test_history_keeps_nothing_of_what_was_rolled_back(machine: Machine, device: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ticket opened in a batch that is done again message by message stands once in the history."""
    from app.core.history import HistoryEntry

    step = transitions.step
    monkeypatch.setattr(
        transitions, "step", lambda state, signal, parameters: 1 / 0 if signal.text == "poison" else step(state, signal, parameters)
    )
    store(device.fault("E04", ago(minutes=3)), device.fault("E06", ago(minutes=2), text="poison"))
    evaluate()
    assert HistoryEntry.select().where(HistoryEntry.action == "ticket.opened").count() == 1 == Ticket.select().count()
    assert db.database.in_transaction() is False
