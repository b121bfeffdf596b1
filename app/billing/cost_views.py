"""Costs on screen: sums by whatever they are asked for, and the costs of one job."""

from typing import Any

from flask import Blueprint, flash, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.billing import asking, cost_sums, costs, cutting
from app.billing.cost_sums import BY, CostFilter
from app.billing.dunning_forms import CostForm
from app.core import clock
from app.core.errors import N_, Conflict
from app.machines.warranty import WarrantyState
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import sent
from app.web.labels import LABELS
from app.web.render import render, see_other
from app.work_orders import queries as orders

blueprint = Blueprint("costs", __name__)
GROUP_WORDS = {
    "order": N_("Work order"),
    "ticket": N_("Ticket"),
    "machine": N_("Machine"),
    "model": N_("Model"),
    "batch": N_("Batch"),
    "technician": N_("Technician"),
    "area": N_("Area"),
    "month": N_("Month"),
}
NARROWED = ("ticket", "machine", "model", "technician", "area")


@blueprint.get("/costs")
@requires(costs.READ)
def index() -> Response:
    """What service cost, by job, machine, technician, month …"""
    wanted, sort = _wanted(), _sort()
    found = cost_sums.lines(wanted)
    page = cutting.page(found, cost_sums.SORTS, sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "sum": cost_sums.summed(found), "groups": GROUP_WORDS}
    shown |= {"kinds": cost_sums.KINDS, "budget": cost_sums.budget(), "narrowed": _narrowed()}
    shown["ends"] = {line.name: asking.end_of_month(line.name) for line in found} if wanted.by == "month" else {}
    shown["months"] = cutting.ordered(found, cost_sums.SORTS, "name") if wanted.by == "month" else []
    return render("costs/index.html", fragment="costs/_list.html", **shown)


@blueprint.get("/costs.csv")
@requires(costs.READ)
def export_csv() -> Response:
    """The same as CSV."""
    return exports.csv_response("costs", cost_sums.COLUMNS, cost_sums.exported(_wanted(), _sort()))


@blueprint.get("/costs.xlsx")
@requires(costs.READ)
def export_xlsx() -> Response:
    """The same as a workbook."""
    headings = {**LABELS["CostKind"], "name": GROUP_WORDS[_wanted().by], "orders": N_("Jobs"), "total": N_("Total")}
    return exports.xlsx_response("costs", N_("Service costs"), cost_sums.COLUMNS, cost_sums.exported(_wanted(), _sort()), words=headings)


def _wanted() -> CostFilter:
    given = request.args
    return CostFilter(
        by=asking.one_of(given, "by", tuple(BY), "order") or "order",
        q=asking.words(given),
        warranty=asking.one_of(given, "warranty", tuple(WarrantyState)),
        from_on=asking.day(given, "from"),
        to_on=asking.day(given, "to"),
        batch=given.get("batch", "")[:40] if "batch" in given else None,
        **{name: asking.number(given, name) for name in NARROWED},
    )


def _narrowed() -> dict[str, str]:
    """What the address narrows besides the filters on the page."""
    return {name: request.args[name] for name in (*NARROWED, "batch") if name in request.args}


def _sort() -> str:
    by = request.args.get("by", "order")
    return request.args.get("sort") or cost_sums.DEFAULT_SORTS.get(by, cost_sums.DEFAULT_SORT)


@blueprint.route("/work-orders/<done_order_number>/costs", methods=["GET", "POST"])
@requires(costs.READ)
def order(done_order_number: str) -> Response:
    """The costs of one job; what nothing else knows of is written down here."""
    found = orders.by_number(actor(), done_order_number)
    form = CostForm(data={"on_date": clock.today(), "kind": "other"})

    def add() -> None:
        costs.add(
            by=actor(), order=found, kind=form.kind.data, amount=form.amount.data, on_date=form.on_date.data,
            remark=form.remark.data or "", form_token=form.form_token.data,
        )  # fmt: skip

    done = sent(form, add)
    if done.is_done:
        flash(_("The cost is written down."), "message")
        return see_other(url_for("costs.order", done_order_number=done_order_number))
    shown: dict[str, Any] = {"order": found, "costs": costs.of_order(found), "form": form}
    return render("costs/order.html", problem=done.problem, status=done.status, **shown)


@blueprint.post("/work-orders/<done_order_number>/costs/computation")
@requires(costs.READ)
def compute(done_order_number: str) -> Response:
    """Work the costs out now, by the present rates."""
    costs.recompute(orders.by_number(actor(), done_order_number), clock.now())
    flash(_("The costs are worked out anew."), "message")
    return see_other(url_for("costs.order", done_order_number=done_order_number))


@blueprint.post("/work-orders/<done_order_number>/costs/<int:cost_id>/removal")
@requires(costs.READ)
def remove(done_order_number: str, cost_id: int) -> Response:
    """Take a cost out that was written down by hand."""
    try:
        costs.remove(by=actor(), order=orders.by_number(actor(), done_order_number), cost_id=cost_id)
    except Conflict as error:
        flash(words(error), "error")
    else:
        flash(_("The cost is taken out."), "message")
    return see_other(url_for("costs.order", done_order_number=done_order_number))
