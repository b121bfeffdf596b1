"""Tax rates by day: what counts is the one that began last, and what has begun stays."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role
from app.contracts import queries, tax_rates
from app.contracts.models import TaxRate
from app.contracts.tax_rates import Rate
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from tests.personas import actor_of, make_user, sign_in

NAME = "货物及修理修配 13%"


def rate(share: str = "0.12", on: date | None = None, name: str = NAME) -> Rate:
    return Rate(name_zh=name, name_en="Goods", share=Decimal(share), valid_from=on or clock.today() + timedelta(days=10))


def test_it_works(database: Database) -> None:
    manager = actor_of(make_user(Role.MANAGER))
    begins = clock.today() + timedelta(days=10)
    tax_rates.add(by=manager, said=rate(on=begins))
    before, after = ({row.name_zh: row.rate for row in queries.tax_rates(day)}[NAME] for day in (begins - timedelta(days=1), begins))
    assert (before, after) == (Decimal("0.1300"), Decimal("0.1200"))


def test_two_rates_of_a_name_do_not_begin_on_one_day(database: Database) -> None:
    manager = actor_of(make_user(Role.MANAGER))
    tax_rates.add(by=manager, said=rate())
    with pytest.raises(Invalid) as refused:
        tax_rates.add(by=manager, said=rate("0.11"))
    assert set(refused.value.fields) == {"valid_from"}
    assert TaxRate.select().where(TaxRate.name_zh == NAME).count() == 2


def test_what_has_begun_is_not_removed(database: Database) -> None:
    manager = actor_of(make_user(Role.MANAGER))
    begun, coming = TaxRate.get(TaxRate.name_zh == NAME), tax_rates.add(by=manager, said=rate())
    with pytest.raises(Conflict):
        tax_rates.remove(by=manager, rate_id=begun.id, today=clock.today())
    tax_rates.remove(by=manager, rate_id=coming.id, today=clock.today())
    with pytest.raises(Conflict):
        tax_rates.remove(by=manager, rate_id=coming.id, today=clock.today())


def test_who_may_not_and_what_is_no_rate_is_refused(database: Database) -> None:
    with pytest.raises(NotAllowed):
        tax_rates.add(by=actor_of(make_user(Role.CLERK)), said=rate())
    for wrong in (rate("1"), rate("-0.1"), rate(name=" "), rate(name="x" * 61)):
        with pytest.raises(Invalid):
            tax_rates.add(by=actor_of(make_user(Role.MANAGER)), said=wrong)


def test_the_screen(client: FlaskClient, sqlite_database: Database) -> None:
    sign_in(client, make_user(Role.MANAGER))
    typed = {"name_zh": "新税率", "name_en": "New", "share": "8", "valid_from": "2999-01-01"}
    assert client.post("/tax-rates", data=typed | {"share": "much"}).status_code == 422
    assert client.post("/tax-rates", data=typed).status_code == 303
    assert "新税率" in client.get("/tax-rates").text
    row = TaxRate.get(TaxRate.name_zh == "新税率")
    assert client.post(f"/tax-rates/{row.id}/removal").status_code == 303
    assert "新税率" not in client.get("/tax-rates").text
