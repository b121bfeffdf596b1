"""Secondary profit and the collection rate on screen: figures, chart, table; each number opens what it counts."""

from datetime import date
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from app.billing import asking, collection, cutting, profit
from app.core import clock
from app.core.errors import N_
from app.web import exports
from app.web.auth import actor, requires
from app.web.render import render

blueprint = Blueprint("profit", __name__)
MONEY = "money.read"
PROFIT_WORDS = {
    "revenue": N_("Invoiced without tax"),
    "cost": N_("Cost of jobs"),
    "goods": N_("Cost of parts sold"),
    "profit": N_("Profit"),
    "margin": N_("Margin (%)"),
}
PROFIT_NAMES = {"month": N_("Month"), "area": N_("Area"), "machine": N_("Machine")}
RATE_WORDS = {"due": N_("To be collected"), "collected": N_("Collected"), "rate": N_("Collection rate (%)")}
RATE_NAMES = {"area": N_("Area"), "person": N_("Responsible"), "item": N_("Debt")}


@blueprint.get("/profit")
@requires(profit.READ)
def index() -> Response:
    """What off-warranty service brought in and cost."""
    by, first, last, sort = _profit_wanted()
    found = profit.lines(by, first, last)
    page = cutting.page(found, profit.SORTS, sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "by": by, "first": first, "last": last, "sort": sort, "sum": profit.summed(found)}
    shown |= {"names": PROFIT_NAMES, "months": cutting.ordered(profit.lines("month", first, last), profit.SORTS, "name")}
    shown["ends"] = {line.name: asking.end_of_month(line.name) for line in found} if by == "month" else {}
    return render("costs/profit.html", fragment="costs/_profit.html", **shown)


@blueprint.get("/profit.csv")
@requires(profit.READ)
def export_csv() -> Response:
    """The same as CSV."""
    return exports.csv_response("profit", profit.COLUMNS, profit.exported(*_profit_wanted()))


@blueprint.get("/profit.xlsx")
@requires(profit.READ)
def export_xlsx() -> Response:
    """The same as a workbook."""
    words = PROFIT_WORDS | {"name": PROFIT_NAMES[_profit_wanted()[0]]}
    return exports.xlsx_response("profit", N_("Secondary profit"), profit.COLUMNS, profit.exported(*_profit_wanted()), words=words)


def _profit_wanted() -> tuple[str, date, date, str]:
    given, today = request.args, clock.today()
    by = asking.one_of(given, "by", profit.BY, "month") or "month"
    first = asking.day(given, "from") or asking.months_before(today, 11)
    last = asking.day(given, "to") or today
    return by, first, last, given.get("sort") or ("-name" if by == "month" else "-profit")


@blueprint.get("/collection")
@requires(MONEY)
def rates() -> Response:
    """How much of what was due came in: by area, person or debt; the months before it."""
    by, month, sort, found = _rates_wanted()
    lines = collection.lines(found, by, month)
    page = cutting.page(lines, collection.SORTS, sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "by": by, "month": month, "sort": sort, "sum": collection.summed(lines)}
    shown |= {"trend": collection.trend(found, month), "names": RATE_NAMES, "given": request.args}
    return render("costs/collection.html", fragment="costs/_collection.html", **shown)


@blueprint.get("/collection.csv")
@requires(MONEY)
def rates_csv() -> Response:
    """The same as CSV."""
    by, month, sort, found = _rates_wanted()
    return exports.csv_response("collection", collection.COLUMNS, collection.exported(collection.lines(found, by, month), sort))


@blueprint.get("/collection.xlsx")
@requires(MONEY)
def rates_xlsx() -> Response:
    """The same as a workbook."""
    by, month, sort, found = _rates_wanted()
    rows = collection.exported(collection.lines(found, by, month), sort)
    words = RATE_WORDS | {"name": RATE_NAMES[by]}
    return exports.xlsx_response("collection", N_("Collection rate"), collection.COLUMNS, rows, words=words)


def _rates_wanted() -> tuple[str, date, str, list[collection.Debt]]:
    given = request.args
    by = asking.one_of(given, "by", collection.BY, "area") or "area"
    month = asking.month(given, "month", clock.today())
    since = asking.months_before(month, collection.MONTHS_SHOWN - 1)
    found = collection.debts(actor(), since, area=asking.number(given, "area"), person=asking.number(given, "person"))
    return by, month, given.get("sort") or "-due", found
