"""Taking a call: the form and its buttons as they work without JavaScript, the offers and the card as htmx asks for them."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core import clock, db
from app.core.types import system
from app.customers.models import Contact, Customer
from app.customers.operations import ContactDetails, CustomerDetails, add_contact, create_customer
from app.tickets import moving, operations
from app.tickets.models import (
    HotlineRecord,
    InboundMail,
    IntakeChannel,
    IntakeDraft,
    Priority,
    Ticket,
    TicketAttachment,
    TicketKind,
    TicketNote,
    TicketSource,
    TicketStatus,
)
from tests import factories
from tests.personas import make_area, make_user, sign_in

HTMX = {"HX-Request": "true"}
FORM = {"kind": "fault_report", "priority": "high", "title": "漏油", "text": "", "outcome": "dispatch"}
DRAFT = "a-draft-of-the-tests-000000001"


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK, name="陈文员"))


def opened(**values: Any) -> Ticket:
    defaults = {"source": TicketSource.HOTLINE, "kind": TicketKind.FAULT_REPORT, "priority": Priority.HIGH, "title": "液压站漏油"}
    return operations.open_ticket(by=system("tests"), **(defaults | values))


def field(text: str, name: str) -> str:
    found = re.search(f'<input[^>]*name="{name}"[^>]*>', text)
    assert found is not None, name
    value = re.search('value="([^"]*)"', found.group())
    return value.group(1) if value else ""


# --- filing ------------------------------------------------------------------


def test_it_works(clerk: FlaskClient) -> None:
    machine = factories.machine()
    answer = clerk.post("/tickets", data=FORM | {"machine": machine.serial, "caller_name": "张站长", "caller_phone": "13800138000"})
    ticket = Ticket.get()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/tickets/{ticket.number}")
    assert (ticket.machine, ticket.status, ticket.caller_name) == (machine, TicketStatus.WAITING_DISPATCH, "张站长")
    assert ticket.number in clerk.get(answer.headers["Location"]).text


def test_htmx_is_led_to_the_ticket(clerk: FlaskClient) -> None:
    answer = clerk.post("/tickets", data=FORM | {"machine": factories.machine().serial}, headers=HTMX)
    assert answer.headers["HX-Redirect"] == f"/tickets/{Ticket.get().number}"


@pytest.mark.parametrize(
    ("outcome", "status"), [("dispatch", "waiting_dispatch"), ("solved", "resolved"), ("save", "new"), ("", "new"), ("whatever", "new")]
)
def test_each_button_leads_to_its_state(clerk: FlaskClient, outcome: str, status: str) -> None:
    clerk.post("/tickets", data=FORM | {"machine": factories.machine().serial, "outcome": outcome, "solution": "指导客户复位"})
    assert Ticket.get().status == status


def test_solved_on_the_phone_needs_what_solved_it(clerk: FlaskClient) -> None:
    answer = clerk.post("/tickets", data=FORM | {"machine": factories.machine().serial, "outcome": "solved"})
    assert answer.status_code == 422
    assert Ticket.select().count() == 0


def test_the_same_form_sent_again_leads_to_the_same_ticket(clerk: FlaskClient) -> None:
    token = field(clerk.get("/tickets/new").text, "draft")
    form = FORM | {"draft": token, "machine": factories.machine().serial}
    assert clerk.post("/tickets", data=form).headers["Location"] == clerk.post("/tickets", data=form).headers["Location"]
    assert Ticket.select().count() == 1


def test_the_same_form_with_other_words_is_kept_and_can_be_filed_as_another_call(clerk: FlaskClient) -> None:
    form = FORM | {"draft": DRAFT, "machine": factories.machine().serial}
    clerk.post("/tickets", data=form)
    answer = clerk.post("/tickets", data=form | {"title": "又来一个"})
    assert answer.status_code == 409
    assert Ticket.get().number in answer.text
    assert 'value="又来一个"' in answer.text
    clerk.post("/tickets", data=form | {"title": "又来一个", "draft": field(answer.text, "draft")})
    assert {ticket.title for ticket in Ticket.select()} == {"漏油", "又来一个"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title": ""}, "请简要填写事由"),
        ({"machine": "YZ-none"}, "没有这个序列号的设备"),
        ({"customer": "没有的客户"}, "没有名称完全一致的客户"),
        ({"machine": "", "customer": ""}, "请填写设备"),
        ({"kind": "whatever"}, "类别"),
        ({"called_at": "yesterday", "caller_name": "x"}, "时间格式不对"),
        ({"called_at": "2999-01-01T10:00", "caller_name": "x"}, "这个时间还没到"),
    ],
)
def test_a_wrong_form_comes_back_with_words_and_all_that_was_typed(clerk: FlaskClient, wrong: dict[str, str], words: str) -> None:
    answer = clerk.post("/tickets", data=FORM | {"text": "客户说很急"} | wrong)
    assert answer.status_code == 422
    assert words in answer.text
    assert "客户说很急" in answer.text
    assert Ticket.select().count() == 0


def test_an_unknown_caller_is_filed_with_name_and_phone(clerk: FlaskClient) -> None:
    clerk.post("/tickets", data=FORM | {"caller_name": "王先生", "caller_phone": "13911112222"})
    ticket = Ticket.get()
    assert (ticket.customer, ticket.caller_name, ticket.caller_phone) == (None, "王先生", "13911112222")


def test_a_customer_and_a_contact_are_registered_along_with_the_call(clerk: FlaskClient) -> None:
    clerk.post(
        "/tickets",
        data=FORM | {"customer": "新来物业公司", "caller_name": "王先生", "caller_phone": "139", "new_customer": "1", "keeps_contact": "1"},
    )
    ticket = Ticket.get()
    assert (ticket.customer.name, ticket.contact.name, ticket.contact.phone) == ("新来物业公司", "王先生", "139")


def test_a_technician_registers_no_customer(client: FlaskClient) -> None:
    sign_in(client, make_user(Role.TECHNICIAN, areas=(make_area(),)))
    answer = client.post("/tickets", data=FORM | {"customer": "新来物业公司", "new_customer": "1"})
    assert answer.status_code == 403
    assert Customer.select().count() == 0


def test_nothing_is_registered_when_the_call_is_refused(clerk: FlaskClient) -> None:
    clerk.post("/tickets", data=FORM | {"customer": "新来物业公司", "new_customer": "1", "outcome": "solved"})
    assert Customer.select().count() == 0


def test_a_machine_of_another_area_is_as_unknown_as_none(client: FlaskClient) -> None:
    machine = factories.machine(area=make_area())
    sign_in(client, make_user(Role.TECHNICIAN, areas=(make_area(),)))
    answer = client.post("/tickets", data=FORM | {"machine": machine.serial})
    assert answer.status_code == 422
    assert "没有这个序列号的设备" in answer.text


def test_a_chosen_contact_names_the_caller(clerk: FlaskClient) -> None:
    contact = factories.contact(name="张站长", phone="13800138000")
    clerk.post("/tickets", data=FORM | {"customer": contact.customer.name, "contact_id": str(contact.id)})
    ticket = Ticket.get()
    assert (ticket.contact, ticket.caller_name, ticket.caller_phone) == (contact, "张站长", "13800138000")


def test_a_contact_of_another_customer_is_not_taken_along(clerk: FlaskClient) -> None:
    other = factories.contact()
    clerk.post("/tickets", data=FORM | {"customer": factories.customer().name, "contact_id": str(other.id)})
    assert Ticket.get().contact is None


def test_a_caller_whose_number_one_contact_has_is_that_contact(clerk: FlaskClient) -> None:
    contact = factories.contact(phone="13800138000")
    clerk.post("/tickets", data=FORM | {"customer": contact.customer.name, "caller_phone": "13800138000"})
    assert Ticket.get().contact == contact


def test_the_channel_says_where_the_call_came_from_and_the_400_line_is_recorded(clerk: FlaskClient) -> None:
    machine, wechat = factories.machine(), IntakeChannel.get(source=TicketSource.WECHAT)
    clerk.post("/tickets", data=FORM | {"machine": machine.serial, "called_at": "2026-01-02T10:30"})
    assert HotlineRecord.get().called_at == clock.now().replace(year=2026, month=1, day=2, hour=2, minute=30, second=0, microsecond=0)
    clerk.post("/tickets", data=FORM | {"machine": machine.serial, "channel": str(wechat.id)})
    assert {ticket.source for ticket in Ticket.select()} == {TicketSource.HOTLINE, TicketSource.WECHAT}


def test_a_screenshot_goes_along_without_javascript(clerk: FlaskClient) -> None:
    form = FORM | {"machine": factories.machine().serial, "files": (io.BytesIO(b"what was said\n"), "said.txt")}
    assert clerk.post("/tickets", data=form, content_type="multipart/form-data").status_code == 303
    assert TicketAttachment.get().file.name == "said.txt"


def test_a_refused_file_is_named_and_the_call_stays(clerk: FlaskClient) -> None:
    form = FORM | {"machine": factories.machine().serial, "files": (io.BytesIO(b"MZ\x90\x00" + b"\0" * 90), "virus.exe")}
    answer = clerk.post("/tickets", data=form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert "virus.exe" in answer.text
    assert Ticket.select().count() == 0


def test_an_earlier_ticket_is_linked_as_repeated(clerk: FlaskClient) -> None:
    machine = factories.machine()
    earlier = opened(machine=machine)
    clerk.post("/tickets", data=FORM | {"machine": machine.serial, "title": "又漏了", "repeat_of": earlier.number})
    later = Ticket.get(Ticket.title == "又漏了")
    assert (later.repeat_of, later.is_recurring) == (earlier, True)


# --- joining -----------------------------------------------------------------


def test_a_second_call_joins_the_open_ticket(clerk: FlaskClient) -> None:
    ticket = opened(machine=factories.machine())
    answer = clerk.post(f"/tickets/{ticket.number}/calls", data=FORM | {"caller_name": "王先生", "text": "还在漏", "draft": DRAFT})
    assert answer.status_code == 303
    assert (Ticket.select().count(), TicketNote.get().text) == (1, "王先生\n漏油\n还在漏")


def test_joining_twice_notes_once(clerk: FlaskClient) -> None:
    ticket = opened(machine=factories.machine())
    for _ in range(2):
        clerk.post(f"/tickets/{ticket.number}/calls", data=FORM | {"draft": DRAFT})
    assert TicketNote.select().count() == 1


def test_a_finished_ticket_is_opened_again_within_thirty_days(clerk: FlaskClient) -> None:
    ticket = opened(machine=factories.machine())
    moving.change_status(by=system("tests"), ticket=ticket, to=TicketStatus.RESOLVED, version=ticket.version)
    clerk.post(f"/tickets/{ticket.number}/calls", data=FORM | {"opens_again": "1", "draft": DRAFT})
    assert Ticket.get().status == TicketStatus.TRIAGED


def test_after_thirty_days_a_ticket_stays_finished_and_the_words_are_kept(clerk: FlaskClient) -> None:
    ticket = opened(machine=factories.machine())
    long_ago = clock.now() - timedelta(days=31)
    moving.change_status(by=system("tests"), ticket=ticket, to=TicketStatus.RESOLVED, version=ticket.version, at=long_ago)
    answer = clerk.post(f"/tickets/{ticket.number}/calls", data=FORM | {"opens_again": "1", "text": "还在漏"})
    assert answer.status_code == 409
    assert "还在漏" in answer.text
    assert TicketNote.select().count() == 0


# --- the address fills the form ----------------------------------------------


def test_a_telephone_system_opens_it_with_the_caller(clerk: FlaskClient) -> None:
    contact = factories.contact(name="张站长", phone="13800138000")
    text = clerk.get("/tickets/new?phone=%2B86+138-0013-8000").text
    assert field(text, "caller_phone") == "13800138000"
    assert field(text, "caller_name") == "张站长"
    assert field(text, "customer") == contact.customer.name


def test_a_number_that_nobody_has_is_filled_in_all_the_same(clerk: FlaskClient) -> None:
    assert field(clerk.get("/tickets/new?phone=13999990000").text, "caller_phone") == "13999990000"


def test_a_number_of_several_customers_offers_them_all(clerk: FlaskClient) -> None:
    owners = [create_customer(by=system("tests"), details=CustomerDetails(name=f"第{n}环卫所")) for n in range(3)]
    for owner in owners:
        add_contact(by=system("tests"), customer=owner, details=ContactDetails(name="值班", phone="13800138000"))
    text = clerk.get("/tickets/new?phone=13800138000").text
    assert field(text, "customer") == ""
    assert all(owner.name in text for owner in owners)


def test_a_machine_brings_its_customer(clerk: FlaskClient) -> None:
    machine = factories.machine()
    text = clerk.get(f"/tickets/new?machine={machine.device}").text
    assert field(text, "machine") == machine.serial
    assert field(text, "customer") == machine.customer.name


def test_a_customer_is_named_by_its_page(clerk: FlaskClient) -> None:
    machine = factories.machine()
    text = clerk.get(f"/tickets/new?customer={machine.customer_id}").text
    assert field(text, "customer") == machine.customer.name
    assert machine.serial in text


def test_a_mail_fills_the_form_and_is_settled_by_filing(clerk: FlaskClient) -> None:
    contact = factories.contact(email="Zhang@Example.com")
    with db.transaction():
        sender = {"message_id": "<1@x>", "from_name": "张站长", "from_address": "zhang@example.com"}
        mail = InboundMail.create(**sender, subject="设备漏油", text="请尽快", received_at=clock.now(), state="new")
    text = clerk.get(f"/tickets/new?mail={mail.id}").text
    assert (field(text, "title"), field(text, "customer"), field(text, "mail")) == ("设备漏油", contact.customer.name, str(mail.id))
    clerk.post("/tickets", data=FORM | {"customer": contact.customer.name, "mail": str(mail.id)})
    assert InboundMail.get().ticket == Ticket.get()


# --- offers and card ---------------------------------------------------------


def test_offers_end_with_the_caller_whom_nobody_knows(clerk: FlaskClient) -> None:
    text = clerk.get("/tickets/new/matches?q=13912345678", headers=HTMX).text
    assert 'value="phone:13912345678"' in text
    assert "<html" not in text


def test_a_pasted_message_offers_what_its_numbers_lead_to(clerk: FlaskClient) -> None:
    owner = create_customer(by=system("tests"), details=CustomerDetails(name="中山环卫所"))
    contact = add_contact(by=system("tests"), customer=owner, details=ContactDetails(name="张站长", phone="13800138000"))
    message = "你好，我们这边机器漏油了，今天早上开始的，麻烦安排人来看看\n电话 138 0013 8000 张"
    text = clerk.post("/tickets/new/matches", data={"q": message}, headers=HTMX).text
    assert f'value="contact:{contact.id}"' in text


def test_a_scanned_code_means_its_machine(clerk: FlaskClient) -> None:
    machine = factories.machine(qr_token="a-token-of-the-tests-0000001")
    text = clerk.get("/tickets/new/matches?q=https://centre.example/m/a-token-of-the-tests-0000001", headers=HTMX).text
    assert f'value="machine:{machine.id}"' in text
    assert "phone:" not in text


def test_what_is_kept_just_before_parking_does_not_unpark(clerk: FlaskClient) -> None:
    form = {"draft": DRAFT, "title": "漏油", "page": "p1", "turn": "3"}
    clerk.post("/tickets/drafts", data=form | {"park": "1"})
    clerk.post("/tickets/drafts", data=form, headers=HTMX)
    assert IntakeDraft.get().is_parked


def test_words_that_were_joined_do_not_come_up_again(clerk: FlaskClient) -> None:
    ticket = opened(machine=factories.machine())
    form = FORM | {"draft": DRAFT, "page": "p1", "turn": "3", "text": "还在漏"}
    clerk.post(f"/tickets/{ticket.number}/calls", data=form)
    clerk.post("/tickets/drafts", data=form, headers=HTMX)
    assert IntakeDraft.select().count() == 0


def test_an_urging_counts_and_needs_no_words(clerk: FlaskClient) -> None:
    ticket = opened(machine=factories.machine())
    clerk.post(f"/tickets/{ticket.number}/calls", data=FORM | {"title": "", "is_urging": "1", "draft": DRAFT})
    assert (Ticket.get().urged_count, TicketNote.select().count()) == (1, 0)


def test_joining_without_a_word_is_refused(clerk: FlaskClient) -> None:
    ticket = opened(machine=factories.machine())
    assert clerk.post(f"/tickets/{ticket.number}/calls", data=FORM | {"title": ""}).status_code == 422
    clerk.post(f"/tickets/{ticket.number}/calls", data=FORM | {"title": "", "caller_name": "王先生"})
    assert TicketNote.get().text == "王先生"


def test_choosing_without_javascript_fills_the_form_and_keeps_the_rest(clerk: FlaskClient) -> None:
    machine = factories.machine()
    form = {"draft": DRAFT, "title": "漏油", "q": "x", "choose": f"machine:{machine.id}"}
    answer = clerk.post("/tickets/drafts", data=form)
    text = clerk.get(answer.headers["Location"]).text
    assert (field(text, "machine"), field(text, "title"), field(text, "q")) == (machine.serial, "漏油", "")


def test_a_machine_of_another_area_cannot_be_chosen(client: FlaskClient) -> None:
    machine = factories.machine(area=make_area())
    sign_in(client, make_user(Role.TECHNICIAN, areas=(make_area(),)))
    answer = client.post("/tickets/drafts", data={"draft": DRAFT, "title": "漏油", "choose": f"machine:{machine.id}"})
    assert field(client.get(answer.headers["Location"]).text, "machine") == ""


def test_the_card_shows_what_matters_in_the_first_seconds(clerk: FlaskClient) -> None:
    machine = factories.machine()
    contact = factories.contact(customer=machine.customer, name="张站长")
    going_on, other = opened(machine=machine, title="推板慢"), opened(machine=machine, kind=TicketKind.ENQUIRY, title="换油周期")
    done = opened(machine=machine, title="漏油")
    moving.change_status(by=system("tests"), ticket=done, to=TicketStatus.RESOLVED, version=done.version)
    text = clerk.get(f"/tickets/new/card?machine={machine.serial}", headers=HTMX).text
    assert all(one.number in text for one in (going_on, other, done))
    assert f"/tickets/{going_on.number}/calls" in text
    assert f"/tickets/{other.number}/calls" not in text
    assert contact.name in text
    assert contact.phone not in text
    assert going_on.number in text.partition('class="read-aloud"')[2].partition("</blockquote>")[0]


def test_a_phone_of_several_customers_is_pointed_out(clerk: FlaskClient) -> None:
    first, second = factories.contact(phone="13800138000"), factories.contact(phone="13800138000")
    text = clerk.get(f"/tickets/new/card?customer={first.customer.name}&caller_phone=13800138000", headers=HTMX).text
    assert second.customer.short_name in text


def test_the_card_of_another_area_is_empty(client: FlaskClient) -> None:
    machine = factories.machine(area=make_area())
    contact = factories.contact(customer=machine.customer)
    sign_in(client, make_user(Role.TECHNICIAN, areas=(make_area(),)))
    query = f"machine={machine.serial}&customer={machine.customer.name}&contact_id={contact.id}&caller_phone={contact.phone}"
    text = client.get(f"/tickets/new/card?{query}", headers=HTMX).text
    assert contact.name not in text
    assert machine.model.name not in text


# --- drafts ------------------------------------------------------------------


def test_a_call_put_aside_waits_as_a_chip_and_is_taken_up_again(clerk: FlaskClient) -> None:
    answer = clerk.post("/tickets/drafts", data={"draft": DRAFT, "title": "第一个来电", "park": "1"})
    assert answer.headers["Location"] == "/tickets/new"
    text = clerk.get("/tickets/new").text
    assert "第一个来电" in text
    picked = clerk.post("/tickets/drafts", data={"draft": field(text, "draft"), "title": "第二个来电", "pick": DRAFT})
    text = clerk.get(picked.headers["Location"]).text
    assert field(text, "title") == "第一个来电"
    assert "第二个来电" in text
    assert IntakeDraft.get(IntakeDraft.is_parked).label == "第二个来电"


def test_filing_ends_the_draft_and_hands_its_files_on(clerk: FlaskClient) -> None:
    form = FORM | {"draft": DRAFT, "page": "p1", "turn": "1", "machine": factories.machine().serial}
    clerk.post(
        "/tickets/drafts/files", data=form | {"files": (io.BytesIO(b"what was said\n"), "said.txt")}, content_type="multipart/form-data"
    )
    clerk.post("/tickets", data=form)
    assert IntakeDraft.select().count() == 0
    assert TicketAttachment.get().ticket == Ticket.get()


def test_nobody_else_sees_a_draft(clerk: FlaskClient) -> None:
    clerk.post("/tickets/drafts", data={"draft": DRAFT, "title": "机密"})
    sign_in(clerk, make_user(Role.CLERK))
    assert clerk.get(f"/tickets/new?draft={DRAFT}").status_code == 404
    assert clerk.post("/tickets/drafts", data={"draft": DRAFT, "title": "x"}).status_code == 404
    assert clerk.post("/tickets/drafts", data={"draft": "x" * 20, "title": "x", "pick": DRAFT}).status_code == 404
    assert "机密" not in clerk.get("/tickets/new").text


def test_a_draft_thrown_away_is_taken_back(clerk: FlaskClient) -> None:
    clerk.post("/tickets/drafts", data={"draft": DRAFT, "title": "第一个来电"})
    clerk.post(f"/tickets/drafts/{DRAFT}/discard")
    assert "恢复" in clerk.get("/tickets/new").text
    clerk.post(f"/tickets/drafts/{DRAFT}/return")
    assert IntakeDraft.get().discarded_at is None


def test_what_is_typed_is_told_to_be_kept(clerk: FlaskClient) -> None:
    answer = clerk.post("/tickets/drafts", data={"draft": DRAFT, "title": "漏油", "page": "p1", "turn": "1"}, headers=HTMX)
    assert (answer.status_code, "已暂存" in answer.text) == (200, True)


def test_two_windows_on_one_draft_lose_nothing(clerk: FlaskClient) -> None:
    for page, title, status in (("p1", "甲", 200), ("p2", "乙", 409)):
        answer = clerk.post("/tickets/drafts", data={"draft": DRAFT, "title": title, "page": page, "turn": "1"}, headers=HTMX)
        assert answer.status_code == status
    assert {draft.label for draft in IntakeDraft.select()} == {"甲", "乙"}


def test_what_was_typed_is_shown_as_text(clerk: FlaskClient) -> None:
    clerk.post("/tickets/drafts", data={"draft": DRAFT, "title": '"><img src=x onerror=run()>', "customer": "'><b>", "park": "1"})
    assert "<img src=x" not in clerk.get("/tickets/new").text
    assert "<b>" not in clerk.get(f"/tickets/new?draft={DRAFT}").text


def test_contacts_are_counted_once(clerk: FlaskClient) -> None:
    contact = factories.contact(name="张站长", phone="138")
    form = FORM | {"customer": contact.customer.name, "caller_name": "张站长", "caller_phone": "138", "keeps_contact": "1"}
    clerk.post("/tickets", data=form)
    assert Contact.select().count() == 1


def test_fields_that_are_not_sent_are_empty_ones(clerk: FlaskClient) -> None:
    ticket = opened(machine=factories.machine())
    assert clerk.post("/tickets").status_code == 422
    assert clerk.post(f"/tickets/{ticket.number}/calls").status_code == 422
    assert clerk.post("/tickets/drafts").status_code == 422
    assert clerk.post("/tickets/drafts/files").status_code == 422
