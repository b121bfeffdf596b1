"""Contracts at the desk: the list, a new one, one contract, changing it."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.accounts import authorities
from app.contracts import approval, clauses, forms, operations, queries, register, states
from app.contracts.forms import ContractForm, TypedLines
from app.contracts.models import Contract, ContractKind, ContractStatus
from app.contracts.operations import About
from app.contracts.register import ContractFilter
from app.contracts.writing import APPROVE, DRAFT, READ, SIGN
from app.core import clock
from app.core.errors import N_, Invalid, NotFound
from app.core.types import Actor
from app.customers import queries as customers
from app.machines import queries as machines
from app.web import exports, lines
from app.web.amounts import number_text
from app.web.auth import actor, requires
from app.web.forms import Sent, differences, sent
from app.web.i18n import translated
from app.web.render import live_tag, render, see_other, tagged, unchanged
from app.work_orders import queries as orders

blueprint = Blueprint("contracts", __name__)
LABELS = {"kind": "ContractKind", "status": "ContractStatus"}
_WORDS = {
    "title": N_("What it is about"),
    "total": N_("Sum with tax"),
    "author": N_("Written by"),
    "created_at": N_("Written at"),
    "approved_by": N_("Approved by"),
    "decided_at": N_("Approved at"),
    "signer": N_("Signed for the customer by"),
    "valid_from": N_("Valid from"),
    "valid_until": N_("Valid until"),
    "completed_at": N_("Completed at"),
}


@blueprint.app_template_filter("contract_text")
def contract_text(contract: Contract) -> str:
    """The text of a contract with its places filled."""
    return clauses.filled(contract, contract.text)


@blueprint.app_template_filter("plain_number")
def plain_number(value: Decimal | None) -> str:
    """A quantity without needless zeros."""
    return number_text(value)


@blueprint.app_template_filter("per_cent")
def per_cent(share: Decimal, places: int = 2) -> str:
    """0.13 as 13 %."""
    return f"{number_text(round(share * 100, places))} %"


@blueprint.app_template_filter("approved_by")
def approved_by(contract: Contract) -> str:
    """Who approved it, as they sign: in whose place, where it was somebody else's."""
    return authorities.Standing(for_name=contract.decided_for_name).signature(contract.decided_by_name)


@blueprint.get("/contracts")
@requires(READ)
def index() -> Response:
    """The list; live."""
    tag = live_tag("contracts")
    if (same := unchanged(tag)) is not None:
        return same
    wanted, sort = _wanted(), _sort()
    page = register.page(actor(), wanted, sort=sort, after=request.args.get("after"), before=request.args.get("before"))
    shown: dict[str, Any] = {"page": page, "wanted": wanted, "sort": sort, "tag": tag, "may_draft": actor().may(DRAFT)}
    shown["may_decide"] = approval.may_approve_any(actor(), clock.now())
    return tagged(render("contracts/index.html", fragment="contracts/_list.html", **shown), tag)


@blueprint.get("/contracts.csv")
@requires(READ)
def export_csv() -> Response:
    """The list with the same filters as CSV."""
    return exports.csv_response("contracts", register.COLUMNS, register.exported(actor(), _wanted(), _sort()))


@blueprint.get("/contracts.xlsx")
@requires(READ)
def export_xlsx() -> Response:
    """The list with the same filters as a workbook."""
    rows = register.exported(actor(), _wanted(), _sort())
    return exports.xlsx_response("contracts", N_("Contracts"), register.COLUMNS, rows, words=_WORDS, labels=LABELS)


@blueprint.route("/contracts/new", methods=["GET", "POST"])
@requires(DRAFT)
def new() -> Response:
    """Write a contract about an order, a machine, a customer, or one that amends another."""
    about = _about(actor())
    if about is None:
        named = request.args.get("about", "").strip()
        return render("contracts/about.html", status=404 if named else 200, named=named, is_unknown=bool(named))
    form = forms.new_form(about, _kind(), _title(about))
    made: list[Contract] = []
    typed = forms.lines_in(request.form)
    done = _written(form, typed, lambda terms: made.append(_draft(about, terms, form)), None)
    if done.is_done:
        flash(_("%(number)s is written. Hand it in for approval next.", number=made[0].number), "message")
        return see_other(f"/contracts/{made[0].number}")
    return _form_page("contracts/new.html", form, typed, done, about=about)


def _draft(about: About, terms: operations.Terms, form: ContractForm) -> Contract:
    return operations.draft(by=actor(), about=about, terms=terms, form_token=form.form_token.data)


@blueprint.get("/contracts/<contract_number>")
@requires(READ)
def contract(contract_number: str) -> Response:
    """One contract."""
    return page(queries.by_number(actor(), contract_number))


@blueprint.route("/contracts/<contract_number>/edit", methods=["GET", "POST"])
@requires(DRAFT)
def edit(contract_number: str) -> Response:
    """Change what a draft says."""
    found = queries.by_number(actor(), contract_number)
    operations.require_writer(actor(), found)
    form = forms.form_of(found)
    is_sent = form.is_submitted()
    typed = forms.lines_in(request.form) if is_sent else forms.lines_in(forms.as_sent(forms.texts_of(queries.lines_of(found))))
    done = _written(form, typed, lambda terms: _change(found, form, terms), found)
    if done.is_done:
        flash(_("Saved."), "message")
        return see_other(f"/contracts/{contract_number}")
    changed = differences(form, forms.form_of(queries.by_number(actor(), contract_number), formdata=None)) if done.status == 409 else []
    return _form_page("contracts/edit.html", form, typed, done, about=None, contract=found, differences=changed)


def _change(found: Contract, form: ContractForm, terms: operations.Terms) -> None:
    operations.change(by=actor(), contract=found, version=form.version.data or 0, terms=terms)


def _written(form: ContractForm, typed: TypedLines, act: Callable[[operations.Terms], object], before: Contract | None) -> Sent:
    """What became of the form: done, refused with words, or only shown again with more lines, the sum, another text."""
    if not form.is_submitted():
        return Sent(False)
    if request.form.keys() & {"more", "drop", "reckon", "fill"}:
        if "fill" in request.form:
            form.text.data = _text_chosen(form)
        return Sent(False)
    problems: dict[str, str] = {}

    def save() -> None:
        try:
            if typed.wrong and not (form.title.data or "").strip():
                typed.wrong["title"] = N_("Say in a few words what the contract is about.")
            typed.refuse()
            act(form.terms(actor(), typed.lines, before))
        except Invalid as error:
            problems.update(error.fields)
            raise

    done = sent(form, save)
    typed.wrong.update({name: words for name, words in problems.items() if name.startswith("line-")})
    return done


def _text_chosen(form: ContractForm) -> str:
    chosen = request.form.get("template", "")
    for one in clauses.templates_of(ContractKind(form.kind.data)) if form.kind.data in set(ContractKind) else ():
        if str(one.id) == chosen:
            return str(one.text)
    return clauses.usual_text(ContractKind(form.kind.data)) if form.kind.data in set(ContractKind) else form.text.data or ""


def _form_page(template: str, form: ContractForm, typed: TypedLines, done: Sent, **shown: Any) -> Response:
    today = clock.today()
    kind = ContractKind(form.kind.data) if form.kind.data in set(ContractKind) else ContractKind.REPAIR
    shown |= {"form": form, "problem": done.problem, "kind": kind, "earned": typed.earned, "is_more": "more" in request.form}
    shown |= {"lines": lines.shown(typed.texts, forms.NAMES), "line_errors": {name: translated(text) for name, text in typed.wrong.items()}}
    shown |= {"parts": forms.offered_parts(), "rates": forms.rate_choices(today, typed.texts)}
    shown["template_choices"] = [(one.id, one.name) for one in clauses.templates_of(kind)]
    return render(template, status=done.status, may_see_cost=actor().may("costs.read"), **shown)


def page(found: Contract, *, status: int = 200, problem: str = "", errors: dict[str, str] | None = None, typed: Any = None) -> Response:
    """The page of ``found``; refused, with the words and what was typed."""
    by, now = actor(), clock.now()
    contract_lines = queries.lines_of(found)
    may_write = operations.may_write(by, found)
    right, is_open = approval.right_for(found), found.status == ContractStatus.SUBMITTED
    shown: dict[str, Any] = {
        "contract": found, "lines": contract_lines, "reckoned": queries.reckoned(found, contract_lines),
        "machines": queries.machines_of(found), "steps": queries.steps_of(found), "amendments": queries.amendments_of(found),
        "may_write": may_write, "may_change": may_write and found.status in states.CHANGEABLE,
        "may_decide": is_open and authorities.may_act(by, right, now),
        "may_sign": by.may(SIGN) and found.status == ContractStatus.APPROVED,
        "may_void": _may_void(by, found, may_write), "may_amend": by.may(DRAFT) and found.signed_at is not None and not found.void_reason,
        "may_complete": _may_complete(may_write, found), "may_see_cost": by.may("costs.read"), "may_see_margin": by.may("profit.read"),
        "approvers": approval.approvers(found, now) if is_open else [],
    }  # fmt: skip
    return render("contracts/contract.html", status=status, problem=problem, errors=errors or {}, typed=typed or {}, **shown)


def _may_void(by: Actor, found: Contract, may_write: bool) -> bool:
    is_possible = states.may_go(ContractStatus(found.status), ContractStatus.VOID)
    return may_write and is_possible and (found.status not in states.DECIDED or by.may(APPROVE))


def _may_complete(may_write: bool, found: Contract) -> bool:
    is_begun = found.status in (ContractStatus.SIGNED, ContractStatus.IN_EXECUTION)
    return may_write and is_begun and found.kind != ContractKind.AGREEMENT and not (found.order_id and found.order.is_out)


# --- what a new contract is about -----------------------------------------------


def _about(by: Actor) -> About | None:
    """What the address names; None when it names nothing, or nothing that this person may see."""
    query = request.args
    if query.get("order"):
        return operations.about_order(orders.by_number(by, query["order"]))
    if query.get("amends"):
        return operations.about_amending(queries.by_number(by, query["amends"]))
    if query.get("customer", "").isdecimal():
        return About(customer=customers.by_id(by, int(query["customer"][:9])))
    name = query.get("machine") or query.get("about", "").strip()
    return _named(by, name) if name else None


def _named(by: Actor, name: str) -> About | None:
    """An order by its number, a machine by its serial number, a customer by the name."""
    ways: tuple[Callable[[], About], ...] = (
        lambda: operations.about_order(orders.by_number(by, name)),
        lambda: _about_machine(by, name),
        lambda: About(customer=customers.named(by, name)),
    )
    for way in ways:
        try:
            return way()
        except (NotFound, Invalid):
            continue
    return None


def _about_machine(by: Actor, serial: str) -> About:
    machine = machines.by_serial(by, serial)
    if machine.customer is None:
        raise NotFound(N_("Nobody owns this machine in the register: a contract needs a customer."))
    return About(customer=machine.customer, machine=machine)


def _kind() -> ContractKind:
    named = request.args.get("kind", "")
    return ContractKind(named) if named in set(ContractKind) else ContractKind.REPAIR


def _title(about: About) -> str:
    if about.amends is not None:
        return _("Amendment of %(number)s", number=about.amends.number)
    return about.order.title if about.order is not None else ""


def _sort() -> str:
    return request.args.get("sort") or register.DEFAULT_SORT


def _wanted() -> ContractFilter:
    query = request.args
    status, kind, customer = query.get("status", ""), query.get("kind", ""), query.get("customer", "")
    if status not in ("", *ContractStatus) or kind not in ("", *ContractKind) or not (customer == "" or customer[:9].isdecimal()):
        raise Invalid(N_("The list cannot be filtered that way."))
    return ContractFilter(
        q=query.get("q", "").strip()[:100],
        status=status,
        kind=kind,
        customer=int(customer[:9]) if customer else None,
        machine=query.get("machine", "").strip()[:60],
        from_on=_day(query.get("from", "")),
        to_on=_day(query.get("to", "")),
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(N_("That is not a day; write it like 2026-11-23.")) from None
