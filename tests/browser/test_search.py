"""Search by keyboard: one key, what is typed, arrows, Enter; answers never overtake; without JavaScript it works too."""

from typing import Any

import pytest

from tests import factories
from tests.browser.conftest import Browse, serious_problems
from tests.conventions.access import World, make_world


@pytest.fixture
def world(portal: str) -> World:
    """Everybody, and machines that differ in their last characters."""
    for number in range(3):
        factories.machine(serial=f"YZ-4821{number}")
    return make_world()


def chosen(page: Any) -> str:
    return str(page.locator("#search-hits [aria-selected=true] .hit-title").inner_text())


def test_it_works(browse: Browse, world: World) -> None:
    page = browse("/", user=world.people.chen)
    page.keyboard.press("/")
    page.keyboard.type("YZ-48211")
    page.keyboard.press("Enter")
    page.wait_for_url("**/machines/YZ-48211")


def test_results_come_while_one_types_and_arrows_choose(browse: Browse, world: World) -> None:
    page = browse("/search", user=world.people.chen)
    page.keyboard.type("4821", delay=20)
    page.wait_for_selector("#search-results[data-typed='4821'] .hit")
    assert chosen(page) == "YZ-48210"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert chosen(page) == "YZ-48211"
    hit = page.evaluate("document.activeElement.getAttribute('aria-activedescendant')")
    assert page.locator(f"#{hit} .hit-title").inner_text() == "YZ-48211"
    page.keyboard.press("Enter")
    page.wait_for_url("**/machines/YZ-48211")


def test_what_was_typed_before_the_scripts_were_there_is_answered(browse: Browse, world: World) -> None:
    page = browse("/search", user=world.people.chen)
    page.add_init_script("document.addEventListener('DOMContentLoaded', () => { document.getElementById('search-words').value = '48212' })")
    page.goto("/search")
    page.wait_for_selector("#search-results[data-typed='48212'] .hit")


def test_coming_back_finds_the_words_and_the_results_again(browse: Browse, world: World) -> None:
    page = browse("/search", user=world.people.chen)
    page.keyboard.type("48212")
    page.wait_for_selector("#search-results[data-typed='48212'] .hit")
    page.keyboard.press("Enter")
    page.wait_for_url("**/machines/YZ-48212")
    page.go_back()
    page.wait_for_selector("#search-results[data-typed='48212'] .hit")
    assert page.input_value("#search-words") == "48212"


def test_after_escape_j_and_k_walk_through_the_hits(browse: Browse, world: World) -> None:
    page = browse("/search?q=4821", user=world.people.chen)
    for key in ("Escape", "j", "j", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url("**/machines/YZ-48211")


def test_search_works_without_javascript(browse: Browse, world: World) -> None:
    page = browse("/search", user=world.people.chen, javascript=False)
    page.fill("#search-words", "4821")
    page.press("#search-words", "Enter")
    page.wait_for_url("**/search?q=4821&go=1")
    assert page.locator(".hit").count() == 3
    page.fill("#search-words", "YZ-48210")
    page.press("#search-words", "Enter")
    page.wait_for_url("**/machines/YZ-48210")


@pytest.mark.parametrize("path", ["/search", "/search?q=4821", "/search?q=nothing-like-it", "/search?q=YZ-48201"])
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_axe_finds_nothing_serious(browse: Browse, world: World, path: str, locale: str) -> None:
    page = browse(path, locale=locale, user=world.people.chen)
    assert serious_problems(page) == []
