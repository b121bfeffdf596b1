"""What is done to imports: a file is handed in, its columns are named, it is started, taken back or thrown away."""

import json
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from app.core import clock, db, files, history, live, submissions
from app.core.errors import N_, Conflict, Invalid, InvalidFile
from app.core.import_runs import ImportedRow, ImportKind, ImportRun, ImportState
from app.core.importing import Mapping, Table, open_table
from app.core.types import Actor
from app.imports import undoing
from app.imports.kinds import KINDS
from app.imports.runs import mapping_of, table_of

MAX_SOURCE = 60
# Whoever works on an import goes on holding it; after this time another may.
HELD_FOR = timedelta(seconds=15)
_LOOK_AGAIN = N_("This import has gone on meanwhile. Look at its present state, then decide again.")


def hand_in(
    *,
    by: Actor,
    kind: ImportKind,
    name: str,
    stream: BinaryIO,
    creates_machines: bool = False,
    source: str = "",
    chosen: Mapping | None = None,
    form_token: str | None = None,
    holder: str = "",
    at: datetime | None = None,
) -> ImportRun:
    """Keep a file and guess what its headings mean; a form sent again (``form_token``) answers with the import of the first sending.

    ``chosen`` is what the headings mean where they do not say so themselves. ``holder`` works on it at once.
    Raises ``Invalid``, ``InvalidFile``, ``NotAllowed``.
    """
    by.require("imports.run")
    table = open_table(stream)
    stream.seek(0)
    incoming = files.take_in(name=name, stream=stream, kinds=files.TABLES)
    mapping = Mapping.guessed(table.headings, KINDS[kind].columns)
    if chosen is not None:
        mapping = mapping.with_choices(chosen.columns)
    created_at = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return ImportRun.get_by_id(int(submissions.result_of(form_token)))
        run = ImportRun.create(
            kind=kind,
            state=ImportState.UPLOADED,
            file=files.keep(by=by, incoming=incoming, at=created_at),
            file_name=incoming.name,
            mapping="" if mapping.problems(table.headings, KINDS[kind].columns) else json.dumps(dict(mapping.columns), ensure_ascii=False),
            creates_machines=creates_machines,
            source_name=source.strip()[:MAX_SOURCE],
            created_at=created_at,
            created_by_id=by.user_id,
            created_by_name=by.name[:60],
            held_by=holder,
            held_until=created_at + HELD_FOR if holder else None,
        )
        if form_token:
            submissions.settle(form_token, run.id)
        _record(by, "handed_in", run, after={"kind": str(kind), "file_name": run.file_name, "file": incoming.digest})
    return run


def guessed(run: ImportRun, table: Table) -> Mapping:
    """What the headings of the file mean: as it was said, else as they say themselves."""
    said = mapping_of(run)
    return said if said.columns else Mapping.guessed(table.headings, KINDS[ImportKind(run.kind)].columns)


def name_columns(*, by: Actor, run: ImportRun, version: int, columns: dict[str, str], creates_machines: bool, source: str) -> None:
    """Say what each heading means (empty: not read); the file is checked anew then.

    Raises ``Invalid`` with the words beside each heading (``fields`` by heading or column), ``Conflict`` for a stale page.
    """
    by.require("imports.run")
    with table_of(run) as table:
        problems = Mapping(columns).problems(table.headings, KINDS[ImportKind(run.kind)].columns)
    if problems:
        fields = {about: message % params for about, message, params in problems}
        raise Invalid(N_("Some columns are not clear yet. See the words beside them."), fields=fields)
    with db.transaction():
        _claim(
            run,
            version,
            (ImportState.UPLOADED, ImportState.REFUSED),
            state=ImportState.UPLOADED,
            mapping=json.dumps(columns, ensure_ascii=False),
            creates_machines=creates_machines,
            source_name=source.strip()[:MAX_SOURCE],
            checked_at=None,
            problem="",
            held_until=None,
        )
        _record(by, "columns_named", run, after={"columns": columns})


def start(*, by: Actor, run: ImportRun, version: int, skips_bad_lines: bool, at: datetime | None = None) -> None:
    """Let the file be written; pressed twice is once.

    Raises ``Invalid`` when there are bad lines and they are not to be left out, ``Conflict`` for a stale page.
    """
    by.require("imports.run")
    if run.state in (ImportState.WAITING, ImportState.RUNNING, ImportState.DONE):
        return
    if run.bad and not skips_bad_lines:
        raise Invalid(N_("Some lines cannot be used. Correct the file, or leave those lines out."))
    if run.checked_at is None or run.added + run.changed + run.unchanged == 0:
        raise Invalid(N_("There is no line that could be imported."))
    with db.transaction():
        counted = {"done_lines": 0, "added": 0, "changed": 0, "unchanged": 0}
        _claim(
            run, version, (ImportState.UPLOADED,), state=ImportState.WAITING, skips_bad_lines=skips_bad_lines, held_until=None, **counted
        )
        _record(by, "started", run, after={"skips_bad_lines": skips_bad_lines})


def ask_undo(*, by: Actor, run: ImportRun, version: int, at: datetime | None = None) -> None:
    """Let an import be taken back. Raises ``InvalidFile`` that names what depends on it, ``Conflict`` for a stale page."""
    by.require("imports.run")
    if run.taking_back_at is not None or run.state == ImportState.UNDONE:
        return
    if not is_undoable(run):
        raise Conflict(_LOOK_AGAIN)
    problems = undoing.obstacles(run)
    if problems:
        raise InvalidFile(N_("This import cannot be taken back any more. See what depends on it."), lines=problems)
    with db.transaction():
        _claim(
            run,
            version,
            (ImportState.DONE, ImportState.FAILED),
            taking_back_at=at or clock.now(),
            taking_back_by_id=by.user_id,
            undone_by_name=by.name[:60],
            problem="",
            held_until=None,
        )
        _record(by, "undo_started", run)


def is_undoable(run: ImportRun) -> bool:
    """Whether there is anything that could be taken back."""
    if run.taking_back_at is not None or run.state not in (ImportState.DONE, ImportState.FAILED):
        return False
    return bool(ImportedRow.select().where(ImportedRow.run == run).exists())


def discard(*, by: Actor, run: ImportRun, version: int) -> None:
    """Throw away a file that was not imported. Raises ``Conflict`` when it was meanwhile."""
    by.require("imports.run")
    with db.transaction():
        _claim(run, version, (ImportState.UPLOADED, ImportState.REFUSED))
        if ImportedRow.select().where(ImportedRow.run == run).exists():
            raise Conflict(_LOOK_AGAIN)
        _record(by, "discarded", run, before={"file_name": run.file_name})
        ImportRun.delete().where(ImportRun.id == run.id).execute()
        files.StoredFile.delete().where(files.StoredFile.id == run.file_id).execute()  # its bytes go with the orphans


def _claim(run: ImportRun, version: int, states: tuple[ImportState, ...], **changes: Any) -> None:
    same = (ImportRun.id == run.id) & (ImportRun.version == version) & ImportRun.state.in_(states) & ImportRun.taking_back_at.is_null()
    if ImportRun.update(version=ImportRun.version + 1, **changes).where(same).execute() != 1:
        raise Conflict(_LOOK_AGAIN)
    for name, value in changes.items():
        setattr(run, name, value)
    run.version = version + 1


def _record(by: Actor, action: str, run: ImportRun, **values: Any) -> None:
    history.record(by, f"import.{action}", "import", run.id, **values)
    live.touch("imports")
