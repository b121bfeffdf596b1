"""The components as people and their aids meet them: in Chromium, both languages, both colour themes, three sizes."""

import re
from typing import Any

import pytest

from app.accounts.models import Role
from tests.browser.conftest import DESK, PHONE, TABLET, Browse, serious_problems, sideways_scroll
from tests.personas import make_user

PAGES = ("/styleguide", "/styleguide/tablet", "/styleguide/plain", "/styleguide/print")


def resize(page: Any, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def test_it_works(browse: Browse) -> None:
    page = browse("/styleguide")
    assert page.locator("h1").inner_text() == "组件样例"
    assert page.locator("html").get_attribute("lang") == "zh-CN"


def test_no_page_logs_an_error_or_breaks_the_content_policy(browse: Browse, chromium: Any) -> None:
    said: list[str] = []
    page = browse("/styleguide")
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in PAGES:
        page.goto(path)
    assert said == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(browse: Browse, path: str, locale: str, theme: str) -> None:
    page = browse(path, locale=locale, theme=theme)
    assert serious_problems(page) == []
    resize(page, TABLET)
    assert serious_problems(page) == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_nothing_is_wider_than_the_screen(browse: Browse, path: str, locale: str) -> None:
    page = browse(path, locale=locale)
    for size in (DESK, TABLET, PHONE):
        resize(page, size)
        assert sideways_scroll(page) <= 0, size


def test_rows_on_the_desk_are_32_to_36_pixels_high(browse: Browse) -> None:
    heights = browse("/styleguide").locator("table.rows tbody tr").evaluate_all("rows => rows.map(row => row.offsetHeight)")
    assert heights
    assert all(32 <= height <= 36 for height in heights), heights


def test_targets_on_a_tablet_are_at_least_48_pixels(browse: Browse) -> None:
    boxes = browse("/styleguide/tablet", size=TABLET).locator(".button, textarea").evaluate_all("all => all.map(one => one.offsetHeight)")
    assert boxes
    assert min(boxes) >= 48


def test_keys_move_between_rows_and_the_list_of_keys_opens(browse: Browse) -> None:
    page = browse("/styleguide", user=make_user(Role.CLERK))
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") == "261123-0016"
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent") == "261123-0017"
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"


def test_single_keys_can_be_switched_off(browse: Browse) -> None:
    page = browse("/styleguide", user=make_user(Role.CLERK))
    page.keyboard.press("?")
    page.locator("[data-keys-switch]").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement === document.body")


def test_keys_are_letters_while_someone_types(browse: Browse) -> None:
    page = browse("/styleguide")
    page.locator("#f-serial").fill("")
    page.locator("#f-serial").press_sequentially("jk?n/")
    assert page.locator("#f-serial").input_value() == "jk?n/"
    assert not page.locator("#keys").is_visible()


def test_the_theme_changes_without_losing_what_was_typed_and_is_remembered(browse: Browse) -> None:
    page = browse("/styleguide")
    page.locator("#f-text").fill("半句话")
    with page.expect_response(re.compile("/preferences$")):
        page.locator(".top-bar .theme-dark").click()
    assert page.locator("#f-text").input_value() == "半句话"
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_the_language_changes_without_javascript(browse: Browse) -> None:
    page = browse("/styleguide?q=1", javascript=False)
    page.locator("button[value=en]").click()
    assert page.locator("h1").inner_text() == "Style guide"
    assert page.url.endswith("/styleguide?q=1")


def test_a_dialog_opens_without_javascript(browse: Browse) -> None:
    page = browse("/styleguide", javascript=False)
    page.locator("button[commandfor=sample-dialog]").first.click()
    assert page.locator("#sample-dialog").is_visible()


def test_text_can_be_copied_and_the_page_says_so(browse: Browse) -> None:
    page = browse("/styleguide")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("[data-copy]").click()
    assert "已复制" in page.locator("#toasts .toast").inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == "YS-2024-0117"


def test_motion_stops_for_those_who_ask_for_it(browse: Browse) -> None:
    page = browse("/styleguide")
    page.emulate_media(reduced_motion="reduce")
    assert page.locator(".priority.unacknowledged").first.evaluate("badge => parseFloat(getComputedStyle(badge).animationDuration)") < 0.1
