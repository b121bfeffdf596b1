"""Amendments: what a signed report should say instead, why, each chained to what it amends; the report stays as it was signed."""

import json

import pytest
from peewee import Database, DatabaseError

from app.core import db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.types import Actor
from app.machines.models import Machine
from app.service_reports import amending, content, queries, sheets
from app.service_reports.models import ReportAmendment, ReportStatus, ServiceReport
from app.service_reports.parts import parts_history
from app.service_reports.writing import PartLine
from tests import factories
from tests.personas import People, actor_of, people


@pytest.fixture
def who(database: Database) -> People:
    return people()


@pytest.fixture
def li(who: People) -> Actor:
    return actor_of(who.li)


@pytest.fixture
def report(who: People) -> ServiceReport:
    return factories.service_report(lead=who.li)


def test_it_works(li: Actor, report: ServiceReport) -> None:
    first = amending.amend(by=li, report=report, seen=0, reason="copied wrongly", fields={"distance_km": 44, "finding": report.finding})
    second = amending.amend(
        by=li, report=report, seen=1, reason="signed too", fields={"action": "阀已换"}, signer="王", strokes=factories.STROKES
    )
    sheet = sheets.of(report)
    assert (sheet.fields["distance_km"], sheet.fields["action"], sheet.amended) == (44, "阀已换", {"distance_km", "action"})
    assert sheets.of(report, is_original=True).fields["action"] == "Seal changed"
    assert ServiceReport.get().action == "Seal changed"
    assert json.loads(first.content)["amends"] == sheet.signature.digest
    assert json.loads(second.content)["amends"] == first.digest == content.digest(first.content)
    found = sheets.check(sheet)
    assert found is not None
    assert found.is_unchanged
    assert queries.summary(report.order).action == "阀已换"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"signer": "王"}, "signer"),
        ({"strokes": factories.STROKES}, "signer"),
        ({"fields": {"finding": ""}}, "finding"),
        ({"fields": {"cause": "ghosts"}}, "cause"),
        ({"parts": [PartLine(name="")]}, "part-0-name"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(li: Actor, report: ServiceReport, values: dict[str, object], field: str) -> None:
    given: dict[str, object] = {"reason": "copied wrongly", "fields": {"distance_km": 44}} | values
    with pytest.raises(Invalid) as error:
        amending.amend(by=li, report=report, seen=0, **given)  # type: ignore[arg-type]
    assert field in error.value.fields


def test_an_amendment_changes_something(li: Actor, report: ServiceReport) -> None:
    with pytest.raises(Invalid, match="Nothing is different"):
        amending.amend(by=li, report=report, seen=0, reason="x", fields={"finding": report.finding})


def test_what_is_not_signed_is_changed_not_amended(who: People, li: Actor) -> None:
    draft = factories.service_report(lead=who.li, status=ReportStatus.DRAFT)
    with pytest.raises(Conflict, match="not signed yet"):
        amending.amend(by=li, report=draft, seen=0, reason="x", fields={"distance_km": 1})


def test_two_who_amend_at_once_do_not_miss_each_other(who: People, li: Actor, report: ServiceReport) -> None:
    amending.amend(by=actor_of(who.zhao), report=report, seen=0, reason="x", fields={"distance_km": 1})
    with pytest.raises(Conflict, match="赵副经理"):
        amending.amend(by=li, report=report, seen=0, reason="y", fields={"distance_km": 2})


def test_only_the_technician_of_the_job_and_the_deputy_amend(who: People, report: ServiceReport) -> None:
    for user in (who.wang, who.chen, who.liu):
        with pytest.raises(NotAllowed):
            amending.amend(by=actor_of(user), report=report, seen=0, reason="x", fields={"distance_km": 1})


def test_amended_parts_are_those_on_the_machine(li: Actor, report: ServiceReport) -> None:
    machine = Machine.get_by_id(report.machine_id)
    assert [one.part["serial_on"][0] for one in parts_history(machine)] == ["S"]
    amending.amend(by=li, report=report, seen=0, reason="x", fields={}, parts=[PartLine(name="Seal", serial_on="B2"), PartLine(name="阀")])
    assert [one.part["name"] for one in parts_history(machine)] == ["Seal", "阀"]
    assert parts_history(machine)[0].part["serial_on"] == "B2"


def test_a_draft_puts_no_part_on_the_machine(who: People) -> None:
    draft = factories.service_report(lead=who.li, status=ReportStatus.DRAFT)
    assert parts_history(Machine.get_by_id(draft.machine_id)) == []


def test_an_amendment_is_never_changed(li: Actor, report: ServiceReport) -> None:
    amending.amend(by=li, report=report, seen=0, reason="x", fields={"distance_km": 1})
    for change in (ReportAmendment.update(reason="y"), ReportAmendment.delete()):
        with pytest.raises(DatabaseError), db.transaction():
            change.execute()
