"""Cash on screen: what technicians took and the clerk confirms, days to settle, jobs whose money is checked, taking money on a job."""

from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.billing import accounts, cash, payments, unpaid
from app.billing.payment_forms import TakenForm, day_of, number_of, one_of
from app.billing.payment_views import KINDS, PROOF, technicians
from app.core import clock
from app.core.errors import N_, Conflict, Invalid, NotAllowed
from app.web import exports, uploads
from app.web.amounts import NO_AMOUNT, number_in
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.forms import sent
from app.web.i18n import translated
from app.web.render import live_tag, render, see_other, tagged, unchanged
from app.work_orders import queries as orders

blueprint = Blueprint("cash", __name__)
WORDS = {
    "number": N_("Work order"),
    "finished_at": N_("Finished"),
    "customer": N_("Customer"),
    "technician": N_("Technician"),
    "said": N_("Taken, says the report"),
    "taken": N_("Taken, say the books"),
    "difference": N_("Difference"),
    "owed": N_("Still owed"),
}


@blueprint.get("/cash")
@requires(payments.READ)
def index() -> Response:
    """What is to be confirmed and settled; technicians see their own. Live."""
    tag = live_tag(accounts.LIVE)
    if (same := unchanged(tag)) is not None:
        return same
    own = _own()
    shown: dict[str, Any] = {"waiting": cash.waiting(own), "days": cash.days(own), "me": actor().user_id, "tag": tag}
    shown |= {"may_confirm": actor().may(cash.CONFIRM), "may_settle": actor().may(cash.SETTLE)}
    return tagged(render("money/cash.html", fragment="money/_cash.html", to_check=unpaid.waiting(actor()), **shown), tag)


def _own() -> int | None:
    """Whose cash is shown: everybody's to those who see every area, else one's own."""
    return None if actor().area_ids is None else actor().user_id


@blueprint.post("/cash/settlements")
@requires(cash.SETTLE)
def settle() -> Response:
    """The cashier has a technician's cash of a day."""
    technician, on = number_of(request.form, "technician"), day_of(request.form, "on")
    try:
        total = number_in(request.form.get("total", ""), 2)
    except ValueError:
        total = None
    if technician is None or on is None or total is None:
        raise Invalid(N_("The cash of this day is another by now. Count it again."))
    try:
        count = cash.settle(by=actor(), technician=technician, on=on, total=total)
    except (Conflict, Invalid, NotAllowed) as error:
        flash(words(error), "error")
    else:
        flash(_("%(count)d payments are settled.", count=count), "message")
    return see_other("/cash")


# --- checking what was not paid on the spot --------------------------------------


@blueprint.get("/cash/unpaid")
@requires(payments.READ)
def check() -> Response:
    """Finished jobs off warranty where report and books differ, or nothing stands in the books."""
    return _unpaid()


@blueprint.get("/cash/unpaid.csv")
@requires(payments.READ)
def check_csv() -> Response:
    """The same as CSV."""
    return exports.csv_response("jobs-to-check", unpaid.COLUMNS, unpaid.exported(actor(), *_wanted(), _sort()))


@blueprint.get("/cash/unpaid.xlsx")
@requires(payments.READ)
def check_xlsx() -> Response:
    """The same as a workbook."""
    rows = unpaid.exported(actor(), *_wanted(), _sort())
    return exports.xlsx_response("jobs-to-check", N_("Check of unpaid amounts"), unpaid.COLUMNS, rows, words=WORDS)


@blueprint.post("/cash/unpaid/<done_order_number>")
@requires(unpaid.NOTE)
def note_owed(done_order_number: str) -> Response:
    """What was not paid on the spot is owed from now on."""
    order = orders.by_number(actor(), done_order_number)
    try:
        amount, due_on = number_in(request.form.get("amount", ""), 2), day_of(request.form, "due_on")
        unpaid.note_owed(by=actor(), order=order, amount=amount, due_on=due_on)
    except ValueError:
        return _unpaid(422, order.number, {"amount": translated(NO_AMOUNT)})
    except (Conflict, Invalid) as error:
        fields = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
        return _unpaid(error.status, order.number, fields, words(error))
    flash(_("%(number)s is noted as owed.", number=order.number), "message")
    return see_other("/cash/unpaid")


def _unpaid(status: int = 200, wrong_number: str = "", wrong: dict[str, str] | None = None, problem: str = "") -> Response:
    (state, technician), sort = _wanted(), _sort()
    page = unpaid.page(actor(), state, technician, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    today = clock.today()
    shown: dict[str, Any] = {"page": page, "lines": [unpaid.line_of(order) for order in page.rows], "state": state, "sort": sort}
    shown |= {"technicians": technicians(), "technician": technician, "due_on": unpaid.usual_due_on(today), "problem": problem}
    shown |= {"wrong": wrong or {}, "wrong_number": wrong_number, "typed": request.form}
    return render("money/unpaid.html", fragment="money/_unpaid.html" if status == 200 else None, status=status, **shown)


def _wanted() -> tuple[str, int | None]:
    return one_of(request.args, "state", (unpaid.ALL,)), number_of(request.args, "technician")


def _sort() -> str:
    return request.args.get("sort") or unpaid.DEFAULT_SORT


# --- on the job -----------------------------------------------------------------


@blueprint.route("/my/jobs/<order_number>/payment", methods=["GET", "POST"])
@requires(cash.TAKE)
def take(order_number: str) -> Response:
    """Note what the customer paid on the spot; the same form sent again leads to the same payment."""
    order, proof = orders.own_by_number(actor(), order_number), uploads.received(PROOF, kinds=KINDS, most=1)
    form = TakenForm(data={"amount": cash.proposal(order)})

    def act() -> None:
        files = proof.check()
        today = clock.today()
        picture = files[0] if files else None
        cash.take(by=actor(), order=order, details=form.details(today), proof=picture, form_token=form.form_token.data)

    done = sent(form, act)
    if done.is_done:
        flash(_("Noted. The clerk confirms it."), "message")
        return see_other(f"/my/jobs/{order.number}")
    shown: dict[str, Any] = {"order": order, "form": form, "received": proof, "taken": cash.of_order(order)}
    return render("money/take.html", problem=done.problem, status=done.status, **shown)
