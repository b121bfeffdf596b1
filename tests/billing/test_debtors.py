"""Who is to be pressed today, and with what."""

from datetime import timedelta
from decimal import Decimal

import pytest
from peewee import Database

from app.billing import cutting, debtors, dunning, ladder
from app.billing.debtors import ALL, BROKEN, EXPIRING, PROMISED, TODAY, Debtor, DebtorFilter
from app.billing.dunning import Demand
from app.core import clock
from app.core.errors import Invalid
from app.core.types import system
from app.customers.models import Customer
from tests import factories, money_factories
from tests.personas import actor_of, make_area, make_user

BY = system("tests")


def shown(what: str = ALL, **wanted: object) -> list[Debtor]:
    return debtors.found(BY, DebtorFilter(what=what, **wanted), clock.today())


def press(customer: Customer, days: int | None = None, ago: int = 0, **values: object) -> None:
    step = next((one for one in ladder.steps() if one.days == days), None)
    wanted = Demand(**{"act": "call", "result": "nobody there", "step": step} | values)
    dunning.demand(by=BY, customer=customer, wanted=wanted, at=clock.now() - timedelta(days=ago))


def test_it_works(database: Database) -> None:
    owed = money_factories.receivable(overdue=20)
    money_factories.receivable(overdue=-40, customer=owed.customer, amount=Decimal("30.50"))
    (line,) = shown(TODAY)
    assert (line.owed, line.overdue, line.days) == (Decimal("130.50"), Decimal(100), 20)
    assert line.step is not None
    assert (line.step.days, line.act_on) == (15, line.oldest_on + timedelta(days=15))


@pytest.mark.parametrize(("overdue", "days"), [(-30, -7), (-7, -7), (0, -7), (1, 1), (14, 1), (15, 15), (61, 60), (400, 90)])
def test_the_highest_step_reached_is_the_next(sqlite_database: Database, overdue: int, days: int) -> None:
    money_factories.receivable(overdue=overdue)
    (line,) = shown()
    assert line.step is not None
    assert line.step.days == days


def test_a_step_that_was_done_is_not_asked_for_again(sqlite_database: Database) -> None:
    owed = money_factories.receivable(overdue=20)
    press(owed.customer, 15)
    assert shown(TODAY) == []
    (line,) = shown()
    assert line.step is not None
    assert (line.step.days, line.act_on) == (30, line.oldest_on + timedelta(days=30))


def test_what_was_done_about_an_older_debt_does_not_count_for_a_new_one(sqlite_database: Database) -> None:
    owed = money_factories.receivable(overdue=20)
    press(owed.customer, 90, ago=60)
    (line,) = shown(TODAY)
    assert line.step is not None
    assert line.step.days == 15


def test_after_the_last_step_nothing_is_next(sqlite_database: Database) -> None:
    owed = money_factories.receivable(overdue=200)
    press(owed.customer, 90)
    (line,) = shown()
    assert (line.step, line.act_on) == (None, None)


def test_a_date_that_was_arranged_comes_first(sqlite_database: Database) -> None:
    owed = money_factories.receivable(overdue=20)
    press(owed.customer, next_on=clock.today() + timedelta(days=3))
    assert shown(TODAY) == []


def test_a_promise_that_runs_keeps_the_customer_in_peace(sqlite_database: Database) -> None:
    owed = money_factories.receivable(overdue=20)
    press(owed.customer, promised_on=clock.today() + timedelta(days=3))
    assert shown(TODAY) == []
    (line,) = shown(PROMISED)
    assert line.promise is not None
    assert line.promise.amount == Decimal(100)


def test_a_broken_promise_is_for_today(sqlite_database: Database) -> None:
    owed = money_factories.receivable(overdue=20)
    press(owed.customer, 15, ago=5, promised_on=clock.today() - timedelta(days=1))
    assert [line.id for line in shown(TODAY)] == [line.id for line in shown(BROKEN)] == [owed.customer_id]


def test_a_promise_that_was_paid_is_kept(sqlite_database: Database) -> None:
    owed = money_factories.receivable(overdue=20)
    press(owed.customer, 15, ago=5, promised_on=clock.today() - timedelta(days=1), promised=Decimal(60))
    money_factories.payment(customer=owed.customer, amount=Decimal(60), received_on=clock.today() - timedelta(days=2))
    assert shown(BROKEN) == []


def test_a_debt_near_its_limitation_is_named(sqlite_database: Database) -> None:
    money_factories.receivable(overdue=800)
    old = money_factories.receivable(overdue=1000)
    assert [line.id for line in shown(EXPIRING)] == [old.customer_id]
    press(old.customer, act="visit")
    assert shown(EXPIRING) == []


def test_those_bound_to_an_area_see_its_debts_only(sqlite_database: Database) -> None:
    north, south = make_area(), make_area()
    near = money_factories.receivable(overdue=10, customer=factories.customer(area=north))
    money_factories.receivable(overdue=10, customer=factories.customer(area=south))
    li = actor_of(make_user("technician", areas=(north,)))
    assert [line.id for line in debtors.found(li, DebtorFilter(what=ALL), clock.today())] == [near.customer_id]
    assert len(shown()) == 2


def test_pages_follow_one_another_without_a_gap(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.core.paging.PAGE_SIZE", 2)
    made = {money_factories.receivable(overdue=10, amount=Decimal(100 + number // 2)).customer_id for number in range(5)}
    for sort in ("-overdue", "customer"):
        first = debtors.page(BY, DebtorFilter(what=ALL), clock.today(), sort=sort)
        second = debtors.page(BY, DebtorFilter(what=ALL), clock.today(), sort=sort, after=first.next_key)
        third = debtors.page(BY, DebtorFilter(what=ALL), clock.today(), sort=sort, after=second.next_key)
        assert [line.id for page in (first, second, third) for line in page.rows] == [
            line.id for line in cutting.ordered(shown(), debtors.SORTS, sort)
        ]
        assert {line.id for page in (first, second, third) for line in page.rows} == made
        back = debtors.page(BY, DebtorFilter(what=ALL), clock.today(), sort=sort, before=third.previous_key)
        assert [line.id for line in back.rows] == [line.id for line in second.rows]
        assert third.next_key is None


def test_an_unknown_sort_is_refused(sqlite_database: Database) -> None:
    with pytest.raises(Invalid):
        debtors.page(BY, DebtorFilter(), clock.today(), sort="odd")
