"""Each fault of a machine has one ticket, whoever comes at once (monitoring §4; FI-31)."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from peewee import Database

from app.accounts.models import Role
from app.core import db, history
from app.core.errors import Conflict
from app.core.types import system
from app.machines.models import Machine
from app.tickets import faults, moving, reasons, states
from app.tickets.faults import FaultTicket, Outcome
from app.tickets.models import Priority, Ticket, TicketFault, TicketStatus, TicketTransition
from app.tickets.reasons import AlarmReason
from tests import factories
from tests.conftest import url_of
from tests.personas import actor_of, make_user

AT = datetime(2026, 11, 23, 6, 5, tzinfo=UTC)
MONITORING = system("monitoring")
ROUNDS = 1_000 if os.environ.get("FAULTS") == "long" else 50


def raised(machine: Machine, family: str = "oil", code: str = "E04", at: datetime = AT, priority: Priority = Priority.HIGH) -> FaultTicket:
    reason = AlarmReason(code=code, name_zh="油温高", name_en="Oil temperature high", at=at)
    return faults.for_fault(by=MONITORING, machine=machine, family=family, priority=priority, title=code, reason=reason, at=at)


def finished(ticket: Ticket, at: datetime, *targets: TicketStatus) -> None:
    for target in targets or (TicketStatus.RESOLVED,):
        moving.change_status(by=MONITORING, ticket=ticket, to=target, version=ticket.version, at=at)


def at_once(*works: Callable[[], object]) -> list[object]:
    """Run all at once, each in its thread; gives their results or errors in their order."""
    barrier, results = threading.Barrier(len(works)), [None] * len(works)

    def run(index: int, work: Callable[[], object]) -> None:
        db.connect()
        barrier.wait()
        try:
            results[index] = work()
        except Exception as error:
            results[index] = error
        finally:
            db.drop_connection()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_it_works(database: Database) -> None:
    found = raised(factories.machine())
    assert (found.outcome, found.ticket.status) == (Outcome.OPENED, "to_verify")
    assert reasons.from_json(Ticket.get().reason)[0].name("zh_CN") == "油温高"


def test_a_second_raise_joins_the_open_ticket(database: Database) -> None:
    machine = factories.machine()
    assert raised(machine).ticket == raised(machine, at=AT + timedelta(days=3)).ticket
    assert Ticket.select().count() == 1


def test_another_family_joins_a_ticket_of_the_last_30_seconds(database: Database) -> None:
    machine = factories.machine()
    first = raised(machine)
    assert raised(machine, "level", "E06", AT + timedelta(seconds=30)).ticket == first.ticket
    assert raised(machine, "door", "E10", AT + timedelta(seconds=31)).outcome == Outcome.OPENED
    assert reasons.codes(Ticket.get_by_id(first.ticket.id).reason) == ["E04", "E06"]


def test_another_machine_gets_its_own_ticket(database: Database) -> None:
    assert raised(factories.machine()).ticket != raised(factories.machine()).ticket


def test_a_graver_alarm_raises_the_priority_and_a_milder_one_does_not(database: Database) -> None:
    machine = factories.machine()
    raised(machine)
    raised(machine, priority=Priority.CRITICAL)
    raised(machine, priority=Priority.LOW)
    assert Ticket.get().priority == "critical"


@pytest.mark.parametrize("targets", [(TicketStatus.RESOLVED,), (TicketStatus.RESOLVED, TicketStatus.CLOSED)])
def test_a_fault_that_comes_back_within_24_hours_opens_its_ticket_again(database: Database, targets: tuple[TicketStatus, ...]) -> None:
    machine = factories.machine()
    first = raised(machine).ticket
    finished(first, AT + timedelta(hours=1), *targets)
    again = raised(machine, at=AT + timedelta(hours=25))
    assert (again.outcome, again.ticket, again.ticket.status) == (Outcome.REOPENED, first, "to_verify")
    assert Ticket.get().is_recurring
    assert TicketFault.get().is_open
    assert first.transitions.order_by(TicketTransition.id.desc()).first().reason == states.RECURRED


def test_a_fault_that_comes_back_later_is_a_linked_repeat(database: Database) -> None:
    machine = factories.machine()
    first = raised(machine).ticket
    finished(first, AT)
    again = raised(machine, at=AT + timedelta(hours=24, milliseconds=1))
    assert (again.outcome, again.ticket.repeat_of, again.ticket.is_recurring) == (Outcome.OPENED, first, True)


def test_a_cancelled_ticket_is_neither_joined_nor_repeated(database: Database) -> None:
    machine = factories.machine()
    first = raised(machine).ticket
    moving.change_status(by=MONITORING, ticket=first, to=TicketStatus.CANCELLED, version=1, reason="误报", at=AT)
    again = raised(machine, at=AT + timedelta(hours=1))
    assert (again.outcome, again.ticket.repeat_of) == (Outcome.OPENED, None)


def test_a_lost_round_leaves_no_number_and_no_history(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    machine, take, lost = factories.machine(), faults._take_family, []

    def lose_once(ticket: Ticket, machine: Machine, family: str) -> None:
        if not lost:
            lost.append(ticket.number)
            raise faults._LostRound
        take(ticket, machine, family)

    monkeypatch.setattr(faults, "_take_family", lose_once)
    assert raised(machine).ticket.number == lost[0]
    assert history.verify().entries == 1


def test_after_three_lost_rounds_it_gives_up_and_leaves_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(*_arguments: object) -> None:
        raise faults._LostRound

    monkeypatch.setattr(faults, "_take_family", lose)
    with pytest.raises(Conflict):
        raised(factories.machine())
    assert (Ticket.select().count(), history.verify().entries) == (0, 0)


@pytest.mark.slow
def test_fi_31_a_clerk_who_closes_while_a_raise_comes(database: Database) -> None:
    """Either the raise joined before and the clerk is told, or it opens the ticket again; never a closed ticket with an open fault."""
    chen = actor_of(make_user(Role.CLERK))
    for _round in range(ROUNDS):
        machine = factories.machine()
        ticket = raised(machine).ticket
        version = ticket.version
        closing, raising = at_once(
            lambda ticket=ticket, version=version: moving.change_status(
                by=chen, ticket=ticket, to=TicketStatus.RESOLVED, version=version, at=AT
            ),
            lambda machine=machine: raised(machine, code="E05", at=AT + timedelta(minutes=1)),
        )
        assert isinstance(raising, FaultTicket), raising
        now = Ticket.get_by_id(ticket.id)
        is_told = isinstance(closing, Conflict)
        assert closing is None or is_told, closing
        assert raising.outcome == (Outcome.JOINED if is_told else Outcome.REOPENED)
        assert now.is_open
        assert TicketFault.get(TicketFault.ticket == ticket).is_open
        assert Ticket.select().where(Ticket.machine == machine).count() == 1
    assert history.verify().problem is None


@pytest.mark.slow
def test_two_who_move_one_ticket_at_once_are_one_winner_and_one_told(database: Database) -> None:
    zhao, liu = actor_of(make_user(Role.DEPUTY)), actor_of(make_user(Role.MANAGER))
    for _round in range(ROUNDS):
        made = factories.ticket(status=TicketStatus.WAITING_DISPATCH)
        results = at_once(
            *(
                lambda by=by, made=made: moving.change_status(by=by, ticket=Ticket.get_by_id(made.id), to=TicketStatus.RESOLVED, version=1)
                for by in (zhao, liu)
            )
        )
        assert sorted(type(result).__name__ for result in results) == ["Conflict", "NoneType"]
        assert made.transitions.count() == 1


@pytest.mark.slow
def test_raises_of_one_family_at_once_open_one_ticket(database: Database) -> None:
    for _round in range(ROUNDS):
        machine = factories.machine()
        results = at_once(*(lambda machine=machine: raised(machine) for _ in range(4)))
        assert sorted(one.outcome for one in results) == ["joined", "joined", "joined", "opened"], results
        assert Ticket.select().where(Ticket.machine == machine).count() == 1


_PROCESS = """
import sys
from app.core import db, history
from app.machines.models import Machine
from tests.tickets.test_faults import AT, raised
db.bind(sys.argv[1]); history.configure(sys.argv[2]); db.connect()
sys.stdin.readline()
for machine in Machine.select().order_by(Machine.id):
    raised(machine)
"""


@pytest.mark.slow
def test_two_processes_open_one_ticket_per_family(postgresql_database: Database) -> None:
    machines = [factories.machine() for _ in range(ROUNDS)]
    command = [sys.executable, "-c", _PROCESS, url_of(postgresql_database), "k" * 32]
    history.configure("k" * 32)
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    assert Ticket.select().count() == TicketFault.select().where(TicketFault.is_open).count() == len(machines)
    assert history.verify().problem is None
