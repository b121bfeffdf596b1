"""Signing and amending book the parts: returns open for what came off in warranty, and for nothing else; vans give what was put on."""

from decimal import Decimal

import pytest
from peewee import Database

from app.core import clock, db
from app.core.types import system
from app.parts import ledger, moving
from app.parts.ledger import Move
from app.parts.models import MovementKind, Part, PlaceKind
from app.returns.models import DefectiveReturn
from app.service_reports import amending, content, sheets, signing
from app.service_reports.models import ReportPart, ReportStatus, ServiceReport
from app.service_reports.signing import Drawn
from app.service_reports.writing import PartLine
from app.supply import vans
from app.work_orders.models import WorkOrder
from tests import factories, money_factories
from tests.personas import People, actor_of, people


@pytest.fixture
def who(database: Database) -> People:
    return people()


def signed(who: People, parts: list[dict[str, object]], cause: str = "part_defect", state: str = "in") -> list[str]:
    """The names of what is due back once a report with these parts is signed."""
    report = factories.service_report(lead=who.li, status=ReportStatus.DRAFT)
    with db.transaction():
        ReportPart.delete().where(ReportPart.report == report).execute()
        for position, part in enumerate(parts, start=1):
            ReportPart.create(**{"report": report, "position": position, "name": "泵"} | part)
        ServiceReport.update(cause=cause).where(ServiceReport.id == report.id).execute()
        WorkOrder.update(warranty=state).where(WorkOrder.id == report.order_id).execute()
    seen = content.digest(content.text_of(sheets.said_by(ServiceReport.get_by_id(report.id))))
    drawn = Drawn(signer="王站长", strokes=factories.STROKES, seen=seen)
    signing.sign(by=actor_of(who.li), order=WorkOrder.get_by_id(report.order_id), drawn=drawn)
    return [one.part_name for one in DefectiveReturn.select().order_by(DefectiveReturn.id)]


def test_it_works(who: People) -> None:
    kept = {"name": "齿轮泵", "serial_off": "A1", "serial_on": "A2", "is_old_kept": True}
    assert signed(who, [kept, {"name": "螺栓"}]) == ["齿轮泵"]
    row = DefectiveReturn.get()
    assert (row.serial, row.technician_id, row.status) == ("A1", who.li.id, "due")


def test_the_catalogue_and_the_price_say_what_goes_back(who: People) -> None:
    flagged = money_factories.part(is_returned=True)
    dear, cheap = money_factories.part(price=500), money_factories.part(price=499)
    lines: list[dict[str, object]] = [{"name": one.name, "part_number": one.number} for one in (flagged, dear, cheap)]
    assert signed(who, lines) == [flagged.name, dear.name]


def test_a_wear_part_stays_with_the_customer(who: People) -> None:
    worn = money_factories.part(is_wear=True, is_returned=True)
    assert signed(who, [{"name": worn.name, "part_number": worn.number, "is_old_kept": True}]) == []


def test_after_misuse_nothing_goes_back(who: People) -> None:
    assert signed(who, [{"is_old_kept": True}], cause="misuse") == []


def amended(who: People, report: ServiceReport, *parts: PartLine, seen: int = 0) -> None:
    amending.amend(by=actor_of(who.zhao), report=report, seen=seen, reason="补记", fields={}, parts=parts)


@pytest.fixture
def report(who: People) -> ServiceReport:
    """A signed report of Li's about a machine in warranty that names one seal, with two seals left in his van."""
    order = factories.work_order(lead=who.li, status="finished", warranty="in")
    found = factories.service_report(order=order, by=who.li)
    part, van = (
        money_factories.part(number="HX-1", name="油封", is_returned=True),
        moving.make_van(by=actor_of(who.chen), technician=who.li),
    )
    with db.transaction():
        ledger.move(
            system("tests"),
            Move(kind=MovementKind.RECEIPT, part=part, quantity=Decimal(2), from_place=ledger.place_of(PlaceKind.SUPPLIER), to_place=van),
            clock.now(),
        )
    return found


def held(who: People) -> Decimal:
    van = vans.find(who.li)
    assert van is not None
    return ledger.held(van, Part.get(Part.number == "HX-1"))


def told(report: ServiceReport) -> list[PartLine]:
    return [PartLine(**line) for line in sheets.of(report).fields["parts"]]


def test_a_part_that_an_amendment_adds_leaves_the_van_and_goes_back(who: People, report: ServiceReport) -> None:
    amended(
        who, report, *told(report), PartLine(name="油封", part_number="HX-1", serial_off="S1"), PartLine(name="油封", part_number="HX-1")
    )
    assert held(who) == 1
    assert [(one.part_number, one.serial, one.technician_id) for one in DefectiveReturn.select()] == [
        ("HX-1", "S1", who.li.id), ("HX-1", "", who.li.id),
    ]  # fmt: skip


def test_of_a_quantity_that_is_put_right_only_the_difference_is_booked(who: People, report: ServiceReport) -> None:
    before = told(report)
    amended(who, report, *before, PartLine(name="油封", part_number="HX-1"))
    amended(who, report, *before, PartLine(name="油封", part_number="HX-1", quantity=2), seen=1)
    assert held(who) == 0
    assert [one.quantity for one in DefectiveReturn.select().order_by(DefectiveReturn.id)] == [1, 1]


def test_a_serial_number_that_is_put_right_is_no_further_part(who: People, report: ServiceReport) -> None:
    before = told(report)
    amended(who, report, *before, PartLine(name="油封", part_number="HX-1", serial_on="A1"))
    amended(who, report, *before, PartLine(name="油封", part_number="HX-1", serial_on="A2"), seen=1)
    assert held(who) == 1
    assert DefectiveReturn.select().count() == 1


def test_what_an_amendment_adds_after_misuse_stays_with_the_customer(who: People, report: ServiceReport) -> None:
    fields = {"cause": "misuse"}
    parts = [*told(report), PartLine(name="油封", part_number="HX-1", is_old_kept=True)]
    amending.amend(by=actor_of(who.zhao), report=report, seen=0, reason="补记", fields=fields, parts=parts)
    assert DefectiveReturn.select().count() == 0
    assert held(who) == 1


def test_a_name_that_is_put_right_is_no_further_part(who: People, report: ServiceReport) -> None:
    first, *others = told(report)
    amended(who, report, PartLine(name="油封（大）", serial_on=first.serial_on, is_old_kept=True), *others)
    assert DefectiveReturn.select().count() == 0


def test_what_an_amendment_takes_away_books_nothing(who: People, report: ServiceReport) -> None:
    amended(who, report)
    assert held(who) == 2
    assert DefectiveReturn.select().count() == 0


def test_a_further_piece_is_the_one_that_was_not_named_before(who: People, report: ServiceReport) -> None:
    before, first = told(report), PartLine(name="油封", part_number="HX-1", serial_off="S1", serial_on="N1")
    amended(who, report, *before, first)
    amended(who, report, *before, first, PartLine(name="油封", part_number="HX-1", serial_off="S2", serial_on="N2"), seen=1)
    assert [one.serial for one in DefectiveReturn.select().order_by(DefectiveReturn.id)] == ["S1", "S2"]
