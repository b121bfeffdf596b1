"""A list that keeps itself up to date never moves what someone is reading (look.md: nothing jumps)."""

from typing import Any

from app.accounts.models import Role
from app.core import db, live
from app.tickets.models import Ticket
from tests import factories
from tests.browser.conftest import Browse
from tests.personas import make_user

WITHIN_MS = 3_000  # the list asks every 400 ms; the rest is for a busy machine


def open_list(browse: Browse) -> Any:
    page = browse("/tickets", user=make_user(Role.CLERK))
    page.mouse.move(700, 20)  # away from the list
    return page


def new_ticket(title: str) -> Ticket:
    with db.transaction():
        ticket = factories.ticket(title=title)
        live.touch("tickets")
    return ticket


def rows(page: Any) -> list[str]:
    return page.locator("#ticket-list tbody tr").evaluate_all("rows => rows.map(row => row.id)")


def test_it_works(browse: Browse) -> None:
    factories.ticket(title="油温高")
    page = open_list(browse)
    new_ticket("液位低")
    page.get_by_text("液位低").wait_for(timeout=WITHIN_MS)
    assert len(rows(page)) == 2


def test_a_first_row_appears_on_an_empty_list(browse: Browse) -> None:
    page = open_list(browse)
    page.locator("#ticket-list").hover()
    new_ticket("液位低")
    page.get_by_text("液位低").wait_for(timeout=WITHIN_MS)


def test_new_rows_wait_while_the_pointer_is_over_the_list(browse: Browse) -> None:
    factories.ticket(title="油温高")
    page = open_list(browse)
    page.get_by_text("油温高").hover()
    before = rows(page)
    new_ticket("液位低")
    waiting = page.locator(".live-new")
    waiting.wait_for(timeout=WITHIN_MS)
    assert waiting.inner_text() == "新增 1 条"
    assert rows(page) == before
    waiting.click()
    page.get_by_text("液位低").wait_for(timeout=WITHIN_MS)
    assert not waiting.is_visible()


def test_a_row_changes_in_place_while_someone_reads(browse: Browse) -> None:
    ticket = factories.ticket(title="油温高")
    page = open_list(browse)
    page.locator("[data-row]").first.focus()
    page.keyboard.press("j")
    with db.transaction():
        Ticket.update(title="油温过高").where(Ticket.id == ticket.id).execute()
        live.touch("tickets")
    page.get_by_text("油温过高").wait_for(timeout=WITHIN_MS)
    assert page.evaluate("document.activeElement.matches('[data-row]')"), "focus was lost"


def test_waiting_rows_come_in_once_the_list_is_left_alone(browse: Browse) -> None:
    factories.ticket(title="油温高")
    page = open_list(browse)
    page.get_by_text("油温高").hover()
    new_ticket("液位低")
    page.locator(".live-new").wait_for(timeout=WITHIN_MS)
    page.mouse.move(700, 20)
    page.get_by_text("液位低").wait_for(timeout=WITHIN_MS)


def test_half_typed_words_survive_an_update(browse: Browse) -> None:
    factories.ticket(title="油温高")
    page = open_list(browse)
    page.locator(".top-search input[name=q]").press_sequentially("YS-20")
    new_ticket("液位低")
    page.get_by_text("液位低").wait_for(timeout=2 * WITHIN_MS)
    assert page.locator(".top-search input[name=q]").input_value() == "YS-20"
    assert page.evaluate("document.activeElement.name") == "q"
