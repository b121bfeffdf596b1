"""The table of targets: defaults shown, changed for what opens from now on, given back, never under two people's feet."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.types import system
from app.tickets import clock_targets, clocks, operations, sla
from app.tickets.models import ClockKind, ClockTarget, Priority, Ticket, TicketClock, TicketKind, TicketSource
from app.tickets.sla import Target
from tests.personas import actor_of, make_user, sign_in

BY = system("test")
MONDAY = datetime(2026, 11, 23, 1, tzinfo=UTC)
FAULT, CRITICAL, ANSWER = TicketKind.FAULT_REPORT, Priority.CRITICAL, ClockKind.ANSWER


def change(target: Target | None, clock: ClockKind = ANSWER, kind: TicketKind = FAULT) -> int:
    return clock_targets.change(by=BY, kind=kind, targets={(CRITICAL, clock): target}, version=clock_targets.version())


def opened() -> Ticket:
    return operations.open_ticket(
        by=BY, source=TicketSource.HOTLINE, kind=FAULT, priority=CRITICAL, title="Pump", caller_name="Wu", at=MONDAY
    )


def shown(kind: TicketKind = FAULT) -> dict[str, Any]:
    """The form as the page sends it when nothing is changed."""
    form: dict[str, Any] = {"version": clock_targets.version()}
    for (priority, clock), target in clock_targets.present(kind).items():
        form[f"{priority}-{clock}"] = str(target.minutes)
        if target.is_round_the_clock:
            form[f"{priority}-{clock}-round"] = "1"
    return form


@pytest.fixture
def deputy(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user("deputy"))


def test_it_works(deputy: FlaskClient) -> None:
    assert "15 分钟" in deputy.get("/clocks/targets").text
    answer = deputy.post("/clocks/targets?kind=fault_report", data=shown() | {"critical-answer": "1h30", "low-arrival": ""})
    assert answer.status_code == 303
    assert clock_targets.present(FAULT)[CRITICAL, ANSWER] == Target(90, True)
    assert (Priority.LOW, ClockKind.ARRIVAL) not in clock_targets.present(FAULT)
    assert ClockTarget.select().count() == 2
    assert "1 小时 30 分钟" in deputy.get("/clocks/targets").text


def test_a_change_holds_for_tickets_opened_from_now_on(database: Database) -> None:
    before = opened()
    change(Target(5, True))
    after = opened()
    found = [TicketClock.get(TicketClock.ticket == one, TicketClock.kind == ANSWER).due_at - MONDAY for one in (before, after)]
    assert found == [timedelta(minutes=15), timedelta(minutes=5)]


def test_what_equals_the_default_leaves_no_row(database: Database) -> None:
    change(Target(5, True))
    change(Target(15, True))
    assert ClockTarget.select().count() == 0
    assert clock_targets.change(by=BY, kind=FAULT, targets={(CRITICAL, ANSWER): Target(15, True)}, version=-1) == 0


def test_the_delivered_targets_can_be_had_back(deputy: FlaskClient) -> None:
    change(None)
    change(Target(7), ClockKind.REPAIR)
    answer = deputy.post("/clocks/targets?kind=fault_report", data={"reset": "1", "version": clock_targets.version()})
    assert answer.status_code == 303
    assert clocks.present_targets() == sla.DEFAULTS


def test_two_people_at_the_table_the_second_is_told_and_keeps_what_was_typed(deputy: FlaskClient) -> None:
    form = shown() | {"critical-answer": "44"}
    change(Target(5, True))
    answer = deputy.post("/clocks/targets?kind=fault_report", data=form)
    assert answer.status_code == 409
    assert 'value="44"' in answer.text
    with pytest.raises(Conflict):
        clock_targets.change(by=BY, kind=FAULT, targets={(CRITICAL, ANSWER): Target(9)}, version=0)


@pytest.mark.parametrize("text", ["soon", "0", "-5", "1000000", "1.5h"])
def test_what_is_no_time_is_refused_beside_its_field(deputy: FlaskClient, text: str) -> None:
    answer = deputy.post("/clocks/targets?kind=fault_report", data=shown() | {"critical-answer": text})
    assert answer.status_code == 422
    assert 'id="critical-answer-error"' in answer.text
    assert ClockTarget.select().count() == 0


@pytest.mark.parametrize(
    ("text", "minutes"), [("30", 30), ("4h", 240), ("1h30", 90), ("7 小时 30 分钟", 450), ("7 h 30 min", 450), ("", None), ("2小时", 120)]
)
def test_times_are_read_as_they_are_shown(text: str, minutes: int | None) -> None:
    assert clock_targets.minutes_from(text) == minutes


def test_the_two_answers_to_a_complaint_stay_24_hours(database: Database) -> None:
    with pytest.raises(Invalid):
        change(Target(60 * 48), ClockKind.CUSTOMER_ANSWER, TicketKind.COMPLAINT)


def test_a_clerk_does_not_change_targets(database: Database) -> None:
    with pytest.raises(NotAllowed):
        clock_targets.reset(by=actor_of(make_user("clerk")), kind=FAULT, version=0)
