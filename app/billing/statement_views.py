"""Statements of account on screen and paper: who has none of the quarter yet, the PDF, noting that it went out."""

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.billing import asking, letters, statements
from app.billing.dunning_views import PAPER
from app.billing.statements import KEEP, Quarter
from app.core import clock, paging
from app.core.errors import N_, Invalid
from app.core.known_settings import letterhead
from app.core.money import capitals
from app.customers import queries as customers
from app.customers.models import Customer
from app.web import exports
from app.web.auth import actor, requires
from app.web.errors import words
from app.web.paper import pdf_response
from app.web.render import render, see_other

blueprint = Blueprint("statements", __name__)
WORDS = {"owed": N_("Owed"), "sent_at": N_("Statement sent")}
QUARTERS_OFFERED = 6


@blueprint.get("/statements")
@requires(KEEP)
def index() -> Response:
    """Customers with debts, and whether they have their statement of the quarter."""
    quarter, state, q, sort = _wanted()
    after, before = request.args.get("after"), request.args.get("before")
    page = paging.page_of_records(statements.listed(actor(), quarter, state, q), statements.SORTS, sort, after=after, before=before)
    shown: dict[str, Any] = {"page": page, "quarter": quarter, "quarters": _offered(), "state": state, "q": q, "sort": sort}
    shown |= {"sent_at": statements.sent_at, "owed": statements.owed}
    return render("dunning/statements.html", fragment="dunning/_statements.html", **shown)


@blueprint.get("/statements.csv")
@requires(KEEP)
def export_csv() -> Response:
    """The same as CSV."""
    return exports.csv_response("statements", statements.COLUMNS, statements.exported(actor(), *_wanted()))


@blueprint.get("/statements.xlsx")
@requires(KEEP)
def export_xlsx() -> Response:
    """The same as a workbook."""
    rows = statements.exported(actor(), *_wanted())
    return exports.xlsx_response("statements", N_("Statements of account"), statements.COLUMNS, rows, words=WORDS)


@blueprint.get("/statements/<int:customer_id>.pdf")
@requires(KEEP)
def document(customer_id: int) -> Response:
    """The statement of one customer as PDF."""
    found, quarter = customers.by_id(actor(), customer_id), _quarter()
    return pdf_response(f"statement-{quarter.code}-{found.id}.pdf", _html(found, quarter), styles=PAPER)


@blueprint.post("/statements/<int:customer_id>")
@requires(KEEP)
def send(customer_id: int) -> Response:
    """Keep the statement as it goes out now."""
    found, quarter = customers.by_id(actor(), customer_id), _quarter()
    made = pdf_response("statement.pdf", _html(found, quarter), styles=PAPER).get_data()
    try:
        statements.send(by=actor(), customer=found, quarter=quarter, pdf=made)
    except Invalid as error:
        flash(words(error), "error")
    else:
        flash(_("The statement of %(name)s is kept as sent.", name=found.short_name or found.name), "message")
    return see_other(url_for("statements.index", quarter=quarter.code))


def _quarter() -> Quarter:
    return statements.quarter_from(request.values.get("quarter", ""), clock.today())


def _offered() -> list[tuple[str, str]]:
    quarter, found = statements.quarter_of(clock.today()), []
    for _number in range(QUARTERS_OFFERED):
        found.append((quarter.code, quarter.code))
        quarter = quarter.previous
    return found


def _wanted() -> tuple[Quarter, str, str, str]:
    given = request.args
    state = asking.one_of(given, "state", (statements.WITHOUT, statements.WITH), statements.WITHOUT)
    return _quarter(), state, asking.words(given), given.get("sort") or statements.DEFAULT_SORT


def _html(found: Customer, quarter: Quarter) -> str:
    statement = statements.of_customer(found, quarter)
    shown: dict[str, Any] = {"statement": statement, "quarter": quarter, "customer": found, "day": letters.chinese_day}
    shown["capitals"] = capitals(abs(statement.closing))
    return render_template("dunning/statement_pdf.html", head=letterhead(), today=clock.today(), **shown)
