"""From ``mosquitto_pub`` to the archived call-back, each step by the person whose it is; the machine's file shows every step."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mqtt import broker
from tests.browser import journey as steps
from tests.browser.conftest import serious_problems, sideways_scroll
from tests.browser.journey import Journey
from tests.browser.product import Product
from tests.conftest import need


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """The running product with the demo world and a real Mosquitto."""
    need(broker.mosquitto() is not None, "mosquitto")
    need(shutil.which("mosquitto_pub") is not None, "mosquitto_pub")
    running = Product(tmp_path)
    try:
        yield running.start()
    finally:
        running.stop()


def test_it_works(product: Product, chromium: Any) -> None:
    wrong: dict[str, object] = {}
    errors: list[str] = []

    def look(name: str, page: Any) -> None:
        wide = sideways_scroll(page)
        if wide > 0:
            wrong[f"{name}: wider than the screen by"] = wide
        if found := serious_problems(page):
            wrong[name] = found

    journey = Journey(product, chromium, look)
    for user in steps.PEOPLE:
        journey.page(user).on("pageerror", lambda error: errors.append(str(error)))
    try:
        steps.walk(journey)
        assert product.states_of(journey.order) == ("archived", "closed", "archived")
        text = journey.page("clerk").locator("main").inner_text()
    finally:
        journey.close()
    assert errors == []
    assert wrong == {}
    for said in (journey.ticket, journey.order, "已接单", "已到场", "已完工", "已归档", "回访"):
        assert said in text, said
