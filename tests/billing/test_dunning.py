"""Demands, what they do to a debt, and what is refused."""

from datetime import timedelta
from decimal import Decimal

import pytest
from peewee import Database

from app.billing import dunning
from app.billing.dunning import Demand
from app.billing.models import DunningAct, DunningRecord, Receivable
from app.core import clock
from app.core.errors import Invalid, NotAllowed
from app.core.types import system
from tests import money_factories
from tests.personas import actor_of, make_user

BY = system("tests")


def test_it_works(database: Database) -> None:
    owed = money_factories.receivable(overdue=20)
    today = clock.today()
    wanted = Demand(act="call", result=" pays on Friday ", promised_on=today + timedelta(days=2))
    row = dunning.demand(by=BY, customer=owed.customer, wanted=wanted)
    assert (row.result, row.promised) == ("pays on Friday", Decimal(100))


@pytest.mark.parametrize(("act", "proves"), [(act, act in dunning.PROVABLE) for act in DunningAct])
def test_what_can_be_proven_interrupts_the_limitation(sqlite_database: Database, act: str, proves: bool) -> None:
    owed = money_factories.receivable(overdue=20)
    ahead = money_factories.receivable(overdue=-20, customer=owed.customer)
    dunning.demand(by=BY, customer=owed.customer, wanted=Demand(act=act, result="said so"))
    assert (Receivable.get_by_id(owed.id).demanded_on is not None) == proves
    assert Receivable.get_by_id(ahead.id).demanded_on is None


def test_a_demand_about_one_debt_leaves_the_others(sqlite_database: Database) -> None:
    owed = money_factories.receivable(overdue=20)
    other = money_factories.receivable(overdue=20, customer=owed.customer)
    dunning.demand(by=BY, customer=owed.customer, wanted=Demand(act="visit", result="x", receivable=owed))
    assert Receivable.get_by_id(owed.id).demanded_on is not None
    assert Receivable.get_by_id(other.id).demanded_on is None


def test_a_form_sent_twice_is_one_demand(sqlite_database: Database) -> None:
    owed = money_factories.receivable(overdue=10)
    for _time in range(2):
        dunning.demand(by=BY, customer=owed.customer, wanted=Demand(act="call", result="x"), form_token="t")
    assert DunningRecord.select().count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"act": "odd"}, "act"),
        ({"result": "  "}, "result"),
        ({"result": "x" * 501}, "result"),
        ({"promised": Decimal(5)}, "promised"),
        ({"promised": Decimal(0), "promised_on": 1}, "promised"),
        ({"promised_on": -1}, "promised_on"),
        ({"next_on": 0}, "next_on"),
    ],
)
def test_what_makes_no_sense_is_refused(sqlite_database: Database, values: dict[str, object], field: str) -> None:
    owed = money_factories.receivable(overdue=10)
    today = clock.today()
    dates = {name: today + timedelta(days=int(str(values[name]))) for name in ("promised_on", "next_on") if name in values}
    with pytest.raises(Invalid) as refusal:
        dunning.demand(by=BY, customer=owed.customer, wanted=Demand(**{"act": "call", "result": "x"} | values | dates))
    assert field in refusal.value.fields
    assert DunningRecord.select().count() == 0


def test_a_debt_of_somebody_else_is_refused(sqlite_database: Database) -> None:
    owed, other = money_factories.receivable(overdue=10), money_factories.receivable(overdue=10)
    with pytest.raises(Invalid):
        dunning.demand(by=BY, customer=owed.customer, wanted=Demand(act="call", result="x", receivable=other))


def test_only_those_who_press_write_demands(sqlite_database: Database) -> None:
    owed = money_factories.receivable(overdue=10)
    with pytest.raises(NotAllowed):
        dunning.demand(by=actor_of(make_user("quality")), customer=owed.customer, wanted=Demand(act="call", result="x"))
