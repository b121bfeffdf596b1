"""Complaints on screen: the list and its filters, answers, assessment, hand-over; nothing typed is lost."""

import csv
import io
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.core import clock
from app.tickets import complaints, operations
from app.tickets.models import CauseClass, Complaint, ComplaintReply, Priority, Ticket, TicketClock, TicketKind, TicketSource
from tests import factories
from tests.personas import People, actor_of, people, sign_in


@pytest.fixture
def who(client: FlaskClient) -> People:
    everybody = people()
    sign_in(client, everybody.chen)
    return everybody


@pytest.fixture
def ticket(who: People) -> Ticket:
    return operations.open_ticket(
        by=actor_of(who.chen), source=TicketSource.HOTLINE, kind=TicketKind.COMPLAINT, priority=Priority.HIGH, title="三次维修仍漏油",
        caller_name="王站长", machine=factories.machine(area=who.north), responsible=who.li,
    )  # fmt: skip


def home(ticket: Ticket) -> str:
    return f"/tickets/{ticket.number}/complaint"


def assessment(**values: str) -> dict[str, str]:
    return {"version": str(Complaint.get().version), "cause": CauseClass.ATTITUDE, "is_justified": "no", "measure": ""} | values


def test_it_works(client: FlaskClient, ticket: Ticket) -> None:
    page = client.get(home(ticket)).text
    assert "三次维修仍漏油" in page
    assert "李师傅" in page
    assert ticket.number in client.get("/complaints").text
    assert ticket.number in client.get(f"/tickets/{ticket.number}").text
    assert "李师傅" in client.get(f"/tickets/{ticket.number}").text


def test_an_answer_stands_in_the_log_and_the_clock_says_so(client: FlaskClient, ticket: Ticket) -> None:
    answer = client.post(f"{home(ticket)}/answers", data={"to": "customer", "customer": "已电话说明处理方案"})
    assert (answer.status_code, answer.headers["Location"]) == (303, home(ticket))
    assert "已电话说明处理方案" in client.get(home(ticket)).text
    assert Complaint.get().customer_answered_at is not None


def test_an_empty_answer_is_refused_beside_its_field(client: FlaskClient, ticket: Ticket) -> None:
    answer = client.post(f"{home(ticket)}/answers", data={"to": "centre", "centre": " "})
    assert answer.status_code == 422
    assert ComplaintReply.select().count() == 0


def test_an_answer_to_nobody_is_refused(client: FlaskClient, ticket: Ticket) -> None:
    assert client.post(f"{home(ticket)}/answers", data={"to": "press", "text": "x"}).status_code == 422


def test_the_responsible_technician_answers_and_others_do_not(client: FlaskClient, who: People, ticket: Ticket) -> None:
    sign_in(client, who.area_manager)
    assert client.post(f"{home(ticket)}/answers", data={"to": "centre", "centre": "x"}).status_code == 403
    sign_in(client, who.li)
    assert client.post(f"{home(ticket)}/answers", data={"to": "centre", "centre": "油封装反"}).status_code == 303


def test_cause_verdict_and_measure_are_kept(client: FlaskClient, who: People, ticket: Ticket) -> None:
    sent = assessment(is_justified="yes", measure="培训", measure_owner=str(who.sun.id), measure_due_on="2026-12-01", cause_text="态度")
    assert client.post(f"{home(ticket)}/assessment", data=sent).status_code == 303
    found = Complaint.get()
    assert (found.cause, found.is_justified, found.measure, found.measure_owner) == ("attitude", True, "培训", who.sun)
    page = client.get(home(ticket)).text
    assert f'<option selected value="{who.sun.id}">孙质检' in page
    assert '<option selected value="yes">' in page
    assert client.post(f"{home(ticket)}/measure", data={"version": str(found.version)}).status_code == 303
    assert Complaint.get().measure_done_at is not None


def test_what_was_typed_stays_when_it_is_refused(client: FlaskClient, ticket: Ticket) -> None:
    answer = client.post(f"{home(ticket)}/assessment", data=assessment(is_justified="yes", measure="每周复查一次"))
    assert answer.status_code == 422
    assert "每周复查一次" in answer.text
    assert Complaint.get().cause is None


def test_a_stale_assessment_is_told_and_kept(client: FlaskClient, who: People, ticket: Ticket) -> None:
    sent = assessment(cause_text="两人同时填写")
    complaints.assess(by=actor_of(who.zhao), ticket=ticket, version=1, found=complaints.Assessment(cause=CauseClass.CHARGES))
    answer = client.post(f"{home(ticket)}/assessment", data=sent)
    assert answer.status_code == 409
    assert "两人同时填写" in answer.text
    assert Complaint.get().cause == CauseClass.CHARGES


def test_it_is_handed_over_with_a_reason(client: FlaskClient, who: People, ticket: Ticket) -> None:
    for sent in ({"responsible": "", "reason": "x"}, {"responsible": str(who.sun.id), "reason": ""}):
        assert client.post(f"{home(ticket)}/assignment", data={"version": "1"} | sent).status_code == 422
    sent = {"version": "1", "responsible": str(who.sun.id), "reason": "质量问题"}
    assert client.post(f"{home(ticket)}/assignment", data=sent).status_code == 303
    assert Complaint.get().responsible == who.sun


def test_the_ticket_page_says_what_closing_still_needs(client: FlaskClient, ticket: Ticket) -> None:
    for to in ("resolved", "closed"):
        version = Ticket.get_by_id(ticket.id).version
        answer = client.post(f"/tickets/{ticket.number}/state", data={"to": to, "version": str(version), "solution": "更换油封"})
    assert answer.status_code == 409
    assert "尚未答复客户" in answer.text


def test_other_tickets_have_no_complaint(client: FlaskClient, who: People) -> None:
    assert client.get(f"/tickets/{factories.ticket().number}/complaint").status_code == 404


@pytest.mark.parametrize(
    ("query", "is_shown"),
    [("state=open", True), ("state=late", False), ("state=closed", False), ("major=1", False), ("cause=attitude", False), ("q=漏油", True)],
)
def test_the_list_is_filtered(client: FlaskClient, ticket: Ticket, query: str, is_shown: bool) -> None:
    assert (ticket.number in client.get(f"/complaints?{query}").text) == is_shown


def test_an_overdue_answer_is_found(client: FlaskClient, ticket: Ticket) -> None:
    TicketClock.update(due_at=clock.now() - timedelta(hours=1)).execute()
    assert ticket.number in client.get("/complaints?state=late").text


@pytest.mark.parametrize("query", ["state=odd", "cause=odd", "justified=odd", "responsible=x", "from=never", "sort=odd"])
def test_a_filter_that_no_choice_offers_is_refused(client: FlaskClient, who: People, query: str) -> None:
    assert client.get(f"/complaints?{query}").status_code == 422


def test_the_list_is_exported_as_it_is_filtered(client: FlaskClient, ticket: Ticket) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/complaints.csv").get_data(as_text=True).lstrip("\ufeff"))))
    assert [(row["number"], row["responsible"]) for row in rows] == [(ticket.number, "李师傅")]
    assert client.get("/complaints.xlsx?state=closed").status_code == 200


def test_the_paper_form_shows_it_whole(client: FlaskClient, ticket: Ticket) -> None:
    client.post(f"{home(ticket)}/answers", data={"to": "customer", "customer": "已电话说明"})
    page = client.get(f"{home(ticket)}/print").text
    assert "顾客投诉（建议）记录表" in page
    assert "已电话说明" in page
