"""Evaluation shared by several processes: every message once, a dead one's part taken over, partitions changed without stopping."""

import pytest
from peewee import Database, fn

from app.core import clock
from app.core.errors import Invalid
from app.machines.models import DeviceProfile
from app.monitoring import evaluation, intake
from app.monitoring.evaluation import Evaluators, partitions
from app.monitoring.evaluation.evaluator import Evaluator
from app.monitoring.evaluation.inbox import NotOurs, Partition
from app.monitoring.evaluation.partitions import TTL_MS
from app.monitoring.models import Episode, EvaluationCursor, IntakeLease, Terminal
from app.tickets.models import Ticket
from tests import factories
from tests.monitoring.sender import Sender, ago, store

MACHINES = 6


@pytest.fixture
def fleet(postgresql_database: Database) -> list[Sender]:
    """Machines whose devices have been heard of, on the database that can take several writers."""
    from app.machines.operations import seed_profiles

    seed_profiles()
    profile = DeviceProfile.get(DeviceProfile.name == "underground_compactor_v1")
    devices = [f"EVC-{number}" for number in range(MACHINES)]
    for device in devices:
        factories.machine(device=device, profile=profile)
    fleet = [Sender(device) for device in devices]
    store(*(one.birth(ago(minutes=9)) for one in fleet))
    return fleet


def beat(instance: str, at_ms: int, *, is_connected: bool = True) -> None:
    intake.beat(
        intake.Heartbeat(
            instance=instance, heartbeat_ms=at_ms, is_connected=is_connected, connected_ms=at_ms, last_message_ms=None, queue_length=0,
            delivery="full", problem="",
        )
    )  # fmt: skip


def raise_all(fleet: list[Sender], code: str) -> None:
    store(*(one.fault(code, ago(minutes=5)) for one in fleet))


def split(number: int) -> None:
    evaluation.ask_for(number)
    for one in evaluation.whole():
        while one.evaluate_pending():
            pass
        one.tick(clock.now_ms())
    assert partitions.settle()


def held(one: Evaluators) -> set[str]:
    return {lease.name for lease in one._share.held}


def test_it_works(fleet: list[Sender]) -> None:
    split(2)
    raise_all(fleet, "E04")
    advanced = [one.evaluate_pending() for one in evaluation.whole()]
    assert advanced == [MACHINES, MACHINES]
    assert Episode.select().count() == Ticket.select().where(Ticket.parent.is_null()).count() == MACHINES
    assert {row.name for row in EvaluationCursor.select()} == {"alarms:0/2", "alarms:1/2"}


def test_each_partition_evaluates_its_own_terminals_only(fleet: list[Sender]) -> None:
    split(2)
    raise_all(fleet, "E04")
    Evaluator(partition=Partition(1, 2)).evaluate_pending()
    odd = {row.device for row in Terminal.select().where(fn.MOD(Terminal.id, 2) == 1)}
    assert {row.machine.device for row in Episode.select()} == odd != set()


def test_two_processes_share_and_the_second_takes_over_what_the_first_held(fleet: list[Sender]) -> None:
    split(2)
    now_ms = clock.now_ms()
    first, second = Evaluators("one"), Evaluators("two")
    beat("one", now_ms)
    first.tick(now_ms)
    assert len(held(first)) == 2
    beat("two", now_ms)
    for step in range(1, 4):
        beat("one", now_ms + step * 1_000)
        beat("two", now_ms + step * 1_000)
        first.tick(now_ms + step * 1_000)
        second.tick(now_ms + step * 1_000)
    assert (len(held(first)), len(held(second))) == (1, 1)
    later_ms = now_ms + 4_000 + TTL_MS
    beat("two", later_ms)
    second.tick(later_ms)
    assert len(held(second)) == 2
    raise_all(fleet, "E04")
    assert second.evaluate_pending() == 2 * MACHINES
    assert Episode.select().count() == MACHINES


def test_who_was_fenced_off_changes_nothing(fleet: list[Sender]) -> None:
    now_ms = clock.now_ms()
    frozen, survivor = Evaluators("one"), Evaluators("two")
    beat("one", now_ms)
    frozen.tick(now_ms)
    assert frozen.evaluate_pending() == MACHINES
    later_ms = now_ms + TTL_MS
    beat("two", later_ms)
    survivor.tick(later_ms)
    raise_all(fleet, "E04")
    assert frozen.evaluate_pending() == 0
    assert (Episode.select().count(), held(frozen)) == (0, set())
    assert survivor.evaluate_pending() > 0
    assert Episode.select().count() == MACHINES


def test_who_has_no_connection_leaves_evaluation_to_who_has_one(fleet: list[Sender]) -> None:
    now_ms = clock.now_ms()
    standby, active = Evaluators("a-standby"), Evaluators("b-active")
    beat("a-standby", now_ms, is_connected=False)
    standby.tick(now_ms)
    assert len(held(standby)) == 1
    beat("b-active", now_ms)
    standby.tick(now_ms + 1_000)
    active.tick(now_ms + 1_000)
    assert (len(held(standby)), len(held(active))) == (0, 1)


def test_partitions_change_while_messages_come_in_and_none_is_lost_or_done_twice(fleet: list[Sender]) -> None:
    running = Evaluators("one")
    now_ms = clock.now_ms()
    codes = ["E02", "E04", "E06", "E07", "E10"]
    for step, (code, number) in enumerate(zip(codes, [3, 2, 1, 4, 4], strict=True)):
        raise_all(fleet, code)
        running.evaluate_pending(limit=4)
        evaluation.ask_for(number)
        raise_all(fleet, f"X{code}")
        for turn in range(1, 9):
            at_ms = now_ms + (step * 10 + turn) * 1_000
            beat("one", at_ms)
            running.tick(at_ms)
            running.evaluate_pending()
        assert (evaluation.stored(), evaluation.wanted()) == (number, None)
    found = sorted((row.code, row.machine.device) for row in Episode.select())
    assert found == sorted((code, one.device) for one in fleet for known in codes for code in (known, f"X{known}"))
    assert all(row.count == 1 for row in Episode.select())


def test_a_reader_of_partitions_that_are_gone_changes_nothing(fleet: list[Sender]) -> None:
    old = Evaluator()
    old.evaluate_pending()
    split(2)
    raise_all(fleet, "E04")
    with pytest.raises(NotOurs):
        old.evaluate_pending()
    assert Episode.select().count() == 0


def test_what_is_remembered_of_values_is_dropped_when_another_read_in_between(fleet: list[Sender]) -> None:
    mine, other = Evaluator(), Evaluator()
    store(fleet[0].reading(ago(minutes=8), oil_temp=50))
    mine.evaluate_pending()
    store(fleet[0].reading(ago(minutes=7), oil_temp=90), fleet[0].fault("E04", ago(minutes=7)))
    other.evaluate_pending()
    assert mine._watching._by_terminal
    mine.evaluate_pending()
    assert not mine._watching._by_terminal


def test_sqlite_has_one_partition(sqlite_database: Database) -> None:
    with pytest.raises(Invalid, match="PostgreSQL"):
        evaluation.ask_for(2)
    evaluation.ask_for(1)
    with pytest.raises(Invalid):
        evaluation.ask_for(0)


def test_a_partition_that_is_free_is_named_with_nobody(sqlite_database: Database) -> None:
    assert [(one.position, one.holder) for one in evaluation.progress()] == [(0, "")]
    now_ms = clock.now_ms()
    running = Evaluators("one")
    running.tick(now_ms)
    assert [one.holder for one in evaluation.progress()] == ["one"]
    running.give_back()
    assert intake.take_lease(IntakeLease.get().name, "two", now_ms + 1) is not None
