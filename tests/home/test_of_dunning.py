"""What of dunning waits on the start page."""

from datetime import timedelta

from peewee import Database

from app.billing import dunning
from app.billing.dunning import Demand
from app.core import clock
from app.core.types import system
from app.home.of_dunning import of_dunning
from tests import factories, money_factories
from tests.personas import actor_of, make_area, make_user


def test_it_works(database: Database) -> None:
    money_factories.receivable(overdue=20)
    money_factories.receivable(overdue=20)
    (item,) = of_dunning(actor_of(make_user("clerk")), clock.now())
    assert (item.href, item.label_count) == ("/dunning?what=today&role=clerk", 2)


def test_each_sees_the_steps_of_the_own_role(sqlite_database: Database) -> None:
    money_factories.receivable(overdue=70)
    assert of_dunning(actor_of(make_user("clerk")), clock.now()) == []
    (item,) = of_dunning(actor_of(make_user("manager")), clock.now())
    assert item.label_count == 1
    assert of_dunning(actor_of(make_user("technician")), clock.now()) == []


def test_a_broken_promise_and_a_lapsing_debt_are_named(sqlite_database: Database) -> None:
    owed = money_factories.receivable(overdue=1000)
    yesterday = clock.now() - timedelta(days=1)
    wanted = Demand(act="call", result="x", promised_on=clock.day_of(yesterday))
    dunning.demand(by=system("tests"), customer=owed.customer, wanted=wanted, at=yesterday - timedelta(days=2))
    found = [item.href for item in of_dunning(actor_of(make_user("clerk")), clock.now())]
    assert found == ["/dunning?what=broken", "/dunning?what=expiring"]


def test_an_area_manager_sees_the_own_area_only(sqlite_database: Database) -> None:
    north = make_area()
    money_factories.receivable(overdue=40, customer=factories.customer(area=make_area()))
    assert of_dunning(actor_of(make_user("area_manager", areas=(north,))), clock.now()) == []
