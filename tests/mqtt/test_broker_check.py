"""What the subscriber finds out about its broker (monitoring rule 13), with a real Mosquitto."""

from types import SimpleNamespace

import pytest

from app.monitoring.models import FeedStatus
from app.monitoring.problems import WORDS
from mqtt.broker_check import shortcomings
from tests.faults.site import Site, wait_for

POOR = {
    "SessionExpiryInterval": 3600,
    "ReceiveMaximum": 1,
    "MaximumQoS": 0,
    "RetainAvailable": 0,
    "WildcardSubscriptionAvailable": 0,
    "SharedSubscriptionAvailable": 0,
    "MaximumPacketSize": 1024,
}


@pytest.fixture
def site(tmp_path, database):
    site = Site(tmp_path, devices=1)
    yield site
    site.stop()


def problem():
    row = FeedStatus.get_or_none()
    return row.problem if row is not None else ""


def test_it_works():
    assert shortcomings(SimpleNamespace()) == []
    assert shortcomings(SimpleNamespace(SessionExpiryInterval=7 * 24 * 3600, MaximumQoS=1, ReceiveMaximum=20)) == []


def test_each_shortcoming_is_found_and_has_words():
    found = shortcomings(SimpleNamespace(**POOR))
    assert len(found) == len(POOR)
    assert {line.split(":")[0] for line in found} <= set(WORDS)


@pytest.mark.slow
def test_the_shipped_broker_leaves_nothing_wanting(site):
    site.start_broker()
    site.start_subscriber()
    wait_for(lambda: FeedStatus.get().queue_length == 0)
    assert problem() == ""


@pytest.mark.slow
def test_a_broker_that_is_open_and_keeps_nothing_is_told_of(site):
    poor = site.folder / "poor.conf"
    poor.write_text(f"listener {site.port} 127.0.0.1\nallow_anonymous true\nretain_available false\nmax_packet_size 2000\nmax_qos 1\n")
    site.start_broker(poor)
    site.start_subscriber()
    wait_for(lambda: "anonymous" in problem())
    assert set(problem().splitlines()) == {"no_retain: 0", "small_packets: 2000", "anonymous: 127.0.0.1"}
