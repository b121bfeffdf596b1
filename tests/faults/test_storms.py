"""Many machines fail at once, through the real intake and evaluation: each machine has one ticket (FI-28; E)."""

import random
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from peewee import Database

from app.accounts.models import Role
from app.core import clock, history
from app.core.errors import Conflict, Invalid
from app.machines.models import DeviceProfile, Machine
from app.machines.operations import seed_profiles
from app.monitoring import storms
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import AlarmNotice, Episode, NoticeKind, StormCause, TicketStorm
from app.tickets import children, merging, moving, parents
from app.tickets.children import Answer
from app.tickets.models import Ticket, TicketFault, TicketStatus
from tests import factories
from tests.faults.conftest import IS_LONG
from tests.monitoring import test_storms as raising
from tests.monitoring.sender import Sender, store
from tests.personas import actor_of, make_user

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
CODES = ("E10", "E11", "E14")
LARGE, OF_LARGE, OF_ONE = (5, 80, 100) if IS_LONG else (2, 12, 32)  # customers, machines of each, customers with one machine
WALKS, MOVES = (200, 80) if IS_LONG else (4, 60)
FINISHED = (TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.CANCELLED)


def fleet() -> list[Machine]:
    """Machines of a few customers who have many and of many who have one, in no order."""
    seed_profiles()
    profile = DeviceProfile.get(DeviceProfile.name == "underground_compactor_v1")
    owners = [factories.customer() for _ in range(LARGE)]
    sites = [factories.site(customer=owner) for owner in owners]
    made = [factories.machine(customer=one.customer, site=one, profile=profile) for one in sites for _ in range(OF_LARGE)]
    made += [factories.machine(profile=profile) for _ in range(OF_ONE)]
    random.Random(28).shuffle(made)
    return made


def faults_of(ticket: Ticket) -> set[tuple[int, str]]:
    """The families of machines that ``ticket`` stands for."""
    return set(
        TicketFault.select(TicketFault.machine, TicketFault.family).where(TicketFault.ticket == ticket, TicketFault.is_open).tuples()
    )


def assert_one_each() -> None:
    """E: an open family of a machine has exactly one ticket, and that is open; parents stand on top and name no machine."""
    faults = list(TicketFault.select(TicketFault, Ticket).join(Ticket))
    standing = Counter((fault.machine_id, fault.family) for fault in faults if fault.is_open)
    assert set(standing.values()) <= {1}
    assert [fault.id for fault in faults if fault.is_open != fault.ticket.is_open] == []
    tops = list(Ticket.select().where(Ticket.id.in_(Ticket.select(Ticket.parent).where(Ticket.parent.is_null(False)))))
    assert [one.number for one in tops if one.machine_id is not None or one.parent_id is not None] == []
    running = Counter(TicketStorm.select(TicketStorm.cause, TicketStorm.name).where(TicketStorm.ended_at.is_null()).tuples())
    assert set(running.values()) <= {1}


@pytest.mark.slow
def test_fi_28_machines_with_three_faults_each_within_a_minute_have_one_ticket_each(database: Database) -> None:
    """The three come twenty seconds apart, so that the last is not within the thirty seconds of one ticket of a machine."""
    machines = fleet()
    start = clock.now().replace(microsecond=0) - 2 * MINUTE
    now = start
    evaluator = Evaluator(lambda: now)
    senders = {machine.id: Sender(machine.device) for machine in machines}
    for turn, code in enumerate(CODES):
        for second in range(20):
            now = start + (20 * turn + second) * SECOND
            store(*(senders[machine.id].fault(code, now) for machine in machines[second::20]))
            while evaluator.evaluate_pending():
                pass
    assert Episode.select().count() == len(CODES) * len(machines)
    per_machine = Counter(machine_id for (machine_id,) in Ticket.select(Ticket.machine).where(Ticket.machine.is_null(False)).tuples())
    assert sorted(per_machine) == sorted(machine.id for machine in machines)
    assert set(per_machine.values()) == {1}
    assert Episode.select().where(Episode.ticket.is_null()).count() == 0
    causes = Counter(storm.cause for storm in TicketStorm.select())
    assert causes == {StormCause.CUSTOMER: LARGE, StormCause.REST: 1}
    assert Ticket.select().where(Ticket.machine.is_null(False), Ticket.parent.is_null()).count() == 0
    assert AlarmNotice.select().where(AlarmNotice.kind == NoticeKind.STORM).count() == LARGE + 1
    assert_one_each()
    assert history.verify().problem is None


class Walk:
    """Faults come, people and the portal close, join and part tickets, in an order that ``seed`` gives."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.at = datetime(2026, 11, 23, 6, 5, tzinfo=clock.UTC)
        self.clerk = actor_of(make_user(Role.CLERK))
        self.groups = [raising.site(14), raising.site(12), [factories.machine() for _ in range(34)]]
        self.ways = [self.burst] * 4 + [self.fail] * 6 + [self.close] * 5 + [self.merge] * 3 + [self.untie, self.answer, self.quiet]

    def move(self) -> None:
        """One of the ways; what is refused changes nothing."""
        self.at += self.chance.choice((SECOND, 20 * SECOND, 40 * SECOND, 6 * MINUTE, 30 * 60 * MINUTE))
        with suppress(Conflict, Invalid):
            self.chance.choice(self.ways)()

    def fail(self, machine: Machine | None = None) -> None:
        """A machine raises a code, which has an open ticket then."""
        machine, code = machine or self.chance.choice(self.chance.choice(self.groups)), self.chance.choice(CODES)
        ticket = Ticket.get_by_id(raising.fail(machine, self.at, code).id)
        fault = TicketFault.get(TicketFault.machine == machine, TicketFault.family == code, TicketFault.is_open)
        assert ticket.is_open
        assert fault.ticket == ticket

    def burst(self) -> None:
        """Most machines of one customer, or of many, fail at once."""
        group = self.chance.choice(self.groups)
        for machine in self.chance.sample(group, self.chance.randrange(8, len(group) + 1)):
            self.fail(machine)

    def one(self) -> Ticket:
        """An open ticket."""
        found = list(Ticket.select().where(Ticket.is_open).order_by(Ticket.id))
        if not found:
            raise Conflict("none is open")
        return self.chance.choice(found)

    def close(self) -> None:
        """Finished one by one, as a clerk does."""
        for _each in range(self.chance.randrange(1, 30)):
            ticket, to = self.one(), self.chance.choice(FINISHED)
            moving.change_status(by=self.clerk, ticket=ticket, to=to, version=ticket.version, reason="误报", solution="已处理", at=self.at)

    def merge(self) -> None:
        """Any two, also a parent, also a child into its parent."""
        one, other = self.one(), self.one()
        held = faults_of(one)
        merging.merge(by=self.clerk, ticket=one, into=other, version=one.version, at=self.at)
        assert held <= faults_of(other)

    def untie(self) -> None:
        """A child is taken out."""
        parents.untie(by=self.clerk, ticket=self.one(), at=self.at)

    def answer(self) -> None:
        """All children of a parent in one step."""
        below = Ticket.select(Ticket.parent).where(Ticket.parent.is_null(False))
        for parent in Ticket.select().where(Ticket.id.in_(below), Ticket.is_open).limit(1):
            children.answer(by=self.clerk, parent=parent, said=self.chance.choice(list(Answer)), words="全站停电")

    def quiet(self) -> None:
        """The worker ends what is over."""
        storms.end_quiet(self.at)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(WALKS))
def test_whatever_comes_closes_and_is_merged_each_family_of_a_machine_has_one_open_ticket(sqlite_database: Database, seed: int) -> None:
    walk = Walk(seed)
    for machine in walk.groups[0]:
        walk.fail(machine)
    for _move in range(MOVES):
        walk.move()
        assert_one_each()
    assert TicketStorm.select().exists()
    assert history.verify().problem is None
