"""The fault register (2E-16): every fault once, narrowed and counted by what people ask for."""

from datetime import datetime, timedelta

import pytest
from peewee import Database

from app.accounts.models import Area, Role
from app.core import clock
from app.core.errors import Invalid
from app.core.types import Actor
from app.machines.models import Machine
from app.monitoring import fault_register
from app.monitoring.fault_register import GROUPS, STATES, Filters, Group
from app.monitoring.models import Condition, Episode
from app.tickets.models import Priority
from tests import factories
from tests.personas import actor_of, make_user

HOUR = timedelta(hours=1)


def fault(machine: Machine, started_at: datetime, *, minutes: int | None = 30, **values: object) -> Episode:
    condition = Condition.ACTIVE if minutes is None else Condition.NORMAL
    code = values.pop("code", f"F{Episode.select().count()}")
    alarm = factories.alarm(machine=machine, code=code, condition=condition, started_at=started_at, severity=Priority.HIGH)
    ended_at = None if minutes is None else started_at + timedelta(minutes=minutes)
    Episode.update(ended_at=ended_at, **values).where(Episode.alarm == alarm).execute()
    return Episode.get(Episode.alarm == alarm)


@pytest.fixture
def now(database: Database) -> datetime:
    return clock.now()


@pytest.fixture
def clerk(database: Database) -> Actor:
    return actor_of(make_user(Role.CLERK))


@pytest.fixture
def machine(database: Database) -> Machine:
    return factories.machine(
        serial="YS-1", device="EVC-1", customer=factories.customer(name="城北环卫", short_name="城北环卫"), area=Area.create(name="城北区")
    )


def grouped(actor: Actor, by: str, now: datetime) -> list[Group]:
    return fault_register.grouped(actor, Filters(), by, now)


def test_it_works(clerk: Actor, machine: Machine, now: datetime) -> None:
    fault(machine, now - 5 * HOUR, minutes=30, code="E04", count=3)
    fault(factories.machine(serial="YS-2", device="EVC-2"), now - 2 * HOUR, minutes=None, code="E04")
    assert grouped(clerk, "code", now) == [Group("E04", "E04", 2, 4, 150)]
    assert grouped(clerk, "customer", now)[0] == Group(machine.customer_id, "城北环卫", 1, 3, 30)
    assert {(group.words, group.faults) for group in grouped(clerk, "area", now)} >= {("城北区", 1)}


def test_days_are_those_of_the_desk_newest_first(clerk: Actor, machine: Machine, now: datetime) -> None:
    midnight = now.astimezone(clock.zone()).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    fault(machine, midnight)
    fault(machine, midnight - timedelta(milliseconds=1))
    days = grouped(clerk, "day", now)
    assert [(day.key, day.faults) for day in days] == [
        (midnight.date().isoformat(), 1),
        ((midnight.date() - timedelta(days=1)).isoformat(), 1),
    ]


@pytest.mark.parametrize("by", GROUPS)
def test_every_way_of_counting_counts_each_fault_once(clerk: Actor, machine: Machine, now: datetime, by: str) -> None:
    for number in range(3):
        fault(machine, now - number * HOUR)
    fault(factories.machine(customer=None, device="EVC-3"), now - HOUR)
    assert sum(group.faults for group in grouped(clerk, by, now)) == 4


def test_another_way_of_counting_is_refused(clerk: Actor, now: datetime) -> None:
    with pytest.raises(Invalid):
        grouped(clerk, "text", now)


@pytest.mark.parametrize("state", STATES)
def test_each_state_leaves_what_it_says(clerk: Actor, machine: Machine, now: datetime, state: str) -> None:
    plain = fault(machine, now - HOUR, acknowledged_at=now)
    wanted = {
        "active": lambda: fault(machine, now, minutes=None, acknowledged_at=now),
        "gone": lambda: plain,
        "unacknowledged": lambda: fault(machine, now - HOUR),
        "with_ticket": lambda: fault(machine, now - HOUR, acknowledged_at=now, ticket=factories.ticket(machine=machine)),
        "without_ticket": lambda: plain,
        "long": lambda: fault(machine, now - 25 * HOUR, minutes=None, acknowledged_at=now),
        "late": lambda: fault(machine, now - HOUR, acknowledged_at=now, is_late=True),
        "chattering": lambda: fault(machine, now - HOUR, acknowledged_at=now, is_chattering=True),
    }[state]()
    other = {"gone": {"minutes": None}, "without_ticket": {"ticket": factories.ticket(machine=machine)}}.get(state)
    if other is not None:
        fault(machine, now - HOUR, **other)
    assert [row.id for row in fault_register.page(clerk, Filters(state=state)).rows] == [wanted.id]


def test_a_customer_sees_to_its_own_machines_alone(clerk: Actor, machine: Machine, now: datetime) -> None:
    mine = fault(machine, now)
    fault(factories.machine(device="EVC-9"), now)
    assert [row.id for row in fault_register.page(clerk, Filters(customer=machine.customer_id)).rows] == [mine.id]
