"""The collection rate of a month."""

from datetime import date
from decimal import Decimal

from peewee import Database

from app.billing import accounts, collection
from app.billing.collection import RateLine
from app.billing.models import Receivable
from app.core import clock, db
from app.core.types import system
from tests import factories, money_factories
from tests.personas import actor_of, make_area, make_user

BY = system("tests")
MARCH = date(2026, 3, 1)


def owed(amount: int = 100, due_on: date = date(2026, 3, 10), **values: object) -> Receivable:
    return money_factories.receivable(amount=Decimal(amount), due_on=due_on, since_on=date(2026, 1, 1), **values)


def pay(row: Receivable, amount: int, on: date) -> None:
    payment = money_factories.payment(customer=row.customer, amount=Decimal(amount), received_on=on)
    with db.transaction():
        fresh = Receivable.get_by_id(row.id)
        accounts.allocate(payment=payment, receivable=fresh, amount=Decimal(amount), at=clock.now(), by_name="x")


def month(first: date = MARCH) -> RateLine:
    return collection.summed(collection.lines(collection.debts(BY, first), "item", first))


def test_it_works(database: Database) -> None:
    pay(owed(), 25, date(2026, 3, 31))
    owed(300)
    assert (month().due, month().collected, month().rate) == (Decimal(400), Decimal(25), Decimal("6.3"))


def test_what_was_paid_before_is_not_to_be_collected(sqlite_database: Database) -> None:
    row = owed()
    pay(row, 40, date(2026, 2, 28))
    pay(row, 60, date(2026, 3, 1))
    assert (month().due, month().rate) == (Decimal(60), Decimal("100.0"))
    assert month(date(2026, 4, 1)).due == 0


def test_what_is_due_later_is_not_counted(sqlite_database: Database) -> None:
    owed(due_on=date(2026, 4, 1))
    assert month().rate is None


def test_the_trend_ends_with_the_month(sqlite_database: Database) -> None:
    pay(owed(), 50, date(2026, 3, 20))
    trend = collection.trend(collection.debts(BY, date(2025, 4, 1)), MARCH)
    assert [line.name for line in trend][::11] == ["2025-04", "2026-03"]
    assert trend[-1].rate == Decimal("50.0")


def test_those_bound_to_an_area_see_its_debts_only(sqlite_database: Database) -> None:
    north = make_area()
    owed(customer=factories.customer(area=north))
    owed(customer=factories.customer(area=make_area()))
    found = collection.debts(actor_of(make_user("area_manager", areas=(north,))), MARCH)
    assert [line.name for line in collection.lines(found, "area", MARCH)] == [north.name]
