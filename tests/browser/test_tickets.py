"""What a clerk sees without touching anything: tickets come to the open screens by themselves."""

import time
from typing import Any

import pytest

from app.accounts.models import Role
from app.core.types import system
from app.tickets import operations
from app.tickets.models import Priority, Ticket, TicketKind, TicketSource
from tests import factories
from tests.browser.conftest import DESK, TABLET, Browse, serious_problems
from tests.personas import make_user

WITHIN_MS = 1_000


def opened(**values: Any) -> Ticket:
    defaults = {"source": TicketSource.MONITORING, "kind": TicketKind.FAULT_REPORT, "priority": Priority.HIGH, "title": "E04 油温高"}
    return operations.open_ticket(by=system("monitoring"), **(defaults | {"machine": factories.machine()} | values))


@pytest.mark.parametrize("path", ["/", "/tickets"])
def test_it_works(browse: Browse, path: str) -> None:
    page = browse(path, user=make_user(Role.CLERK))
    began = time.monotonic()
    ticket = opened()
    page.get_by_text(ticket.number).wait_for(timeout=5 * WITHIN_MS)  # five times the promise, as a bound of liveness
    assert time.monotonic() - began < 5 * WITHIN_MS / 1000


def test_typing_in_the_note_survives_what_happens_meanwhile(browse: Browse) -> None:
    ticket = opened()
    page = browse(f"/tickets/{ticket.number}", user=make_user(Role.CLERK))
    page.get_by_label("备注").fill("已与站长核实")
    operations.add_note(by=system("tests"), ticket=ticket, text="另一条备注")
    page.get_by_text("另一条备注").wait_for(timeout=8_000)
    assert page.get_by_label("备注").input_value() == "已与站长核实"


def test_a_move_is_made_and_undone_without_leaving_the_page(browse: Browse) -> None:
    ticket = opened()
    page = browse(f"/tickets/{ticket.number}", user=make_user(Role.CLERK))
    page.get_by_role("button", name="受理", exact=True).click()
    page.get_by_role("button", name="撤销：已受理").click()
    page.get_by_role("button", name="受理", exact=True).wait_for()
    assert Ticket.get_by_id(ticket.id).status == "to_verify"


def test_everything_is_done_without_javascript_too(browse: Browse) -> None:
    ticket = opened()
    page = browse(f"/tickets/{ticket.number}", user=make_user(Role.CLERK), javascript=False)
    page.get_by_role("button", name="受理", exact=True).click()
    page.get_by_label("备注").fill("已与站长核实")
    page.get_by_role("button", name="添加备注").click()
    assert page.get_by_text("已与站长核实").count() == 1
    assert Ticket.get_by_id(ticket.id).status == "triaged"


@pytest.mark.parametrize("size", [DESK, TABLET])
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_nothing_stands_in_anybodys_way(browse: Browse, size: tuple[int, int], locale: str) -> None:
    ticket, clerk = opened(), make_user(Role.CLERK)
    for path in ("/", "/tickets", f"/tickets/{ticket.number}", "/tickets/new", f"/tickets/{ticket.number}/print"):
        assert serious_problems(browse(path, size, locale, user=clerk)) == [], path
