"""FI-06: the subscriber was away and has much to take in."""

import time
from pathlib import Path

import pytest

from app.monitoring.models import Episode
from app.tickets.models import Ticket
from tests.faults import oracle
from tests.faults.conftest import IS_LONG
from tests.faults.portal import Portal, Visits
from tests.faults.publisher import Publisher, Script
from tests.faults.site import Site

pytestmark = pytest.mark.slow
DAY_MS = 86_400_000
QUEUED = 100_000 if IS_LONG else 10_000
MEMORY_MB = 256
P95_S = 0.5 if IS_LONG else 2.0  # in the suite others want the processor too


def greatest_memory_mb(pid: int) -> float:
    """The most that process ``pid`` ever held."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def test_fi_06_what_waited_for_the_subscriber_is_all_taken_in_while_pages_answer(site: Site, publisher: Publisher, record_property):
    portal = Portal(site)
    site.start_subscriber()
    site.end("subscriber")
    now_ms = int(time.time() * 1000)
    script = Script().write(site.devices, QUEUED, since_ms=now_ms - 3 * DAY_MS, step_ms=100_000_000 // QUEUED)
    script.end_all(now_ms - DAY_MS // 2)
    publisher.say(script)
    publisher.settle(60)
    assert oracle.inbox_size() == 0
    with Visits(portal) as visits:
        site.start_subscriber(is_awaited=False)
        oracle.wait_until_quiet(len(script.messages), 600)
        memory_mb = greatest_memory_mb(site.process().pid)
    record_property("messages", len(script.messages))
    record_property("memory_mb", memory_mb)
    record_property("p95_s", visits.p95_s)
    assert {status for status, _ in visits.answers} == {200}
    oracle.assert_whole(script, publisher.acknowledged)
    assert not Episode.select().where(Episode.ended_at.is_null()).exists()
    assert Ticket.select().count() == 0
    assert memory_mb < MEMORY_MB
    assert visits.p95_s < P95_S
