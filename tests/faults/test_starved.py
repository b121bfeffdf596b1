"""FI-37: others take the processor and the memory, and the subscriber may have little address space."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import oracle
from tests.faults.conftest import IS_LONG
from tests.faults.publisher import Publisher, Script
from tests.faults.site import Site

pytestmark = pytest.mark.slow
MESSAGES = 20_000 if IS_LONG else 1_000
MB = 1024 * 1024
BURNERS = 6
BURNER = """
held = bytearray(150 * 1024 * 1024)
while True:
    for place in range(0, len(held), 4096):
        held[place] = (held[place] + 1) % 256
"""
LIMITED = """
import resource, sys
from mqtt.commands import main
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + {room},) * 2)
raise SystemExit(main([]))
"""


@pytest.fixture
def burners() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes that want all of the processor and walk through memory."""
    started = [subprocess.Popen([sys.executable, "-c", BURNER]) for _ in range(BURNERS)]
    yield started
    for one in started:
        one.kill()
        one.wait()


@pytest.mark.usefixtures("burners")
def test_fi_37_starved_of_processor_and_memory_nothing_is_lost(site: Site, publisher: Publisher, record_property):
    site.start_subscriber(command=("-c", LIMITED.format(room=1024 * MB)))
    script = Script().write(site.devices, MESSAGES)
    publisher.say(script)
    publisher.settle(120)
    oracle.wait_until_quiet(MESSAGES, 300)
    assert site.process().poll() is None
    oracle.assert_whole(script, publisher.acknowledged)
    record_property("messages", MESSAGES)


def test_fi_37_out_of_memory_nothing_is_acknowledged_that_is_not_stored(site: Site, publisher: Publisher):
    """In the middle of the work nothing more can be had; whatever breaks, a subscriber with room again goes on."""
    site.start_subscriber()
    script = Script().write(site.devices, MESSAGES)
    ids = list(script.messages)
    publisher.say(script, ids[: MESSAGES // 2])
    oracle.wait_until_quiet(MESSAGES // 2, 60)
    _limit(site.process().pid, 0)
    publisher.say(script, ids[MESSAGES // 2 :])
    publisher.settle(60)
    time.sleep(3)
    site.kill("subscriber")
    site.start_subscriber()
    oracle.wait_until_quiet(MESSAGES, 60)
    oracle.assert_whole(script, publisher.acknowledged)


def _limit(pid: int, room: int) -> None:
    """From now on ``pid`` may not take more than ``room`` bytes of address space beyond what it has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[0])
    size = pages * 4096 + room
    subprocess.run(["prlimit", f"--pid={pid}", f"--as={size}:{size}"], check=True)
