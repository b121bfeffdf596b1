"""A clerk's day without a mouse: n for a new ticket, / to search, j and k through lists, Tab in the order of reading."""

from typing import Any

import pytest

from app.core.types import system
from app.tickets import operations
from app.tickets.models import Priority, Ticket, TicketKind, TicketSource
from tests import factories
from tests.browser.conftest import Browse
from tests.conventions.access import World, make_world

STYLE_OF_FOCUS = "(style => [style.outlineStyle, style.boxShadow])(getComputedStyle(document.activeElement))"


@pytest.fixture
def world(portal: str) -> World:
    """Everybody, two machines with alarms and tickets."""
    return make_world()


def opened(title: str) -> Ticket:
    """A ticket that search finds."""
    kind, source = TicketKind.FAULT_REPORT, TicketSource.MONITORING
    return operations.open_ticket(
        by=system("tests"), source=source, kind=kind, priority=Priority.HIGH, title=title, machine=factories.machine()
    )


def focused(page: Any, attribute: str = "name") -> str | None:
    return page.evaluate("name => document.activeElement.getAttribute(name)", attribute)


def test_it_works(browse: Browse, world: World) -> None:
    page = browse("/", user=world.people.chen)
    page.keyboard.press("n")
    page.wait_for_url("**/tickets/new")
    assert focused(page) == "q"


def test_a_ticket_is_filed_by_keyboard_alone(browse: Browse, world: World) -> None:
    page = browse("/monitoring", user=world.people.chen)
    page.keyboard.press("n")
    page.wait_for_url("**/tickets/new")
    page.keyboard.type(world.north.machine.serial)
    page.keyboard.press("Enter")
    page.keyboard.type("推板动作慢")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/tickets/T*")
    assert "推板动作慢" in page.locator("h1").inner_text()


def test_search_is_one_key_away_and_a_number_leads_straight_to_its_ticket(browse: Browse, world: World) -> None:
    ticket = opened("推板动作慢")
    page = browse("/", user=world.people.chen)
    page.keyboard.press("/")
    page.keyboard.type(ticket.number)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/tickets/{ticket.number}")


def test_j_and_k_walk_the_list_and_stop_at_its_ends(browse: Browse, world: World) -> None:
    for number in range(3):
        factories.ticket(title=f"第 {number} 件")
    page = browse("/tickets", user=world.people.chen)
    links = page.locator("[data-row]").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    for link in links:
        page.keyboard.press("j")
        assert focused(page, "href") == link
    page.keyboard.press("j")
    assert focused(page, "href") == links[-1]
    page.keyboard.press("k")
    assert focused(page, "href") == links[-2]


def test_the_first_tab_skips_to_the_content(browse: Browse, world: World) -> None:
    page = browse("/tickets", user=world.people.chen)
    page.keyboard.press("Tab")
    assert focused(page, "href") == "#content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_whatever_has_the_focus_shows_it(browse: Browse, world: World) -> None:
    page = browse("/tickets", user=world.people.chen)
    for _ in range(25):
        page.keyboard.press("Tab")
        style = page.evaluate(STYLE_OF_FOCUS)
        assert style[0] != "none" or style[1] != "none", page.evaluate("document.activeElement.outerHTML.slice(0, 120)")


def test_the_focus_stays_in_the_row_after_acknowledging(browse: Browse, world: World) -> None:
    page = browse("/monitoring", user=world.people.chen)
    row = page.locator(f"#alarm-{world.north.alarm.id}")
    row.locator(".button").focus()
    page.keyboard.press("Enter")
    row.get_by_text(world.people.chen.name).wait_for()
    page.wait_for_timeout(300)
    assert page.evaluate("document.activeElement.closest('tr')?.id") == f"alarm-{world.north.alarm.id}"


def test_filtering_keeps_the_focus_where_it_was(browse: Browse, world: World) -> None:
    ticket = opened("推板动作慢")
    page = browse("/tickets", user=world.people.chen)
    page.locator("main [name=q]").focus()
    page.keyboard.type(ticket.number)
    page.locator(f"#ticket-{world.south.ticket.id}").wait_for(state="detached")
    assert page.locator(f"#ticket-{ticket.id}").is_visible()
    assert focused(page) == "q"
    assert page.locator("main [name=q]").input_value() == ticket.number
