"""What the screens of imports show."""

from dataclasses import dataclass

from peewee import ModelSelect

from app.core import paging
from app.core.errors import N_, NotFound
from app.core.import_runs import ImportedRow, ImportKind, ImportRun, ImportState
from app.core.paging import Sort
from app.core.types import Page

SORTS = {
    "created_at": Sort(ImportRun.created_at, lambda run: run.created_at),
    "file_name": Sort(ImportRun.file_name, lambda run: run.file_name),
    "lines": Sort(ImportRun.lines, lambda run: run.lines),
    "bad": Sort(ImportRun.bad, lambda run: run.bad),
}
DEFAULT_SORT = "-created_at"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list is narrowed to; empty values do not narrow."""

    q: str = ""
    kind: str = ""
    state: str = ""


def listed(wanted: Filters) -> ModelSelect:
    """The imports of the list."""
    query = ImportRun.select()
    if wanted.q:
        query = query.where(ImportRun.file_name.contains(wanted.q) | ImportRun.created_by_name.contains(wanted.q))
    if wanted.kind in list(ImportKind):
        query = query.where(ImportRun.kind == wanted.kind)
    if wanted.state in list(ImportState):
        query = query.where(ImportRun.state == wanted.state)
    return query


def page(wanted: Filters, *, sort: str, after: str | None, before: str | None) -> Page[ImportRun]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(wanted), SORTS, sort, after=after, before=before)


def by_id(run_id: int) -> ImportRun:
    """The import. Raises ``NotFound``."""
    run: ImportRun | None = ImportRun.get_or_none(ImportRun.id == run_id)
    if run is None:
        raise NotFound(N_("There is no such import."))
    return run


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work on an import is; ``total`` is 0 while nobody knows it."""

    what: str
    done: int
    total: int


def progress(run: ImportRun) -> Progress | None:
    """What is being done with ``run`` now; None when it stands still."""
    if run.taking_back_at is not None:
        left = ImportedRow.select().where(ImportedRow.run == run).count()
        total = max(run.added + run.changed, left)
        return Progress("taking_back", total - left, total)
    if run.state == ImportState.UPLOADED and run.mapping and run.checked_at is None:
        return Progress("checking", run.done_lines, 0)
    if run.state in (ImportState.WAITING, ImportState.RUNNING):
        return Progress("writing", run.done_lines, run.lines)
    return None
