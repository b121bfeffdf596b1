"""The deputy signs 400 records by keyboard, and @ offers names, in a real browser."""

from typing import Any

import pytest

from app.core.types import system
from app.tickets import operations
from app.tickets.models import HotlineRecord, Priority, Ticket, TicketKind, TicketSource
from tests import factories
from tests.browser.conftest import DESK, TABLET, Browse, serious_problems
from tests.conventions.access import World, make_world


@pytest.fixture
def world(portal: str) -> World:
    return make_world()


def called(title: str) -> Ticket:
    kinds: dict[str, Any] = {"source": TicketSource.HOTLINE, "kind": TicketKind.FAULT_REPORT, "priority": Priority.HIGH}
    return operations.open_ticket(by=system("tests"), title=title, machine=factories.machine(), caller_phone="13812345678", **kinds)


def signed() -> list[str]:
    query = HotlineRecord.select(HotlineRecord, Ticket).join(Ticket).where(HotlineRecord.signed_at.is_null(False))
    return [record.ticket.title for record in query.order_by(HotlineRecord.signed_at)]


def test_it_works(browse: Browse, world: World) -> None:
    """j chooses, s signs, and the record that took its place is chosen next."""
    HotlineRecord.delete().execute()
    for title in ("第一", "第二", "第三"):
        called(title)
    page = browse("/hotline-records", user=world.people.zhao)
    page.keyboard.press("j")
    page.keyboard.press("s")
    page.wait_for_selector(".call-rows tbody:not(:has(tr:nth-child(3)))")
    page.wait_for_selector("[data-row]:focus")
    page.keyboard.press("s")
    page.wait_for_selector(".call-rows tbody:not(:has(tr:nth-child(2)))")
    assert signed() == ["第一", "第二"]


def test_a_name_is_completed_and_sent(browse: Browse, world: World) -> None:
    ticket = called("漏油")
    page = browse(f"/tickets/{ticket.number}", user=world.people.chen)
    area = page.locator(".note-form textarea")
    area.click()
    page.keyboard.type("请 @赵")
    page.wait_for_selector(".mention-list")
    page.keyboard.press("Enter")
    page.keyboard.type("看一下")
    assert area.input_value() == "请 @赵副经理 看一下"
    page.locator(".note-form button.button", has_text="添加备注").click()
    page.wait_for_selector(".entry .mention")
    assert page.locator(".entry .mention").inner_text() == "@赵副经理"


def test_half_typed_words_survive_what_others_do_to_the_ticket(browse: Browse, world: World) -> None:
    ticket = called("漏油")
    page = browse(f"/tickets/{ticket.number}", user=world.people.chen)
    page.locator(".urge-form input[name=text]").fill("站长很急")
    operations.add_note(by=system("tests"), ticket=ticket, text="别人的备注")
    page.wait_for_selector("text=别人的备注")
    assert page.locator(".urge-form input[name=text]").input_value() == "站长很急"


@pytest.mark.parametrize("size", [DESK, TABLET])
def test_the_new_screens_are_open_to_everybody(browse: Browse, world: World, size: tuple[int, int]) -> None:
    ticket = operations.open_ticket(
        by=system("tests"),
        title="E04 油温高",
        source=TicketSource.MONITORING,
        kind=TicketKind.FAULT_REPORT,
        priority=Priority.HIGH,
        machine=world.north.machine,
    )
    call = called("漏油")
    found = []
    for path in (
        "/hotline-records",
        f"/tickets/{ticket.number}",
        f"/tickets/{call.number}/split",
        f"/tickets/{call.number}/hotline-record",
    ):
        page = browse(path, size=size, user=world.people.zhao)
        found += [f"{path}: {problem}" for problem in serious_problems(page)]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"
    assert found == []
