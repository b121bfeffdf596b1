"""An old book of 100,000 records comes in by the command line while a clerk opens tickets; then once more, then it is taken back."""

import json
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from app.core import db, history
from app.core.config import load_config
from app.core.import_runs import ImportRun
from app.core.start import start
from app.core.types import system
from app.imports import operations
from app.imports.work import Worker
from app.machines.models import Machine
from app.tickets import queries
from app.tickets.models import PastWork, Priority, Ticket, TicketKind, TicketSource
from app.tickets.operations import open_ticket
from tests.benchmarks import world
from tests.benchmarks.processes import ROOT, environment, free_port, running_database

LINES = 100_000
FIRST_DAY, DAYS = date(2008, 1, 1), 6_000
WORDS = ("液压站漏油", "压缩头动作缓慢", "门锁不到位", "显示屏黑屏", "料斗卡料", "更换滤芯后仍报警", "现场异响", "bucket won't open")
RARE, RARE_EVERY = "推杆弯曲变形", 1_000
CLERK_EVERY_S = 0.25


def measure(folder: Path) -> dict[str, Any]:
    """Seconds of each part, and how long the clerk waited meanwhile."""
    book = _book(folder / "book.csv")
    database = running_database(folder)
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    shutil.copy(world.ensure(folder, world.SIZES[0]), database)
    settings = environment(folder, database, free_port())
    start(load_config(settings))
    before = Ticket.select().count()
    waits: list[float] = []
    took_s, said = _taken_in(book, settings, waits)
    assert (said["added"], said["bad"]) == (LINES, 0), said
    _check(before + len(waits))
    again_s, again = _taken_in(book, settings, [])
    assert (again["added"], again["unchanged"]) == (0, LINES), again
    undo_s = _undone(int(said["import"]), before + len(waits))
    db.database.close()
    database.unlink()
    return {
        "lines": LINES,
        "import_s": round(took_s, 1),
        "lines_per_s": round(LINES / took_s),
        "again_s": round(again_s, 1),
        "undo_s": round(undo_s, 1),
        "ticket_opened_meanwhile_ms": {
            "count": len(waits),
            "p50": _ms(statistics.median(waits)),
            "p95": _ms(sorted(waits)[int(len(waits) * 0.95)]),
            "max": _ms(max(waits)),
        },
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _book(path: Path) -> Path:
    """Records in the order of their days, as a book has them, of all machines of the world."""
    dice = random.Random(3)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="gb18030") as file:
        file.write("日期,设备编号,类型,故障描述,维修类型,金额,维修人员\n")
        for number in range(LINES):
            on = FIRST_DAY + timedelta(days=number * DAYS // LINES)
            words = RARE if number % RARE_EVERY == 0 else dice.choice(WORDS)
            machine = f"YZ-{dice.randint(1, world.MACHINES):05d}"
            file.write(f"{on},{machine},报修,{words} {number},维修,{dice.randint(0, 500_000) / 100},李师傅\n")
    return path


def _taken_in(book: Path, settings: dict[str, str], waits: list[float]) -> tuple[float, dict[str, Any]]:
    stopping = threading.Event()
    clerk = threading.Thread(target=_work_as_clerk, args=(stopping, waits))
    command = [sys.executable, "-m", "flask", "--app", "app.wsgi", "tickets", "import", str(book), "--json"]
    began = time.monotonic()
    clerk.start()
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=True)
    took_s = time.monotonic() - began
    stopping.set()
    clerk.join()
    return took_s, json.loads(done.stdout)


def _work_as_clerk(stopping: threading.Event, waits: list[float]) -> None:
    db.connect()
    machine = Machine.get()
    while not stopping.wait(CLERK_EVERY_S):
        began = time.monotonic()
        open_ticket(
            by=system("clerk"),
            source=TicketSource.HOTLINE,
            kind=TicketKind.FAULT_REPORT,
            priority=Priority.LOW,
            title="漏油",
            machine=machine,
        )
        waits.append(time.monotonic() - began)
    db.database.close()


def _check(others: int) -> None:
    assert Ticket.select().count() == others + LINES
    assert PastWork.select().count() == LINES
    found = queries.page(system("bench"), queries.TicketFilter(q=RARE, status="any"))
    assert found.total == LINES // RARE_EVERY, found.total
    assert history.verify().problem is None


def _undone(run_id: int, others: int) -> float:
    run = ImportRun.get_by_id(run_id)
    began = time.monotonic()
    operations.ask_undo(by=system("bench"), run=run, version=run.version)
    assert Worker("bench").work_on(run.id)
    assert not PastWork.select().exists()
    assert Ticket.select().count() > others - LINES
    return time.monotonic() - began
