"""The long part of imports: checking a file, writing it, taking it back; in short steps, by whoever holds the run.

A whole file in one transaction would hold SQLite's only write lock for half a minute, and faults and clerks would wait. So the
file is checked whole first, without writing; then it is written in transactions of about a tenth of a second, each of which says
how far the file is written. Killed anywhere, another process goes on there after ``HELD_FOR``. When a later step is refused after
all, because somebody changed the world since the check, what was written is taken back.
"""

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import structlog
from peewee import IntegrityError

from app.core import bulk, clock, db, history, live
from app.core.crash_points import crash_point
from app.core.errors import N_, Conflict, InvalidFile, Unavailable
from app.core.import_runs import ImportedRow, ImportRun, ImportState
from app.core.importing import Effect, Importer, Line, Made, Plan, Reasons, batches, check
from app.core.importing.reading import Row
from app.core.types import Actor
from app.imports import undoing
from app.imports.operations import HELD_FOR
from app.imports.runs import (
    actor_of,
    bad_lines_of,
    kind_of,
    mapping_of,
    options_of,
    preview_to_json,
    problem_to_json,
    reasons_to_json,
    table_of,
)

log = structlog.get_logger()

RENEW_EVERY_S = 2.0
LOCK_FOR_S = 0.15  # how long one step may keep other writers waiting
SMALLEST_STEP, LARGEST_STEP, FIRST_UNDO_STEP = 20, 2_000, 200
# Of the time that a step held the lock, others get so much before the next one.
PAUSE = 0.35
MAX_TRIES = 5
LOOK_EVERY_S = 1.0
_GIVEN_UP = N_("Others kept changing the same records. Nothing of this file was left behind; please try again later.")
_BROKEN_OFF = N_("The program could not go on with this import. Your administrator finds the reason in the log.")
_NEEDS_CHECK = (ImportRun.state == ImportState.UPLOADED) & (ImportRun.mapping != "") & ImportRun.checked_at.is_null()
_NEEDS_WORK = _NEEDS_CHECK | ImportRun.state.in_((ImportState.WAITING, ImportState.RUNNING)) | ImportRun.taking_back_at.is_null(False)


class Lost(Exception):
    """Another process holds the run by now, or there is nothing to do any more."""


class _OutOfTime(Exception):
    """The time given for this part is over; the next one who comes goes on."""


class _Again(Exception):
    """Somebody changed what the step was planned from; plan it anew."""


def holder_name(what: str) -> str:
    """A name for this process and purpose that no other has."""
    return f"{what} {os.getpid()} {secrets.token_hex(4)}"


@dataclass(slots=True)
class Worker:
    """Works on runs as ``holder``, until ``stopping`` is set or ``until`` (monotonic seconds) is over; ``progress`` hears of each step."""

    holder: str
    stopping: threading.Event = field(default_factory=threading.Event)
    until: float | None = None
    progress: Callable[[int], None] = lambda done: None
    now: Callable[[], datetime] = clock.now
    _step: int = 100
    _locked_s: float = 0.0
    _freed: float = 0.0

    def work_on(self, run_id: int) -> bool:
        """Do all that is to be done for a run; False when somebody else does it or time is over."""
        try:
            for _part in range(3):  # check, write and take back may follow each other
                self._hold(run_id)
                self._do(ImportRun.get_by_id(run_id))
        except Lost:
            return not _is_waiting(run_id)
        except _OutOfTime:
            self._release(run_id)
            return False
        except Unavailable:
            raise  # nothing is wrong with the import: whoever comes after the database goes on
        except Exception:
            log.exception("import_failed", run=run_id)
            self._fail(run_id)
            return True
        return True

    def _do(self, run: ImportRun) -> None:
        if run.taking_back_at is not None:
            self._take_back(run)
        elif run.state == ImportState.UPLOADED:
            self._check(run)
        else:
            self._write(run)

    # --- holding a run ------------------------------------------------------

    def _hold(self, run_id: int) -> None:
        with db.transaction():
            free = ImportRun.held_until.is_null() | (ImportRun.held_until < self.now()) | (ImportRun.held_by == self.holder)
            query = ImportRun.update(held_by=self.holder, held_until=self.now() + HELD_FOR)
            if query.where((ImportRun.id == run_id) & _NEEDS_WORK & free).execute() != 1:
                raise Lost

    def _claim(self, run: ImportRun, **changes: object) -> None:
        """Change the run as its holder, in the running transaction; a run that is done with is let go. Raises ``Lost``."""
        held = {"held_until": self.now() + HELD_FOR} | changes
        mine = (ImportRun.id == run.id) & (ImportRun.held_by == self.holder) & (ImportRun.done_lines == run.done_lines)
        if ImportRun.update(**held).where(mine & _NEEDS_WORK).execute() != 1:
            raise Lost
        for name, value in changes.items():
            setattr(run, name, value)
        live.touch("imports")

    def _release(self, run_id: int) -> None:
        with db.transaction():
            ImportRun.update(held_until=None).where(ImportRun.id == run_id, ImportRun.held_by == self.holder).execute()

    def _look_at_time(self) -> None:
        if self.stopping.is_set() or (self.until is not None and time.monotonic() > self.until):
            raise _OutOfTime

    def _fail(self, run_id: int) -> None:
        """Say that the run broke off, and take back what it wrote if there is anything."""
        run = ImportRun.get_by_id(run_id)
        has_written = run.taking_back_at is None and ImportedRow.select().where(ImportedRow.run == run_id).exists()
        with db.transaction():
            ImportRun.update(
                state=ImportState.FAILED,
                problem=run.problem or problem_to_json([(0, _BROKEN_OFF, {})]),
                taking_back_at=self.now() if has_written else None,
                taking_back_by_id=run.created_by_id,
                held_until=None,
                ended_at=self.now(),
                version=ImportRun.version + 1,
            ).where(ImportRun.id == run_id).execute()
            live.touch("imports")

    # --- checking -----------------------------------------------------------

    def _check(self, run: ImportRun) -> None:
        renewed = time.monotonic()

        def note(done: int) -> None:
            nonlocal renewed
            self._look_at_time()
            self.progress(done)
            if time.monotonic() - renewed > RENEW_EVERY_S:
                with db.transaction():
                    self._claim(run, done_lines=done)
                renewed = time.monotonic()

        mapping = mapping_of(run)
        try:
            with table_of(run) as table:
                outcome = check(table, mapping, kind_of(run), options_of(run), note)
                shown = preview_to_json(table, mapping, outcome)
        except InvalidFile as error:
            with db.transaction():
                self._claim(run, state=ImportState.REFUSED, problem=problem_to_json(error), held_until=None, version=run.version + 1)
            return
        with db.transaction():
            self._claim(
                run,
                checked_at=self.now(),
                lines=outcome.lines,
                done_lines=0,
                added=outcome.added,
                changed=outcome.changed,
                unchanged=outcome.unchanged,
                bad=len(outcome.bad),
                bad_lines=reasons_to_json(outcome.bad),
                preview=shown,
                held_until=None,
                version=run.version + 1,
            )

    # --- writing ------------------------------------------------------------

    def _write(self, run: ImportRun) -> None:
        by = actor_of(run.created_by_id, run.created_by_name)
        self._step = min(kind_of(run).batch, LARGEST_STEP)
        tries, reached = 0, run.done_lines
        while tries < MAX_TRIES:
            try:
                self._write_from(run, by)
                return
            except _Again:
                run = ImportRun.get_by_id(run.id)  # what the step noted was rolled back
                tries = tries + 1 if run.done_lines == reached else 0
                reached = run.done_lines
        self._refuse(run, problem_to_json([(0, _GIVEN_UP, {})]))

    def _write_from(self, run: ImportRun, by: Actor) -> None:
        bad, importer = bad_lines_of(run), kind_of(run).importer(options_of(run))
        with table_of(run) as table, bulk.large_cache():
            lines = table.lines(mapping_of(run))
            for batch in batches(islice(lines, run.done_lines), lambda: LARGEST_STEP):
                importer.skip(_good(batch, bad))
            for batch in batches(lines, lambda: self._step):
                self._look_at_time()
                if not self._write_batch(run, by, importer, batch, bad):
                    return
                crash_point("import-step")
                self.progress(run.done_lines)
        with db.transaction():
            self._claim(run, state=ImportState.DONE, ended_at=self.now(), held_until=None, version=run.version + 1)
            counts = {name: getattr(run, name) for name in ("kind", "file_name", "lines", "added", "changed", "unchanged", "bad")}
            history.record(by, "import.done", "import", run.id, after=counts)

    def _write_batch(self, run: ImportRun, by: Actor, importer: Importer, batch: list[Line | Row], bad: dict[int, Reasons]) -> bool:
        """Write the good lines of ``batch``; False when the whole run is refused for one that went bad since the check."""
        lines = _good(batch, bad)
        plan = importer.plan(lines)
        went_bad = {line.number: j for line, j in zip(lines, plan.judgements, strict=True) if isinstance(j, list)}
        if went_bad and not run.skips_bad_lines:
            reasons = [(number, *reason) for number, found in went_bad.items() for reason in found]
            self._refuse(run, problem_to_json(reasons))
            return False
        bad |= went_bad
        self._let_others_write()
        try:
            with db.transaction() as running:
                self._pace_at_end(running)
                self._note(run, plan, len(batch), bad if went_bad else None)
                _insert(run, plan.write(by))
        except (IntegrityError, Conflict) as error:
            raise _Again from error
        self._freed = time.monotonic()
        return True

    def _note(self, run: ImportRun, plan: Plan, count: int, bad: dict[int, Reasons] | None) -> None:
        effects = [judgement for judgement in plan.judgements if not isinstance(judgement, list)]
        counts = {name: getattr(run, name) + effects.count(Effect(name)) for name in ("added", "changed", "unchanged")}
        more = {} if bad is None else {"bad": len(bad), "bad_lines": reasons_to_json(bad)}
        before = run.done_lines, {name: getattr(run, name) for name in counts}
        begun = {"state": ImportState.RUNNING, "started_at": run.started_at or self.now()}
        self._claim(run, **begun, done_lines=before[0] + count, **counts, **more)

    def _refuse(self, run: ImportRun, problem: str) -> None:
        """Take back what was written and say why."""
        with db.transaction():
            self._claim(run, state=ImportState.REFUSED, taking_back_at=self.now(), taking_back_by_id=run.created_by_id, problem=problem)

    def _pace_at_end(self, running: db.Transaction) -> None:
        """Measure the running transaction until all is written, the history too."""
        started = time.monotonic()
        running.before_commit("~pace", lambda: self._pace(time.monotonic() - started))  # after all others by its name

    def _pace(self, locked_s: float) -> None:
        """Make the next step as large as others can wait for."""
        self._locked_s = locked_s
        wanted = self._step * LOCK_FOR_S / max(locked_s, 0.001)
        self._step = int(min(max((self._step + wanted) / 2, SMALLEST_STEP), LARGEST_STEP))

    def _let_others_write(self) -> None:
        """Leave SQLite's write lock free for a while; what was needed to plan the step counts."""
        if db.is_sqlite():
            time.sleep(max(0.0, self._locked_s * PAUSE - (time.monotonic() - self._freed)))

    # --- taking back --------------------------------------------------------

    def _take_back(self, run: ImportRun) -> None:
        by = actor_of(run.taking_back_by_id, run.undone_by_name or run.created_by_name)
        self._step = FIRST_UNDO_STEP
        with bulk.large_cache():
            self._take_back_all(run, by)
        with db.transaction():
            if ImportedRow.select().where(ImportedRow.run == run).exists():
                return
            ended = {"taking_back_at": None, "held_until": None, "version": run.version + 1}
            if run.undone_by_name:
                self._claim(run, state=ImportState.UNDONE, undone_at=self.now(), **ended)
                history.record(by, "import.undone", "import", run.id, after={"file_name": run.file_name})
            else:
                self._claim(run, ended_at=self.now(), **ended)

    def _take_back_all(self, run: ImportRun, by: Actor) -> None:
        while rows := list(undoing.newest_rows(run, self._step)):
            self._look_at_time()
            self._let_others_write()
            try:
                with db.transaction() as running:
                    self._pace_at_end(running)
                    self._claim(run)
                    undoing.take_back(by=by, rows=rows)
            except (IntegrityError, undoing.Obstructed) as error:
                self._stay(run, error)
                return
            crash_point("import-undo-step")
            self._freed = time.monotonic()

    def _stay(self, run: ImportRun, error: Exception) -> None:
        """What is left can no longer be taken back: something came to depend on it while the rest was removed."""
        words = error.words if isinstance(error, undoing.Obstructed) else [(0, undoing.SOMETHING_DEPENDS, {})]
        with db.transaction():
            state = ImportState.DONE if run.state == ImportState.DONE else ImportState.FAILED
            problem = problem_to_json(words)
            self._claim(run, state=state, taking_back_at=None, undone_by_name="", problem=problem, held_until=None, version=run.version + 1)


def _good(batch: Iterable[Line | Row], bad: dict[int, Reasons]) -> list[Line]:
    return [line for line in batch if isinstance(line, Line) and line.number not in bad]


def _insert(run: ImportRun, made: list[Made]) -> None:
    rows = [
        (run.id, m.line, m.object_type, m.object_id, m.changes is None, history.canonical(m.changes) if m.changes else "", m.digest)
        for m in made
    ]
    bulk.insert(ImportedRow, ("run", "line", "object_type", "object_id", "is_added", "before", "digest"), rows)


def _is_waiting(run_id: int) -> bool:
    return bool(ImportRun.select().where((ImportRun.id == run_id) & _NEEDS_WORK).exists())


def next_run(at: datetime) -> int | None:
    """The run that waits longest for somebody to work on it; None when none does."""
    free = ImportRun.held_until.is_null() | (ImportRun.held_until < at)
    return ImportRun.select(ImportRun.id).where(_NEEDS_WORK & free).order_by(ImportRun.id).scalar()


def work_off(worker: Worker) -> None:
    """Work on what waits until nothing does."""
    while not worker.stopping.is_set() and (run_id := next_run(worker.now())) is not None:
        worker.work_on(run_id)


def keep_working(worker: Worker) -> None:
    """Work on imports until ``stopping``; a database that is away is waited for."""
    while not worker.stopping.wait(LOOK_EVERY_S):
        try:
            db.connect()
            work_off(worker)
        except Exception:  # the thread must outlive whatever one import brings
            log.exception("imports_interrupted")
            db.drop_connection()
