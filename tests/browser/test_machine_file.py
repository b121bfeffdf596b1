"""The file of a machine in a real browser: a scan dropped onto it is found in its timeline and on paper; keys; nothing in anybody's way."""

from pathlib import Path
from typing import Any

import pytest

from app.accounts.models import Role, User
from app.machines.models import Document, DocumentRequest, FormType, Machine
from app.tickets.models import Ticket
from tests import factories
from tests.browser.conftest import DESK, TABLET, Browse, serious_problems
from tests.machine_files import world
from tests.personas import make_user


@pytest.fixture
def clerk(served: Any) -> User:
    return make_user(Role.CLERK)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "acceptance.png"
    path.write_bytes(factories.picture())
    return path


def test_it_works(browse: Browse, clerk: User, scan: Path) -> None:
    """Dropped onto the machine, the scan is in the timeline, is filed, and stands on paper."""
    machine = factories.machine()
    page = browse(f"/machines/{machine.serial}", user=clerk)
    page.locator("#documents input[type=file]").set_input_files(str(scan))
    page.get_by_text("文档内容与纸质原件位置").click()
    page.get_by_label("文档类型").select_option(FormType.DELIVERY_ACCEPTANCE)
    page.locator("#documents").get_by_label("标题").fill("验收单扫描")
    page.locator("#documents").get_by_role("button", name="归入档案").click()
    page.locator("#timeline").get_by_text("验收单扫描").wait_for()
    page.locator("#timeline").get_by_role("link", name="查看").first.click()
    page.get_by_label("柜号").fill("3")
    page.get_by_label("盒号").fill("12")
    page.get_by_role("button", name="归档").click()
    page.get_by_text("3 / 12").wait_for()
    assert Document.get().filed_at is not None
    page.goto(f"/machines/{machine.serial}/print")
    assert page.get_by_text("验收单扫描").count() == 1
    assert page.locator(".printed-picture").evaluate_all("pictures => pictures.every(one => one.naturalWidth > 0)")


def test_a_scan_on_a_ticket_goes_into_its_machines_file(browse: Browse, clerk: User, scan: Path) -> None:
    ticket = factories.ticket(machine=factories.machine())
    page = browse(f"/tickets/{ticket.number}", user=clerk)
    page.locator("#papers-card input[type=file]").set_input_files(str(scan))
    page.locator("#papers-card").get_by_role("button", name="归入档案").click()
    page.locator("#papers-card .document-list").wait_for()
    document = Document.get()
    assert (document.machine_id, document.about) == (ticket.machine_id, ticket.number)
    assert page.url.endswith(f"/tickets/{ticket.number}")


def test_the_timeline_answers_while_one_chooses_and_keys_move_in_it(browse: Browse, clerk: User) -> None:
    full = world.full()
    page = browse(f"/machines/{full.machine.serial}", user=clerk)
    page.get_by_text("WORDURGED").wait_for()
    page.locator(".chip", has_text="备注记录").click()
    page.get_by_text("WORDURGED").wait_for(state="detached")
    assert page.get_by_text("WORDNOTE").count() == 1
    assert "kind=note" in page.url
    page.locator("#timeline h2").click()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('li').id") == "note-1"


def test_without_javascript_the_file_is_whole_too(browse: Browse, clerk: User, scan: Path) -> None:
    full = world.full()
    page = browse(f"/machines/{full.machine.serial}?kind=note", user=clerk, javascript=False)
    assert page.get_by_text("WORDNOTE").count() == 1
    page.locator("#documents input[type=file]").set_input_files(str(scan))
    page.locator("#documents").get_by_role("button", name="归入档案").click()
    assert Document.select().where(Document.file.is_null(False)).count() == 1


@pytest.mark.parametrize("size", [DESK, TABLET])
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_nothing_stands_in_anybodys_way(browse: Browse, clerk: User, size: tuple[int, int], locale: str) -> None:
    full = world.full()
    request = DocumentRequest.create(machine=full.machine, form_type=FormType.INSPECTION, asked_at=world.AT, asked_by_name="x")
    document, serial = Document.get(), Machine.get().serial
    assert Ticket.select().count() == 3
    paths = ("", "/print", "/repeats", "/documents/new", "/document-requests/new")
    for path in (
        *(f"/machines/{serial}{part}" for part in paths), "/machines/labels", "/documents", "/documents/not-filed",
        "/documents/not-handed-in", "/documents/not-handed-in?of=machines", f"/documents/{document.id}", f"/documents/{document.id}/edit",
        f"/document-requests/{request.id}", f"/tickets/{full.ticket.number}",
    ):  # fmt: skip
        page = browse(path, size, locale, user=clerk)
        assert serious_problems(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
        page.context.close()
