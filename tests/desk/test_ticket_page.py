"""The page of one ticket: what happened, why it exists, what can be done now."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core import clock
from app.core.types import system
from app.monitoring.models import Alarm, Condition, Episode
from app.tickets import faults, operations
from app.tickets.models import Priority, Ticket, TicketNote
from app.tickets.reasons import AlarmReason
from tests import factories
from tests.personas import make_area, make_user, sign_in

HTMX = {"HX-Request": "true"}


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK, name="陈文员"))


@pytest.fixture
def ticket(clerk: FlaskClient) -> Ticket:
    """A ticket that the monitoring opened, with its alarm and episode."""
    machine, at = factories.machine(area=make_area()), clock.now()
    reason = AlarmReason(code="E04", name_zh="油温高", name_en="Oil temperature high", at=at)
    title = "E04 油温高"
    found = faults.for_fault(by=system("monitoring"), machine=machine, family="oil", priority=Priority.HIGH, title=title, reason=reason)
    alarm = Alarm.create(machine=machine, code="E04", condition=Condition.ACTIVE, severity="high", last_event_at=at, is_acknowledged=False)
    Episode.create(alarm=alarm, machine=machine, code="E04", severity="high", started_at=at, last_raised_at=at, ticket=found.ticket)
    return found.ticket


def moved(client: FlaskClient, ticket: Ticket, to: str, version: int, **more: Any) -> Any:
    return client.post(f"/tickets/{ticket.number}/state", data={"to": to, "version": version} | more)


def test_it_works(clerk: FlaskClient, ticket: Ticket) -> None:
    text = clerk.get(f"/tickets/{ticket.number}").text
    assert ticket.number in text
    assert ticket.machine.serial in text
    assert "待核实" in text


def test_it_says_why_the_ticket_exists_in_the_readers_language(clerk: FlaskClient, ticket: Ticket) -> None:
    assert "EVC 报警 E04 油温高，" in clerk.get(f"/tickets/{ticket.number}").text
    clerk.set_cookie("locale", "en")
    assert "EVC alarm E04 Oil temperature high, " in clerk.get(f"/tickets/{ticket.number}").text


def test_alarms_stand_in_the_timeline(clerk: FlaskClient, ticket: Ticket) -> None:
    assert "报警 E04 发生" in clerk.get(f"/tickets/{ticket.number}").text


def test_htmx_gets_the_ticket_alone(clerk: FlaskClient, ticket: Ticket) -> None:
    text = clerk.get(f"/tickets/{ticket.number}", headers=HTMX).text
    assert "<html" not in text
    assert 'id="ticket"' in text


@pytest.mark.usefixtures("still_clock")
def test_the_timeline_keeps_itself_up_to_date(clerk: FlaskClient, ticket: Ticket) -> None:
    address = f"/tickets/{ticket.number}/timeline"
    tag = clerk.get(address, headers=HTMX).headers["HX-PTag"]
    assert clerk.get(address, headers=HTMX | {"HX-PTag": tag}).status_code == 304
    operations.add_note(by=system("tests"), ticket=ticket, text="已回电")
    assert "已回电" in clerk.get(address, headers=HTMX | {"HX-PTag": tag}).text


def test_only_possible_moves_are_offered(clerk: FlaskClient, ticket: Ticket) -> None:
    text = clerk.get(f"/tickets/{ticket.number}").text
    assert 'value="triaged"' in text
    assert 'value="closed"' not in text


def test_who_moves_nothing_is_offered_nothing(client: FlaskClient, ticket: Ticket) -> None:
    sign_in(client, make_user(Role.QUALITY))
    text = client.get(f"/tickets/{ticket.number}").text
    assert f"/tickets/{ticket.number}/state" not in text
    assert f"/tickets/{ticket.number}/notes" in text


def test_a_move_leads_back_to_the_ticket(clerk: FlaskClient, ticket: Ticket) -> None:
    answer = moved(clerk, ticket, "triaged", 1)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/tickets/{ticket.number}")
    assert Ticket.get().status == "triaged"


def test_a_stale_move_shows_the_present_state_and_keeps_what_was_typed(clerk: FlaskClient, ticket: Ticket) -> None:
    moved(clerk, ticket, "triaged", 1)
    answer = moved(clerk, ticket, "cancelled", 1, reason="客户撤回报修")
    assert answer.status_code == 409
    assert "已受理" in answer.text
    assert "客户撤回报修" in answer.text
    assert "刚才已有变动" in answer.text
    assert Ticket.get().status == "triaged"


def test_a_move_without_its_reason_comes_back(clerk: FlaskClient, ticket: Ticket) -> None:
    answer = moved(clerk, ticket, "cancelled", 1)
    assert answer.status_code == 422
    assert "请简要说明原因" in answer.text


@pytest.mark.parametrize("wrong", [{"to": "nowhere"}, {"version": "x"}, {"version": ""}])
def test_a_move_that_is_no_move_is_refused(clerk: FlaskClient, ticket: Ticket, wrong: dict[str, str]) -> None:
    data = {"to": "triaged", "version": "1"} | wrong
    assert clerk.post(f"/tickets/{ticket.number}/state", data=data).status_code == 422


def test_a_move_can_be_undone(clerk: FlaskClient, ticket: Ticket) -> None:
    moved(clerk, ticket, "triaged", 1)
    assert "撤销：已受理" in clerk.get(f"/tickets/{ticket.number}").text
    assert clerk.post(f"/tickets/{ticket.number}/undo", data={"version": 2}).status_code == 303
    assert Ticket.get().status == "to_verify"
    assert clerk.post(f"/tickets/{ticket.number}/undo", data={"version": 3}).status_code == 409


def test_notes_are_left_and_an_empty_one_is_not(clerk: FlaskClient, ticket: Ticket) -> None:
    assert clerk.post(f"/tickets/{ticket.number}/notes", data={"text": "已回电"}).status_code == 303
    assert clerk.post(f"/tickets/{ticket.number}/notes", data={"text": " "}).status_code == 422
    assert TicketNote.select().count() == 1


def test_words_are_changed_and_a_stale_change_keeps_what_was_typed(clerk: FlaskClient, ticket: Ticket) -> None:
    data = {"version": 1, "title": "油温过高", "kind": "fault_report", "priority": "low", "text": ""}
    assert clerk.post(f"/tickets/{ticket.number}/edit", data=data).status_code == 303
    answer = clerk.post(f"/tickets/{ticket.number}/edit", data=data | {"title": "我的新事由"})
    assert answer.status_code == 409
    assert "我的新事由" in answer.text
    assert Ticket.get().title == "油温过高"


def test_a_long_history_opens_with_its_newest_entries(clerk: FlaskClient, ticket: Ticket) -> None:
    at = clock.now()
    for number in range(130):
        TicketNote.create(ticket=ticket, at=at, by_name="李师傅", text=f"第{number}条")
    text = clerk.get(f"/tickets/{ticket.number}").text
    assert "第129条" in text
    assert "第3条" not in text
    assert "显示更早的记录" in text
    assert "第3条" in clerk.get(f"/tickets/{ticket.number}?entries=all").text


def test_a_technician_of_another_area_finds_nothing(client: FlaskClient, ticket: Ticket) -> None:
    sign_in(client, make_user(Role.TECHNICIAN, areas=(make_area(),)))
    assert client.get(f"/tickets/{ticket.number}").status_code == 404
    assert client.post(f"/tickets/{ticket.number}/notes", data={"text": "x"}).status_code == 404


def test_the_sheet_has_the_ticket_without_navigation(clerk: FlaskClient, ticket: Ticket) -> None:
    text = clerk.get(f"/tickets/{ticket.number}/print").text
    assert ticket.number in text
    assert "<nav" not in text
