"""Takes a file in as the command line does, for tests of what imports do."""

import io

from app.core.errors import InvalidFile
from app.core.import_runs import ImportKind, ImportRun, ImportState
from app.core.importing import Options, Outcome, check, open_table, refused
from app.core.importing.headings import Mapping
from app.core.types import Actor, system
from app.imports import operations
from app.imports.kinds import KINDS
from app.imports.runs import bad_lines_of, problems_of
from app.imports.work import Worker

BY = system("tests")


def as_bytes(content: str | bytes) -> bytes:
    """The file that holds ``content``."""
    return content if isinstance(content, bytes) else content.encode()


def hand_in(kind: ImportKind, content: str | bytes, *, name: str = "table.csv", by: Actor = BY, **decided: object) -> ImportRun:
    """An import of ``content`` that was checked."""
    run = operations.hand_in(by=by, kind=kind, name=name, stream=io.BytesIO(as_bytes(content)), **decided)  # type: ignore[arg-type]
    assert Worker("tests").work_on(run.id)
    return ImportRun.get_by_id(run.id)


def imported(kind: ImportKind, content: str | bytes, *, skips_bad_lines: bool = False, **decided: object) -> ImportRun:
    """An import of ``content`` that was written."""
    run = hand_in(kind, content, **decided)  # type: ignore[arg-type]
    operations.start(by=BY, run=run, version=run.version, skips_bad_lines=skips_bad_lines)
    assert Worker("tests").work_on(run.id)
    return ImportRun.get_by_id(run.id)


def take_in(
    kind: ImportKind, content: str | bytes, *, is_dry_run: bool = False, skips_bad_lines: bool = False, **decided: object
) -> Outcome:
    """What an import of ``content`` did, or would do. Raises ``InvalidFile`` for bad lines."""
    checked = checked_only(kind, content, **decided)
    if checked.bad and not skips_bad_lines:
        raise refused((number, *reason) for number, reasons in checked.bad.items() for reason in reasons)
    if is_dry_run or not checked.added + checked.changed + checked.unchanged:
        return checked
    run = imported(kind, content, skips_bad_lines=skips_bad_lines, **decided)
    if run.state != ImportState.DONE:
        raise refused(problems_of(run))
    return Outcome(run.lines, run.added, run.changed, run.unchanged, bad_lines_of(run))


def checked_only(kind: ImportKind, content: str | bytes, *, creates_machines: bool = False, source: str = "") -> Outcome:
    """What the check says of ``content``. Raises ``InvalidFile``."""
    table = open_table(as_bytes(content))
    return check(table, Mapping.guessed(table.headings, KINDS[kind].columns), KINDS[kind], Options(creates_machines, source))


def reasons(kind: ImportKind, content: str | bytes, **decided: object) -> list[tuple[int, str]]:
    """The words for which ``content`` is refused, with their lines."""
    try:
        take_in(kind, content, **decided)  # type: ignore[arg-type]
    except InvalidFile as error:
        return [(line, message % params if params else message) for line, message, params in error.lines]
    raise AssertionError("the file was taken")


def counts(outcome: Outcome | ImportRun) -> tuple[int, int, int]:
    """Added, changed, unchanged."""
    return outcome.added, outcome.changed, outcome.unchanged
