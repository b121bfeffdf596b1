"""The SQLite build keeps what it committed: threads and processes write, and are killed with SIGKILL again and again (stack.md)."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from peewee import Database

from app.core import db, history, integrity

KILLS = 40 if os.environ.get("FAULTS") == "long" else 6
THREADS = 4
# Each thread commits one number after the other and says so in its ledger only after the commit.
WRITER = """
import os, sys, threading
from app.core import db, history
from app.core.config import load_config
from app.core.errors import Unavailable
from app.core.start import start
from app.core.types import system
start(load_config())
def work(name):
    ledger = os.open(f"{sys.argv[1]}/{name}.ledger", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    number = 0
    while True:
        number += 1
        try:
            with db.transaction():
                history.record(system("writer"), "written", "ledger", f"{name}-{number}", after={"text": "x" * 500})
        except Unavailable:
            continue
        os.write(ledger, f"{name}-{number}\\n".encode())
for thread in range(int(sys.argv[2])):
    threading.Thread(target=work, args=(f"{os.getpid()}-{thread}",)).start()
"""


def start_writer(environment: dict[str, str], ledgers: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", WRITER, str(ledgers), str(THREADS)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nothing_committed_is_missing_after_kills(database: Database, environment: dict[str, str], tmp_path: Path) -> None:
    ledgers = tmp_path / "ledgers"
    ledgers.mkdir()
    chance = random.Random(20261123)
    writers = [start_writer(environment, ledgers) for _ in range(2)]
    try:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.8, 2.0))
            victim = writers.pop(0)
            victim.send_signal(signal.SIGKILL)
            assert victim.wait() == -signal.SIGKILL  # it lived until now
            writers.append(start_writer(environment, ledgers))
        time.sleep(1)
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    committed = {line for ledger in ledgers.iterdir() for line in ledger.read_text().split("\n")[:-1]}
    stored = [row[0] for row in history.HistoryEntry.select(history.HistoryEntry.object_id).tuples()]
    assert len(committed) > KILLS * 10
    assert committed <= set(stored)
    assert len(stored) == len(set(stored))
    assert integrity.problems() == []
    assert history.verify().problem is None
    db.drop_connection()
