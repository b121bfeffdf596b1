"""Every task of the desk can be done with JavaScript off: real links and forms (architecture §4)."""

from typing import Any

import pytest

from app.core.types import system
from app.monitoring.models import Alarm
from app.tickets import operations
from app.tickets.models import Priority, Ticket, TicketKind, TicketNote, TicketSource, TicketStatus
from tests.browser.conftest import Browse
from tests.conventions.access import World, make_world
from tests.personas import PASSWORD


@pytest.fixture
def world(portal: str) -> World:
    """Everybody, a machine with an alarm and a ticket."""
    return make_world()


@pytest.fixture
def clerk(browse: Browse, world: World) -> Any:
    """The clerk's page, signed in through the form."""
    page = browse("/login", javascript=False)
    page.fill("[name=username]", "chen")
    page.fill("[name=password]", PASSWORD)
    page.click("#sign-in button.primary")
    page.wait_for_url("**/")
    return page


def test_it_works(clerk: Any) -> None:
    assert clerk.locator("h1").inner_text() == "我的待办"


def test_a_ticket_is_opened_noted_and_moved(clerk: Any, world: World) -> None:
    clerk.goto("/tickets")
    clerk.click(f"#ticket-list a[data-row] >> text={world.north.ticket.number}")
    clerk.fill("textarea[name=text]", "客户说下午再试")
    clerk.get_by_role("button", name="添加备注").click()
    assert TicketNote.get().text == "客户说下午再试"
    assert clerk.get_by_text("客户说下午再试").is_visible()
    clerk.locator(".moves .button.primary").click()
    clerk.locator(".state-line .state", has_text="已受理").wait_for()
    assert clerk.url.endswith(f"/tickets/{world.north.ticket.number}")
    assert Ticket.get_by_id(world.north.ticket.id).status == TicketStatus.TRIAGED


def test_an_alarm_is_acknowledged(clerk: Any, world: World) -> None:
    clerk.goto("/monitoring")
    clerk.locator(f"#alarm-{world.north.alarm.id} .button").click()
    assert clerk.url.endswith("/monitoring")
    assert Alarm.get_by_id(world.north.alarm.id).is_acknowledged


def test_a_ticket_is_filed_and_what_was_typed_survives_a_mistake(clerk: Any, world: World) -> None:
    clerk.goto("/tickets/new")
    clerk.fill("[name=title]", "举升到一半停止")
    clerk.fill("[name=machine]", "没有这台")
    clerk.locator("[name=outcome][value=dispatch]").click()
    assert clerk.locator("[name=title]").input_value() == "举升到一半停止"
    clerk.fill("[name=machine]", world.north.machine.serial)
    clerk.locator("[name=outcome][value=dispatch]").click()
    assert "举升到一半停止" in clerk.locator("h1").inner_text()


def test_a_list_is_filtered(clerk: Any, world: World) -> None:
    what = {"source": TicketSource.MONITORING, "kind": TicketKind.ENQUIRY, "priority": Priority.LOW}
    operations.open_ticket(by=system("tests"), title="换油周期", machine=world.south.machine, **what)
    clerk.goto("/tickets")
    assert clerk.locator("#ticket-list tbody tr").count() > 1
    clerk.select_option("main [name=kind]", TicketKind.ENQUIRY)
    clerk.locator(".filters .button").first.click()
    clerk.wait_for_url("**kind=enquiry**")
    assert clerk.locator("#ticket-list tbody tr").count() == 1


def test_signing_out_ends_the_session(clerk: Any) -> None:
    clerk.locator(".user-button").click()
    clerk.get_by_role("button", name="退出登录").click()
    clerk.goto("/tickets")
    assert "/login" in clerk.url
