"""FI-17, FI-18, FI-19: the disk is full, breaks, or the power goes; what was acknowledged is on it.

The real disk is a small tmpfs where this machine allows to mount one; what no disk does on request is done by ``syscalls.c``,
which is preloaded into the subscriber.
"""

import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.factory import create_app
from app.monitoring.models import FeedStatus, Reading
from mqtt.intake_loop import TELL_AFTER_S
from tests.conftest import need
from tests.faults import oracle
from tests.faults.conftest import IS_LONG
from tests.faults.publisher import Publisher, Script
from tests.faults.site import ROOT, Site, wait_for
from tests.personas import make_user, sign_in

pytestmark = pytest.mark.slow
MB = 1024 * 1024
BROKEN_S = TELL_AFTER_S + 10 if IS_LONG else 4
# As the product, but nothing that is written is made to reach the disk.
CARELESS = """
from app.core import db
from mqtt.commands import main
open_safely = db._open_sqlite
def open_carelessly(path, cache_kb):
    opened = open_safely(path, cache_kb)
    opened._pragmas = [(name, "off" if name == "synchronous" else value) for name, value in opened._pragmas]
    return opened
db._open_sqlite = open_carelessly
raise SystemExit(main([]))
"""


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library to preload."""
    need(shutil.which("cc") is not None, "a C compiler")
    built = tmp_path_factory.mktemp("shim") / "syscalls.so"
    source = ROOT / "tests/faults/syscalls.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", built, source, "-ldl"], check=True)
    return built


def break_and_mend(site: Site, publisher: Publisher, script: Script, *, begin, end) -> None:
    """Say half before, a quarter while it is broken, the rest after; nothing is receipted meanwhile, and nobody restarts."""
    ids = list(script.messages)
    half, most = len(ids) // 2, 3 * len(ids) // 4
    publisher.say(script, ids[:half])
    publisher.settle()
    oracle.wait_until_quiet(half)
    begin()
    publisher.say(script, ids[half:most])
    publisher.settle()
    time.sleep(1.2)  # receipts of before
    publisher.receipts.clear()
    time.sleep(BROKEN_S)
    publisher.note_receipts(script)
    assert not publisher.receipted & set(ids[half:most])
    process = site.process()
    end()
    publisher.say(script, ids[most:])
    publisher.settle()
    oracle.wait_until_quiet(len(ids), 90)
    assert process.poll() is None
    oracle.assert_whole(script, publisher.acknowledged)
    assert "intake_waits" in site.log("subscriber")


# --- full


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 MB; skipped where it cannot be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m", "none", place], check=False, capture_output=True)
    need(mounted.returncode == 0, "the right to mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path, left: int) -> None:
    """Let no more than ``left`` bytes be free."""
    with (disk / "ballast").open("ab") as file:
        while (free := shutil.disk_usage(disk).free) > left:
            try:
                file.write(b"\0" * min(free - left, MB))
                file.flush()
            except OSError:
                return


def desk(site: Site) -> FlaskClient:
    return sign_in(create_app(site.config).test_client(), make_user(Role.CLERK))


def test_fi_17_a_full_disk_takes_nothing_in_and_pages_can_be_read(small_disk: Path):
    site = Site(small_disk)
    publisher = None
    try:
        site.start_broker()
        site.start_subscriber()
        publisher = Publisher(site).start()
        clerk = desk(site)

        def be_full() -> None:
            fill(small_disk, 60 * MB)

        def look_and_make_room() -> None:
            if IS_LONG:
                assert "disk_full" in FeedStatus.get().problem
                assert "磁盘" in clerk.get("/monitoring").text
            fill(small_disk, 0)
            for page in ("/monitoring", "/faults", "/tickets"):
                assert clerk.get(page).status_code == 200, page
            os.remove(small_disk / "ballast")

        break_and_mend(site, publisher, Script().write(site.devices, 400), begin=be_full, end=look_and_make_room)
    finally:
        if publisher is not None:
            publisher.stop()
        site.stop()


# --- broken


def breaks_and_mends(site: Site, publisher: Publisher, shim: Path, error: str) -> None:
    word = site.folder / "break"
    site.start_subscriber(LD_PRELOAD=str(shim), SYSCALLS_BREAK=str(word))
    script = Script().write(site.devices, 400)
    break_and_mend(site, publisher, script, begin=lambda: word.write_text(error, encoding="ascii"), end=word.unlink)


def test_fi_17_full_to_the_last_byte_loses_nothing(site: Site, publisher: Publisher, shim: Path):
    breaks_and_mends(site, publisher, shim, "ENOSPC")


@pytest.mark.parametrize("error", ["EIO", "EROFS"])
def test_fi_18_a_disk_that_breaks_or_turns_read_only_loses_nothing(site: Site, publisher: Publisher, shim: Path, error: str):
    breaks_and_mends(site, publisher, shim, error)


# --- without power


def acknowledged_before_sync(record: Path) -> tuple[int, int]:
    """How many PUBACKs there are, and how many of them left before a sync of what the intake had written for them.

    Messages came one by one. The thread that intake runs in is the one that writes most.
    """
    lines = [line.split() for line in record.read_text(encoding="ascii").splitlines()]
    (intake, _), *_ = Counter(thread for kind, thread, _ in lines if kind == "w").most_common()
    is_written = is_synced = False
    count = early = 0
    for kind, thread, _ in lines:
        if kind == "w" and thread == intake:
            is_written, is_synced = True, False
        elif kind == "s" and thread == intake:
            is_synced = is_written
        elif kind == "a":
            count += 1
            early += not is_synced
            is_written = is_synced = False
    return count, early


def say_one_by_one(site: Site, publisher: Publisher, count: int) -> None:
    for seq in range(count):
        publisher.send(f"evc/{site.devices[0]}/telemetry", f'{{"boot":"p","seq":{seq},"metrics":{{"n":{seq}}}}}')
        wait_for(lambda seq=seq: Reading.select().count() > seq, 10, 0.01)
        time.sleep(0.05)


@pytest.mark.parametrize("is_careless", [False, True], ids=["shipped", "synchronous off"])
def test_fi_19_each_puback_follows_the_sync_of_its_commit(site: Site, publisher: Publisher, shim: Path, is_careless: bool, record_property):
    """With ``synchronous=OFF`` the same measurement says that everything left too early: it can see what it must."""
    record = site.folder / "syscalls"
    command = ("-c", CARELESS) if is_careless else ("-m", "mqtt")
    site.start_subscriber(command=command, LD_PRELOAD=str(shim), SYSCALLS_LOG=str(record), PYTHONPATH=str(ROOT))
    wanted = 300 if IS_LONG else 40
    say_one_by_one(site, publisher, wanted)
    count, early = acknowledged_before_sync(record)
    assert count == wanted
    assert early == (count if is_careless else 0)
    record_property("pubacks", 0 if is_careless else count)
