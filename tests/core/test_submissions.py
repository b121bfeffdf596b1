"""Forms that were sent twice are known for a month, and then forgotten."""

from datetime import timedelta

import pytest
from peewee import Database

from app import worker
from app.core import clock, db, submissions
from app.core.config import Config
from app.core.submissions import KEPT, FormSubmission


def send(token: str) -> bool:
    with db.transaction():
        return submissions.claim(token)


def test_it_works(database: Database) -> None:
    assert send("one")
    with db.transaction():
        submissions.settle("one", 17)
    assert not send("one")
    assert submissions.result_of("one") == "17"


def test_the_worker_forgets_what_is_older_than_thirty_days(database: Database, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    assert timedelta(days=30) == KEPT
    now = clock.now()
    for token, age in (("old", KEPT + timedelta(seconds=1)), ("young", KEPT - timedelta(seconds=1))):
        monkeypatch.setattr(clock, "now", lambda age=age: now - age)
        send(token)
    purge = next(job for job in worker.all_jobs(config) if job.name == "purge-form-submissions")
    assert purge.run(now) == "1 deleted"
    assert [row.token for row in FormSubmission.select()] == ["young"]
