"""The broker inside the product (monitoring rule 14), with a real subscriber and the fleet simulator."""

import subprocess
import sys

import pytest

from app.core.types import system
from app.monitoring.models import FeedStatus, QuarantinedMessage, Reading, Terminal
from app.monitoring.operations import create_credential
from mqtt import trial_broker
from mqtt.security import PORTAL, SIMULATOR
from tests.faults.site import ROOT, Site, wait_for


@pytest.mark.parametrize(
    ("name", "topic", "is_publishing", "expected"),
    [
        ("D1", "evc/D1/fault", True, True),
        ("D1", "evc/D1/ack", False, True),
        ("D1", "evc/D2/fault", True, False),
        ("D1", "evc/D2/ack", False, False),
        ("D1", "evc/D1/ack", True, False),
        ("D1", "evc/D1/fault", False, False),
        ("D1", "evc/+/ack", False, False),
        ("+", "evc/D1/fault", True, False),
        (PORTAL, "evc/+/fault", False, True),
        (PORTAL, "evc/D1/ack", True, True),
        (PORTAL, "evc/D1/fault", True, False),
        (SIMULATOR, "evc/D1/telemetry", True, True),
        ("D1", "#", False, False),
        ("", "evc//fault", True, False),
    ],
)
def test_an_account_may_do_what_is_its_own(monkeypatch, name, topic, is_publishing, expected):
    monkeypatch.setattr(trial_broker, "_root", "evc")
    assert trial_broker.may(name, topic, is_publishing=is_publishing) == expected


@pytest.mark.slow
def test_it_works_without_an_installed_broker(tmp_path, needs):
    site = Site(tmp_path)
    nowhere = {"EVC_TRIAL_BROKER": "1"}
    try:
        site.start("broker", [sys.executable, "-m", "mqtt", "broker"], nowhere)
        wait_for(lambda: "trial_broker_started" in site.log("broker"), 15)
        site.start_subscriber(**nowhere)
        done = subprocess.run(
            [sys.executable, "-m", "mqtt", "simulate", "--rate", "200", "--count", "40"],
            cwd=ROOT,
            env=site.environ | nowhere,
            capture_output=True,
            timeout=30,
            check=True,
        )
        assert b"fleet_stopped" in done.stderr
        wait_for(lambda: Reading.select().count() >= 30, 10)
        assert FeedStatus.get().delivery == "trial"
        assert Terminal.select().where(Terminal.is_online).count() == len(site.devices)
        secret = create_credential(by=system("test"), device="NEW-1")
        program = needs("mosquitto_pub")
        said = ["-t", "evc/NEW-1/telemetry", "-m", '{"boot":"a","seq":0,"metrics":{"t":1}}', "-q", "1"]
        for password, expected in ((secret, 0), ("wrong", 5)):
            account = ["-h", "127.0.0.1", "-p", str(site.port), "-u", "NEW-1", "-P", password]
            assert subprocess.run([program, *account, *said], timeout=10, check=False, capture_output=True).returncode == expected
        wait_for(lambda: QuarantinedMessage.select().count() == 1, 5)
    finally:
        site.stop()
