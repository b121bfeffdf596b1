"""The shift log (2E-15): who watched when, what was handed over to whom."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.types import Actor
from app.monitoring.models import Condition
from app.monitoring.shift_log import course, operations, queries
from app.monitoring.shift_log.models import ShiftLog
from tests import factories
from tests.personas import actor_of, make_user, sign_in

AT = datetime(2026, 11, 23, 8, tzinfo=clock.zone())


def clerk() -> Actor:
    return actor_of(make_user(Role.CLERK))


def test_it_works(database: Database) -> None:
    first, second = clerk(), clerk()
    alarm = factories.alarm(code="E04", condition=Condition.ACTIVE, started_at=AT + timedelta(hours=1))
    ticket = factories.ticket(opened_at=AT + timedelta(hours=2))
    log = operations.sign_on(by=first, at=AT)
    operations.note(by=first, log=log, text=" 3 号站联系不上 ", at=AT + timedelta(hours=3))
    operations.sign_off(by=first, log=log, version=log.version, remark="继续盯 3 号站", at=AT + timedelta(hours=8))
    log = queries.by_id(log.id)
    left = course.handover_in(log.handover)
    assert [(one.serial, one.code, one.is_active, one.is_acknowledged) for one in left.alarms] == [
        (alarm.machine.serial, "E04", True, False)
    ]
    assert [one.number for one in left.tickets] == [ticket.number]
    assert [note.text for note in log.notes] == ["3 号站联系不上"]
    assert queries.waiting(second.user_id) == [log]
    operations.take_over(by=second, log=log, version=log.version, remark="已阅")
    found = queries.by_id(log.id)
    assert (found.countersigned_by_name, queries.state_of(found), queries.waiting(second.user_id)) == (second.name, "taken_over", [])


def test_a_handover_stays_as_it_was_when_the_shift_ended(database: Database) -> None:
    first = clerk()
    alarm = factories.alarm(condition=Condition.ACTIVE)
    log = operations.sign_on(by=first)
    operations.sign_off(by=first, log=log, version=1)
    type(alarm).update(condition=Condition.NORMAL, is_acknowledged=True).execute()
    assert course.standing(first).alarms == ()
    assert course.handover_in(queries.by_id(log.id).handover).active == 1


def test_who_signs_on_twice_goes_on_with_the_same_shift(database: Database) -> None:
    first = clerk()
    assert operations.sign_on(by=first).id == operations.sign_on(by=first).id
    assert ShiftLog.select().count() == 1


def test_nobody_takes_over_from_themselves_or_twice_or_before_the_end(database: Database) -> None:
    first, second, third = clerk(), clerk(), clerk()
    log = operations.sign_on(by=first)
    with pytest.raises(Conflict, match="not over yet"):
        operations.take_over(by=second, log=log, version=log.version)
    operations.sign_off(by=first, log=log, version=log.version)
    log = queries.by_id(log.id)
    with pytest.raises(Conflict, match="own shift"):
        operations.take_over(by=first, log=log, version=log.version)
    operations.take_over(by=second, log=log, version=log.version)
    with pytest.raises(Conflict, match="any more"):
        operations.take_over(by=third, log=log, version=log.version)


def test_a_shift_that_is_over_takes_nothing_more(database: Database) -> None:
    first = clerk()
    log = operations.sign_on(by=first)
    operations.sign_off(by=first, log=log, version=log.version)
    with pytest.raises(Conflict, match="is over"):
        operations.note(by=first, log=log, text="late")
    with pytest.raises(Conflict, match="is over"):
        operations.sign_off(by=first, log=log, version=log.version)


def test_somebody_else_ends_a_shift_whose_clerk_has_gone_home(database: Database) -> None:
    first, second = clerk(), clerk()
    log = operations.sign_on(by=first)
    operations.sign_off(by=second, log=log, version=log.version)
    found = queries.by_id(log.id)
    assert (found.user_name, found.ended_by_name) == (first.name, second.name)


def test_nothing_and_too_much_are_refused_and_a_technician_keeps_no_log(database: Database) -> None:
    first = clerk()
    log = operations.sign_on(by=first)
    with pytest.raises(Invalid):
        operations.note(by=first, log=log, text="  ")
    with pytest.raises(Invalid):
        operations.sign_off(by=first, log=log, version=log.version, remark="x" * 3_000)
    with pytest.raises(NotAllowed):
        operations.sign_on(by=actor_of(make_user(Role.TECHNICIAN)))


def test_a_clock_set_back_ends_a_shift_at_its_start(database: Database) -> None:
    first = clerk()
    log = operations.sign_on(by=first, at=AT)
    operations.sign_off(by=first, log=log, version=log.version, at=AT - timedelta(hours=1))
    assert queries.by_id(log.id).ended_at == AT


@pytest.fixture
def desk(client: FlaskClient, sqlite_database: Database) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def test_the_way_through_the_screens(desk: FlaskClient) -> None:
    address = desk.post("/shifts").headers["Location"]
    assert "交班" in desk.get(address).text
    assert desk.post(f"{address}/notes", data={"text": "三号站来电"}).status_code == 303
    assert desk.post(f"{address}/notes", data={"text": ""}).status_code == 422
    assert desk.post(f"{address}/end", data={"version": "7", "remark": "留言"}).status_code == 409
    assert "留言" in desk.post(f"{address}/end", data={"version": "7", "remark": "留言"}).text
    assert desk.post(f"{address}/end", data={"version": "1", "remark": "留言"}).status_code == 303
    assert "三号站来电" in desk.get(f"{address}/print").text
    sign_in(desk, make_user(Role.CLERK, name="王接班"))
    assert f'href="{address}#take-over"' in desk.get("/").text
    assert desk.post(f"{address}/take-over", data={"version": "2", "remark": ""}).status_code == 303
    assert "王接班" in desk.get("/shifts?state=taken_over").text
    assert len(list(csv.reader(io.StringIO(desk.get("/shifts.csv").text)))) == 2
    assert desk.get("/shifts.xlsx").status_code == 200
    assert desk.get("/shifts/999").status_code == 404


@pytest.mark.parametrize("query", ["state=nonsense", "q=x", "from=2026-11-01&to=2026-11-30", "state=open"])
def test_the_list_is_narrowed(desk: FlaskClient, query: str) -> None:
    assert desk.get(f"/shifts?{query}").status_code == 200
    assert desk.get("/shifts?from=never").status_code == 422


def test_the_board_says_who_is_on_shift(desk: FlaskClient) -> None:
    assert "无人签到当班" in desk.get("/monitoring").text
    desk.post("/shifts")
    assert "当班：" in desk.get("/monitoring").text
