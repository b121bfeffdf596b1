"""Screens of stock counts: list, start, enter what was counted, hand in, approve, the sheet to print and its table."""

from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from app.core.errors import N_, DomainError, Invalid, InvalidFile
from app.core.known_settings import letterhead
from app.parts import catalogue, count_tables, counting, counts, stock
from app.parts.counting import Said
from app.parts.counts import CountFilter
from app.parts.models import CountStatus, Part, StockCount, StockPlace
from app.parts.moving import MOVE
from app.tickets.forms import new_token
from app.web import exports, lines
from app.web.amounts import NO_QUANTITY, number_in
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import render, see_other

blueprint = Blueprint("counts", __name__)
WORDS = {
    "place": N_("Store"),
    "by": N_("Counted by"),
    "submitted_at": N_("Numbers handed in"),
    "decided_at": N_("Decided"),
    "decided_by": N_("Decided by"),
    "lines": N_("Lines"),
    "differing": N_("Lines with a difference"),
    "part": N_("Number of the part"),
    "name": N_("Name of the part"),
    "drawing_number": N_("Drawing number"),
    "unit": N_("Unit"),
    "counted": N_("Counted quantity"),
}


@blueprint.get("/stock/counts")
@requires(MOVE)
def index() -> Response:
    """The stock counts."""
    page = counts.page(_wanted(), sort=_sort(), after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": _wanted(), "sort": _sort(), "stores": stock.stores(actor())}
    return render("parts/counts.html", fragment="parts/_counts.html", **shown)


@blueprint.get("/stock/counts.csv")
@requires(MOVE)
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("stock-counts", counts.COLUMNS, counts.exported(_wanted(), _sort()))


@blueprint.get("/stock/counts.xlsx")
@requires(MOVE)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows, labels = counts.exported(_wanted(), _sort()), {"status": "CountStatus"}
    return exports.xlsx_response("stock-counts", N_("Stock counts"), counts.COLUMNS, rows, words=WORDS, labels=labels)


def _wanted() -> CountFilter:
    status = request.args.get("status", "")
    return CountFilter(place=request.args.get("place", type=int), status=status if status in list(CountStatus) else "")


def _sort() -> str:
    return request.args.get("sort") or counts.DEFAULT_SORT


@blueprint.route("/stock/counts/new", methods=["GET", "POST"])
@requires(MOVE)
def new() -> Response:
    """Begin a count of one store."""
    problem, status = "", 200
    if request.method == "POST":
        try:
            count = counting.start(by=actor(), place=_chosen(), form_token=request.form.get("form_token", "")[:64] or None)
        except DomainError as error:
            problem, status = words(error), error.status
        else:
            return _to(count)
    shown: dict[str, Any] = {"stores": stock.stores(actor()), "chosen": request.values.get("place", ""), "problem": problem}
    return render("parts/count_new.html", status=status, form_token=new_token(), **shown)


def _chosen() -> StockPlace:
    """The store that was chosen. Raises ``Invalid`` for none."""
    text = request.form.get("place", "")
    place = next((one for one in stock.stores(actor()) if str(one.id) == text), None)
    if place is None:
        message = N_("Please choose a store.")
        raise Invalid(message, fields={"place": message})
    return place


@blueprint.get("/stock/counts/<count_number>")
@requires(MOVE)
def count(count_number: str) -> Response:
    """One count."""
    return _page(counts.by_number(count_number))


@blueprint.post("/stock/counts/<count_number>/numbers")
@requires(MOVE)
def enter(count_number: str) -> Response:
    """Note what was counted; with the button for it, hand it in too."""
    found = counts.by_number(count_number)
    try:
        said, more = _typed(found)
        counting.enter(by=actor(), count=found, said=said, more=more)
        if "submit" in request.form:
            counting.submit(by=actor(), count=found)
    except DomainError as error:
        return _page(found, error)
    flash(_("%(number)s is handed in.", number=found.number) if "submit" in request.form else _("Saved."), "message")
    return _to(found)


def _typed(found: StockCount) -> tuple[dict[int, Said], list[tuple[Part, Decimal]]]:
    """What stands in the form. Raises ``Invalid`` with the words beside each field."""
    said, wrong = dict[int, Said](), dict[str, str]()
    for line in counts.lines_of(found):
        if (name := f"counted-{line.id}") in request.form:
            said[line.id] = Said(_number(name, wrong), request.form.get(f"remark-{line.id}", "").strip())
    more, number = [], request.form.get("more-part", "").strip()
    if number:
        part, quantity = catalogue.named(number), _number("more-counted", wrong)
        if part is None:
            wrong["more-part"] = N_("There is no such part in the catalogue.")
        elif quantity is not None:
            more.append((part, quantity))
    lines.refuse(wrong)
    return said, more


def _number(name: str, wrong: dict[str, str]) -> Decimal | None:
    try:
        value = number_in(request.form.get(name, ""), 3)
    except ValueError:
        value = Decimal(-1)
    if value is not None and value < 0:
        wrong[name] = NO_QUANTITY
    return value


@blueprint.post("/stock/counts/<count_number>/decision")
@requires(counting.APPROVE)
def decide(count_number: str) -> Response:
    """Approve the numbers and book the differences, or turn them down."""
    found, version = counts.by_number(count_number), request.form.get("version", 0, type=int)
    try:
        if request.form.get("decision") == "reject":
            counting.reject(by=actor(), count=found, version=version, remark=request.form.get("remark", "").strip())
        else:
            counting.approve(by=actor(), count=found, version=version)
    except DomainError as error:
        return _page(counts.by_number(count_number), error)
    flash(_("Saved."), "message")
    return _to(found)


@blueprint.post("/stock/counts/<count_number>/again")
@requires(MOVE)
def again(count_number: str) -> Response:
    """Count again what was turned down."""
    found = counts.by_number(count_number)
    try:
        counting.count_again(by=actor(), count=found, version=request.form.get("version", 0, type=int))
    except DomainError as error:
        return _page(counts.by_number(count_number), error)
    return _to(found)


@blueprint.get("/stock/counts/<count_number>/sheet")
@requires(MOVE)
def sheet(count_number: str) -> Response:
    """The sheet to print and fill in."""
    found = counts.by_number(count_number)
    return render("parts/count_sheet.html", count=found, lines=counts.lines_of(found), head=letterhead())


@blueprint.get("/stock/counts/<count_number>/sheet.xlsx")
@requires(MOVE)
def sheet_xlsx(count_number: str) -> Response:
    """The sheet as a table to fill in and take in again."""
    found = counts.by_number(count_number)
    return exports.xlsx_response(f"count-{found.number}", N_("Stock count"), counts.SHEET_COLUMNS, counts.sheet(found), words=WORDS)


@blueprint.post("/stock/counts/<count_number>/table")
@requires(MOVE)
def take_in(count_number: str) -> Response:
    """Take in the table that was filled in."""
    found, file = counts.by_number(count_number), request.files.get("file")
    try:
        if file is None or not file.filename:
            raise Invalid(N_("Please choose a file."), fields={"file": N_("Please choose a file.")})
        number = count_tables.take_in(by=actor(), count=found, stream=file.stream)  # type: ignore[arg-type]
    except DomainError as error:
        return _page(counts.by_number(count_number), error)
    flash(ngettext("%(num)d line is taken in.", "%(num)d lines are taken in.", number), "message")
    return _to(found)


def _to(found: StockCount) -> Response:
    return see_other(url_for("counts.count", count_number=found.number))


def _page(found: StockCount, error: DomainError | None = None) -> Response:
    shown: dict[str, Any] = {"count": found, "lines": counts.lines_of(found), "difference": counts.difference, "form": request.form}
    shown["total"] = counts.difference_value(shown["lines"])
    shown["errors"] = {name: translated(said) for name, said in getattr(error, "fields", {}).items()}
    bad = error.lines if isinstance(error, InvalidFile) else []
    shown["bad_lines"] = [(number, translated(message, **params)) for number, message, params in bad[:20]]
    shown["may_decide"] = actor().may(counting.APPROVE) and actor().user_id != found.by_id
    return render("parts/count.html", status=error.status if error else 200, problem=words(error) if error else "", **shown)
