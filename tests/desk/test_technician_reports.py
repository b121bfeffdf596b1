"""Who has not sent a report stands by name, is reminded once a day, by hand and in the evening; reading and exporting."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Notice, User
from app.core import clock, db
from app.roster.models import Presence
from app.work_orders import technician_reports as reports
from app.work_orders.models import ReportPeriod
from tests import factories
from tests.personas import People, actor_of, people, sign_in

FRIDAY = date(2026, 11, 20)


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    with db.transaction():
        User.update(created_at=moment(date(2026, 1, 1))).execute()
    for user in (everybody.li, everybody.wang):
        user.created_at = moment(date(2026, 1, 1))
    sign_in(client, everybody.zhao)
    return everybody


def moment(day: date, hour: int = 21) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=clock.zone()).astimezone(UTC)


def asked(user: User) -> int:
    return Notice.select().where(Notice.user == user, Notice.message.contains("report")).count()


def test_it_works(client: FlaskClient, who: People) -> None:
    sent = factories.technician_report(user=who.li, starts_on=FRIDAY)
    page = client.get(f"/technician-reports?on={FRIDAY}").text
    assert f"/technician-reports/{sent.id}" in page
    assert sent.text in client.get(f"/technician-reports/{sent.id}").text
    for _ in range(2):
        assert client.post("/technician-reports/reminders", data={"period": "day", "on": str(FRIDAY)}).status_code == 303
    assert (asked(who.li), asked(who.wang)) == (0, 1)
    assert "王师傅" in client.get(f"/technician-reports.csv?on={FRIDAY}").text
    assert client.get(f"/technician-reports.xlsx?on={FRIDAY}").data.startswith(b"PK")
    assert client.get("/technician-reports?period=month").status_code == 200


def test_nobody_is_missed_on_a_free_day_or_on_leave_unless_they_were_somewhere(who: People) -> None:
    saturday, now = FRIDAY + timedelta(days=1), moment(FRIDAY + timedelta(days=3))
    assert reports.missing([who.li, who.wang], ReportPeriod.DAY, saturday, now) == []
    assert reports.missing([who.li, who.wang], ReportPeriod.DAY, FRIDAY, now) == [who.li, who.wang]
    with db.transaction():
        Presence.create(user=who.wang, state="leave", from_at=moment(FRIDAY, 0), until_at=moment(FRIDAY, 23), by_name="陈文员")
    assert reports.missing([who.li, who.wang], ReportPeriod.DAY, FRIDAY, now) == [who.li]


def test_a_month_is_missed_when_it_is_over(who: People) -> None:
    october, november = date(2026, 10, 1), date(2026, 11, 1)
    assert reports.missing([who.li], ReportPeriod.MONTH, november, moment(FRIDAY)) == []
    assert reports.missing([who.li], ReportPeriod.MONTH, october, moment(FRIDAY)) == [who.li]


def test_the_worker_reminds_in_the_evening_and_tells_the_deputy_in_the_morning(who: People) -> None:
    factories.technician_report(user=who.li, starts_on=FRIDAY)
    assert reports.look(moment(FRIDAY, 7)) == ""
    for _ in range(2):
        reports.look(moment(FRIDAY, 20))
    assert (asked(who.li), asked(who.wang)) == (0, 1)
    assert reports.look(moment(FRIDAY + timedelta(days=1), 9)) == ""  # Saturday
    for _ in range(2):
        reports.look(moment(FRIDAY + timedelta(days=3), 9))
    told = Notice.get(Notice.user == who.zhao, Notice.href == f"/technician-reports?on={FRIDAY}")
    assert "王师傅" in told.params
    assert "李师傅" not in told.params


def test_an_area_manager_reads_those_of_the_own_areas(client: FlaskClient, who: People) -> None:
    near, far = factories.technician_report(user=who.li), factories.technician_report(user=who.wang)
    sign_in(client, who.area_manager)
    assert client.get(f"/technician-reports/{near.id}").status_code == 200
    assert client.get(f"/technician-reports/{far.id}").status_code == 404
    assert "王师傅" not in client.get("/technician-reports").text
    assert reports.technicians(actor_of(who.area_manager)) == [who.li]


@pytest.mark.parametrize("query", ["on=x", "period=year", "on=2999-01-01"])
def test_a_filter_that_no_choice_offers_is_refused(client: FlaskClient, who: People, query: str) -> None:
    assert client.get(f"/technician-reports?{query}").status_code == 422
