"""What is owed on screen: the list with its age, sums by customer, person and area, one amount, a customer's account."""

from collections.abc import Callable, Iterator
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts.models import Area
from app.billing import accounts, ageing, customer_account, payment_register, receivables, suggestions
from app.billing.ageing import AgeBucket
from app.billing.models import Receivable, ReceivableKind
from app.billing.payment_forms import NO_SUCH_FILTER, day_of, number_of, one_of
from app.billing.payment_register import PaymentFilter
from app.billing.receivables import GROUPS, OPEN, STATES, ReceivableFilter
from app.core import clock
from app.core.errors import N_, Conflict, DomainError, Invalid
from app.customers import queries as customers
from app.customers.models import Customer
from app.web import exports
from app.web.amounts import NO_AMOUNT, number_in
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.i18n import translated
from app.web.render import live_tag, render, see_other, tagged, unchanged

blueprint = Blueprint("receivables", __name__)
MOST_SHOWN = 200
LABELS = {"kind": "ReceivableKind", "age": "AgeBucket"}
WORDS = {
    "customer": N_("Customer"),
    "area": N_("Area"),
    "person": N_("Person in charge"),
    "about": N_("What for"),
    "since_on": N_("Owed since"),
    "due_on": N_("Due on"),
    "statutory_on": N_("Due by law on"),
    "amount": N_("Amount"),
    "paid": N_("Paid"),
    "left": N_("Still owed"),
    "age": N_("Age"),
    "demanded_on": N_("Last demand"),
    "lapses_on": N_("Claim lapses on"),
    "order": N_("Work order"),
    "reason": N_("Reason"),
    "name": N_("Name"),
    "total": N_("In all"),
    "on": N_("Date"),
    "debit": N_("Owed"),
    "credit": N_("Paid"),
    "balance": N_("Balance"),
    "not_due": N_("Not due yet"),
    "d30": N_("1-30 days"),
    "d60": N_("31-60 days"),
    "d90": N_("61-90 days"),
    "d180": N_("91-180 days"),
    "d365": N_("181-365 days"),
    "y2": N_("1-2 years"),
    "y3": N_("2-3 years"),
    "older": N_("Over 3 years"),
}
LINE_KINDS = {
    customer_account.OWED: N_("Owed"),
    customer_account.PAID: N_("Paid"),
    customer_account.WRITTEN_OFF: N_("Written off"),
}
SUMMARY_COLUMNS = ("name", "total", *AgeBucket)


@blueprint.get("/receivables")
@requires(receivables.READ)
def index() -> Response:
    """The list of single amounts; live."""
    tag = live_tag(accounts.LIVE)
    if (same := unchanged(tag)) is not None:
        return same
    wanted, sort = _wanted(), _sort()
    page = receivables.page(actor(), wanted, clock.today(), sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "tag": tag, "today": clock.today(), "ages": list(AgeBucket)}
    shown |= {
        "aged": receivables.by_age(actor(), wanted, clock.today()) if wanted.state == OPEN else None,
        "areas": _areas(),
        "ageing": ageing,
    }
    return tagged(render("money/receivables.html", fragment="money/_receivables.html", **shown), tag)


@blueprint.get("/receivables.csv")
@requires(receivables.READ)
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("receivables", receivables.COLUMNS, receivables.exported(actor(), _wanted(), clock.today(), _sort()))


@blueprint.get("/receivables.xlsx")
@requires(receivables.READ)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows = receivables.exported(actor(), _wanted(), clock.today(), _sort())
    return exports.xlsx_response("receivables", N_("Receivables"), receivables.COLUMNS, rows, words=WORDS, labels=LABELS)


@blueprint.get("/receivables/summary")
@requires(receivables.READ)
def summary() -> Response:
    """Sums by age for each customer, person or area, who owes most first."""
    group, wanted = _group(), _wanted()
    rows = receivables.by_group(actor(), wanted, clock.today(), group)
    shown: dict[str, Any] = {"rows": rows[:MOST_SHOWN], "count": len(rows), "group": group, "wanted": wanted, "ages": list(AgeBucket)}
    return render("money/receivable_sums.html", aged=receivables.by_age(actor(), wanted, clock.today()), areas=_areas(), **shown)


@blueprint.get("/receivables/summary.csv")
@requires(receivables.READ)
def summary_csv() -> Response:
    """All of the sums as CSV."""
    return exports.csv_response("receivables-summary", SUMMARY_COLUMNS, _sums())


@blueprint.get("/receivables/summary.xlsx")
@requires(receivables.READ)
def summary_xlsx() -> Response:
    """All of the sums as a workbook."""
    return exports.xlsx_response("receivables-summary", N_("Receivables"), SUMMARY_COLUMNS, _sums(), words=WORDS)


def _sums() -> Iterator[list[Any]]:
    rows = receivables.by_group(actor(), _wanted(), clock.today(), _group())
    return ([aged.name, aged.total, *(aged.sums.get(bucket, 0) for bucket in AgeBucket)] for aged in rows)


def _group() -> str:
    return one_of(request.args, "by", GROUPS) or "customer"


def _areas() -> list[tuple[int, str]]:
    areas = actor().area_ids
    query = Area.select(Area.id, Area.name).order_by(Area.name)
    return list((query if areas is None else query.where(Area.id.in_(sorted(areas)))).tuples())


def _sort() -> str:
    return request.args.get("sort") or receivables.DEFAULT_SORT


def _wanted() -> ReceivableFilter:
    query = request.args
    state = one_of(query, "state", STATES, OPEN)
    if not state:
        raise Invalid(NO_SUCH_FILTER)
    return ReceivableFilter(
        q=query.get("q", "").strip()[:100],
        state=state,
        age=one_of(query, "age", list(AgeBucket)),
        kind=one_of(query, "kind", list(ReceivableKind)),
        customer=number_of(query, "customer"),
        person=number_of(query, "person"),
        area=number_of(query, "area"),
        is_lapsing=bool(query.get("lapsing")),
    )


# --- one ------------------------------------------------------------------------


@blueprint.get("/receivables/<int:receivable_id>")
@requires(receivables.READ)
def receivable(receivable_id: int) -> Response:
    """One amount with what was paid of it."""
    return _page(receivable_id)


@blueprint.post("/receivables/<int:receivable_id>/write-off")
@requires(receivables.WRITE_OFF)
def write_off(receivable_id: int) -> Response:
    """What is left will not be paid any more."""
    found, version, reason = receivables.by_id(actor(), receivable_id), request.form.get("version", 0, int), request.form.get("reason", "")

    def act() -> None:
        receivables.write_off(by=actor(), receivable=found, version=version, reason=reason)

    return _done(receivable_id, act, _("Written off."))


@blueprint.post("/receivables/<int:receivable_id>/retention")
@requires(receivables.SET_APART)
def set_apart(receivable_id: int) -> Response:
    """Set retention money apart, with its own due date."""
    found = receivables.by_id(actor(), receivable_id)

    def act() -> None:
        try:
            amount, due_on = number_in(request.form.get("amount", ""), 2), day_of(request.form, "due_on")
        except ValueError:
            raise Invalid(NO_AMOUNT, fields={"amount": NO_AMOUNT}) from None
        receivables.set_apart(by=actor(), receivable=found, amount=amount, due_on=due_on)

    return _done(receivable_id, act, _("The retention money is owed by itself now."))


def _done(receivable_id: int, act: Callable[[], None], said: str) -> Response:
    try:
        act()
    except (Conflict, Invalid) as error:
        return _page(receivable_id, error=error)
    flash(said, "message")
    return see_other(f"/receivables/{receivable_id}")


def _page(receivable_id: int, *, error: DomainError | None = None) -> Response:
    found: Receivable = receivables.by_id(actor(), receivable_id)
    proposed = receivables.retention_of(found)
    shown: dict[str, Any] = {"one": found, "paid": receivables.paid_by(found), "today": clock.today(), "retention": proposed}
    shown["lapses_on"] = ageing.lapses_on(found.due_on, found.demanded_on)
    shown["is_lapsing"] = found.is_open and ageing.is_about_to_lapse(found.due_on, found.demanded_on, clock.today())
    shown["wrong"] = {name: translated(message) for name, message in getattr(error, "fields", {}).items()}
    shown |= {"problem": words(error) if error else "", "typed": request.form, "age": ageing.bucket_of(found.due_on, clock.today())}
    return render("money/receivable.html", status=error.status if error else 200, **shown)


# --- a customer's account -------------------------------------------------------


@blueprint.get("/customers/<int:customer_id>/account")
@requires(receivables.READ)
def account(customer_id: int) -> Response:
    """What a customer owes, has paid, and how it came to that."""
    found = customers.by_id(actor(), customer_id)
    wanted = ReceivableFilter(customer=found.id)
    shown: dict[str, Any] = {"customer": found, "debt": accounts.debt_of(found.id, clock.today()), "owed": suggestions.open_of(found)}
    shown |= {
        "aged": receivables.by_age(actor(), wanted, clock.today()),
        "ages": list(AgeBucket),
        "today": clock.today(),
        "kinds": LINE_KINDS,
    }
    shown["left_over"] = payment_register.page(actor(), PaymentFilter(customer=found.id, state="left"), sort="received_on").rows
    return render("money/account.html", statement=_statement(found), **shown)


@blueprint.get("/customers/<int:customer_id>/account.csv")
@requires(receivables.READ)
def account_csv(customer_id: int) -> Response:
    """The lines of the account as CSV."""
    return exports.csv_response("account", customer_account.COLUMNS, _lines(customers.by_id(actor(), customer_id)))


@blueprint.get("/customers/<int:customer_id>/account.xlsx")
@requires(receivables.READ)
def account_xlsx(customer_id: int) -> Response:
    """The lines of the account as a workbook."""
    rows = _lines(customers.by_id(actor(), customer_id))
    return exports.xlsx_response("account", N_("Account"), customer_account.COLUMNS, rows, words=WORDS, labels={"kind": LINE_KINDS})


def _statement(customer: Customer) -> customer_account.Statement:
    end = day_of(request.args, "to") or clock.today()
    return customer_account.of(customer, day_of(request.args, "from") or ageing.months_after(end, -12), end)


def _lines(customer: Customer) -> Iterator[list[Any]]:
    return ([one.on, one.kind, one.about, one.debit, one.credit, one.balance] for one in _statement(customer).lines)
