"""Requisitions on screen: the list, asking for parts (at the desk and at the job), one requisition with its steps, its paper (F-19)."""

from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.core.errors import N_
from app.core.known_settings import letterhead
from app.supply import choices, registers, requisition_register, requisitions, screens, typed_lines
from app.supply.models import Requisition, RequisitionStatus
from app.supply.registers import PaperFilter
from app.supply.screens import Tried
from app.web import exports
from app.web.auth import actor, requires
from app.web.render import render, see_other
from app.work_orders import queries as orders
from app.work_orders.models import WorkOrder

blueprint = Blueprint("requisitions", __name__)
LABELS = {"status": "RequisitionStatus"}
_WORDS = {
    "number": N_("Number"), "status": N_("State"), "technician": N_("Technician"), "order": N_("Work order"),
    "from_place": N_("From store"),
    "requested_at": N_("Applied for"), "requested_by": N_("Applicant"), "decided_by": N_("Decided by"), "issued_at": N_("Handed out"),
    "part": N_("Part number"), "name": N_("Name"), "unit": N_("Unit"), "asked": N_("Quantity asked for"), "issued": N_("Quantity issued"),
    "used": N_("Used"), "returned": N_("Brought back"),
}  # fmt: skip


@blueprint.get("/requisitions")
@requires(requisitions.ASK)
def index() -> Response:
    """The list."""
    wanted, sort = _wanted(), _sort()
    page = requisition_register.page(actor(), wanted, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "lines": requisition_register.lines_of(page)}
    shown |= {"stores": choices.named(choices.stores()), "technicians": choices.named(choices.technicians())}
    return render("supply/requisitions.html", fragment="supply/_requisitions.html", **shown)


@blueprint.get("/requisitions.csv")
@requires(requisitions.ASK)
def export_csv() -> Response:
    """The list with the same filters as CSV, a row for each part."""
    return exports.csv_response("requisitions", requisition_register.COLUMNS, requisition_register.exported(actor(), _wanted(), _sort()))


@blueprint.get("/requisitions.xlsx")
@requires(requisitions.ASK)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook, a row for each part."""
    rows = requisition_register.exported(actor(), _wanted(), _sort())
    return exports.xlsx_response("requisitions", N_("Requisitions"), requisition_register.COLUMNS, rows, words=_WORDS, labels=LABELS)


@blueprint.route("/requisitions/new", methods=["GET", "POST"])
@requires(requisitions.ASK)
def new() -> Response:
    """Ask for parts at the desk; ``?order=`` names the order they are for."""
    number = request.values.get("order", "").strip()[:20]
    order = orders.by_number(actor(), number) if number else None
    form = screens.tried(lambda: _ask(order))
    if form.made:
        return _asked(form, f"/requisitions/{form.made.number}")
    shown = screens.shown(form) | {"order": order, "stores": choices.named(choices.stores()), "technicians": choices.named(_technicians())}
    return render("supply/requisition_new.html", status=form.status, **shown)


@blueprint.route("/my/jobs/<order_number>/parts", methods=["GET", "POST"])
@requires("jobs.work")
def of_job(order_number: str) -> Response:
    """The parts of a job: what was asked for, what is in the van; and asking for more."""
    order = orders.own_by_number(actor(), order_number)
    form = screens.tried(lambda: _ask(order))
    if form.made:
        return _asked(form, f"/my/jobs/{order_number}/parts")
    shown = screens.shown(form) | {"order": order, "stores": choices.named(choices.stores())}
    return render("supply/job_parts.html", status=form.status, rows=_of_order(order), **shown)


def _of_order(order: WorkOrder) -> list[tuple[Requisition, list[Any]]]:
    return [(row, requisitions.lines_of(row)) for row in requisition_register.of_order(order)]


def _technicians() -> list[Any]:
    everybody = choices.technicians()
    return everybody if actor().area_ids is None else [one for one in everybody if one.id == actor().user_id]


def _ask(order: WorkOrder | None) -> Requisition:
    given, me = request.form, actor()
    whose = str(me.user_id) if me.area_ids is not None else given.get("technician", "")
    return requisitions.ask(
        by=me,
        technician=next((one for one in choices.technicians() if str(one.id) == whose), None),
        from_place=choices.store_by_id(given.get("from_place", "")),
        lines=typed_lines.read(given),
        order=order,
        remark=given.get("remark", ""),
        form_token=given.get("form_token"),
    )


def _asked(form: Tried, back: str) -> Response:
    flash(_("Requisition %(number)s waits for approval.", number=form.made.number), "message")
    return see_other(back)


@blueprint.get("/requisitions/<requisition_number>")
@requires(requisitions.ASK)
def requisition(requisition_number: str) -> Response:
    """One requisition."""
    return _page(requisition_number, Tried())


@blueprint.get("/requisitions/<requisition_number>/print")
@requires(requisitions.ASK)
def printed(requisition_number: str) -> Response:
    """The requisition as a sheet of paper (F-19)."""
    row = requisition_register.by_number(actor(), requisition_number)
    return render("supply/requisition_print.html", row=row, lines=requisitions.lines_of(row), head=letterhead())


@blueprint.post("/requisitions/<requisition_number>/approval")
@requires(requisitions.DECIDE)
def approve(requisition_number: str) -> Response:
    """Approve it."""
    row = requisition_register.by_number(actor(), requisition_number)
    return _step(row, lambda: requisitions.approve(by=actor(), requisition=row, version=screens.version()), _("It can be issued now."))


@blueprint.post("/requisitions/<requisition_number>/refusal")
@requires(requisitions.DECIDE)
def reject(requisition_number: str) -> Response:
    """Turn it down."""
    row, reason = requisition_register.by_number(actor(), requisition_number), request.form.get("reason", "")
    act = lambda: requisitions.reject(by=actor(), requisition=row, version=screens.version(), reason=reason)  # noqa: E731
    return _step(row, act, _("It is turned down; who asked is told."))


@blueprint.post("/requisitions/<requisition_number>/issue")
@requires(requisitions.ISSUE)
def issue(requisition_number: str) -> Response:
    """Issue it into the van."""
    row = requisition_register.by_number(actor(), requisition_number)
    return _step(row, lambda: _issue(row), _("The parts are in the van."))


def _issue(row: Requisition) -> None:
    ids = [line.id for line in requisitions.lines_of(row)]
    quantities, serials = typed_lines.by_line(request.form, ids), typed_lines.serials_by_line(request.form, ids)
    requisitions.issue(by=actor(), requisition=row, version=screens.version(), quantities=quantities, serials=serials)


@blueprint.post("/requisitions/<requisition_number>/return")
@requires(requisitions.ISSUE)
def give_back(requisition_number: str) -> Response:
    """Parts come back from the van."""
    row = requisition_register.by_number(actor(), requisition_number)
    return _step(row, lambda: _give_back(row), _("The parts are back in the store."))


def _give_back(row: Requisition) -> None:
    quantities = typed_lines.by_line(request.form, [line.id for line in requisitions.lines_of(row)])
    requisitions.give_back(by=actor(), requisition=row, version=screens.version(), quantities=quantities)


@blueprint.post("/requisitions/<requisition_number>/withdrawal")
@requires(requisitions.ASK)
def withdraw(requisition_number: str) -> Response:
    """It is no longer needed."""
    row = requisition_register.by_number(actor(), requisition_number)
    return _step(row, lambda: requisitions.withdraw(by=actor(), requisition=row, version=screens.version()), _("It is withdrawn."))


def _step(row: Requisition, act: Any, said: str) -> Response:
    return screens.step(act, said, f"/requisitions/{row.number}", lambda form: _page(row.number, form))


def _page(number: str, form: Tried) -> Response:
    row, me = requisition_register.by_number(actor(), number), actor()
    is_own = me.user_id in (row.requested_by_id, row.technician_id)
    is_open = row.status in (RequisitionStatus.REQUESTED, RequisitionStatus.APPROVED)
    shown: dict[str, Any] = {
        "row": row,
        "lines": requisitions.lines_of(row),
        "may_decide": me.may(requisitions.DECIDE) and row.status == RequisitionStatus.REQUESTED and me.user_id != row.requested_by_id,
        "may_issue": me.may(requisitions.ISSUE) and row.status == RequisitionStatus.APPROVED,
        "may_return": me.may(requisitions.ISSUE) and row.status == RequisitionStatus.ISSUED,
        "may_withdraw": is_open and (is_own or me.may(requisitions.DECIDE)),
    }
    typed: dict[str, Any] = {"problem": form.problem, "errors": form.errors, "typed": request.form}
    return render("supply/requisition.html", status=form.status, **shown, **typed)


def _wanted() -> PaperFilter:
    return registers.wanted(request.args, RequisitionStatus)


def _sort() -> str:
    return request.args.get("sort") or requisition_register.DEFAULT_SORT
