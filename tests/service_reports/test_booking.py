"""Signing opens the returns of what came off in warranty, and of nothing else."""

import pytest
from peewee import Database

from app.core import db
from app.returns.models import DefectiveReturn
from app.service_reports import content, sheets, signing
from app.service_reports.models import ReportPart, ReportStatus, ServiceReport
from app.service_reports.signing import Drawn
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
