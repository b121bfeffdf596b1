"""What off-warranty service brought in, less what it cost."""

from datetime import date
from decimal import Decimal

import pytest
from peewee import Database

from app.billing import cutting, profit
from app.billing.profit import ProfitLine
from tests import factories, money_factories
from tests.personas import make_area, make_user

FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def shown(by: str = "month") -> list[ProfitLine]:
    return cutting.ordered(profit.lines(by, FIRST, LAST), profit.SORTS, "name")


def test_it_works(database: Database) -> None:
    order = factories.work_order(lead=make_user("technician"), warranty="off")
    money_factories.invoice(order=order, issued_on=date(2026, 3, 5), amount=Decimal(1000), tax=Decimal(130), total=Decimal(1130))
    money_factories.cost(order=order, on_date=date(2026, 3, 1), amount=Decimal(400))
    (line,) = shown()
    assert (line.name, line.revenue, line.cost, line.profit, line.margin) == (
        "2026-03", Decimal(1000), Decimal(400), Decimal(600), Decimal("60.0"),
    )  # fmt: skip


def test_in_warranty_work_is_no_cost_of_it(sqlite_database: Database) -> None:
    money_factories.cost(order=factories.work_order(lead=make_user("technician"), warranty="in"), on_date=date(2026, 3, 1))
    assert shown() == []


def test_a_void_invoice_brings_nothing_in(sqlite_database: Database) -> None:
    money_factories.invoice(issued_on=date(2026, 3, 5), status="void", void_reason="x")
    assert shown() == []


def test_a_red_invoice_takes_its_revenue_back(sqlite_database: Database) -> None:
    blue = money_factories.invoice(issued_on=date(2026, 3, 5), status="red")
    money_factories.invoice(
        customer=blue.customer, issued_on=date(2026, 4, 5), red_of=blue, amount=Decimal(-100), tax=Decimal(-13), total=Decimal(-113)
    )
    assert [(line.name, line.revenue) for line in shown()] == [("2026-03", Decimal(100)), ("2026-04", Decimal(-100))]


@pytest.mark.parametrize("by", profit.BY)
def test_every_sum_is_the_same(database: Database, by: str) -> None:
    for area in (make_area(), make_area()):
        order = factories.work_order(
            lead=make_user("technician"), warranty="off", machine=factories.machine(area=area, customer=factories.customer(area=area))
        )
        money_factories.invoice(order=order, issued_on=date(2026, 5, 5))
        money_factories.cost(order=order, on_date=date(2026, 5, 6), amount=Decimal(30))
    total = profit.summed(profit.lines(by, FIRST, LAST))
    assert (total.revenue, total.cost, total.profit) == (Decimal(200), Decimal(60), Decimal(140))


def test_by_machine_the_invoice_follows_its_order(sqlite_database: Database) -> None:
    order = factories.work_order(lead=make_user("technician"), warranty="off")
    money_factories.invoice(order=order, issued_on=date(2026, 5, 5))
    assert [line.name for line in shown("machine")] == [order.machine.serial]
