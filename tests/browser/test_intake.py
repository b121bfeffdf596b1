"""A clerk takes calls with the keyboard alone; what is typed survives a dead network, an ended session, a crash and a second call."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Error

from app.accounts.models import UserSession
from app.core import clock, db
from app.core.types import system
from app.customers.operations import ContactDetails, add_contact
from app.machines.models import Machine
from app.tickets import operations
from app.tickets.models import IntakeDraft, Priority, Ticket, TicketAttachment, TicketKind, TicketNote, TicketSource, TicketStatus
from tests import factories
from tests.browser.conftest import DESK, TABLET, Browse, serious_problems
from tests.personas import PASSWORD, People, people, sign_in

MOST_KEYS = 12
WITHIN_S = 30
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # one pixel, as a screenshot
PASTE_PICTURE = """(target, picture) => {
  const bytes = Uint8Array.from(atob(picture), c => c.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "image.png", {type: "image/png"}));
  target.dispatchEvent(new ClipboardEvent("paste", {clipboardData: transfer, bubbles: true, cancelable: true}));
}"""
PASTE_TEXT = """(target, text) => {
  const transfer = new DataTransfer();
  transfer.setData("text/plain", text);
  target.dispatchEvent(new ClipboardEvent("paste", {clipboardData: transfer, bubbles: true, cancelable: true}));
}"""


class Keys:
    """A keyboard that counts what is pressed besides the text typed."""

    def __init__(self, page: Any) -> None:
        self._keyboard = page.keyboard
        self.pressed = 0

    def press(self, chord: str) -> None:
        self.pressed += len(chord.split("+"))  # each key of a chord is one
        self._keyboard.press(chord)

    def type(self, text: str) -> None:
        self._keyboard.type(text, delay=15)


@pytest.fixture
def everybody(portal: str) -> People:
    return people()


@pytest.fixture
def machine(everybody: People) -> Machine:
    """A machine whose customer has a second one and a contact."""
    owner = factories.customer(name="云岭市环境卫生管理中心", short_name="云岭环卫", area=everybody.north)
    made = factories.machine(serial="YJ2603-001", customer=owner)
    factories.machine(serial="YJ2603-002", customer=owner)
    add_contact(by=system("tests"), customer=owner, details=ContactDetails(name="张站长", phone="13800138000"))
    return made


@pytest.fixture
def page(browse: Browse, everybody: People, machine: Machine) -> Iterator[Any]:
    """The clerk's intake, open; a script error on it fails the test."""
    opened = browse("/tickets/new", user=everybody.chen)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.locator(".find.is-live").wait_for()
    yield opened
    assert errors == []


def value(page: Any, name: str) -> str:
    return str(page.locator(f"#intake-form [name={name}]").input_value())


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.name || document.activeElement.className"))


def wait_until(is_so: Any, within_s: float = 8) -> None:
    until = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < until, "not in time"
        time.sleep(0.05)


def until(page: Any, is_so: str) -> None:
    """Wait for a condition of the page; its own policy forbids the usual way."""

    def holds() -> bool:
        try:
            return bool(page.evaluate(is_so))
        except Error:  # the page is just being left
            return False

    wait_until(holds)


def choose(page: Any, typed: str) -> None:
    page.locator("#q").focus()
    page.keyboard.type(typed, delay=15)
    page.keyboard.press("Enter")
    until(page, "document.activeElement.id !== 'q' && document.getElementById('q').value === ''")


def kept(page: Any) -> None:
    page.locator("#intake-kept", has_text="已暂存").wait_for()


def test_it_works(browse: Browse, everybody: People, machine: Machine, record_property: Any) -> None:
    """From any page, for a known machine: at most twelve keys besides the text, and far below thirty seconds."""
    page = browse("/tickets", user=everybody.chen)
    keys, began = Keys(page), time.monotonic()
    keys.press("n")
    page.wait_for_url("**/tickets/new")
    keys.type("2603-001")
    keys.press("Enter")
    keys.type("推板动作慢")
    keys.press("Tab")
    keys.type("早上开始，举升到一半停住")
    keys.press("Control+Enter")
    page.wait_for_url("**/tickets/T*")
    took_s = time.monotonic() - began
    ticket = Ticket.get()
    assert (ticket.machine, ticket.title, ticket.status) == (machine, "推板动作慢", TicketStatus.WAITING_DISPATCH)
    assert page.locator(".toast", has_text=ticket.number).is_visible()
    assert keys.pressed <= MOST_KEYS
    assert took_s < WITHIN_S
    record_property("keys", keys.pressed)
    record_property("seconds", round(took_s, 2))
    page.keyboard.press("n")
    page.wait_for_url("**/tickets/new")


def test_a_caller_is_found_by_phone_and_the_machine_picked_by_its_number(page: Any, machine: Machine) -> None:
    keys = Keys(page)
    keys.type("138001")
    keys.press("Enter")
    page.locator("[data-machines] button").first.wait_for()
    until(page, "document.activeElement.closest('[data-machines]') !== null")
    keys.press("2")
    until(page, "document.querySelector('[name=caller_phone]').value !== ''")
    assert (value(page, "machine"), value(page, "customer")) == ("YJ2603-002", machine.customer.name)
    assert (value(page, "caller_name"), value(page, "caller_phone")) == ("张站长", "13800138000")
    assert focused(page) == "title"
    assert keys.pressed == 2


def test_arrows_move_among_the_offers_and_escape_closes_them(page: Any) -> None:
    page.keyboard.type("2603", delay=15)
    page.locator("#match-1").wait_for()
    page.keyboard.press("ArrowDown")
    assert page.locator("#match-1").get_attribute("aria-selected") == "true"
    assert page.locator("#q").get_attribute("aria-activedescendant") == "match-1"
    page.keyboard.press("Escape")
    assert page.locator("#intake-matches").is_hidden()
    assert value(page, "q") == "2603"


def test_enter_before_the_answer_chooses_when_it_comes(page: Any) -> None:
    page.route("**/tickets/new/matches*", lambda route: (time.sleep(0.4), route.continue_()))
    choose(page, "YJ2603-002")
    assert value(page, "machine") == "YJ2603-002"


def test_a_caller_whom_nobody_knows_is_filed_all_the_same(page: Any) -> None:
    page.keyboard.type("13999990000", delay=15)
    page.locator("[value='phone:13999990000']").wait_for()
    page.keyboard.press("Enter")
    page.keyboard.type("王先生")
    page.locator("[name=title]").focus()
    page.keyboard.type("想了解保养")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/tickets/T*")
    assert (Ticket.get().caller_name, Ticket.get().caller_phone) == ("王先生", "13999990000")


def test_enter_in_a_field_goes_on_and_never_files(page: Any) -> None:
    page.locator("[name=machine]").focus()
    page.keyboard.press("Enter")
    assert focused(page) == "customer"
    page.locator("[name=title]").fill("漏油")
    page.keyboard.press("Enter")
    assert focused(page) == "text"
    assert Ticket.select().count() == 0


def test_the_kind_brings_its_priority_until_one_is_chosen(page: Any) -> None:
    priority = page.locator("[name=priority]:checked")
    page.locator("[name=kind][value=enquiry]").check()
    assert priority.get_attribute("value") == "low"
    page.locator("[name=priority][value=critical]").check()
    page.locator("[name=kind][value=complaint]").check()
    assert priority.get_attribute("value") == "critical"
    assert page.locator("[name=responsible]").is_visible()


def test_solved_on_the_phone_is_one_key_and_its_words(page: Any) -> None:
    choose(page, "YJ2603-001")
    page.keyboard.type("不会复位")
    page.keyboard.press("Alt+s")
    until(page, "document.activeElement.name === 'solution'")
    page.keyboard.type("指导客户复位急停")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/tickets/T*")
    assert (Ticket.get().status, Ticket.get().solution) == (TicketStatus.RESOLVED, "指导客户复位急停")


def test_a_second_call_joins_by_one_key(page: Any, machine: Machine) -> None:
    kind, source = TicketKind.FAULT_REPORT, TicketSource.HOTLINE
    first = operations.open_ticket(by=system("tests"), source=source, kind=kind, priority=Priority.HIGH, title="推板慢", machine=machine)
    choose(page, "YJ2603-001")
    page.locator(".joinable").wait_for()
    page.keyboard.type("还没修好")
    page.keyboard.press("Alt+j")
    page.wait_for_url(f"**/tickets/{first.number}")
    assert (Ticket.select().count(), TicketNote.get().text) == (1, "还没修好")
    wait_until(lambda: IntakeDraft.select().count() == 0)


def test_a_refused_form_comes_back_with_the_focus_on_the_words(page: Any) -> None:
    page.locator("[name=machine]").fill("没有这台")
    page.locator("[name=title]").fill("漏油")
    page.locator("[name=text]").fill("客户说很急")
    page.keyboard.press("Control+Enter")
    page.locator(".form-errors").wait_for()
    assert page.get_by_text("没有这个序列号的设备").first.is_visible()
    assert (value(page, "title"), value(page, "text")) == ("漏油", "客户说很急")
    page.locator("[name=machine]").fill("YJ2603-001")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/tickets/T*")


def test_two_calls_at_once(page: Any) -> None:
    for words in ("第一个来电", "第二个来电"):
        page.locator("[name=title]").fill(words)
        page.keyboard.press("Alt+p")
        until(page, "!document.querySelector('#intake-form [name=title]').value")
    assert page.locator(".draft").count() == 2
    assert page.locator(".parked-count").inner_text().strip().endswith("2")
    page.locator("[name=title]").fill("第三个来电")
    page.locator(".draft-open", has_text="第一个来电").click()
    until(page, "document.querySelector('#intake-form [name=title]').value === '第一个来电'")
    assert sorted(page.locator(".draft-label").all_inner_texts()) == ["第三个来电", "第二个来电"]


def test_a_call_thrown_away_is_taken_back(page: Any) -> None:
    page.locator("[name=title]").fill("第一个来电")
    page.keyboard.press("Alt+p")
    page.locator(".draft").wait_for()
    page.locator(".draft form button").click()
    page.get_by_role("button", name="恢复").click()
    page.locator(".draft", has_text="第一个来电").wait_for()


def test_coming_back_offers_what_was_left_unfinished(page: Any) -> None:
    page.locator("[name=title]").fill("客户等着")
    kept(page)
    page.goto("/tickets")
    page.goto("/tickets/new")
    page.locator(".draft-open", has_text="客户等着").click()
    until(page, "document.querySelector('#intake-form [name=title]').value === '客户等着'")


def test_leaving_at_once_keeps_what_was_typed_last(page: Any) -> None:
    page.locator("[name=title]").fill("还没等到保存")
    page.goto("/tickets")
    wait_until(lambda: IntakeDraft.select().count() == 1)
    assert IntakeDraft.get().label == "还没等到保存"


def test_a_dead_network_loses_nothing(page: Any) -> None:
    choose(page, "YJ2603-001")
    page.context.set_offline(True)
    page.locator("[name=title]").fill("断网时输入")
    page.locator("#intake-kept.is-lost").wait_for()
    page.keyboard.press("Control+Enter")
    page.locator(".toast.error").first.wait_for()
    assert value(page, "title") == "断网时输入"
    assert Ticket.select().count() == 0
    page.context.set_offline(False)
    kept(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/tickets/T*")
    assert Ticket.select().count() == 1


def test_a_crash_without_network_is_made_good_at_the_next_start(page: Any) -> None:
    page.route("**/tickets/drafts", lambda route: route.abort())
    page.locator("[name=title]").fill("崩溃前的话")
    page.locator("#intake-kept.is-lost").wait_for()
    page.evaluate("navigator.sendBeacon = () => false")
    page.unroute("**/tickets/drafts")
    page.goto("/tickets/new")
    page.locator(".draft", has_text="崩溃前的话").wait_for()
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('intake:')).length") == 0


def test_an_ended_session_loses_nothing(page: Any, served: Flask, everybody: People, portal: str) -> None:
    choose(page, "YJ2603-001")
    page.locator("[name=title]").fill("登录过期前")
    kept(page)
    with db.transaction():
        UserSession.update(revoked_at=clock.now()).execute()
    page.locator("[name=title]").fill("登录过期后")
    page.locator("#intake-kept", has_text="登录已过期").wait_for()
    page.keyboard.press("Control+Enter")
    page.locator(".toast.error").first.wait_for()
    other = page.context.new_page()
    other.goto("/login")
    other.fill("[name=username]", "chen")
    other.fill("[name=password]", PASSWORD)
    other.click("#sign-in button.primary")
    other.wait_for_url("**/")
    page.bring_to_front()
    page.locator("[name=title]").fill("登录之后")
    kept(page)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/tickets/T*")
    assert [ticket.title for ticket in Ticket.select()] == ["登录之后"]


def test_a_double_click_files_once(page: Any) -> None:
    choose(page, "YJ2603-001")
    page.locator("[name=title]").fill("双击")
    page.locator("[name=outcome][value=dispatch]").dblclick()
    page.wait_for_url("**/tickets/T*")
    assert Ticket.select().count() == 1


def test_a_lost_answer_and_sending_again_file_once(page: Any) -> None:
    choose(page, "YJ2603-001")
    page.locator("[name=title]").fill("应答丢失")

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/tickets", lose)
    page.keyboard.press("Control+Enter")
    page.locator(".toast.error").first.wait_for()
    page.unroute("**/tickets")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/tickets/T*")
    assert Ticket.select().count() == 1


def test_two_windows_on_one_call_keep_both(page: Any) -> None:
    page.locator("[name=title]").fill("甲")
    kept(page)
    other = page.context.new_page()
    other.goto(f"/tickets/new?draft={IntakeDraft.get().id}")
    other.locator(".find.is-live").wait_for()
    page.locator("[name=title]").fill("甲甲")
    wait_until(lambda: IntakeDraft.get().label == "甲甲")
    other.locator("[name=title]").fill("乙")
    other.locator("#intake-kept", has_text="另一个窗口").wait_for()
    assert {draft.label for draft in IntakeDraft.select()} == {"甲甲", "乙"}


def test_a_pasted_message_finds_the_caller_and_stays_as_what_was_said(page: Any, machine: Machine) -> None:
    message = "您好，我们环卫中心的压缩机漏油，请安排师傅来看一下，比较着急\n联系电话 138 0013 8000"
    page.locator("#q").evaluate(PASTE_TEXT, message)
    page.locator("#match-0").wait_for()
    page.keyboard.press("Enter")
    until(page, "document.querySelector('[name=caller_phone]').value !== ''")
    assert value(page, "customer") == machine.customer.name
    assert value(page, "text") == message


def test_a_pasted_screenshot_goes_along_and_survives_parking(page: Any) -> None:
    choose(page, "YJ2603-001")
    page.locator("[name=title]").fill("见截图")
    page.locator("[name=title]").evaluate(PASTE_PICTURE, PICTURE)
    page.locator("#intake-files img[src*='/tickets/drafts/files/']").wait_for()
    page.keyboard.press("Alt+p")
    page.locator(".draft-open").wait_for()
    page.locator(".draft-open").click()
    page.locator("#intake-files img[src*='/tickets/drafts/files/']").wait_for()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/tickets/T*")
    assert TicketAttachment.get().ticket == Ticket.get()


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_axe_finds_nothing_serious_while_a_call_is_taken(browse: Browse, everybody: People, machine: Machine, locale: str) -> None:
    page = browse("/tickets/new", user=everybody.chen, locale=locale)
    page.keyboard.type("2603", delay=15)
    page.locator("#match-0").wait_for()
    problems = serious_problems(page)
    page.keyboard.press("Enter")
    page.locator(".known-head").wait_for()
    for size in (DESK, TABLET):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        problems += serious_problems(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert problems == []


def test_everything_works_without_javascript(browse: Browse, everybody: People, machine: Machine, served: Flask) -> None:
    page = browse("/tickets/new", user=everybody.chen, javascript=False)
    page.fill("#q", "2603-001")
    page.fill("[name=title]", "推板慢")
    page.get_by_role("button", name="查找").click()
    page.locator(".match", has_text="YJ2603-001").first.click()
    assert value(page, "machine") == "YJ2603-001"
    assert value(page, "title") == "推板慢"
    page.get_by_role("button", name="搁置来电").click()
    page.locator(".draft-open").click()
    page.get_by_role("button", name="提交派工").click()
    assert "推板慢" in page.locator("h1").inner_text()
    assert (Ticket.get().machine, IntakeDraft.select().count()) == (machine, 0)
    sign_in(served.test_client(), everybody.chen)


def test_words_typed_before_the_answer_came_are_what_it_is_about(page: Any, machine: Machine) -> None:
    """The answer is held back: the clerk types on at once, and even sends the call off."""
    page.route("**/tickets/new/matches**", lambda route: (time.sleep(0.8), route.continue_()))
    page.locator("#q").focus()
    page.keyboard.type(machine.serial)
    page.keyboard.press("Enter")
    page.keyboard.type("推板动作慢")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/tickets/T*")
    assert (Ticket.get().machine, Ticket.get().title) == (machine, "推板动作慢")


def test_a_search_that_never_answers_holds_no_call_back(page: Any) -> None:
    page.route("**/tickets/new/matches**", lambda route: route.abort())
    page.locator("#q").focus()
    page.keyboard.type("13800138000")
    page.keyboard.press("Enter")
    page.keyboard.type("推板动作慢")
    page.locator("#intake-form [name=caller_phone]").fill("13800138000")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/tickets/T*")
    assert Ticket.get().title == "推板动作慢"
