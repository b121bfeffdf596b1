"""FI-20: the network between subscriber and broker drops, is slow, stalls, or swallows everything without a word."""

import time
from collections.abc import Iterator

import pytest

from mqtt import broker
from tests.faults import oracle
from tests.faults.conftest import IS_LONG
from tests.faults.proxy import Proxy
from tests.faults.publisher import Publisher, Script
from tests.faults.site import Site, wait_for

pytestmark = pytest.mark.slow
MESSAGES = 4_000 if IS_LONG else 600
SHARE = MESSAGES // 4


@pytest.fixture
def proxy(site: Site) -> Iterator[Proxy]:
    running = Proxy(site.port).start()
    yield running
    running.stop()


def start_behind(proxy: Proxy, site: Site) -> None:
    url = broker.portal_url(site.config).replace(f":{site.port}", f":{proxy.port}")
    site.start_subscriber(MQTT_URL=url)


def in_shares(publisher: Publisher, script: Script) -> Iterator[None]:
    """Say a quarter, then let the network do what it does, four times."""
    ids = list(script.messages)
    for begin in range(0, len(ids), SHARE):
        publisher.say(script, ids[begin : begin + SHARE])
        publisher.settle()
        yield


def test_fi_20_dropped_connections_lose_nothing(site: Site, publisher: Publisher, proxy: Proxy):
    start_behind(proxy, site)
    script = Script().write(site.devices, MESSAGES)
    for _ in in_shares(publisher, script):
        proxy.drop()
    oracle.wait_until_quiet(MESSAGES)
    oracle.assert_whole(script, publisher.acknowledged)


@pytest.mark.parametrize(("latency_s", "loss"), [(2.0 if IS_LONG else 0.5, 0.0), (0.0, 0.3)], ids=["slow", "stalls"])
def test_fi_20_a_slow_network_loses_nothing(site: Site, publisher: Publisher, proxy: Proxy, latency_s: float, loss: float):
    start_behind(proxy, site)
    script = Script().write(site.devices, MESSAGES)
    proxy.latency_s, proxy.loss = latency_s, loss
    for _ in in_shares(publisher, script):
        if not loss:
            proxy.drop()  # what was acknowledged, and did not arrive in time, is delivered again
    oracle.wait_until_quiet(MESSAGES, 120)
    oracle.assert_whole(script, publisher.acknowledged)


def test_fi_20_a_peer_that_vanished_is_noticed(site: Site, publisher: Publisher, proxy: Proxy, record_property):
    """Both ends believe in the connection; the keepalive tells. In short the broker asks for one of 10 s."""
    keepalive_s = 30 if IS_LONG else 10
    if not IS_LONG:
        site.end("broker")
        site.mosquitto_conf.write_text(f"{site.mosquitto_conf.read_text(encoding='utf8')}max_keepalive 10\n", encoding="utf8")
        site.start_broker()
        publisher._is_connected.clear()
        wait_for(publisher._is_connected.is_set, 20)
    start_behind(proxy, site)
    script = Script().write(site.devices, MESSAGES)
    shares = in_shares(publisher, script)
    next(shares)
    oracle.wait_until_quiet(SHARE)
    since_ms = time.time() * 1000
    proxy.vanish()
    next(shares)
    back_s = wait_for(lambda: site.is_connected("one", since_ms), 2 * keepalive_s + 5)
    record_property("back_after_s", back_s)
    for _ in shares:
        pass
    oracle.wait_until_quiet(MESSAGES)
    oracle.assert_whole(script, publisher.acknowledged)
