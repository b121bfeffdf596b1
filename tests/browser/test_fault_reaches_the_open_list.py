"""A fault published to a real Mosquitto stands on the clerk's open list, without a reload (issue 2, must show 2)."""

import re
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import DESK
from tests.browser.product import PASSWORD, Product, wait_for
from tests.conftest import need

WITHIN_MS = 5_000  # the promise is one second, stated for the median below; the rest is for a busy machine
PROMISE_S = 1.0


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The running product with the demo world."""
    import shutil

    from mqtt import broker

    need(broker.mosquitto() is not None, "mosquitto")
    need(shutil.which("mosquitto_pub") is not None, "mosquitto_pub")
    running = Product(Path(tmp_path_factory.mktemp("product")))
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="module")
def quiet(product: Product) -> Iterator[str]:
    """Devices without a standing alarm, a new one each time."""
    return iter(product.quiet_devices())


@pytest.fixture(scope="module")
def clerk(chromium: Any, product: Product) -> Iterator[Any]:
    """A page of the clerk, signed in through the form."""
    context = chromium.new_context(base_url=product.address, viewport={"width": DESK[0], "height": DESK[1]}, locale="zh-CN")
    page = context.new_page()
    page.goto("/login")
    page.fill("[name=username]", "clerk")
    page.fill("[name=password]", PASSWORD)
    page.click("#sign-in button.primary")
    page.wait_for_url(f"{product.address}/")
    yield page
    context.close()


def open_list(clerk: Any, product: Product, locale: str = "zh_CN", theme: str = "light") -> None:
    cookies = {"locale": locale, "theme": theme}
    clerk.context.add_cookies([{"name": name, "value": value, "url": product.address} for name, value in cookies.items()])
    clerk.mouse.move(700, 20)  # away from the list
    clerk.goto("/tickets")
    clerk.evaluate("window.isTheSamePage = true")


def rows_of(clerk: Any, device: str, product: Product) -> Any:
    serial = product.serial(device)
    return clerk.locator("#ticket-list tbody tr").filter(has_text=re.compile(re.escape(serial)))


def publish_and_see(clerk: Any, product: Product, device: str, code: str = "E04") -> float:
    """Publish and wait for one more row of that machine; returns the seconds between."""
    rows = rows_of(clerk, device, product)
    before = rows.count()
    product.introduce(device)
    started = time.monotonic()
    product.publish(device, code)
    rows.nth(before).wait_for(timeout=WITHIN_MS)
    return time.monotonic() - started


@pytest.mark.parametrize(("locale", "theme"), [("zh_CN", "light"), ("zh_CN", "dark"), ("en", "light"), ("en", "dark")])
def test_it_works(clerk: Any, product: Product, quiet: Iterator[str], locale: str, theme: str) -> None:
    open_list(clerk, product, locale, theme)
    publish_and_see(clerk, product, next(quiet))
    assert clerk.evaluate("window.isTheSamePage"), "the page was loaded anew"
    assert clerk.locator("html").get_attribute("data-theme") == theme


def test_a_fault_is_on_the_open_list_within_a_second(
    clerk: Any, product: Product, quiet: Iterator[str], record_property: Callable[[str, object], None]
) -> None:
    open_list(clerk, product)
    times = [publish_and_see(clerk, product, next(quiet)) for _ in range(10)]
    median = statistics.median(times)
    record_property("published_to_seen_median_s", round(median, 3))
    print(f"published → on the open list: median {median:.3f} s, slowest {max(times):.3f} s of {len(times)}")  # noqa: T201
    assert median <= PROMISE_S, times


def test_nothing_jumps_and_no_letter_is_lost_while_someone_types(clerk: Any, product: Product, quiet: Iterator[str]) -> None:
    open_list(clerk, product)
    field = clerk.locator(".top-search input[name=q]")
    device = next(quiet)
    product.introduce(device)
    field.press_sequentially("YJ-20")
    top = clerk.evaluate("scrollY")
    product.publish(device, "E04")
    for letter in "24-001 号":
        field.press_sequentially(letter)
        clerk.wait_for_timeout(300)
    rows_of(clerk, device, product).first.wait_for(timeout=2 * WITHIN_MS)  # it comes once the typing pauses
    assert field.input_value() == "YJ-2024-001 号"
    assert clerk.evaluate("document.activeElement.name") == "q"
    assert clerk.evaluate("scrollY") == top


def test_a_fault_published_while_the_subscriber_is_dead_comes_once(clerk: Any, product: Product, quiet: Iterator[str]) -> None:
    device = next(quiet)
    product.introduce(device)
    open_list(clerk, product)
    before = rows_of(clerk, device, product).count()
    product.kill_subscriber()
    product.publish(device, "E04")
    wait_for(lambda: product.subscriber_has_returned(1), 20)
    rows_of(clerk, device, product).nth(before).wait_for(timeout=2 * WITHIN_MS)
    clerk.reload()
    assert rows_of(clerk, device, product).count() == before + 1
