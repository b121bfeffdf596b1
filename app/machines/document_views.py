"""Screens of documents: the lists, handing in, one document with its file, filing and taking out."""

from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core import paging
from app.core.errors import N_, Conflict, Invalid
from app.machines import document_forms as forms
from app.machines import document_queries as queries
from app.machines import documents
from app.machines.document_queries import NOT_FILED
from app.machines.documents import Holder
from app.machines.models import Document
from app.machines.queries import by_serial
from app.web import exports, uploads
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import differences, sent
from app.web.render import render, see_other

blueprint = Blueprint("documents", __name__)

COLUMNS = (
    "id", "form_type", "title", "document_on", "machine", "customer", "model", "contract_number", "about", "file",
    "has_paper", "cabinet", "box", "created_at", "by", "filed_at",
)  # fmt: skip
# The field of files on a page that has another one for files: the ticket's.
SCANS = "scans"
WORDS = {"created_at": N_("Handed in at")}


@blueprint.app_template_global("new_form_token")
def new_form_token() -> str:
    """A token for a form that is written in a template."""
    return forms.new_token()


@blueprint.get("/documents")
@requires("documents.read")
def index() -> Response:
    """The list of documents."""
    return _listed("kept")


@blueprint.get("/documents/not-filed")
@requires("documents.read")
def not_filed() -> Response:
    """The documents whose paper nobody has filed yet, oldest first."""
    return _listed(NOT_FILED, "created_at")


def _listed(state: str, default_sort: str = queries.DEFAULT_SORT) -> Response:
    given, wanted = request.args, forms.wanted_from(request.args, state)
    sort = given.get("sort") or default_sort
    page = queries.page(actor(), wanted, sort=sort, after=given.get("after"), before=given.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "is_not_filed": state == NOT_FILED, "path": request.path}
    return render("documents/index.html", fragment="documents/_list.html", **shown)


@blueprint.get("/documents.csv")
@requires("documents.read")
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("documents", COLUMNS, _rows("kept"))


@blueprint.get("/documents.xlsx")
@requires("documents.read")
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    return exports.xlsx_response("documents", N_("Documents"), COLUMNS, _rows("kept"), words=WORDS, labels={"form_type": "FormType"})


@blueprint.get("/documents/not-filed.csv")
@requires("documents.read")
def not_filed_csv() -> Response:
    """What is not filed, as CSV."""
    return exports.csv_response("documents-not-filed", COLUMNS, _rows(NOT_FILED))


@blueprint.get("/documents/not-filed.xlsx")
@requires("documents.read")
def not_filed_xlsx() -> Response:
    """What is not filed, as a workbook."""
    rows, labels = _rows(NOT_FILED), {"form_type": "FormType"}
    return exports.xlsx_response("documents-not-filed", N_("Not filed"), COLUMNS, rows, words=WORDS, labels=labels)


def _rows(state: str) -> Iterator[list[Any]]:
    sort = request.args.get("sort") or (queries.DEFAULT_SORT if state == "kept" else "created_at")
    found = paging.whole(queries.listed(actor(), forms.wanted_from(request.args, state)), queries.SORTS, sort)
    return map(_row, found.iterator())  # read while it is sent, when there is no request any more


def _row(d: Document) -> list[Any]:
    customer = d.machine.customer.name if d.machine and d.machine.customer else None
    return [
        d.id, d.form_type, d.title, d.document_on, d.machine and d.machine.serial, customer, d.model and d.model.name,
        d.project and d.project.contract_number, d.about, d.file and d.file.name, d.has_paper, d.cabinet, d.box, d.created_at,
        d.by_name, d.filed_at,
    ]  # fmt: skip


# --- handing in -----------------------------------------------------------------


@blueprint.route("/machines/<serial>/documents/new", methods=["GET", "POST"])
@requires("documents.file")
def hand_in(serial: str) -> Response:
    """Hand in scans or paper for a machine."""
    return _hand_in(by_serial(actor(), serial), f"/machines/{serial}")


@blueprint.route("/models/<int:model_id>/documents/new", methods=["GET", "POST"])
@requires("documents.edit")
def hand_in_for_model(model_id: int) -> Response:
    """Hand in a document of a model: schematic, instructions, parts list."""
    return _hand_in(queries.model_by_id(model_id), f"/documents?model={model_id}")


@blueprint.route("/projects/<int:project_id>/documents/new", methods=["GET", "POST"])
@requires("documents.edit")
def hand_in_for_project(project_id: int) -> Response:
    """Hand in a document of a project: what comes before there is a machine."""
    return _hand_in(queries.project_by_id(actor(), project_id), f"/documents?project={project_id}")


def _hand_in(onto: Holder, back: str) -> Response:
    form, made = forms.new_form(request.args), []
    is_dropped = SCANS in request.files or f"{SCANS}-kept" in request.form
    received = uploads.received(SCANS if is_dropped else uploads.FIELD)

    def act() -> None:
        incoming = received.check()
        token = form.form_token.data
        made.extend(documents.hand_in(by=actor(), onto=onto, details=form.details(), incoming=incoming, form_token=token))

    done = sent(form, act)
    if request.form.get("from") == "ticket" and form.about.data:
        back = url_for("desk.ticket", number=form.about.data)
    if request.form.get("from") == "order" and form.about.data:
        back = url_for("order_page.order", order_number=form.about.data)
    if done.is_done:
        flash(_("Handed in: %(n)s.", n=len(made)), "message")
        return see_other(back)
    problem = done.problem or next(iter(form.errors.get("files", ())), "")
    return render("documents/new.html", status=done.status, form=form, onto=onto, back=back, received=received, problem=problem)


# --- one document ------------------------------------------------------------------


@blueprint.get("/documents/<int:document_id>")
@requires("documents.read")
def document(document_id: int) -> Response:
    """One document: what it is, its file, where its paper lies."""
    return _document(document_id)


def _document(document_id: int, *, status: int = 200, problem: str = "", **typed: Any) -> Response:
    found = queries.by_id(actor(), document_id)
    shown: dict[str, Any] = {"document": found, "may_change": documents.may_change(actor(), found), "problem": problem, "typed": typed}
    return render("documents/document.html", status=status, **shown)


@blueprint.get("/documents/<int:document_id>/file")
@requires("documents.read")
def file(document_id: int) -> Response:
    """The file itself; ``?preview=1`` its small picture."""
    found = queries.by_id(actor(), document_id)
    return uploads.send(documents.file_of(found), preview="preview" in request.args)


@blueprint.route("/documents/<int:document_id>/edit", methods=["GET", "POST"])
@requires("documents.file")
def edit(document_id: int) -> Response:
    """Correct what is written of a document; what was typed stays when somebody else was quicker."""
    found = queries.by_id(actor(), document_id)
    form = forms.form_of(found)
    done = sent(form, lambda: documents.edit(by=actor(), document=found, version=form.version.data or 0, details=form.details()))
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other(url_for("documents.document", document_id=document_id))
    present = _present(form, document_id) if done.status == Conflict.status else []
    return render("documents/edit.html", status=done.status, form=form, document=found, problem=done.problem, present=present)


def _present(form: forms.DocumentForm, document_id: int) -> list[tuple[str, str]]:
    return differences(form, forms.form_of(queries.by_id(actor(), document_id), formdata=None))


@blueprint.post("/documents/<int:document_id>/filing")
@requires("documents.file")
def filing(document_id: int) -> Response:
    """Say where the paper lies, or that there is none."""
    given = request.form
    place: dict[str, Any] = {"cabinet": given.get("cabinet", ""), "box": given.get("box", ""), "is_paperless": "is_paperless" in given}
    return _done(document_id, lambda found: documents.file_away(by=actor(), document=found, version=_version(), **place), **place)


@blueprint.post("/documents/<int:document_id>/removal")
@requires("documents.file")
def removal(document_id: int) -> Response:
    """Take a document out of the file."""
    reason = request.form.get("reason", "")
    return _done(document_id, lambda found: documents.remove(by=actor(), document=found, version=_version(), reason=reason), reason=reason)


@blueprint.post("/documents/<int:document_id>/restoration")
@requires("documents.file")
def restoration(document_id: int) -> Response:
    """Put a document back."""
    return _done(document_id, lambda found: documents.restore(by=actor(), document=found, version=_version()))


@blueprint.post("/documents/<int:document_id>/as-picture")
@requires("documents.edit")
def as_picture(document_id: int) -> Response:
    """Show this photo at the head of the machine's file."""
    return _done(document_id, lambda found: documents.show_as_picture(by=actor(), document=found))


def _done(document_id: int, act: Callable[[Document], object], **typed: Any) -> Response:
    """Do it and show the document; refused, its page comes back as it is now with what was typed."""
    found = queries.by_id(actor(), document_id)
    try:
        act(found)
    except (Conflict, Invalid) as error:
        said = words(error) if not isinstance(error, Invalid) else " ".join([words(error), *map(_, error.fields.values())])
        return _document(document_id, status=error.status, problem=said, **typed)
    flash(_("Saved."), "message")
    is_from_list = request.form.get("back") == "list"
    return see_other(url_for("documents.not_filed") if is_from_list else url_for("documents.document", document_id=found.id))


def _version() -> int:
    return forms.number_in(request.form, "version") or 0
