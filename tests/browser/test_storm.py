"""Sixty machines of three customers fail at once: the clerk sees three tickets and hears of it three times at most."""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.core.config import load_config
from tests.browser.conftest import DESK, TABLET
from tests.browser.product import PASSWORD, Product, wait_for
from tests.conftest import need
from tests.faults.publisher import Publisher

CUSTOMERS = {"FSA": "云台市环卫集团", "FSB": "石桥区城市管理局", "FSC": "南浦物业服务有限公司"}
MACHINES_OF_EACH = 20
CODES = ("E08", "E10", "E14")  # all of priority high
DEVICES = [f"{key}-{number:02}" for key in CUSTOMERS for number in range(1, MACHINES_OF_EACH + 1)]
FLAPPING = "FSD-01"
GATHERED_WITHIN_S = 150
VIEWS = [(size, locale) for size in (DESK, TABLET) for locale in ("zh_CN", "en")]


class Fleet:
    """The machines' terminals, all through one connection."""

    def __init__(self, product: Product) -> None:
        from mqtt import broker
        from mqtt.security import SIMULATOR

        keys = {name.upper(): (product.folder / name).read_text(encoding="ascii").strip() for name in ("secret_key", "audit_key")}
        word = broker.password(load_config(product.environ | keys), SIMULATOR)
        self.publisher = Publisher(SimpleNamespace(simulator=(SIMULATOR, word), port=product.mqtt_port)).start()
        self._seqs: dict[str, int] = {}

    def say(self, device: str, kind: str, *, at_ms: int | None = None, **content: object) -> None:
        """One message of ``device``, of now unless a time is given."""
        seq = self._seqs[device] = self._seqs.get(device, -1) + 1
        body = {"ts": at_ms or int(time.time() * 1000), "boot": "storm", "seq": seq} | content
        self.publisher.send(f"evc/{device}/{kind}", json.dumps(body))


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The running product with the demo world and the machines of the storm."""
    from mqtt import broker

    need(broker.mosquitto() is not None, "mosquitto")
    running = Product(Path(tmp_path_factory.mktemp("product")))
    owners = CUSTOMERS | {"FSD": "松林镇人民政府"}
    lines = [f"{one},{one},YJ-20S,underground_compactor_v1,{owners[one[:3]]},压缩站,东部区域" for one in (*DEVICES, FLAPPING)]
    file = running.folder / "machines.csv"
    file.write_text("\n".join(["serial,device,model,profile,customer,site,area", *lines]), encoding="utf8")
    try:
        running.start()
        running._flask("machines", "import", str(file))
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def fleet(product: Product) -> Iterator[Fleet]:
    """Everything is there and quiet."""
    speaking = Fleet(product)
    for device in (*DEVICES, FLAPPING):
        speaking.say(device, "state", online=True)
    speaking.publisher.settle()
    yield speaking
    speaking.publisher.stop()


@pytest.fixture(scope="module")
def storm(product: Product, fleet: Fleet) -> int:
    """All fail within seconds; the subscriber dies in the middle and comes back. Gives when it began, in ms."""
    began_ms = int(time.time() * 1000)
    some = random.Random(28).sample(DEVICES, len(DEVICES))
    for number, device in enumerate(some):
        fleet.say(device, "fault", code=CODES[number % len(CODES)], active=True)
        if number == len(some) // 2:
            fleet.publisher.settle()
            product.kill_subscriber()
    fleet.publisher.settle()
    wait_for(lambda: product.subscriber_has_returned(1), 30)
    wait_for(lambda: count(product, OURS) == len(DEVICES), 30)
    return began_ms


OURS = "ticket t JOIN machine m ON m.id = t.machine_id WHERE m.device LIKE 'FS_-%' AND m.device != 'FSD-01'"


def count(product: Product, rows: str, *values: object) -> int:
    return int(product._rows(f"SELECT COUNT(*) FROM {rows}", *values)[0][0])


def parents(product: Product) -> list[str]:
    return [number for (number,) in product._rows("SELECT t.number FROM ticket t JOIN ticket_storm s ON s.ticket_id = t.id ORDER BY t.id")]


@pytest.fixture
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


def go(page: Any, product: Product, path: str, size: tuple[int, int], locale: str) -> None:
    page.context.add_cookies([{"name": "locale", "value": locale, "url": product.address}])
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(path)


def test_it_works(product: Product, storm: int) -> None:
    """Three parents with twenty children each, and the restart of the subscriber makes no machine silent."""
    found = product._rows("SELECT parent_id, COUNT(*) FROM ticket WHERE parent_id IS NOT NULL GROUP BY parent_id")
    assert [number for _parent, number in found] == [MACHINES_OF_EACH] * len(CUSTOMERS)
    assert len(parents(product)) == len(CUSTOMERS)
    assert count(product, OURS) == len(DEVICES)
    assert count(product, "episode WHERE code = 'COMM_LOST' AND started_at >= ?", storm) == 0
    assert count(product, "feed_outage WHERE from_at >= ?", storm) == 0
    assert count(product, "terminal WHERE is_late AND device LIKE 'FS_-%'") == 0


def test_the_clerk_hears_of_it_three_times_at_most(product: Product, storm: int) -> None:
    of_storm = "alarm_notice WHERE created_at >= ? AND (episode_id IS NULL OR episode_id IN (SELECT id FROM episode WHERE started_at >= ?))"
    wait_for(lambda: not count(product, f"{of_storm} AND sent_at IS NULL AND withdrawn_at IS NULL", storm, storm), GATHERED_WITHIN_S)
    sent = product._rows(f"SELECT kind FROM {of_storm} AND sent_at IS NOT NULL", storm, storm)
    assert [kind for (kind,) in sent] == ["storm"] * len(CUSTOMERS)
    told = "notice n JOIN person u ON u.id = n.user_id WHERE u.username = ? AND n.at >= ?"
    assert 1 <= count(product, told, "clerk", storm) <= 3


@pytest.mark.parametrize(("size", "locale"), VIEWS)
def test_the_list_shows_one_row_for_each_customer(
    clerk: Any, product: Product, storm: int, tmp_path: Path, size: tuple[int, int], locale: str
) -> None:
    go(clerk, product, "/tickets", size, locale)
    rows = clerk.locator("#ticket-list tbody tr")
    assert rows.filter(has=clerk.locator(".brood")).count() == len(CUSTOMERS)
    assert rows.filter(has_text="FSA-").count() == 0
    words = "20 台" if locale == "zh_CN" else "20 machines"
    assert [words in one for one in clerk.locator("#ticket-list .brood").all_inner_texts()] == [True] * len(CUSTOMERS)
    assert clerk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    clerk.screenshot(path=tmp_path / "list.png")


@pytest.mark.parametrize(("size", "locale"), VIEWS)
def test_the_page_of_a_parent_shows_its_machines(
    clerk: Any, product: Product, storm: int, tmp_path: Path, size: tuple[int, int], locale: str
) -> None:
    go(clerk, product, f"/tickets/{parents(product)[0]}", size, locale)
    assert clerk.locator("#children .children-rows tbody tr").count() == MACHINES_OF_EACH
    assert clerk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    clerk.screenshot(path=tmp_path / "parent.png", full_page=True)


def test_a_flapping_code_is_one_ticket_that_says_so(clerk: Any, product: Product, fleet: Fleet, storm: int, tmp_path: Path) -> None:
    since_ms = int(time.time() * 1000) - 40_000
    for step in range(12):
        fleet.say(FLAPPING, "fault", at_ms=since_ms + 3_000 * step, code="E10", active=step % 2 == 0)
    fleet.say(FLAPPING, "fault", code="E10", active=True)
    fleet.publisher.settle()
    of_it = "m ON m.id = machine_id WHERE m.device = ?"
    wait_for(lambda: count(product, f"alarm JOIN machine {of_it} AND is_chattering", FLAPPING) == 1, 20)
    assert count(product, f"episode JOIN machine {of_it}", FLAPPING) == 1
    (ticket,) = [number for (number,) in product._rows(f"SELECT number FROM ticket JOIN machine {of_it}", FLAPPING)]
    go(clerk, product, f"/tickets/{ticket}", DESK, "zh_CN")
    assert clerk.locator("#ticket .mark", has_text="频繁抖动").count() == 1
    clerk.screenshot(path=tmp_path / "flapping.png")
