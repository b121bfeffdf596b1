"""Who is on duty, and where people are: shifts, night shifts, copies, conflicts, leave."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role, User
from app.core import clock, db
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.history import HistoryEntry
from app.core.types import system
from app.roster import operations, queries
from app.roster.models import DutyShift, Presence, PresenceState
from app.roster.operations import ShiftPattern
from tests.personas import actor_of, make_user, sign_in

BY = system("test")
MONDAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)  # in Shanghai
HOUR = timedelta(hours=1)


def enter(user: User, role: str = "clerk", **values: Any) -> list[DutyShift]:
    pattern: dict[str, Any] = {"first": MONDAY, "last": MONDAY, "start": time(8, 30), "end": time(17, 30)} | values
    return operations.add_shifts(by=BY, pattern=ShiftPattern(user_id=user.id, role=role, **pattern))


def on_duty(role: str, at: datetime) -> list[int]:
    return [user.id for user in queries.on_duty(role, at)]


@pytest.fixture
def clerk(database: Database) -> User:
    return make_user("clerk", name="陈")


@pytest.fixture
def desk(client: FlaskClient, clerk: User) -> FlaskClient:
    return sign_in(client, clerk)


def form(user: User, **values: Any) -> dict[str, Any]:
    day = MONDAY.isoformat()
    return {"user": user.id, "role": "clerk", "first": day, "last": day, "start": "08:30", "end": "17:30", "note": ""} | values


def test_it_works(desk: FlaskClient, clerk: User) -> None:
    answer = desk.post("/roster/shifts", data=form(clerk, last="2026-11-27"))
    assert (answer.status_code, answer.location) == (303, "/roster?week=2026-11-23")
    page = desk.get(answer.location).text
    assert page.count("08:30–17:30") == 5
    assert on_duty("clerk", NOON) == [clerk.id]


def test_a_night_shift_ends_on_the_next_day(clerk: User) -> None:
    (shift,) = enter(clerk, start=time(20), end=time(8))
    assert shift.ends_at - shift.starts_at == 12 * HOUR
    other = make_user("clerk")
    assert on_duty("clerk", NOON + 14 * HOUR) == [clerk.id]  # two at night
    assert on_duty("clerk", NOON + 20 * HOUR) == [clerk.id, other.id]  # eight: over


def test_without_a_shift_everybody_who_holds_the_role_is_asked(clerk: User) -> None:
    other = make_user("clerk")
    make_user("clerk", is_active=False)
    assert on_duty("clerk", NOON) == [clerk.id, other.id]
    assert on_duty("deputy", NOON) == []


def test_who_is_on_leave_is_asked_only_when_nobody_else_holds_the_role(clerk: User) -> None:
    enter(clerk)
    operations.set_presence(by=BY, user_id=clerk.id, state=PresenceState.LEAVE, at=NOON - HOUR)
    assert on_duty("clerk", NOON) == [clerk.id]
    other = make_user("clerk")
    assert on_duty("clerk", NOON) == [other.id]
    operations.set_presence(by=BY, user_id=clerk.id, state=PresenceState.TRAVELLING, at=NOON)
    assert on_duty("clerk", NOON) == [clerk.id]


def test_one_person_has_one_shift_at_a_time_in_a_role(clerk: User) -> None:
    enter(clerk, start=time(20), end=time(8))
    with pytest.raises(Invalid) as refusal:
        enter(clerk, first=MONDAY + timedelta(days=1), last=MONDAY + timedelta(days=2), start=time(7), end=time(9))
    assert "first" in refusal.value.fields
    assert DutyShift.select().count() == 1  # all or none


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"role": "manager"}, "role"),
        ({"last": MONDAY - timedelta(days=1)}, "last"),
        ({"last": MONDAY + timedelta(days=40)}, "last"),
        ({"note": "x" * 201}, "note"),
    ],
)
def test_a_shift_that_cannot_be_is_refused_beside_its_field(clerk: User, change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        enter(clerk, **change)
    assert list(refusal.value.fields) == [field]


def test_a_refused_form_keeps_what_was_typed(desk: FlaskClient, clerk: User) -> None:
    answer = desk.post("/roster/shifts", data=form(clerk, last="2026-11-01", note="替班"))
    assert answer.status_code == 422
    assert "替班" in answer.text


def test_a_removed_shift_can_be_put_back(desk: FlaskClient, clerk: User) -> None:
    (shift,) = enter(clerk, note="替班")
    assert desk.post(f"/roster/shifts/{shift.id}/removal").status_code == 303
    assert DutyShift.select().count() == 0
    assert desk.post(f"/roster/shifts/{shift.id}/removal").status_code == 404
    entry = HistoryEntry.get(HistoryEntry.action == "shift.removed")
    assert desk.post(f"/roster/removals/{entry.id}/undo").status_code == 303
    back = DutyShift.get()
    assert (back.starts_at, back.ends_at, back.note) == (shift.starts_at, shift.ends_at, "替班")
    assert desk.post(f"/roster/removals/{entry.id}/undo").status_code == 409


def test_a_week_is_copied_without_what_is_there_and_who_has_left(clerk: User) -> None:
    gone = make_user("clerk")
    enter(clerk, last=MONDAY + timedelta(days=1))
    enter(gone)
    User.update(is_active=False).where(User.id == gone.id).execute()
    following = MONDAY + timedelta(days=7)
    enter(clerk, first=following, last=following)
    assert operations.copy_week(by=BY, monday=following) == (1, 2)
    assert operations.copy_week(by=BY, monday=following) == (0, 3)
    assert len(queries.week(following).shifts) == 2


def test_conflicts_are_said_in_words(desk: FlaskClient, clerk: User) -> None:
    from app.accounts.models import UserRole

    UserRole.create(user=clerk, role=Role.DEPUTY)
    enter(clerk)
    enter(clerk, role="deputy")
    operations.set_presence(by=BY, user_id=clerk.id, state=PresenceState.LEAVE, at=NOON - 24 * HOUR)
    text = desk.get("/roster?week=2026-11-25").text
    assert "陈（2026年11月23日 08:30）：同一时间有两个班次。" in text
    assert "当时在休假" in text


def test_everybody_says_it_of_themselves_and_the_desk_of_others(database: Database) -> None:
    technician, clerk = make_user("technician"), make_user("clerk")
    by = actor_of(technician)
    operations.set_presence(by=by, user_id=technician.id, state=PresenceState.TRAVELLING)
    with pytest.raises(NotAllowed):
        operations.set_presence(by=by, user_id=clerk.id, state=PresenceState.LEAVE)
    operations.set_presence(by=actor_of(clerk), user_id=technician.id, state=PresenceState.LEAVE)
    with pytest.raises(NotFound):
        operations.set_presence(by=actor_of(clerk), user_id=9_999, state=PresenceState.LEAVE)
    assert [row.state for row in Presence.select().order_by(Presence.id)] == ["travelling", "leave"]
    assert Presence.select().where(Presence.until_at.is_null()).count() == 1


def test_a_planned_leave_lies_over_what_lasts(clerk: User) -> None:
    operations.set_presence(by=BY, user_id=clerk.id, state=PresenceState.ON_DUTY, at=NOON)
    operations.set_presence(
        by=BY, user_id=clerk.id, state=PresenceState.LEAVE, from_at=NOON + 24 * HOUR, until_at=NOON + 48 * HOUR, at=NOON
    )
    found = [queries.presences([clerk.id], NOON + hours * HOUR)[clerk.id].state for hours in (1, 25, 49)]
    assert found == ["on_duty", "leave", "on_duty"]
    operations.set_presence(by=BY, user_id=clerk.id, state=PresenceState.TRAVELLING, at=NOON + 30 * HOUR)
    assert queries.presences([clerk.id], NOON + 31 * HOUR)[clerk.id].state == "travelling"


def test_an_end_in_the_past_is_refused(clerk: User) -> None:
    with pytest.raises(Invalid):
        operations.set_presence(by=BY, user_id=clerk.id, state=PresenceState.LEAVE, until_at=NOON - HOUR, at=NOON)


def test_one_click_says_where_i_am(client: FlaskClient, database: Database) -> None:
    technician = make_user("technician", name="李")
    sign_in(client, technician)
    assert client.post("/presence", data={"state": "leave", "next": "/machines"}).location == "/machines"
    assert client.post("/presence", data={"state": "asleep"}).status_code == 422
    assert client.post("/presence", data={"state": "leave", "user": make_user("clerk").id}).status_code == 403
    text = client.get("/people?state=leave").text
    assert "李" in text
    assert client.get("/people.csv?state=leave").text.count("\n") == 2
    assert client.get("/people.xlsx").status_code == 200


def test_a_stretch_is_planned_by_the_desk(desk: FlaskClient, clerk: User) -> None:
    day = (clock.now() + timedelta(days=5)).date()
    typed = {"user": clerk.id, "state": "leave", "first": day.isoformat(), "last": "", "note": "年假"}
    refused = desk.post("/people", data=typed)
    assert refused.status_code == 422
    assert "年假" in refused.text
    assert desk.post("/people", data=typed | {"last": day.isoformat()}).status_code == 303
    row = Presence.get()
    assert row.until_at - row.from_at == 24 * HOUR


def test_the_week_is_exported(desk: FlaskClient, clerk: User) -> None:
    enter(clerk)
    text = desk.get("/roster.csv?week=2026-11-23").text
    assert "clerk,陈,2026-11-23T08:30:00+08:00,2026-11-23T17:30:00+08:00," in text
    assert desk.get("/roster.xlsx?week=2026-11-23").status_code == 200
    assert desk.get("/roster?week=never").status_code == 422


def test_putting_back_over_another_shift_is_refused(clerk: User) -> None:
    (shift,) = enter(clerk)
    operations.remove_shift(by=BY, shift_id=shift.id)
    enter(clerk, start=time(9), end=time(10))
    with pytest.raises(Conflict), db.transaction():
        operations.put_back(by=BY, entry_id=HistoryEntry.get(HistoryEntry.action == "shift.removed").id)
