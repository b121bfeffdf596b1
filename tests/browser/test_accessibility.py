"""axe-core on every screen there is: each role, desk and tablet, what technicians open on a phone too, Chinese and English, light and
dark: nothing serious or critical (quality §4).
"""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from tests.browser.conftest import DESK, PHONE, TABLET, Browse, serious_problems
from tests.conventions.access import ACCESS, World, make_world, values_for

# What is no screen although it is HTML, or is asked by scripts alone.
NO_SCREENS = {"static", "ticket_work.people", "accounts.bell"}
PERSONAS = {
    "clerk": "chen", "deputy": "zhao", "manager": "liu", "admin": "admin", "technician": "li", "area_manager": "area_manager",
}  # fmt: skip
# Whatever else a role opens is taken with an earlier one; the technician's own screens come in every size.
TAKEN_ONCE = tuple(PERSONAS)
SIZES = (DESK, TABLET)


def screens(served: Flask, world: World, role: str) -> Iterator[str]:
    """The addresses of all pages that this role may open, with objects of its area."""
    adapter = served.url_map.bind("localhost")
    for rule in served.url_map.iter_rules():
        access = ACCESS[rule.endpoint]
        if (
            "GET" not in (rule.methods or ())
            or rule.endpoint in NO_SCREENS
            or "export" in rule.endpoint
            or rule.endpoint[-4:] in ("_csv", "xlsx")
        ):
            continue
        if access.roles is None or role in access.roles:
            yield adapter.build(rule.endpoint, values_for(rule.endpoint, set(rule.arguments), world.north))


def problems_on(page: Any, paths: list[str], sizes: tuple[tuple[int, int], ...] = SIZES) -> list[str]:
    """What axe-core finds on ``paths`` at each of ``sizes``."""
    found = []
    for path in paths:
        asked = page.request.get(path)
        assert asked.status < 500, path
        if not asked.headers["content-type"].startswith("text/html"):
            continue  # a file to take away
        page.goto(path)
        for size in sizes:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            found += [f"{path} at {size[0]}: {problem}" for problem in serious_problems(page)]
    return found


@pytest.fixture
def world(served: Flask) -> World:
    """Something to see on every page."""
    return make_world()


def test_it_works(served: Flask, world: World) -> None:
    paths = {path for role in PERSONAS for path in screens(served, world, role)}
    assert {"/", "/tickets", "/monitoring", "/users", "/login", "/styleguide"} <= paths
    assert len(paths) >= 40


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
@pytest.mark.parametrize("role", PERSONAS)
def test_axe_finds_nothing_serious_on_any_screen(browse: Browse, served: Flask, world: World, role: str, locale: str) -> None:
    """Each screen once: with the first of the roles that may open it."""
    earlier = TAKEN_ONCE[: TAKEN_ONCE.index(role)]
    seen = {path for other in earlier for path in screens(served, world, other)} - {"/"}
    paths = [path for path in screens(served, world, role) if path not in seen]
    page = browse("/account", locale=locale, user=getattr(world.people, PERSONAS[role]))
    assert problems_on(page, paths, (*SIZES, PHONE) if role == "technician" else SIZES) == []


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_the_sign_in_page_and_error_pages_are_for_everybody(browse: Browse, world: World, locale: str) -> None:
    page = browse("/login", locale=locale)
    assert problems_on(page, ["/login"]) == []
    page = browse("/no-such-page", locale=locale, user=world.people.chen)
    assert problems_on(page, ["/no-such-page", "/users"]) == []


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_what_the_customer_signs_on_their_phone(browse: Browse, served: Flask, world: World, locale: str) -> None:
    """Nobody is signed in there."""
    address = served.url_map.bind("localhost").build("signing_link.sign", values_for("signing_link.sign", {"token"}, world.north))
    assert problems_on(browse("/login", locale=locale), [address], (PHONE,)) == []


def own_screens(served: Flask, world: World) -> list[str]:
    """What a technician opens on the way and in the pit."""
    return [path for path in screens(served, world, "technician") if path.startswith("/my/")]


def test_axe_finds_nothing_serious_in_the_dark(browse: Browse, served: Flask, world: World) -> None:
    page = browse("/account", theme="dark", user=world.people.zhao)
    paths = [path for path in screens(served, world, "deputy") if not path.startswith("/styleguide")]
    assert problems_on(page, paths) == []
    page = browse("/account", theme="dark", user=world.people.li)
    paths = own_screens(served, world)
    assert len(paths) >= 6, paths
    assert problems_on(page, paths, (TABLET, PHONE)) == []


def test_no_screen_of_a_technician_is_wider_than_the_phone(browse: Browse, served: Flask, world: World) -> None:
    for locale in ("zh_CN", "en"):
        page = browse("/account", size=PHONE, locale=locale, user=world.people.li)
        for path in own_screens(served, world):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], (locale, path)
