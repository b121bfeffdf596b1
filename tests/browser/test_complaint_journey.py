"""A complaint from the call to its end: forwarded by e-mail at once, both clocks run out and escalate, nothing closes it too early."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from app.accounts.models import Notice, User
from app.core import clock, mailing
from app.tickets import escalation
from app.tickets.models import Complaint, Ticket
from tests import factories
from tests.browser.conftest import DESK, TABLET, Browse, serious_problems
from tests.mail_server import mail_server
from tests.personas import People, people

SENDER = "service@works.example"


@pytest.fixture
def everybody(portal: str) -> People:
    found = people()
    for name in ("zhao", "liu"):
        User.update(email=f"{name}@works.example").where(User.username == name).execute()
    return found


def take_down(page: Any, serial: str) -> Ticket:
    """The clerk files the complaint on the intake screen, without a mouse on anything but the form itself."""
    page.locator(".find.is-live").wait_for()
    page.locator("#q").focus()
    page.keyboard.type(serial, delay=15)
    page.keyboard.press("Enter")
    expect(page.locator("#intake-form [name=machine]")).to_have_value(serial)
    page.locator("#intake-form [name=kind][value=complaint]").check()
    page.get_by_label("事由").fill("三次维修仍漏油")
    page.get_by_role("button", name="保存").click()
    page.wait_for_url("**/tickets/T*")
    page.get_by_role("button", name="受理", exact=True).click()  # the first answer; its clock is not what this is about
    expect(page.get_by_role("button", name="受理", exact=True)).to_have_count(0)
    page.get_by_text("已受理").first.wait_for()
    return Ticket.get()


def told(user: User) -> list[tuple[str, str]]:
    """What ``user`` was told, in order."""
    return list(Notice.select(Notice.message, Notice.params).where(Notice.user == user).order_by(Notice.id).tuples())


def close(page: Any, ticket: Ticket) -> None:
    page.goto(f"/tickets/{ticket.number}")
    page.get_by_role("button", name="结案").click()


def test_it_works(browse: Browse, everybody: People) -> None:
    machine = factories.machine()
    page = browse("/tickets/new", user=everybody.chen)
    ticket = take_down(page, machine.serial)
    assert Complaint.get().responsible == everybody.zhao

    with mail_server() as mailbox:
        mailing.send_due(mailbox.url, SENDER, clock.now())
        assert [mail["To"] for mail in mailbox.received] == ["zhao@works.example"]
        assert f"[{ticket.number}]" in mailbox.received[0]["Subject"]

        run_out(ticket.opened_at, everybody)
        mailing.send_due(mailbox.url, SENDER, clock.now() + timedelta(days=3))
        assert {mail["To"] for mail in mailbox.received} == {"zhao@works.example", "liu@works.example"}

    page.goto(f"/tickets/{ticket.number}/complaint")
    assert page.get_by_text("尚未答复客户。").count() == 1
    answer(browse, ticket, everybody)
    refused_then_closed(page, ticket)


def run_out(opened_at: datetime, everybody: People) -> None:
    """Both clocks of 24 hours run out; clerk, deputy and manager are told step by step, each once."""
    before = {user: told(user) for user in (everybody.zhao, everybody.liu)}
    look_at(opened_at + timedelta(hours=23))
    assert told(everybody.liu) == before[everybody.liu]
    look_at(opened_at + timedelta(hours=24, minutes=1))
    look_at(opened_at + timedelta(hours=24, minutes=31))
    assert len(told(everybody.zhao)) > len(before[everybody.zhao])
    look_at(opened_at + timedelta(hours=25, minutes=1))
    assert len(told(everybody.liu)) > len(before[everybody.liu])
    after = told(everybody.liu)
    look_at(opened_at + timedelta(hours=26))
    assert told(everybody.liu) == after


def look_at(at: datetime) -> None:
    escalation.look(at)


def answer(browse: Browse, ticket: Ticket, everybody: People) -> None:
    """The deputy, who is responsible, answers the centre and the customer."""
    page = browse(f"/tickets/{ticket.number}/complaint", user=everybody.zhao)
    page.get_by_label("答复中心").fill("油封装反，已更换。")
    page.get_by_role("button", name="登记答复").click()
    page.get_by_label("答复客户").fill("已电话告知站长处理结果。")
    page.get_by_role("button", name="已这样答复客户").click()
    page.get_by_text("已电话告知站长处理结果。").wait_for()
    for size in (DESK, TABLET):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        assert serious_problems(page) == []


def refused_then_closed(page: Any, ticket: Ticket) -> None:
    page.goto(f"/tickets/{ticket.number}")
    resolve(page)
    close(page, ticket)
    page.get_by_text("尚未填写投诉原因。").first.wait_for()
    assert Ticket.get_by_id(ticket.id).status == "resolved"
    page.goto(f"/tickets/{ticket.number}/complaint")
    page.locator("#cause").select_option("repair_quality")
    page.get_by_label("投诉成立").select_option("no")
    page.get_by_role("button", name="保存").click()
    page.get_by_text("内容齐全").wait_for()
    close(page, ticket)
    page.get_by_text("已结案").first.wait_for()
    assert Ticket.get_by_id(ticket.id).status == "closed"


def resolve(page: Any) -> None:
    """Mark it as resolved, saying what solved it where that is asked for."""
    page.locator(".moves summary", has_text="标记为已解决").click()
    page.get_by_label("如何解决").fill("更换油封")
    page.get_by_role("button", name="标记为已解决").click()
    page.get_by_role("button", name="结案").wait_for()
