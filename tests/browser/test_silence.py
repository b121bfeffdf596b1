"""A broker that is gone is exactly one "feed silent" on the board; a subscriber that starts again is none (monitoring §3, "offline")."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import DESK
from tests.browser.product import PASSWORD, Product, wait_for
from tests.conftest import need

NOTICED_WITHIN_S = 240  # a frozen broker is found by the keepalive, then 90 s are waited for


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """The running product with the demo world."""
    from mqtt import broker

    need(broker.mosquitto() is not None, "mosquitto")
    running = Product(tmp_path)
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture
def clerk(chromium: Any, product: Product) -> Iterator[Any]:
    """The board, seen by the clerk."""
    context = chromium.new_context(base_url=product.address, viewport={"width": DESK[0], "height": DESK[1]}, locale="zh-CN")
    page = context.new_page()
    page.goto("/login")
    page.fill("[name=username]", "clerk")
    page.fill("[name=password]", PASSWORD)
    page.click("#sign-in button.primary")
    page.wait_for_url(f"{product.address}/")
    page.goto("/monitoring")
    yield page
    context.close()


def broker_pid(product: Product) -> int:
    lines = (product.folder / "logs" / "supervisor.log").read_text(encoding="utf8").splitlines()
    return [entry["pid"] for entry in map(json.loads, lines) if entry["event"] == "started" and entry["child"] == "broker"][-1]


def counted(product: Product, table: str) -> int:
    return int(product._rows(f"SELECT count(*) FROM {table}")[0][0])


def test_it_works(product: Product, clerk: Any, tmp_path: Path) -> None:
    outages, silences = counted(product, "feed_outage"), counted(product, "terminal_silence")
    product.kill_subscriber()
    wait_for(lambda: product.subscriber_has_returned(1), 30)
    assert (counted(product, "feed_outage"), clerk.locator(".outage:not(.is-over)").count()) == (outages, 0)
    pid = broker_pid(product)
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(lambda: counted(product, "feed_outage") > outages, NOTICED_WITHIN_S)
        product.kill_subscriber()  # a restart meanwhile makes no second one
        clerk.locator(".outage:not(.is-over)").wait_for(timeout=10_000)  # by itself, without a reload
        clerk.screenshot(path=tmp_path / "feed_silent.png")
        clerk.wait_for_timeout(20_000)
        clerk.reload()
        assert clerk.locator(".outage:not(.is-over)").count() == 1
        clerk.screenshot(path=tmp_path / "after_restart.png")
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_for(lambda: product.subscriber_has_returned(2), 90)
    assert (counted(product, "feed_outage"), counted(product, "terminal_silence")) == (outages + 1, silences)
