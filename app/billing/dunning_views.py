"""Dunning on screen: whom to press today, one customer's debts and demands, writing a demand down, letters."""

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts.models import Role
from app.billing import asking, debtors, dunning, ladder, letters, stops
from app.billing.debtors import DebtorFilter
from app.billing.dunning_forms import DemandForm
from app.billing.models import DunningStep, Receivable
from app.core import clock
from app.core.errors import N_, Conflict, Invalid
from app.core.known_settings import letterhead
from app.core.money import capitals
from app.customers import queries as customers
from app.customers.models import Customer
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.filters import day as day_words
from app.web.filters import money
from app.web.forms import sent
from app.web.i18n import language
from app.web.labels import label
from app.web.paper import SHEET, pdf_response
from app.web.render import render, see_other

blueprint = Blueprint("dunning", __name__)
READ = "money.read"
PAPER = (*SHEET, "money.css")
WORDS = {
    "owed": N_("Owed"),
    "overdue": N_("Overdue"),
    "oldest_on": N_("Oldest due date"),
    "days": N_("Days overdue"),
    "step": N_("Next step"),
    "act_on": N_("To be done on"),
    "last_at": N_("Last demand"),
    "last_by": N_("Demanded by"),
    "last_result": N_("What came of it"),
    "promised_on": N_("Promised to pay by"),
    "promised": N_("Promised amount (yuan)"),
    "promise": N_("Promise"),
    "limitation_on": N_("Limitation ends"),
    "stopped_at": N_("Service suspended"),
}
LABELS = {"promise": {debtors.RUNNING: N_("Promise runs"), debtors.BROKEN: N_("Promise broken"), debtors.KEPT: N_("Promise kept")}}


@blueprint.get("/dunning")
@requires(READ)
def index() -> Response:
    """Whom to press: today, who promised, who broke a promise, whose debt comes near its limitation."""
    wanted, sort, today = _wanted(), request.args.get("sort") or debtors.DEFAULT_SORT, clock.today()
    page = debtors.page(actor(), wanted, today, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    areas = [(area.id, area.name) for area in customers.areas()]
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "today": today, "areas": areas, "roles": ladder.ROLES}
    return render("dunning/index.html", fragment="dunning/_list.html", **shown)


@blueprint.get("/dunning.csv")
@requires(READ)
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("dunning", debtors.COLUMNS, _exported())


@blueprint.get("/dunning.xlsx")
@requires(READ)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    return exports.xlsx_response("dunning", N_("Dunning"), debtors.COLUMNS, _exported(), words=WORDS, labels=LABELS)


def _exported() -> list[list[Any]]:
    return debtors.exported(actor(), _wanted(), clock.today(), request.args.get("sort") or debtors.DEFAULT_SORT)


def _wanted() -> DebtorFilter:
    given = request.args
    return DebtorFilter(
        what=asking.one_of(given, "what", debtors.WHAT, debtors.TODAY) or debtors.ALL,
        q=asking.words(given),
        area=asking.number(given, "area"),
        role=asking.one_of(given, "role", tuple(Role)),
    )


@blueprint.get("/dunning/customers/<int:customer_id>")
@requires(READ)
def customer(customer_id: int) -> Response:
    """One debtor: what is open, every demand, what is next."""
    return _page(customers.by_id(actor(), customer_id))


@blueprint.post("/dunning/customers/<int:customer_id>")
@requires(dunning.RECORD)
def demand(customer_id: int) -> Response:
    """Write a demand down."""
    found = customers.by_id(actor(), customer_id)
    form = _form(debtors.of_customer(actor(), found, clock.today()), debtors.open_items(actor(), found))
    done = sent(form, lambda: dunning.demand(by=actor(), customer=found, wanted=form.wanted(), form_token=form.form_token.data))
    if done.is_done:
        flash(_("The demand is written down."), "message")
        return see_other(url_for("dunning.customer", customer_id=customer_id))
    return _page(found, form, done.status, done.problem)


def _page(found: Customer, form: DemandForm | None = None, status: int = 200, problem: str = "") -> Response:
    standing, items = debtors.of_customer(actor(), found, clock.today()), debtors.open_items(actor(), found)
    shown: dict[str, Any] = {"customer": found, "standing": standing, "items": items, "form": form or _form(standing, items)}
    shown |= {"acts": debtors.acts_of(found), "letter_steps": letters.steps_with_letters(), "today": clock.today()}
    shown["usual_letter"] = letters.usual(shown["letter_steps"], standing.days) if standing else None
    shown |= {"stop": stops.of_customer(found), "may_stop": actor().may(stops.STOP), "may_record": actor().may(dunning.RECORD)}
    return render("dunning/customer.html", status=status, problem=problem, **shown)


def _form(standing: debtors.Debtor | None, items: list[Receivable]) -> DemandForm:
    step = standing.step if standing else None
    usual = {"act": step.act, "step": str(step.id)} if step and standing and standing.days >= step.days else {"act": "call"}
    if Role.TECHNICIAN in actor().roles:
        usual = {"act": "visit"}
    form = DemandForm(data=usual)
    form.offer([(one, step_words(one)) for one in ladder.steps()], [(item, item_words(item)) for item in items])
    return form


def step_words(step: DunningStep) -> str:
    """The name of a step in the reader's language."""
    return step.name_zh if language().startswith("zh") else step.name_en


def item_words(item: Receivable) -> str:
    """A debt as a choice shows it."""
    return " · ".join(
        filter(None, (item.about or label(item.kind, "ReceivableKind"), money(item.amount - item.paid), day_words(item.due_on)))
    )


@blueprint.get("/dunning/customers/<int:customer_id>/letter.pdf")
@requires(dunning.RECORD)
def preview(customer_id: int) -> Response:
    """The letter as it would go out now; nothing is written down."""
    found, step = customers.by_id(actor(), customer_id), _step()
    return pdf_response(f"letter-{found.id}.pdf", _letter(found, step), styles=PAPER)


@blueprint.post("/dunning/customers/<int:customer_id>/letters")
@requires(dunning.RECORD)
def send_letter(customer_id: int) -> Response:
    """Make the letter, keep it as the proof, and write the demand down."""
    found, step = customers.by_id(actor(), customer_id), _step()
    try:
        made = pdf_response("letter.pdf", _letter(found, step), styles=PAPER).get_data()
        letters.send(by=actor(), customer=found, step=step, pdf=made, result=step_words(step), form_token=request.form.get("form_token"))
    except Conflict as error:
        flash(words(error), "error")
    else:
        flash(_("The letter is kept with the demand. Print it, sign it and send it so that it can be proven."), "message")
    return see_other(url_for("dunning.customer", customer_id=customer_id))


def _step() -> DunningStep:
    step_id = asking.number(request.values, "step")
    step = ladder.by_id(step_id) if step_id else letters.steps_with_letters()[0]
    if step.act not in letters.TEXTS:
        raise Invalid(N_("This step of the ladder is no letter."))
    return step


def _letter(found: Customer, step: DunningStep) -> str:
    today = clock.today()
    rows = letters.items(actor(), found, today, is_ahead=step.days < 0)
    if not rows:
        raise Conflict(N_("Nothing is owed any more that this letter could ask for."))
    shown = {"customer": found, "rows": rows, "total": letters.total(rows), "capitals": capitals(letters.total(rows)), "today": today}
    text = letters.text_of(step, found, rows, today)
    return render_template("dunning/letter_pdf.html", head=letterhead(), text=text, step=step, day=letters.chinese_day, **shown)
