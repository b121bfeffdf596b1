"""From the fault to the last payment off warranty, and to the closed nonconformity in warranty, each step by the person whose it is."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mqtt import broker
from tests.browser import money_journey
from tests.browser.conftest import serious_problems, sideways_scroll
from tests.browser.journey import PEOPLE, Journey
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


class Watcher:
    """Notes what is wider than the screen, what axe finds serious, and errors of scripts."""

    def __init__(self) -> None:
        self.wrong: dict[str, object] = {}

    def look(self, name: str, page: Any) -> None:
        wide = sideways_scroll(page)
        if wide > 0:
            self.wrong[f"{name}: wider than the screen by"] = wide
        if found := serious_problems(page):
            self.wrong[name] = found

    def listen(self, journey: Journey) -> None:
        for user in PEOPLE:
            journey.page(user).on("pageerror", lambda error: self.wrong.update({"page error": str(error)}))


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@pytest.fixture
def journey(product: Product, chromium: Any, watcher: Watcher) -> Iterator[Journey]:
    begun = Journey(product, chromium, watcher.look)
    watcher.listen(begun)
    yield begun
    begun.close()


def test_it_works(journey: Journey, watcher: Watcher) -> None:
    money_journey.off_warranty(journey)
    assert watcher.wrong == {}


def test_an_old_part_in_warranty_comes_back_before_the_order_rests(journey: Journey, watcher: Watcher) -> None:
    money_journey.in_warranty(journey)
    assert watcher.wrong == {}
    assert journey.product.states_of(journey.order)[0] == "archived"
