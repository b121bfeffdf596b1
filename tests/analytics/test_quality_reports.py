"""Quality reports (2E-24, 2E-25): every fault in one day's report, a month the sum of its days, nothing changed once frozen."""

from datetime import date, datetime, time, timedelta

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from peewee import Database

from app.accounts.models import Role
from app.analytics.quality_reports import content, operations, queries
from app.analytics.quality_reports.models import QualityEntry, QualityReport
from app.analytics.quality_reports.operations import Correction
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.types import Actor
from app.monitoring.models import Episode
from tests import factories
from tests.personas import actor_of, make_user, sign_in

DAY = date(2026, 11, 23)
NOON = datetime.combine(DAY, time(12), clock.zone())
AFTER = NOON + timedelta(days=1)


def clerk() -> Actor:
    return actor_of(make_user(Role.CLERK))


def fault(at: datetime = NOON, code: str = "E04") -> Episode:
    profile = factories.profile()
    alarm = factories.alarm(machine=factories.machine(profile=profile, device=f"EVC-Q{Episode.select().count()}"), code=code, started_at=at)
    found: Episode = Episode.get(Episode.alarm == alarm)
    return found


def frozen(day: date, by: Actor, at: datetime) -> QualityReport:
    report = operations.draft(day, at)
    operations.freeze(by=by, report=report, version=report.version, at=at)
    return queries.by_id(report.id)


def test_it_works(database: Database) -> None:
    by, row = clerk(), fault()
    report = operations.draft(DAY, NOON)
    (entry,) = queries.entries_of(report)
    assert (entry.code, entry.serial, entry.episode_number) == ("E04", row.machine.serial, row.id)
    corrections = {entry.id: Correction("operation", "站长误操作")}
    operations.correct(by=by, report=report, version=report.version, corrections=corrections, remark="一条", at=AFTER)
    report = frozen(DAY, by, AFTER)
    assert report.digest is not None
    assert content.counts_in(queries.frozen_days(DAY)[DAY][0]["counts"]).by["fault_class"] == {"operation": 1}


def test_each_fault_stands_in_the_report_of_its_day(database: Database) -> None:
    start = datetime.combine(DAY, time(), clock.zone())
    moments = [start - timedelta(milliseconds=1), start, start + timedelta(days=1, milliseconds=-1), start + timedelta(days=1)]
    rows = [fault(at) for at in moments]
    days = [operations.draft(DAY + timedelta(days=shift), AFTER) for shift in (-1, 0, 1)]
    placed = [[entry.episode_number for entry in queries.entries_of(report)] for report in days]
    assert placed == [[rows[0].id], [rows[1].id, rows[2].id], [rows[3].id]]


def test_what_is_corrected_stays_when_the_draft_is_brought_up_to_date(database: Database) -> None:
    by, first = clerk(), fault()
    report = operations.draft(DAY, NOON)
    entry = queries.entries_of(report)[0]
    operations.correct(by=by, report=report, version=report.version, corrections={entry.id: Correction("safety")}, remark="", at=NOON)
    Episode.update(ended_at=NOON + timedelta(hours=1), count=4).where(Episode.id == first.id).execute()
    second = fault(NOON + timedelta(hours=2))
    operations.draft(DAY, NOON + timedelta(hours=3))
    one, two = queries.entries_of(report)
    assert (one.fault_class, one.count, one.ended_at) == ("safety", 4, NOON + timedelta(hours=1))
    assert two.episode_number == second.id


def test_a_fault_that_goes_from_the_register_goes_from_the_draft(database: Database) -> None:
    row = fault()
    report = operations.draft(DAY, NOON)
    row.delete_instance()
    operations.draft(DAY, NOON)
    assert queries.entries_of(report) == []


def test_a_fault_that_becomes_known_after_freezing_stands_in_the_next_draft_once(database: Database) -> None:
    by = clerk()
    report = frozen(DAY, by, AFTER)
    late = fault()
    third = operations.draft(DAY + timedelta(days=2), AFTER + timedelta(days=1))
    operations.draft(DAY + timedelta(days=1), AFTER + timedelta(days=1))
    assert QualityEntry.select().count() == 1
    assert [entry.episode_number for entry in queries.entries_of(third)] == [late.id]
    assert queries.entries_of(report) == []


def test_a_day_is_frozen_when_it_is_over_and_what_came_meanwhile_was_looked_at(database: Database) -> None:
    by = clerk()
    report = operations.draft(DAY, NOON)
    with pytest.raises(Invalid, match="not over"):
        operations.freeze(by=by, report=report, version=report.version, at=NOON)
    fault()
    with pytest.raises(Conflict, match="meanwhile"):
        operations.freeze(by=by, report=report, version=report.version, at=AFTER)
    report = queries.by_id(report.id)
    operations.freeze(by=by, report=report, version=report.version, at=AFTER)
    with pytest.raises(Conflict, match="frozen"):
        operations.freeze(by=by, report=queries.by_id(report.id), version=report.version + 1, at=AFTER)


def test_a_frozen_report_takes_no_correction(database: Database) -> None:
    by = clerk()
    fault()
    report = operations.draft(DAY, NOON)
    report = frozen(DAY, by, AFTER)
    entry = queries.entries_of(report)[0]
    with pytest.raises(Conflict):
        operations.correct(by=by, report=report, version=report.version, corrections={entry.id: Correction("other")}, remark="")
    with pytest.raises(NotAllowed):
        operations.freeze(by=actor_of(make_user(Role.QUALITY)), report=report, version=report.version)
    with pytest.raises(Invalid):
        operations.correct(by=by, report=report, version=1, corrections={entry.id: Correction("nonsense")}, remark="")


def test_a_month_is_the_sum_of_its_frozen_days(database: Database) -> None:
    by, first = clerk(), date(2026, 9, 1)
    for shift, faults in ((0, 2), (4, 1), (29, 3)):
        for number in range(faults):
            fault(datetime.combine(first + timedelta(days=shift), time(9, number), clock.zone()))
    month = operations.draft_month(first, AFTER)
    for day in content.days_of(first)[:-1]:
        frozen(day, by, AFTER)
    with pytest.raises(Invalid, match="09-30"):
        operations.freeze(by=by, report=month, version=month.version, at=AFTER)
    frozen(date(2026, 9, 30), by, AFTER)
    operations.freeze(by=by, report=month, version=month.version, at=AFTER)
    found = queries.by_id(month.id)
    assert '"faults":6' in found.content
    assert QualityEntry.select().count() == 6


@given(st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 5), st.booleans()), max_size=6), max_size=6))
def test_counts_add_up(days: list[list[tuple[str, int, bool]]]) -> None:
    class Row:
        model = batch = customer = cause = severity = code = ""

        def __init__(self, fault_class: str, count: int, is_over: bool) -> None:
            self.fault_class, self.count, self.ended_at = fault_class, count, NOON if is_over else None

    rows = [[Row(*one) for one in day] for day in days]
    assert content.summed(content.counted(day) for day in rows).plain() == content.counted([row for day in rows for row in day]).plain()


def test_the_worker_drafts_yesterday(database: Database) -> None:
    fault()
    operations.look(AFTER)
    assert [report.day for report in QualityReport.select()] == [DAY]
    operations.look(AFTER)
    assert QualityEntry.select().count() == 1


@pytest.fixture
def desk(client: FlaskClient, sqlite_database: Database) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def test_the_way_through_the_screens(desk: FlaskClient) -> None:
    yesterday = clock.today() - timedelta(days=1)
    fault(datetime.combine(yesterday, time(12), clock.zone()))
    address = desk.post("/quality-reports", data={"kind": "daily", "day": yesterday.isoformat()}).headers["Location"]
    entry = QualityEntry.get()
    version = str(QualityReport.get().version)
    data = {"version": version, f"class-{entry.id}": "nonsense", f"remark-{entry.id}": "留着"}
    assert "留着" in desk.post(address, data=data).text
    assert desk.post(address, data=data | {f"class-{entry.id}": "safety"}).status_code == 303
    assert desk.post(f"{address}/freeze", data={"version": version}).status_code == 409
    assert desk.post(f"{address}/refresh").status_code == 303
    assert desk.post(f"{address}/freeze", data={"version": str(QualityReport.get().version)}).status_code == 303
    assert "留着" in desk.get(address).text
    for suffix in (".xlsx", ".pdf", "/print"):
        assert desk.get(address + suffix).status_code == 200
    month = desk.post("/quality-reports", data={"kind": "monthly", "day": yesterday.isoformat()}).headers["Location"]
    for suffix in ("", ".xlsx", ".pdf", "/print"):
        assert desk.get(month + suffix).status_code == 200
    assert desk.post(f"{month}/freeze", data={"version": "1"}).status_code == 422
    assert "质量月报" in desk.get("/quality-reports?kind=monthly&state=draft").text
    for bad in ("never", "2999-01-01", ""):
        assert desk.post("/quality-reports", data={"kind": "daily", "day": bad}).status_code == 303
    assert desk.get("/quality-reports/999").status_code == 404
