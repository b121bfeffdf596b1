"""What a job cost, worked out from its report, the ledger and its shipments."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from peewee import Database

from app.billing import cost_sums, costs, cutting
from app.billing.cost_sums import CostFilter
from app.billing.models import JobCost
from app.core import clock, db, files, settings
from app.core.errors import Conflict, Invalid
from app.core.types import system
from app.parts import ledger
from app.parts.ledger import Move
from app.parts.models import MovementKind, PlaceKind
from app.service_reports.models import ServiceReport
from app.work_orders.models import WorkOrder
from tests import factories, money_factories
from tests.personas import make_user

BY = system("tests")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> None:
    files.configure(tmp_path)


def done(**report: Any) -> ServiceReport:
    return factories.service_report(
        lead=make_user("technician"), **{"labour_minutes": 90, "travel_minutes": 30, "distance_km": 50} | report
    )


def amounts(order: WorkOrder) -> dict[str, Decimal]:
    return {row.kind: row.amount for row in costs.of_order(order)}


def use(report: ServiceReport, quantity: int, **values: Any) -> None:
    part = money_factories.stocked(cost=Decimal("12.50"))
    with db.transaction():
        wanted = Move(
            kind=MovementKind.USED, part=part, quantity=Decimal(quantity), from_place=ledger.place_of(PlaceKind.MAIN),
            to_place=ledger.place_of(PlaceKind.CUSTOMER), about=report.number, **values,
        )  # fmt: skip
        ledger.move(BY, wanted, clock.now())


def test_it_works(database: Database) -> None:
    report = done()
    use(report, 2)
    costs.recompute(report.order, clock.now())
    assert amounts(report.order) == {"labour": Decimal(160), "travel": Decimal(60), "parts": Decimal(25)}


def test_working_out_twice_changes_nothing(sqlite_database: Database) -> None:
    report = done()
    for _time in range(2):
        costs.recompute(report.order, clock.now())
    assert amounts(report.order) == {"labour": Decimal(160), "travel": Decimal(60)}


def test_the_cost_on_the_movement_comes_before_that_of_the_catalogue(sqlite_database: Database) -> None:
    report = done()
    use(report, 2, cost=Decimal(99))
    costs.recompute(report.order, clock.now())
    assert amounts(report.order)["parts"] == Decimal(99)


def test_the_rates_are_settings(sqlite_database: Database) -> None:
    report = done()
    with db.transaction():
        settings.put(by=BY, name="labour_rate", value=100)
        settings.put(by=BY, name="travel_rate", value=33)
    costs.recompute(report.order, clock.now())
    assert amounts(report.order) == {"labour": Decimal(200), "travel": Decimal("16.50")}


def test_the_worker_works_out_what_changed_and_nothing_else(database: Database) -> None:
    report = done()
    assert costs.look(clock.now()) == "1 orders"
    assert costs.look(clock.now()) == ""
    use(report, 1)
    assert costs.look(clock.now()) == "1 orders"
    assert amounts(report.order)["parts"] == Decimal("12.50")


def test_a_draft_costs_nothing_yet(sqlite_database: Database) -> None:
    report = factories.service_report(lead=make_user("technician"), status="draft", labour_minutes=60)
    costs.recompute(report.order, clock.now())
    assert costs.look(clock.now()) == ""
    assert amounts(report.order) == {}


def test_a_cost_by_hand_stays_when_the_rest_is_worked_out_anew(sqlite_database: Database) -> None:
    report = done()
    row = costs.add(by=BY, order=report.order, kind="other", amount=Decimal(300), on_date=date(2026, 11, 2), remark="crane")
    costs.recompute(report.order, clock.now())
    assert amounts(report.order)["other"] == Decimal(300)
    costs.remove(by=BY, order=report.order, cost_id=row.id)
    with pytest.raises(Conflict):
        costs.remove(by=BY, order=report.order, cost_id=row.id)


def test_what_was_worked_out_is_not_taken_out_by_hand(sqlite_database: Database) -> None:
    report = done()
    costs.recompute(report.order, clock.now())
    with pytest.raises(Conflict):
        costs.remove(by=BY, order=report.order, cost_id=JobCost.get().id)


@pytest.mark.parametrize(
    ("values", "field"),
    [({"kind": "odd"}, "kind"), ({"amount": Decimal(0)}, "amount"), ({"on_date": None}, "on_date"), ({"remark": " "}, "remark")],
)
def test_what_makes_no_sense_is_refused(sqlite_database: Database, values: dict[str, Any], field: str) -> None:
    usual = {"kind": "other", "amount": Decimal(1), "on_date": date(2026, 11, 2), "remark": "x"}
    with pytest.raises(Invalid) as refusal:
        costs.add(by=BY, order=done().order, **usual | values)
    assert field in refusal.value.fields


@pytest.mark.parametrize("by", list(cost_sums.BY))
def test_every_sum_counts_every_cost_once(database: Database, by: str) -> None:
    for number in range(3):
        money_factories.cost(amount=Decimal(100 + number), on_date=date(2026, 9 + number, 30))
    found = cost_sums.lines(CostFilter(by=by))
    assert cost_sums.summed(found).total == Decimal(303)
    cutting.page(found, cost_sums.SORTS, "-total")


def test_sums_are_narrowed(sqlite_database: Database) -> None:
    row = money_factories.cost(on_date=date(2026, 9, 30))
    money_factories.cost(on_date=date(2026, 10, 1))
    found = cost_sums.lines(CostFilter(from_on=date(2026, 9, 1), to_on=date(2026, 9, 30)))
    assert [line.name for line in found] == [row.order.number]
    assert [line.name for line in cost_sums.lines(CostFilter(machine=row.order.machine_id))] == [row.order.number]
    assert [line.name for line in cost_sums.lines(CostFilter(q=row.order.machine.serial))] == [row.order.number]
