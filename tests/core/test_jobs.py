"""Periodic jobs: each slot runs once, however many workers there are, and a failing job stops no other."""

import threading
from datetime import UTC, datetime, timedelta

from peewee import Database

from app.core import db, jobs
from app.core.jobs import Job, JobRun

AT = datetime(2026, 11, 23, 8, 20, tzinfo=UTC)
HOURLY = timedelta(hours=1)


def test_it_works(database: Database) -> None:
    job = Job("count", HOURLY, lambda at: f"at {at:%H:%M}")
    assert jobs.tick([job], AT) == [jobs.Outcome("count", "at 08:20")]
    row = JobRun.get_by_id("count")
    assert (row.last_at, row.next_at, row.last_result) == (AT, datetime(2026, 11, 23, 9, tzinfo=UTC), "at 08:20")


def test_a_job_runs_again_only_in_its_next_slot(database: Database) -> None:
    job = Job("count", HOURLY, lambda at: "done")
    ran = [bool(jobs.tick([job], AT + timedelta(minutes=minutes))) for minutes in (0, 1, 39, 40, 41, 99, 100)]
    assert ran == [True, False, False, True, False, False, True]


def test_a_failed_job_is_tried_again_soon_and_stops_no_other(database: Database) -> None:
    def fail(at: datetime) -> str:
        raise ZeroDivisionError

    work = [Job("broken", HOURLY, fail), Job("sound", HOURLY, lambda at: "done")]
    assert [outcome.result for outcome in jobs.tick(work, AT)] == ["failed: ZeroDivisionError", "done"]
    assert jobs.tick(work, AT + timedelta(seconds=59)) == []
    assert [outcome.name for outcome in jobs.tick(work, AT + timedelta(seconds=61))] == ["broken"]


def test_workers_at_once_run_a_slot_once(database: Database) -> None:
    ran: list[datetime] = []
    job = Job("count", HOURLY, lambda at: str(ran.append(at)))
    together = threading.Barrier(4)

    def work() -> None:
        together.wait()
        jobs.tick([job], AT)
        db.drop_connection()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == [AT]


def test_a_slot_that_a_clock_running_ahead_has_taken_stops_nothing(database: Database) -> None:
    ran: list[datetime] = []
    job = Job("slow", timedelta(hours=1), lambda at: str(ran.append(at)))
    jobs.tick([job], AT + timedelta(days=300))
    jobs.tick([job], AT)
    jobs.tick([job], AT)
    assert ran == [AT + timedelta(days=300), AT]
