"""Imports in steps: all or nothing without one long transaction, resumed after a crash, side by side with clerks and each other."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from peewee import Database

from app.core import clock, db, history, live
from app.core.errors import Conflict, Invalid
from app.core.import_runs import ImportedRow, ImportKind, ImportRun, ImportState
from app.core.types import system
from app.customers.models import Customer
from app.imports import operations, work
from app.imports.runs import bad_lines_of, problems_of
from app.imports.work import Worker
from app.machines.models import Machine, MachineModel
from app.tickets.models import Ticket, TicketKind, TicketSource
from app.tickets.operations import open_ticket
from tests import factories, taking_in
from tests.taking_in import BY, counts, hand_in, imported

ROOT = Path(__file__).parents[2]
HEAD = "date,machine,text\n"


def records(count: int, machines: int = 5) -> str:
    dice = random.Random(count)
    words = ("液压站漏油", "压缩头动作缓慢", "门锁不到位", "hydraulic hose leaking", "BUCKET WON'T OPEN")
    rows = (
        f"20{dice.randint(10, 25)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d},M{n % machines},{dice.choice(words)} {n}\n"
        for n in range(count)
    )
    return HEAD + "".join(rows)


def handed_in(content: str) -> ImportRun:
    return hand_in(ImportKind.HISTORY, content, creates_machines=True)


def started(content: str, **options: bool) -> ImportRun:
    run = handed_in(content)
    operations.start(by=BY, run=run, version=run.version, skips_bad_lines=options.get("skips_bad_lines", False))
    return run


def test_it_works(database: Database) -> None:
    run = imported(ImportKind.HISTORY, records(50), creates_machines=True)
    assert (run.state, run.done_lines, counts(run)) == (ImportState.DONE, 50, (50, 0, 0))
    assert Ticket.select().count() == 50
    assert {row.object_type for row in ImportedRow.select()} == {"ticket", "machine", "machine_model"}


def test_a_file_is_checked_without_writing_anything(sqlite_database: Database) -> None:
    run = handed_in(records(5))
    assert (run.state, run.lines, run.added) == (ImportState.UPLOADED, 5, 5)
    assert not Machine.select().exists()
    assert not MachineModel.select().exists()


def test_a_file_with_bad_lines_is_not_started_by_mistake(sqlite_database: Database) -> None:
    run = handed_in(HEAD + "2020-01-01,A,good\nnever,A,bad\n")
    with pytest.raises(Invalid, match="leave those lines out"):
        operations.start(by=BY, run=run, version=run.version, skips_bad_lines=False)
    operations.start(by=BY, run=run, version=run.version, skips_bad_lines=True)
    Worker("tests").work_on(run.id)
    run = ImportRun.get_by_id(run.id)
    assert (run.state, run.added, list(bad_lines_of(run))) == (ImportState.DONE, 1, [3])


def test_pressing_start_twice_starts_once(sqlite_database: Database) -> None:
    run = started(records(3))
    operations.start(by=BY, run=run, version=run.version, skips_bad_lines=False)
    Worker("tests").work_on(run.id)
    assert Ticket.select().count() == 3


def test_a_stale_page_starts_nothing(sqlite_database: Database) -> None:
    run = handed_in(records(3))
    with pytest.raises(Conflict):
        operations.start(by=BY, run=run, version=run.version - 1, skips_bad_lines=False)


def test_what_one_holds_another_leaves_alone(sqlite_database: Database) -> None:
    run = started(records(10))
    ImportRun.update(held_by="another", held_until=clock.now() + timedelta(seconds=10)).where(ImportRun.id == run.id).execute()
    assert not Worker("tests").work_on(run.id)
    assert work.next_run(clock.now()) is None
    later = clock.now() + timedelta(minutes=1)
    assert work.next_run(later) == run.id
    assert Worker("tests", now=lambda: later).work_on(run.id)
    assert ImportRun.get_by_id(run.id).state == ImportState.DONE


def test_time_that_runs_out_leaves_the_rest_to_the_next(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    run = started(records(300))
    worker = Worker("portal")
    worker.progress = lambda done: setattr(worker, "until", 0.0)  # after the first step
    monkeypatch.setattr(work, "LARGEST_STEP", 100)
    assert not worker.work_on(run.id)
    half = ImportRun.get_by_id(run.id)
    assert 0 < half.done_lines < 300
    assert Ticket.select().count() == half.done_lines
    assert Worker("worker").work_on(run.id)
    assert Ticket.select().count() == 300


def test_a_line_that_goes_bad_after_the_check_takes_everything_back(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "LARGEST_STEP", 20)
    run = hand_in(ImportKind.MACHINES, "serial,model,device\n" + "".join(f"S{n},M,D{n}\n" for n in range(60)))
    operations.start(by=BY, run=run, version=run.version, skips_bad_lines=False)
    factories.machine(serial="THIEF", device="D55")
    models = MachineModel.select().count()
    assert Worker("tests").work_on(run.id)
    run = ImportRun.get_by_id(run.id)
    assert (run.state, run.taking_back_at) == (ImportState.REFUSED, None)
    assert [line for line, _message, _params in problems_of(run)] == [57]
    assert [machine.serial for machine in Machine.select()] == ["THIEF"]
    assert MachineModel.select().count() == models
    assert not ImportedRow.select().exists()
    assert history.verify().problem is None


def test_with_bad_lines_left_out_such_a_line_is_left_out_too(sqlite_database: Database) -> None:
    run = hand_in(ImportKind.MACHINES, "serial,model,device\nS1,M,D1\nS2,M,D2\n")
    operations.start(by=BY, run=run, version=run.version, skips_bad_lines=True)
    factories.machine(device="D2")
    Worker("tests").work_on(run.id)
    run = ImportRun.get_by_id(run.id)
    assert (run.state, run.added, run.bad, list(bad_lines_of(run))) == (ImportState.DONE, 1, 1, [3])


def test_a_step_whose_ground_was_changed_is_planned_anew(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another import wrote the same customer between our look and our write."""
    run = hand_in(ImportKind.CUSTOMERS, "name,short_name\n甲公司,甲\n")
    operations.start(by=BY, run=run, version=run.version, skips_bad_lines=False)
    once: Iterator[None] = iter([None])

    def interfere(self: Worker) -> None:
        if next(once, "over") is None:
            factories.customer(name="甲公司", short_name="")

    monkeypatch.setattr(Worker, "_let_others_write", interfere)
    Worker("tests").work_on(run.id)
    run = ImportRun.get_by_id(run.id)
    assert (run.state, counts(run)) == (ImportState.DONE, (0, 1, 0))
    assert Customer.get().short_name == "甲"


def test_an_import_that_breaks_says_so_and_leaves_nothing(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    run = started(records(200))
    monkeypatch.setattr(work, "LARGEST_STEP", 50)
    worker = Worker("tests")
    worker.progress = lambda done: (_ for _ in ()).throw(RuntimeError("broken"))
    worker.work_on(run.id)
    assert ImportRun.get_by_id(run.id).state == ImportState.FAILED
    Worker("tests").work_on(run.id)
    assert not Ticket.select().exists()
    assert not Machine.select().exists()


def test_two_imports_at_once_take_each_line_once(database: Database) -> None:
    content = records(120)
    runs = [started(content), started(content)]
    threads = [threading.Thread(target=_work, args=(f"worker {n}", run.id)) for n, run in enumerate(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    first, second = (ImportRun.get_by_id(run.id) for run in runs)
    assert (first.state, second.state) == (ImportState.DONE, ImportState.DONE)
    assert first.added + second.added == 120
    assert first.unchanged + second.unchanged == 120
    assert Ticket.select().count() == 120
    assert history.verify().problem is None


def _work(holder: str, run_id: int) -> None:
    Worker(holder).work_on(run_id)
    db.drop_connection()


_RUN = """
from app.core.config import load_config
from app.core.start import start
from app.imports.work import Worker, work_off
start(load_config())
work_off(Worker("killed"))
"""


def test_a_worker_killed_in_the_middle_is_followed_by_one_that_goes_on(database: Database, environment: dict[str, str]) -> None:
    run = started(records(500))
    crash = {"EVC_CRASH_AT": "import-step", "EVC_CRASH_AFTER": "0", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run([sys.executable, "-c", _RUN], env=environment | crash, cwd=ROOT, check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    half = ImportRun.get_by_id(run.id)
    assert half.state == ImportState.RUNNING
    assert 0 < half.done_lines < 500
    assert Ticket.select().count() == half.added == half.done_lines
    later = clock.now() + timedelta(minutes=1)
    assert Worker("next", now=lambda: later).work_on(run.id)
    run = ImportRun.get_by_id(run.id)
    assert (run.state, run.done_lines, counts(run)) == (ImportState.DONE, 500, (500, 0, 0))
    assert Ticket.select().count() == 500
    assert history.verify().problem is None


@pytest.mark.slow
def test_clerks_open_tickets_while_a_big_import_runs(sqlite_database: Database, environment: dict[str, str]) -> None:
    machine = factories.machine(serial="CLERK")
    run = started(records(6_000, machines=500))
    process = subprocess.Popen([sys.executable, "-c", _RUN], env=environment | {"PYTHONPATH": str(ROOT)}, cwd=ROOT)
    waits, clerk = [], system("clerk")
    try:
        while process.poll() is None:
            began = time.monotonic()
            open_ticket(by=clerk, source=TicketSource.HOTLINE, kind=TicketKind.FAULT_REPORT, priority="low", title="漏油", machine=machine)
            waits.append(time.monotonic() - began)
            time.sleep(0.05)
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait(30)
    assert ImportRun.get_by_id(run.id).state == ImportState.DONE
    assert len(waits) > 5
    assert max(waits) < 2.5, "half of SQLite's patience"


@pytest.mark.slow
def test_a_hundred_thousand_lines_come_in_and_go_again(sqlite_database: Database) -> None:
    run = imported(ImportKind.HISTORY, records(100_000, machines=2_000), creates_machines=True)
    assert (run.state, run.added, run.bad) == (ImportState.DONE, 100_000, 0)
    assert Ticket.select().count() == 100_000
    assert counts(taking_in.checked_only(ImportKind.HISTORY, records(100_000, machines=2_000))) == (0, 0, 100_000)
    operations.ask_undo(by=BY, run=run, version=run.version)
    assert Worker("tests").work_on(run.id)
    assert not Ticket.select().exists()
    assert not Machine.select().exists()


def test_an_import_tells_the_live_list(sqlite_database: Database) -> None:
    before = live.version("imports")
    imported(ImportKind.CUSTOMERS, "name\n甲公司\n")
    assert live.version("imports") > before
