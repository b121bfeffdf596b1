"""Files as people hand them in: pasted, dropped, photographed; and the pages behind a machine's QR code, on a phone."""

import base64
import io
import random
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.accounts.models import Role
from app.tickets.models import Ticket, TicketAttachment, TicketNote, TicketUrging
from tests import factories
from tests import filemakers as make
from tests.browser.conftest import DESK, PHONE, TABLET, Browse, serious_problems, sideways_scroll
from tests.personas import make_user

HAND_OVER = """(target, [type, how, files]) => {
  const transfer = new DataTransfer();
  for (const [name, kind, content] of files)
    transfer.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], name, {type: kind}));
  const detail = {bubbles: true, cancelable: true, [how]: transfer};
  target.dispatchEvent(type === "paste" ? new ClipboardEvent(type, detail) : new DragEvent(type, detail));
}"""
NOTE = "#ticket .note-form"


def hand_over(page: Any, selector: str, event: str, *files: tuple[str, str, bytes]) -> None:
    """Paste or drop ``files`` (name, type, content) at what ``selector`` finds, as the clipboard or a file manager does."""
    given = [(name, kind, base64.b64encode(content).decode()) for name, kind, content in files]
    page.locator(selector).evaluate(HAND_OVER, [event, "clipboardData" if event == "paste" else "dataTransfer", given])


def large_photo() -> bytes:
    """A photo of some megabytes: noise does not compress."""
    noise = Image.frombytes("RGB", (1_400, 1_000), random.Random(1).randbytes(1_400 * 1_000 * 3))
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=90)
    return out.getvalue()


def is_shown(page: Any, selector: str) -> bool:
    """Whether the picture has come and can be seen."""
    page.locator(selector).first.scroll_into_view_if_needed()
    page.wait_for_function("selector => document.querySelector(selector)?.naturalWidth > 0", arg=selector, timeout=5_000)
    return True


@pytest.fixture
def ticket(portal: str) -> Ticket:
    return factories.ticket(machine=factories.machine())


@pytest.fixture
def clerk(browse: Browse, ticket: Ticket) -> Any:
    return browse(f"/tickets/{ticket.number}", user=make_user(Role.CLERK))


def test_it_works(clerk: Any, ticket: Ticket) -> None:
    """A screenshot is pasted into the note that is being typed, and stands in the timeline a moment later."""
    clerk.locator(f"{NOTE} textarea").fill("客户发来的截图")
    hand_over(clerk, f"{NOTE} textarea", "paste", ("image.png", "image/png", make.png(800, 500)))
    assert clerk.locator(".upload-list li").count() == 1
    assert "截图-" in clerk.locator(".upload-list .upload-name").inner_text()
    clerk.locator(f"{NOTE} button.button:not([type=button])").click()
    clerk.locator(".timeline .thumb img").wait_for(timeout=8_000)
    assert is_shown(clerk, ".timeline .thumb img")
    one = TicketAttachment.get()
    assert (one.note.text, one.file.media_type) == ("客户发来的截图", "image/png")
    assert clerk.locator(".upload-list li").count() == 0, "the form is empty again"


def test_a_screenshot_pasted_anywhere_on_the_page_goes_to_the_note(clerk: Any) -> None:
    hand_over(clerk, "body", "paste", ("image.png", "image/png", make.png()))
    assert clerk.locator(f"{NOTE} .upload-list li").count() == 1


def test_files_are_dropped_looked_at_and_taken_out_again(clerk: Any) -> None:
    hand_over(clerk, "main", "dragover", ("a.jpg", "image/jpeg", b"x"))
    assert clerk.locator(".upload.is-over").count() == 1
    hand_over(clerk, "main", "drop", ("a.jpg", "image/jpeg", make.jpeg()), ("b.pdf", "application/pdf", make.pdf()))
    assert clerk.locator(".upload.is-over").count() == 0
    assert clerk.locator(".upload-list li").count() == 2
    clerk.locator(".upload-list button").first.click()
    assert [text.strip() for text in clerk.locator(".upload-list .upload-name").all_inner_texts()] == ["b.pdf"]
    assert clerk.evaluate("document.querySelector('.note-form .upload input[multiple]').files.length") == 1


def test_choosing_again_adds_and_the_same_file_counts_once(clerk: Any, tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(make.jpeg())
    for name in ("a.jpg", "b.jpg", "a.jpg"):
        clerk.set_input_files(f"{NOTE} .upload input[multiple]", tmp_path / name)
    assert clerk.evaluate("[...document.querySelector('.note-form .upload input[multiple]').files].map(file => file.name)") == [
        "a.jpg",
        "b.jpg",
    ]


def test_what_is_too_large_is_said_before_it_is_sent(clerk: Any) -> None:
    clerk.locator(f"{NOTE} textarea").fill("zu gross")
    hand_over(clerk, "body", "paste", ("photo.jpg", "image/jpeg", make.jpeg() + b"\0" * (10 * 2**20)))
    assert "太大" in clerk.locator(".upload-list li").inner_text()
    clerk.locator(f"{NOTE} button.button:not([type=button])").click()
    assert TicketNote.select().count() == 0
    assert clerk.locator(f"{NOTE} textarea").input_value() == "zu gross"


def test_a_large_photo_shows_how_far_it_is_and_arrives(clerk: Any) -> None:
    hand_over(clerk, "body", "paste", ("large.jpg", "image/jpeg", large_photo()))
    clerk.evaluate(
        "new MutationObserver(() => { if (document.querySelector('.upload-progress')) sessionStorage.setItem('seen', 'yes'); })"
        ".observe(document.body, {childList: true, subtree: true})"
    )
    clerk.locator(f"{NOTE} textarea").fill("大照片")
    with clerk.expect_navigation(timeout=15_000):
        clerk.locator(f"{NOTE} button.button:not([type=button])").click()
    assert is_shown(clerk, ".timeline .thumb img")
    assert clerk.evaluate("sessionStorage.getItem('seen')") == "yes"
    assert (TicketAttachment.select().count(), TicketNote.get().text) == (1, "大照片")


def test_a_large_file_that_is_refused_leaves_the_words_and_the_good_ones(clerk: Any) -> None:
    clerk.locator(f"{NOTE} textarea").fill("words typed")
    hand_over(clerk, "body", "paste", ("good.jpg", "image/jpeg", large_photo()), ("bad.jpg", "image/jpeg", b"MZ program"))
    clerk.locator(f"{NOTE} button.button:not([type=button])").click()
    clerk.get_by_text("“bad.jpg”是程序").wait_for(timeout=10_000)
    assert clerk.locator(f"{NOTE} textarea").input_value() == "words typed"
    assert clerk.locator(".upload-kept input").is_checked()
    clerk.locator(f"{NOTE} button.button:not([type=button])").click()
    clerk.locator(".timeline .thumb").wait_for(timeout=8_000)
    assert TicketAttachment.get().file.name == "good.jpg"


def test_pictures_are_looked_at_one_after_the_other_by_keyboard(clerk: Any, ticket: Ticket) -> None:
    for name in ("a.jpg", "b.jpg", "c.pdf"):
        factories.attachment(ticket=ticket, name=name, content=make.pdf() if name == "c.pdf" else make.jpeg(900, 600))
    clerk.reload()
    clerk.locator("#attachments-card .thumb").first.click()
    clerk.wait_for_url("**/view")
    assert is_shown(clerk, ".large-file img")
    clerk.keyboard.press("ArrowRight")
    clerk.get_by_role("heading", name="b.jpg").wait_for()
    clerk.keyboard.press("ArrowRight")
    clerk.get_by_role("heading", name="c.pdf").wait_for()
    clerk.keyboard.press("ArrowLeft")
    clerk.get_by_role("heading", name="b.jpg").wait_for()
    clerk.keyboard.press("Escape")
    clerk.wait_for_url(f"**/tickets/{ticket.number}")


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_nothing_stands_in_anybodys_way(browse: Browse, ticket: Ticket, locale: str) -> None:
    one = factories.attachment(ticket=ticket, content=make.jpeg(900, 600))
    place = f"/tickets/{ticket.number}/attachments"
    page = browse(place, locale=locale, user=make_user(Role.CLERK))
    for path in (f"/tickets/{ticket.number}", place, f"{place}/{one.id}/view"):
        for size in (DESK, TABLET):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.goto(path)
            assert serious_problems(page) == [], (path, size)
            assert sideways_scroll(page) <= 0, (path, size)


# --- the pages behind the code on a machine -----------------------------------


@pytest.mark.parametrize("javascript", [True, False])
def test_a_fault_is_reported_with_a_photo_by_phone_and_followed(browse: Browse, portal: str, tmp_path: Path, javascript: bool) -> None:
    machine = factories.machine()
    photo = tmp_path / "油缸.jpg"
    photo.write_bytes(make.jpeg(1_200, 900, place=True))
    page = browse(f"/m/{machine.qr_token}", PHONE, javascript=javascript)
    page.fill("[name=text]", "油缸漏油")
    page.fill("[name=phone]", "12")
    page.set_input_files(".upload input[multiple]", photo)
    page.get_by_role("button", name="提交").click()
    page.get_by_text("请填写电话").wait_for()
    page.fill("[name=phone]", "13800001234")
    page.get_by_role("button", name="提交").click()
    page.wait_for_url("**/f/*")
    ticket = Ticket.get()
    assert page.get_by_text(ticket.number).is_visible()
    assert page.locator("h1").inner_text() == "您的报修已收到"
    assert TicketAttachment.get().file.name == "油缸.jpg"
    page.get_by_role("button", name="催一催").click()
    page.get_by_text("已为您催办").wait_for()
    page.locator("summary").click()
    page.locator("textarea[name=text]").fill("现在停机了")
    page.get_by_role("button", name="提交").click()
    page.get_by_text("现在停机了").wait_for()
    assert (TicketUrging.select().count(), TicketNote.get().text) == (1, "现在停机了")


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_the_pages_of_a_code_fit_a_phone_and_a_thumb(browse: Browse, portal: str, locale: str) -> None:
    machine = factories.machine()
    ticket = factories.ticket(machine=machine, follow_token="follow")
    free = factories.machine()
    page = browse(f"/m/{free.qr_token}", PHONE, locale=locale)
    for path in (f"/m/{free.qr_token}", f"/m/{machine.qr_token}", f"/f/{ticket.follow_token}", "/m/nothing"):
        page.goto(path)
        assert serious_problems(page) == [], path
        assert sideways_scroll(page) <= 0, path
        inside = "button.button, .choices label, summary, input:not([type=hidden], [type=file], [type=radio], [type=checkbox])"
        heights = page.locator(f"main :is({inside})").evaluate_all(
            "all => all.filter(one => one.checkVisibility()).map(one => one.offsetHeight)"
        )
        assert all(height >= 48 for height in heights), (path, heights)


def test_a_phone_offers_its_camera(chromium: Any, portal: str) -> None:
    machine = factories.machine()
    context = chromium.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, base_url=portal, locale="zh-CN", is_mobile=True, has_touch=True
    )
    page = context.new_page()
    page.goto(f"/m/{machine.qr_token}")
    assert page.evaluate("matchMedia('(pointer: coarse)').matches")
    assert page.locator(".upload-camera").is_visible()
    page.set_input_files(".upload-camera input", {"name": "now.jpg", "mimeType": "image/jpeg", "buffer": make.jpeg()})
    assert page.locator(".upload-list li").count() == 1
    context.close()
