"""Deputy and manager are told each morning, once, what is below its minimum; it waits on their start page too."""

from datetime import datetime
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Notice, Role
from app.core import clock
from app.parts import counting, ledger, low_stock, moving
from app.parts.models import PlaceKind
from tests import money_factories
from tests.personas import actor_of, make_user, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


def at(hour: int, day: int = 26) -> datetime:
    return datetime(2026, 11, day, hour, 5, tzinfo=clock.zone())


@pytest.fixture
def low(database: Database) -> None:
    part = money_factories.part(name="滤芯")
    money_factories.stock(part, 2)
    clerk = actor_of(make_user(Role.CLERK))
    moving.set_minimum(by=clerk, place=ledger.place_of(PlaceKind.MAIN), part=part, minimum=Decimal(5))


@pytest.mark.usefixtures("low")
def test_it_works() -> None:
    deputy, manager, clerk = (make_user(role) for role in (Role.DEPUTY, Role.MANAGER, Role.CLERK))
    assert low_stock.look(at(9))
    assert {notice.user_id for notice in Notice.select()} == {deputy.id, manager.id}
    assert clerk.id not in {notice.user_id for notice in Notice.select()}


@pytest.mark.usefixtures("low")
def test_once_a_day_and_not_at_night() -> None:
    make_user(Role.DEPUTY)
    assert low_stock.look(at(3)) == ""
    assert low_stock.look(at(9))
    assert low_stock.look(at(10)) == ""
    assert low_stock.look(at(9, 27))
    assert Notice.select().count() == 2


def test_nothing_is_said_while_nothing_is_low(database: Database) -> None:
    make_user(Role.DEPUTY)
    assert low_stock.look(at(9)) == ""


@pytest.mark.usefixtures("low")
def test_what_is_low_and_counts_to_approve_wait_on_the_start_page(client: FlaskClient) -> None:
    count = money_factories.stock_count()
    line = count.lines.get()
    line.counted = 2
    line.save()
    counting.submit(by=actor_of(make_user(Role.CLERK)), count=count)
    page = sign_in(client, make_user(Role.DEPUTY)).get("/").text
    assert count.number in page
    assert "/stock?only=below" in page
