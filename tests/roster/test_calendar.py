"""The working calendar: seeded once, edited with undo, taken in from files, asked for when next year is missing."""

import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role
from app.core import history, live
from app.core.errors import Conflict, Invalid, InvalidFile, NotAllowed
from app.core.history import HistoryEntry
from app.core.types import Actor, system
from app.release import release
from app.roster import calendar_files, calendar_operations, calendar_queries, calendars
from app.roster.calendar_operations import State
from app.roster.models import CalendarDay, CalendarYear, DaySource
from app.roster.seeding import seed_calendar
from tests.personas import actor_of, make_user, sign_in

BY = system("test")
DAY = date(2027, 2, 6)
OFF: State = (False, "春节")
FILE = "日期,是否上班,名称\n2027-02-06,休,春节\n2027/2/20,上班,春节\n2027年2月8日,0,春节\n"


def set_day(day: date = DAY, is_working: bool | None = False, by: Actor = BY, **more: Any) -> None:
    calendar_operations.set_days(by=by, first=day, last=more.pop("last", day), is_working=is_working, name=more.pop("name", "春节"), **more)


def state(day: date = DAY) -> State:
    return calendar_operations.states([day])[day]


def last_entry() -> int:
    return int(HistoryEntry.select().where(HistoryEntry.object_type == "calendar").order_by(HistoryEntry.id.desc()).get().id)


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def test_it_works(clerk: FlaskClient) -> None:
    assert "2027 年工作日历" in clerk.get("/calendar?year=2027").text
    form = {"first": "2027-02-06", "last": "2027-02-08", "kind": "off", "name": "春节", "expected": ""}
    answer = clerk.post("/calendar/days", data=form)
    assert (answer.status_code, answer.location) == (303, "/calendar?day=2027-02-06")
    assert not calendars.present().is_working_day(date(2027, 2, 8))
    assert "春节" in clerk.get(answer.location).text


def test_a_release_seeds_what_the_libraries_know_once_and_keeps_what_people_set(database: Database) -> None:
    set_day(date(2026, 10, 10), is_working=False, name="厂休")
    years = seed_calendar()
    assert (years[0], years[-1]) == (2004, 2026)
    assert state(date(2026, 10, 1)) == (False, "国庆节")
    assert state(date(2026, 2, 14)) == (True, "春节")
    assert state(date(2026, 10, 10)) == (False, "厂休")
    assert state(date(2027, 10, 1)) == (False, "国庆节")
    assert not CalendarYear.select().where(CalendarYear.year == 2027).exists()
    version = live.version(calendars.VERSION)
    assert seed_calendar() == []
    assert live.version(calendars.VERSION) == version
    assert "working calendar" not in " ".join(release())


def test_a_year_becomes_complete_when_a_later_version_knows_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from app.roster import seeding

    seed_calendar()
    set_day(date(2027, 2, 10), is_working=False, name="厂休")
    announced = seeding._announced() | {2027: {date(2027, 2, 6): (False, "春节"), date(2027, 2, 20): (True, "春节")}}
    monkeypatch.setattr(seeding, "_announced", lambda: announced)
    assert seed_calendar() == [2027]
    assert state(date(2027, 2, 20)) == (True, "春节")
    assert state(date(2027, 2, 10)) == (False, "厂休")
    assert state(date(2027, 10, 1)) is None


def test_each_change_can_be_taken_back_and_that_too(database: Database) -> None:
    set_day(last=date(2027, 2, 8))
    calendar_operations.take_back(by=BY, entry_id=last_entry())
    assert state() is None
    calendar_operations.take_back(by=BY, entry_id=last_entry())
    assert state(date(2027, 2, 8)) == OFF


def test_a_change_is_not_taken_back_over_a_later_one(database: Database) -> None:
    set_day()
    first = last_entry()
    set_day(is_working=True)
    with pytest.raises(Conflict):
        calendar_operations.take_back(by=BY, entry_id=first)
    assert state() == (True, "春节")


def test_two_people_on_one_day_the_second_is_told(clerk: FlaskClient) -> None:
    set_day(name="元宵节")
    form = {"first": "2027-02-06", "last": "2027-02-06", "kind": "worked", "name": "加班", "expected": ""}
    answer = clerk.post("/calendar/days", data=form)
    assert answer.status_code == 409
    assert "加班" in answer.text
    assert state() == (False, "元宵节")


@pytest.mark.parametrize(("last", "field"), [(date(2027, 2, 5), "last"), (DAY + timedelta(days=70), "last"), (date(2101, 1, 1), "first")])
def test_a_span_that_cannot_be_is_refused(sqlite_database: Database, last: date, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        set_day(last=last)
    assert field in refusal.value.fields


def test_who_may_not_keep_the_calendar_changes_nothing(sqlite_database: Database) -> None:
    technician = actor_of(make_user(Role.TECHNICIAN))
    for act in (
        lambda: set_day(by=technician),
        lambda: calendar_operations.take_in(by=technician, days={DAY: OFF}),
        lambda: calendar_operations.know_year(by=technician, year=2027),
        lambda: calendar_operations.take_back(by=technician, entry_id=1),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_bad_input_comes_back_with_words_and_all_that_was_typed(clerk: FlaskClient) -> None:
    answer = clerk.post(
        "/calendar/days", data={"first": "2027-02-06", "last": "2027-02-01", "kind": "off", "name": "除夕夜", "expected": ""}
    )
    assert answer.status_code == 422
    assert "截止日期早于起始日期" in answer.text
    assert "除夕夜" in answer.text
    for address in ("/calendar?year=1", "/calendar?day=x"):
        assert clerk.get(address).status_code == 422


# --- files ----------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_table_is_read_in_either_encoding(encoding: str) -> None:
    days = calendar_files.read(FILE.encode(encoding))
    assert days == {DAY: OFF, date(2027, 2, 20): (True, "春节"), date(2027, 2, 8): OFF}
    assert calendar_files.read(calendar_files.written(days).encode()) == days


def test_every_bad_line_of_a_table_is_named() -> None:
    with pytest.raises(InvalidFile) as refusal:
        calendar_files.read(b"day,is_working,name\n2027-02-30,1,a\n2027-02-06,maybe,b\n2027-02-07,1,c\n2027-02-07,0,d\n")
    assert [line for line, _words, _params in refusal.value.lines] == [2, 3, 5]


def test_a_file_shows_what_it_would_change_and_changes_nothing_before_one_is_sure(clerk: FlaskClient) -> None:
    set_day(date(2027, 3, 8), name="妇女节")
    shown = clerk.post("/calendar/import", data={"file": (io.BytesIO(FILE.encode()), "2027.csv")})
    assert shown.status_code == 200
    assert shown.text.count("<tr>") == 5
    assert state() is None
    taken = clerk.post("/calendar/import", data={"is_sure": "1", "days": calendar_files.written(calendar_files.read(FILE.encode()))})
    assert taken.status_code == 303
    assert (state(), state(date(2027, 3, 8))) == (OFF, None)
    assert CalendarYear.get_by_id(2027).source == DaySource.IMPORT


def test_taking_a_file_in_again_changes_nothing_and_taking_it_back_restores_all(database: Database) -> None:
    set_day(date(2027, 3, 8), name="妇女节")
    days = calendar_files.read(FILE.encode())
    assert calendar_operations.take_in(by=BY, days=days) == 4
    entry = last_entry()
    assert calendar_operations.take_in(by=BY, days=days) == 0
    assert last_entry() == entry
    calendar_operations.take_back(by=BY, entry_id=entry)
    assert [(row.day, row.name) for row in CalendarDay.select()] == [(date(2027, 3, 8), "妇女节")]
    assert not CalendarYear.select().where(CalendarYear.year == 2027).exists()


def test_a_file_that_is_no_table_is_refused_in_words(clerk: FlaskClient) -> None:
    for content in (b"", b"\x00\x01\x02", b"a,b\n1,2\n"):
        answer = clerk.post("/calendar/import", data={"file": (io.BytesIO(content), "x.csv")})
        assert answer.status_code == 422


def test_the_export_is_what_the_import_takes(clerk: FlaskClient) -> None:
    set_day()
    content = clerk.get("/calendar.csv?year=2027").data
    assert calendar_files.read(content) == {DAY: OFF}
    assert clerk.get("/calendar.xlsx?year=2027").status_code == 200


# --- the notice -----------------------------------------------------------


def test_next_years_table_is_asked_for_from_november_on(database: Database) -> None:
    calendar_operations.know_year(by=BY, year=2026)
    assert calendar_queries.missing_year(datetime(2026, 10, 31, 15, 59, tzinfo=UTC)) is None
    assert calendar_queries.missing_year(datetime(2026, 10, 31, 16, tzinfo=UTC)) == 2027  # midnight in Shanghai
    calendar_operations.know_year(by=BY, year=2027)
    assert calendar_queries.missing_year(datetime(2026, 12, 1, tzinfo=UTC)) is None


def test_only_those_who_keep_the_calendar_are_asked(clerk: FlaskClient, app: Any) -> None:
    words = "年的工作日历尚不完整"
    assert words in clerk.get("/machines").text
    assert words not in sign_in(app.test_client(), make_user(Role.TECHNICIAN)).get("/machines").text


def test_changes_stand_in_the_history(database: Database) -> None:
    set_day()
    entry = HistoryEntry.get_by_id(last_entry())
    assert (entry.action, entry.object_id) == ("calendar.changed", "2027-02-06")
    assert history.verify().problem is None
