"""FI-03, FI-04, FI-39: the broker dies, forgets, refuses."""

import subprocess
import time

import pytest

from app.core.types import system
from app.monitoring.models import CredentialState, DeviceCredential, Gap, GapState, QuarantinedMessage, RejectedMessage
from app.monitoring.operations import create_credential, revoke_credential
from tests.faults import oracle
from tests.faults.conftest import IS_LONG
from tests.faults.publisher import Publisher, Script
from tests.faults.site import Site, wait_for

pytestmark = pytest.mark.slow
ADMINISTRATOR = system("test")


def test_fi_03_what_a_killed_broker_lost_shows_as_gaps_and_is_sent_again(site: Site, publisher: Publisher):
    site.start_subscriber()
    script = Script().write(site.devices, 20_000 if IS_LONG else 1_000)
    ids = list(script.messages)
    for kill in range(5 if IS_LONG else 1):
        share = ids[kill * len(ids) // 6 : (kill + 1) * len(ids) // 6]
        publisher.say(script, share)
        site.kill("broker")
        publisher._is_connected.clear()
        site.start_broker()
        wait_for(publisher._is_connected.is_set, 20)
        publisher.settle()
    publisher.say(script)
    publisher.settle()
    wait_for(lambda: publisher.resend(script) or len(publisher.receipted) == len(ids), 60, 1)
    oracle.wait_until_quiet(len(ids))
    oracle.assert_whole(script, set(ids))
    assert Gap.select().where((Gap.state == GapState.OPEN) & Gap.terminal.is_null(False)).count() == 0


def test_fi_04_a_broker_without_persistence_raises_a_possible_gap(site: Site):
    conf = site.folder / "default.conf"
    text = site.mosquitto_conf.read_text(encoding="utf8").replace("persistence true", "persistence false")
    conf.write_text(text, encoding="utf8")
    site.end("broker")
    site.start_broker(conf)
    site.start_subscriber()
    time.sleep(2.5)  # one heartbeat with the connection up
    since_ms = time.time() * 1000
    site.kill("broker")
    site.start_broker(conf)
    wait_for(lambda: site.is_connected("one", since_ms), 20)
    wait_for(lambda: Gap.select().where(Gap.terminal.is_null()).exists(), 5)
    gap = Gap.get()
    assert gap.state == GapState.OPEN
    assert gap.from_at < gap.to_at


def mosquitto(site: Site, program: str, device: str, secret: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run one of Mosquitto's own clients as ``device``."""
    command = [program, "-V", "5", "-h", "127.0.0.1", "-p", str(site.port), "-u", device, "-P", secret, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=15, check=False)


def say(site: Site, device: str, secret: str, topic: str) -> bool:
    """Whether the broker takes a fault of ``device`` on ``topic``."""
    done = mosquitto(site, "mosquitto_pub", device, secret, "-q", "1", "-t", topic, "-m", '{"boot":"a","seq":0,"code":"E04","active":true}')
    return done.returncode == 0 and "not authorized" not in (done.stdout + done.stderr).lower()


def test_fi_39_a_device_speaks_for_itself_alone_and_goes_to_quarantine_without_machine(site: Site):
    site.start_subscriber()
    secret = create_credential(by=ADMINISTRATOR, device="NEW-1")
    took_s = wait_for(lambda: DeviceCredential.get().state == CredentialState.ACTIVE, 5)
    assert took_s < 2
    assert DeviceCredential.get().secret is None
    assert say(site, "NEW-1", secret, "evc/NEW-1/fault")
    wait_for(lambda: QuarantinedMessage.select().exists(), 5)
    assert not say(site, "NEW-1", secret, f"evc/{site.devices[0]}/fault")
    assert not say(site, "NEW-1", secret, "evc/NEW-1/ack")
    assert not say(site, "NEW-1", "wrong", "evc/NEW-1/fault")
    assert not say(site, "nobody", "", "evc/NEW-1/fault")
    time.sleep(0.5)
    assert QuarantinedMessage.select().count() == 1
    assert oracle.inbox_size() == RejectedMessage.select().count() == 0
    heard = mosquitto(site, "mosquitto_sub", "NEW-1", secret, "-t", "evc/NEW-1/ack", "-C", "1", "-W", "5")
    assert '"upto":0' in heard.stdout
    revoke_credential(by=ADMINISTRATOR, device="NEW-1")
    wait_for(lambda: DeviceCredential.get().state == CredentialState.REVOKED, 5)
    assert not say(site, "NEW-1", secret, "evc/NEW-1/fault")
