"""FI-21, FI-22: two subscribers on one feed."""

import signal
import time

import pytest

from app.monitoring.intake import LEASE_TTL_MS
from app.monitoring.models import IntakeLease
from tests.faults import oracle
from tests.faults.publisher import Publisher, Script
from tests.faults.site import Site, wait_for

pytestmark = pytest.mark.slow


def holder() -> str:
    return IntakeLease.get(IntakeLease.name.startswith("customer-centre")).holder


def test_fi_21_of_two_subscribers_exactly_one_is_active(site: Site, publisher: Publisher):
    site.start_subscriber("first")
    number = IntakeLease.get(IntakeLease.name.startswith("customer-centre")).number
    site.start_subscriber("second", is_awaited=False, INSTANCE_NAME="two")
    script = Script().write(site.devices, 200)
    publisher.say(script)
    oracle.wait_until_quiet(200)
    time.sleep(LEASE_TTL_MS / 1000 + 1)
    assert (holder(), IntakeLease.get(IntakeLease.name.startswith("customer-centre")).number) == ("one", number)
    assert not site.is_connected("two")
    oracle.assert_whole(script, publisher.acknowledged)
    site.end("first")
    wait_for(lambda: site.is_connected("two"), 10)


def test_fi_22_a_holder_that_was_frozen_writes_nothing_after_its_lease_went(site: Site, publisher: Publisher):
    site.start_subscriber("first")
    site.start_subscriber("second", is_awaited=False, INSTANCE_NAME="two")
    script = Script().write(site.devices, 600)
    ids = list(script.messages)
    publisher.say(script, ids[:200])
    oracle.wait_until_quiet(200)
    site.freeze("first")
    publisher.say(script, ids[200:400])
    wait_for(lambda: site.is_connected("two"), 20)
    assert holder() == "two"
    site.process("first").send_signal(signal.SIGCONT)
    publisher.say(script, ids[400:])
    publisher.settle()
    oracle.wait_until_quiet(600)
    wait_for(lambda: "lease_lost" in site.log("first"), 10)
    assert holder() == "two"
    wait_for(lambda: not site.is_connected("one"), 5)
    oracle.assert_whole(script, publisher.acknowledged)
