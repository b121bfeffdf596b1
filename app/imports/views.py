"""Screens of imports: the list, handing a file in, its columns, what it would do, its progress and result, taking it back."""

import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_babel import gettext as _
from peewee import ModelSelect
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound

from app.core import paging
from app.core.errors import N_, Invalid, InvalidFile, Unavailable
from app.core.import_runs import ImportRun, ImportState
from app.core.importing import Reason
from app.imports import bad_lines, blanks, forms, operations, queries
from app.imports.kinds import KINDS
from app.imports.queries import Filters
from app.imports.runs import bad_lines_of, kind_of, preview_of, problems_of, table_of
from app.imports.wording import reason_words
from app.imports.work import Worker, holder_name
from app.web import exports, uploads
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import sent
from app.web.render import live_tag, render, see_other, tagged, unchanged

blueprint = Blueprint("imports", __name__)

COLUMNS = ("id", "created_at", "file_name", "kind", "status", "lines", "added", "changed", "unchanged", "bad", "created_by", "undone_at")
SHOWN_BAD = 50
SAMPLES = 3
# What is small is done before the answer; the worker does the rest.
AT_ONCE_S = 1.5


@blueprint.get("/imports")
@requires("imports.run")
def index() -> Response:
    """The list of imports."""
    tag = live_tag("imports")
    if (same := unchanged(tag)) is not None:
        return same
    page = queries.page(_wanted(), sort=_sort(), after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": _wanted(), "sort": _sort(), "progress": queries.progress}
    return tagged(render("imports/index.html", fragment="imports/_list.html", tag=tag, **shown), tag)


@blueprint.get("/imports.csv")
@requires("imports.run")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("imports", COLUMNS, _rows(_found()))


@blueprint.get("/imports.xlsx")
@requires("imports.run")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    labels = {"kind": "ImportKind", "status": "ImportState"}
    return exports.xlsx_response("imports", N_("Imports"), COLUMNS, _rows(_found()), labels=labels)


def _wanted() -> Filters:
    given = request.args
    return Filters(given.get("q", "").strip()[:100], given.get("kind", ""), given.get("state", ""))


def _sort() -> str:
    return request.args.get("sort") or queries.DEFAULT_SORT


def _found() -> ModelSelect:
    return paging.whole(queries.listed(_wanted()), queries.SORTS, _sort())


def _rows(found: ModelSelect) -> Iterator[list[Any]]:
    for run in found.iterator():
        counts = [run.lines, run.added, run.changed, run.unchanged, run.bad]
        yield [run.id, run.created_at, run.file_name, run.kind, run.state, *counts, run.created_by_name, run.undone_at]


@blueprint.get("/imports/templates/<kind>.csv")
@requires("imports.run")
def template_csv(kind: str) -> Response:
    """An empty table of ``kind`` to fill in, as CSV."""
    found = forms.kind_in(kind)
    if found is None:
        raise NotFound
    return blanks.as_csv(found)


@blueprint.get("/imports/templates/<kind>.xlsx")
@requires("imports.run")
def template_xlsx(kind: str) -> Response:
    """An empty table of ``kind`` to fill in, as a workbook."""
    found = forms.kind_in(kind)
    if found is None:
        raise NotFound
    return blanks.as_xlsx(found)


@blueprint.route("/imports/new", methods=["GET", "POST"])
@requires("imports.run")
def new() -> Response:
    """Hand in a file; the same form sent again leads to the same import."""
    form, made = forms.UploadForm(data={"kind": forms.kind_in(request.args.get("kind"))}), []
    problems: list[Any] = []
    done = sent(form, lambda: made.append(_hand_in(form, problems)))
    if done.is_done:
        _work_a_little(made[0])
        return see_other(url_for("imports.run", run_id=made[0].id))
    return render("imports/new.html", form=form, problem=done.problem, problems=problems, status=done.status)


def _hand_in(form: forms.UploadForm, problems: list[Any]) -> ImportRun:
    upload = form.upload()
    try:
        return operations.hand_in(by=actor(), **upload)
    except InvalidFile as error:
        problems.extend((line, reason_words(KINDS[upload["kind"]], (message, params))) for line, message, params in error.lines)
        raise
    except Invalid as error:
        raise Invalid(error.message, fields={"file": words(error)}, **error.params) from error


@blueprint.get("/imports/<int:run_id>")
@requires("imports.run")
def run(run_id: int) -> Response:
    """What an import would do, does, or has done; first of all what its columns mean."""
    tag = live_tag("imports")
    if (same := unchanged(tag)) is not None:
        return same
    found = queries.by_id(run_id)
    if found.state == ImportState.UPLOADED and not found.mapping:
        return see_other(url_for("imports.columns", run_id=run_id))
    return tagged(_shown(found, tag=tag), tag)


def _shown(found: ImportRun, *, tag: str = "", problem: str = "", status: int = 200, problems: list[Any] | None = None) -> Response:
    kind, bad = kind_of(found), bad_lines_of(found)
    why = problems if problems is not None else problems_of(found)
    shown: dict[str, Any] = {
        "run": found,
        "kind": kind,
        "bad": [(number, [reason_words(kind, reason) for reason in bad[number]]) for number in islice(bad, SHOWN_BAD)],
        "preview": preview_of(found),
        "problems": [(line, reason_words(kind, (message, params))) for line, message, params in why],
        "progress": queries.progress(found),
        "can_undo": operations.is_undoable(found),
        "problem": problem,
        "tag": tag or live_tag("imports"),
    }
    return render("imports/run.html", fragment="imports/_run.html", status=status, **shown)


@blueprint.route("/imports/<int:run_id>/columns", methods=["GET", "POST"])
@requires("imports.run")
def columns(run_id: int) -> Response:
    """Say what the headings of the file mean."""
    found = queries.by_id(run_id)
    if found.state not in (ImportState.UPLOADED, ImportState.REFUSED):
        return see_other(url_for("imports.run", run_id=run_id))
    with table_of(found) as table:
        mapping, samples = operations.guessed(found, table), _samples(list(islice(table.rows(), SAMPLES)), len(table.headings))
    form, problem, fields = MultiDict(request.form), "", {}
    if request.method == "POST":
        chosen = forms.columns_in(form, table.headings)
        try:
            _name_columns(found, chosen)
            return see_other(url_for("imports.run", run_id=run_id))
        except Invalid as error:
            problem, fields, mapping = words(error), error.fields, type(mapping)(chosen)
    shown: dict[str, Any] = {"run": found, "kind": kind_of(found), "table": table, "mapping": mapping, "samples": samples}
    return render("imports/columns.html", problem=problem, fields=fields, status=422 if problem else 200, **shown)


def _samples(rows: list[Any], width: int) -> list[list[str]]:
    """The first cells below each heading."""
    return [[row.cells[place] for row in rows if place < len(row.cells) and row.cells[place].strip()] for place in range(width)]


def _name_columns(found: ImportRun, chosen: dict[str, str]) -> None:
    form = request.form
    version = form.get("version", type=int) or 0
    operations.name_columns(
        by=actor(),
        run=found,
        version=version,
        columns=chosen,
        creates_machines="creates_machines" in form,
        source=form.get("source", ""),
    )
    _work_a_little(found)


@blueprint.post("/imports/<int:run_id>/start")
@requires("imports.run")
def start(run_id: int) -> Response:
    """Let the file be written."""
    found = queries.by_id(run_id)
    skips, version = request.form.get("skips_bad_lines") == "1", request.form.get("version", type=int) or 0
    try:
        operations.start(by=actor(), run=found, version=version, skips_bad_lines=skips)
    except Invalid as error:
        return _shown(found, problem=words(error), status=error.status)
    _work_a_little(found)
    return see_other(url_for("imports.run", run_id=run_id))


@blueprint.post("/imports/<int:run_id>/undo")
@requires("imports.run")
def undo(run_id: int) -> Response:
    """Take back what an import did; what depends on it is named when that can no longer be."""
    found = queries.by_id(run_id)
    try:
        operations.ask_undo(by=actor(), run=found, version=request.form.get("version", type=int) or 0)
    except InvalidFile as error:
        return _shown(found, problem=words(error), status=409, problems=error.lines)
    _work_a_little(found)
    return see_other(url_for("imports.run", run_id=run_id))


@blueprint.post("/imports/<int:run_id>/discard")
@requires("imports.run")
def discard(run_id: int) -> Response:
    """Throw away a file that was not imported."""
    found = queries.by_id(run_id)
    operations.discard(by=actor(), run=found, version=request.form.get("version", type=int) or 0)
    flash(_("%(name)s was thrown away; nothing was imported.", name=found.file_name), "message")
    return see_other(url_for("imports.index"))


@blueprint.get("/imports/<int:run_id>/bad-lines.csv")
@requires("imports.run")
def bad_lines_csv(run_id: int) -> Response:
    """The lines that cannot be used, with the reasons, to be corrected and handed in again."""
    found = queries.by_id(run_id)
    kind = kind_of(found)

    def in_words(reason: Reason) -> str:
        return reason_words(kind, reason)

    rows = list(bad_lines.rows(found, in_words))
    return exports.csv_response(f"import-{run_id}-bad-lines", bad_lines.headings(found), rows)


@blueprint.get("/imports/<int:run_id>/file")
@requires("imports.run")
def file(run_id: int) -> Response:
    """The file as it was handed in."""
    found = queries.by_id(run_id)
    if found.file is None:
        raise NotFound
    return uploads.send(found.file)


def _work_a_little(found: ImportRun) -> None:
    """Do the next part at once if it is small; otherwise, and when the database is busy, the worker does it."""
    try:
        Worker(holder_name("portal"), until=time.monotonic() + AT_ONCE_S).work_on(found.id)
    except Unavailable:
        return
