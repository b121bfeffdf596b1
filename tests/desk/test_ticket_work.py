"""The ticket page: phone first, urge, watch, merge and split; each form answers in words and loses nothing that was typed."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core import clock, db
from app.core.types import system
from app.tickets import merging, operations, urging, watching
from app.tickets.models import Priority, Ticket, TicketKind, TicketNote, TicketSource
from tests import factories
from tests.personas import actor_of, make_area, make_user, sign_in

TESTS = system("tests")


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK, name="陈文员"))


def opened(**values: object) -> Ticket:
    kinds = {"source": TicketSource.HOTLINE, "kind": TicketKind.FAULT_REPORT, "priority": Priority.HIGH, "title": "液压站漏油"}
    about = {"machine": factories.machine()} if "machine" not in values else {}
    return operations.open_ticket(by=TESTS, **(kinds | about | values))


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def test_it_works(clerk: FlaskClient) -> None:
    ticket = opened()
    page = clerk.get(f"/tickets/{ticket.number}").text
    assert "可念给客户" in page
    assert f"单号 {ticket.number}" in page


def test_who_asks_in_english_gets_the_sentence_in_english(clerk: FlaskClient) -> None:
    ticket = opened()
    clerk.set_cookie("locale", "en")
    assert f"under number {ticket.number}" in clerk.get(f"/tickets/{ticket.number}").text


def test_a_ticket_to_verify_says_whom_to_phone_and_what_to_say(clerk: FlaskClient) -> None:
    machine = factories.machine()
    factories.contact(customer=machine.customer, site=machine.site, name="站长老王", phone="13800001234")
    ticket = opened(machine=machine, source=TicketSource.MONITORING)
    page = clerk.get(f"/tickets/{ticket.number}").text
    assert 'href="tel:13800001234"' in page
    assert "站长老王" in page


@pytest.mark.parametrize(
    ("answer", "status"), [("confirmed", "waiting_dispatch"), ("false_alarm", "cancelled"), ("not_reached", "to_verify")]
)
def test_each_outcome_of_the_call_is_one_button(clerk: FlaskClient, answer: str, status: str) -> None:
    ticket = opened(source=TicketSource.MONITORING)
    again = (clock.now().astimezone(clock.zone()) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    form = {"version": "1", "answer": answer, "words": "站长说", "again_at": again}
    assert clerk.post(f"/tickets/{ticket.number}/verification", data=form).status_code == 303
    assert fresh(ticket).status == status


def test_a_false_alarm_without_a_reason_comes_back_with_words(clerk: FlaskClient) -> None:
    ticket = opened(source=TicketSource.MONITORING)
    answer = clerk.post(f"/tickets/{ticket.number}/verification", data={"version": "1", "answer": "false_alarm", "words": ""})
    assert (answer.status_code, fresh(ticket).status) == (422, "to_verify")


def test_a_stale_verification_keeps_what_was_typed(clerk: FlaskClient) -> None:
    ticket = opened(source=TicketSource.MONITORING)
    operations.edit(by=TESTS, ticket=fresh(ticket), version=1, title="改过")
    answer = clerk.post(f"/tickets/{ticket.number}/verification", data={"version": "1", "answer": "confirmed", "words": "站长确认停机"})
    assert answer.status_code == 409
    assert "站长确认停机" in answer.text


def test_urging_shows_its_count_on_page_and_list(clerk: FlaskClient) -> None:
    ticket = opened()
    form = {"text": "下午检查", "form_token": "t"}
    for _ in range(2):
        assert clerk.post(f"/tickets/{ticket.number}/urgings", data=form).status_code == 303
    assert fresh(ticket).urged_count == 1
    assert "催单 ×1" in clerk.get(f"/tickets/{ticket.number}").text
    assert "催单 ×1" in clerk.get("/tickets").text


def test_watching_is_switched_on_and_off(clerk: FlaskClient) -> None:
    ticket = opened()
    clerk.post(f"/tickets/{ticket.number}/watch")
    assert ticket.number in clerk.get("/tickets?watched=1").text
    clerk.post(f"/tickets/{ticket.number}/watch", data={"off": "1"})
    assert ticket.number not in clerk.get("/tickets?watched=1").text


def test_the_watched_list_of_one_reader_is_not_shown_to_another(clerk: FlaskClient, app: object) -> None:
    ticket = opened()
    clerk.post(f"/tickets/{ticket.number}/watch")
    assert ticket.number in clerk.get("/tickets?watched=1").text
    other = sign_in(app.test_client(), make_user(Role.CLERK))  # type: ignore[attr-defined]
    assert ticket.number not in other.get("/tickets?watched=1").text


def test_a_merged_ticket_says_where_it_went_and_the_other_what_came(clerk: FlaskClient) -> None:
    machine = factories.machine()
    one, other = opened(machine=machine, title="又漏了"), opened(machine=machine)
    operations.add_note(by=TESTS, ticket=one, text="油流到地坑")
    assert clerk.post(f"/tickets/{one.number}/merge", data={"version": str(fresh(one).version), "into": other.number}).status_code == 303
    assert f'href="/tickets/{other.number}"' in clerk.get(f"/tickets/{one.number}").text
    page = clerk.get(f"/tickets/{other.number}").text
    assert "油流到地坑" in page
    assert f"{one.number} 又漏了" in page
    clerk.post(f"/tickets/{one.number}/unmerge", data={"version": str(fresh(one).version)})
    assert fresh(one).is_open


def test_a_number_that_is_none_or_not_for_this_person_is_refused_beside_the_form(clerk: FlaskClient) -> None:
    one = opened()
    answer = clerk.post(f"/tickets/{one.number}/merge", data={"version": "1", "into": "T0000-0000"})
    assert answer.status_code == 422
    assert "T0000-0000" in answer.text


def test_a_split_moves_the_chosen_notes(clerk: FlaskClient) -> None:
    one = opened()
    note = operations.add_note(by=TESTS, ticket=one, text="照明坏了")
    assert "照明坏了" in clerk.get(f"/tickets/{one.number}/split").text
    form = {"form_token": "t", "title": "照明", "kind": "fault_report", "priority": "low", "text": "", "notes": str(note.id)}
    answer = clerk.post(f"/tickets/{one.number}/split", data=form)
    part = Ticket.get(Ticket.split_from == one)
    assert answer.location.endswith(part.number)
    assert TicketNote.get_by_id(note.id).ticket == part


def test_a_split_without_a_title_keeps_the_ticks(clerk: FlaskClient) -> None:
    one = opened()
    note = operations.add_note(by=TESTS, ticket=one, text="照明坏了")
    form = {"form_token": "t", "title": "", "kind": "fault_report", "priority": "low", "text": "夜里看不清", "notes": str(note.id)}
    answer = clerk.post(f"/tickets/{one.number}/split", data=form)
    assert answer.status_code == 422
    assert "夜里看不清" in answer.text
    assert f'value="{note.id}" checked' in answer.text


def test_phones_stand_whole_only_while_the_ticket_is_in_work(clerk: FlaskClient) -> None:
    ticket = opened(caller_phone="13812345678", caller_name="王站长")
    assert 'href="tel:13812345678"' in clerk.get(f"/tickets/{ticket.number}").text
    clerk.post(f"/tickets/{ticket.number}/state", data={"to": "resolved", "version": "1", "solution": "远程复位"})
    page = clerk.get(f"/tickets/{ticket.number}").text
    assert "tel:13812345678" not in page
    assert "138****5678" in page


def test_resolving_without_words_comes_back(clerk: FlaskClient) -> None:
    ticket = opened()
    answer = clerk.post(f"/tickets/{ticket.number}/state", data={"to": "resolved", "version": "1", "solution": " "})
    assert (answer.status_code, fresh(ticket).status) == (422, "new")


def test_mentions_stand_out_and_unknown_names_do_not(clerk: FlaskClient) -> None:
    make_user(Role.DEPUTY, name="赵副经理")
    ticket = opened()
    operations.add_note(by=TESTS, ticket=ticket, text="@赵副经理 @没有这人")
    page = clerk.get(f"/tickets/{ticket.number}").text
    assert '<strong class="mention">@赵副经理</strong> @没有这人' in page


def test_names_are_offered_of_those_who_may_see_the_ticket(clerk: FlaskClient) -> None:
    make_user(Role.TECHNICIAN, name="王师傅", areas=(make_area(),))
    make_user(Role.DEPUTY, name="赵副经理")
    offered = clerk.get(f"/tickets/{opened(machine=factories.machine(area=make_area())).number}/people").text
    assert "赵副经理" in offered
    assert "王师傅" not in offered


# --- 400 records ---


@pytest.fixture
def deputy(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.DEPUTY, name="赵副经理"))


def test_a_record_is_signed_from_the_list_and_leaves_it(deputy: FlaskClient) -> None:
    ticket = opened(caller_phone="13812345678")
    listed = deputy.get("/hotline-records").text
    assert "138****5678" in listed
    record = ticket.hotlinerecord_set.get()
    assert deputy.post(f"/hotline-records/{record.id}/signature").status_code == 303
    assert ticket.number not in deputy.get("/hotline-records").text
    assert ticket.number in deputy.get("/hotline-records?state=signed").text


def test_a_record_signed_meanwhile_answers_who_signed(deputy: FlaskClient) -> None:
    record = opened().hotlinerecord_set.get()
    deputy.post(f"/hotline-records/{record.id}/signature")
    answer = deputy.post(f"/hotline-records/{record.id}/signature")
    assert answer.status_code == 409
    assert "赵副经理已签过" in answer.text


def test_all_shown_are_signed_by_one_button(deputy: FlaskClient) -> None:
    records = [opened().hotlinerecord_set.get() for _ in range(3)]
    deputy.post("/hotline-records/signatures", data={"record": [str(one.id) for one in records[:2]]})
    assert [bool(type(one).get_by_id(one.id).signed_at) for one in records] == [True, True, False]


def test_a_filter_stays_when_one_signs(deputy: FlaskClient) -> None:
    record = opened().hotlinerecord_set.get()
    answer = deputy.post(f"/hotline-records/{record.id}/signature?kind=fault_report")
    assert answer.location == "/hotline-records?kind=fault_report"


def test_the_start_page_of_the_deputy_says_how_many_wait(deputy: FlaskClient) -> None:
    opened()
    assert 'href="/hotline-records"' in deputy.get("/").text


def test_the_record_prints_as_the_paper_form(clerk: FlaskClient) -> None:
    ticket = opened(caller_name="王站长", caller_phone="13812345678")
    page = clerk.get(f"/tickets/{ticket.number}/hotline-record").text
    assert "400 电话故障申告记录" in page
    assert "13812345678" in page
    other = opened(source=TicketSource.WECHAT)
    assert clerk.get(f"/tickets/{other.number}/hotline-record").status_code == 404


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_records_leave_as_files(deputy: FlaskClient, suffix: str) -> None:
    opened(title="=1+1")
    answer = deputy.get(f"/hotline-records{suffix}?state=any")
    assert answer.status_code == 200
    assert suffix == ".xlsx" or "'=1+1" in answer.text


def test_a_page_with_everything_asks_few_questions(clerk: FlaskClient) -> None:
    """Urged, merged, split, watched and mentioned: the page still opens with a bounded number of statements."""
    machine = factories.machine()
    ticket = opened(machine=machine)
    for number in range(5):
        other = opened(machine=machine, title=f"又来{number}")
        merging.merge(by=TESTS, ticket=other, into=fresh(ticket), version=other.version)
        urging.urge(by=TESTS, ticket=fresh(ticket))
    watching.watch(by=actor_of(make_user(Role.DEPUTY)), ticket=ticket)
    statements: list[str] = []
    run = db.database.obj.execute_sql
    db.database.obj.execute_sql = lambda sql, *more, **named: (statements.append(sql), run(sql, *more, **named))[1]
    try:
        assert clerk.get(f"/tickets/{ticket.number}").status_code == 200
    finally:
        del db.database.obj.execute_sql
    assert len(statements) < 70


def test_a_button_speaks_the_language_of_each_reader(clerk: FlaskClient) -> None:
    ticket = opened()
    clerk.set_cookie("locale", "en")
    assert "Mark as resolved" in clerk.get(f"/tickets/{ticket.number}").text
    clerk.set_cookie("locale", "zh_CN")
    page = clerk.get(f"/tickets/{ticket.number}").text
    assert "标记为已解决" in page
    assert "Mark as resolved" not in page
