"""Periodic jobs: a row per job is claimed by a conditional update, so that any number of workers run each slot once.

A queue library was weighed and left out: its storage would stand outside our transactions, and the timer of each of
its consumers would fire on every host.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from peewee import CharField, TextField

from app.core import db
from app.core.db import BaseModel, InstantField

log = structlog.get_logger()

FAILED = "failed"
# A failed job is tried again after this, or at its next slot if that is sooner.
RETRY_AFTER = timedelta(minutes=1)
# How much the clocks of hosts that work properly may differ.
CLOCKS_DIFFER = timedelta(minutes=5)


class JobRun(BaseModel):
    """When a job is due and what its last run said."""

    name = CharField(40, primary_key=True)
    next_at = InstantField()
    last_at = InstantField(null=True)
    last_result = TextField(default="")


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every ``every``; ``run`` gets the time of its slot and says in a few words what it did."""

    name: str
    every: timedelta
    run: Callable[[datetime], str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run did."""

    name: str
    result: str


def tick(jobs: Iterable[Job], at: datetime) -> list[Outcome]:
    """Run what is due at ``at`` and not claimed by another worker; a job that fails is logged and never stops the others.

    Raises ``Unavailable`` when the database does not answer.
    """
    return [_run(job, at) for job in jobs if _claim(job, at)]


def _claim(job: Job, at: datetime) -> bool:
    # Without a write transaction when nothing is due: a worker looks every second.
    with db.available():
        db.connect()
        row = JobRun.get_or_none(JobRun.name == job.name)
    # A slot further off than one period was taken while some host's clock ran ahead.
    too_far = at + job.every + CLOCKS_DIFFER
    if row is not None and at < row.next_at <= too_far:
        return False
    with db.transaction():
        JobRun.insert(name=job.name, next_at=at).on_conflict_ignore().execute()
        due = (JobRun.name == job.name) & ((JobRun.next_at <= at) | (JobRun.next_at > too_far))
        return JobRun.update(next_at=_slot_after(at, job.every), last_at=at).where(due).execute() == 1


def _slot_after(at: datetime, every: timedelta) -> datetime:
    """The next multiple of ``every`` after ``at``: the slots of all workers are the same."""
    return at + every - timedelta(seconds=at.timestamp() % every.total_seconds())


def _run(job: Job, at: datetime) -> Outcome:
    try:
        result, retry_at = job.run(at), None
    except Exception as error:  # whatever went wrong, the other jobs and the next slot go on
        log.exception("job_failed", job=job.name)
        result, retry_at = f"{FAILED}: {type(error).__name__}", at + RETRY_AFTER
    with db.transaction():
        JobRun.update(last_result=result).where(JobRun.name == job.name).execute()
        if retry_at is not None:
            JobRun.update(next_at=retry_at).where((JobRun.name == job.name) & (JobRun.next_at > retry_at)).execute()
    return Outcome(job.name, result)


def last_runs() -> list[JobRun]:
    """Every job that ever ran, by name; ``heartbeat`` among them says when a worker last lived."""
    return list(JobRun.select().order_by(JobRun.name))
