"""Contracts are drafted, changed, handed in for approval, taken back, amended and made void (2A-07, 2E-26)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.contracts import approval, pricing, queries, states
from app.contracts.models import Contract, ContractKind, ContractLine, ContractMachine, ContractStatus
from app.contracts.pricing import NOTHING, Priced
from app.contracts.writing import APPROVE, DRAFT, MISSING, UNDECIDED, claim, move, need_reason, note_step, record, stale
from app.core import clock, db, numbering, submissions
from app.core.errors import N_, Conflict, Invalid, NotAllowed
from app.core.types import Actor
from app.customers.models import Contact, Customer
from app.machines.models import Machine
from app.parts.models import Part
from app.tickets.models import Ticket
from app.work_orders.models import WorkOrder

NUMBER_PREFIX = "H"
MAX_TITLE, MAX_TEXT, MAX_LINE_TEXT, MAX_UNIT, MOST_LINES = 200, 20_000, 200, 10, 200
LONGEST_TERM_DAYS = 3_650
MOST_QUANTITY, MOST_MONEY = Decimal(100_000), Decimal(100_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as it is written; ``price`` includes tax. ``cost`` is what one unit costs, of a part the catalogue's unless given."""

    text: str
    quantity: Decimal
    price: Decimal
    unit: str = ""
    part: Part | None = None
    discount: Decimal = NOTHING
    tax_rate: Decimal = NOTHING
    is_in_warranty: bool = False

    @property
    def priced(self) -> Priced:
        """The line as it is reckoned."""
        return Priced(
            quantity=self.quantity, price=self.price, discount=self.discount, tax_rate=self.tax_rate, is_in_warranty=self.is_in_warranty,
            list_price=self.part.price if self.part else None, cost=self.part.cost if self.part else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Whom and what a contract is made for; an order or ticket brings customer, machine and area with it."""

    customer: Customer
    machine: Machine | None = None
    order: WorkOrder | None = None
    ticket: Ticket | None = None
    contact: Contact | None = None
    amends: Contract | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a contract says. ``cost`` is the estimate of its cost; ``machines`` are those that a service agreement covers."""

    kind: ContractKind
    title: str
    lines: Sequence[Line]
    text: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    payment_days: int = 30
    retention_rate: Decimal = NOTHING
    cost: Decimal | None = None
    machines: Sequence[Machine] = field(default=())


def about_order(order: WorkOrder) -> About:
    """A contract for what is to be done on ``order``. Raises ``Conflict`` for an order without a customer."""
    if order.customer_id is None:
        raise Conflict(N_("This order has no customer: a contract needs one. Complete the machine or the ticket first."))
    machine, ticket = order.machine if order.machine_id else None, order.ticket if order.ticket_id else None
    return About(customer=order.customer, machine=machine, order=order, ticket=ticket, contact=order.contact if order.contact_id else None)


def about_amending(contract: Contract) -> About:
    """A contract that amends ``contract``. Raises ``Conflict`` for one that the customer has not signed."""
    if contract.signed_at is None or contract.status == ContractStatus.VOID:
        raise Conflict(N_("Only a contract that the customer has signed is amended; change this one itself."))
    return About(
        customer=contract.customer, machine=contract.machine, order=contract.order, ticket=contract.ticket, contact=contract.contact,
        amends=contract,
    )  # fmt: skip


def draft(*, by: Actor, about: About, terms: Terms, form_token: str | None = None, at: datetime | None = None) -> Contract:
    """Write a contract. A form sent again (``form_token``) answers with the contract of the first sending.

    Raises ``Invalid`` with the words beside each field, ``NotAllowed``.
    """
    by.require(DRAFT)
    now = at or clock.now()
    _check(terms, about)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Contract.get_by_id(int(submissions.result_of(form_token)))
        contract: Contract = Contract.create(
            number=numbering.next_number(NUMBER_PREFIX, now), status=ContractStatus.DRAFT, customer=about.customer, contact=about.contact,
            machine=about.machine, ticket=about.ticket, order=about.order, amends=about.amends, area=_area(about),
            author=by.user_id, author_name=by.name, created_at=now, changed_at=now, **_fields(terms),
        )  # fmt: skip
        _write_lines(contract, terms)
        note_step(by, contract, None, at=now)
        record(by, "drafted", contract, after=_shown(contract))
        if form_token:
            submissions.settle(form_token, contract.id)
    return contract


def change(*, by: Actor, contract: Contract, version: int, terms: Terms, at: datetime | None = None) -> None:
    """Write anew what a draft or a contract that was turned down says; it is a draft then.

    Raises ``Conflict`` when it changed meanwhile or was handed in, ``Invalid`` with the words beside each field, ``NotAllowed``.
    """
    require_writer(by, contract)
    now, before = at or clock.now(), _shown(contract)
    _check(terms, About(customer=contract.customer, machine=contract.machine))
    with db.transaction():
        present = ContractStatus(contract.status)
        if present not in states.CHANGEABLE or contract.version != version:
            raise stale(contract.id)
        claim(contract, version, status=ContractStatus.DRAFT, changed_at=now, **UNDECIDED, **_fields(terms))
        ContractLine.delete().where(ContractLine.contract == contract).execute()
        ContractMachine.delete().where(ContractMachine.contract == contract).execute()
        _write_lines(contract, terms)
        note_step(by, contract, present, at=now)
        record(by, "changed", contract, before=before, after=_shown(contract))


def submit(*, by: Actor, contract: Contract, version: int, at: datetime | None = None) -> None:
    """Hand a draft in for approval; who may approve it is told at once.

    Raises ``Invalid`` when it comes to nothing or is too much for a quote confirmation, ``Conflict``, ``NotAllowed``.
    """
    require_writer(by, contract)
    now = at or clock.now()
    approval.check_quote(contract)
    if not ContractLine.select().where(ContractLine.contract == contract).exists():
        raise Invalid(N_("Nothing is to be paid or done by this contract yet: write at least one line."))
    with db.transaction():
        move(by, contract, ContractStatus.SUBMITTED, version, at=now, submitted_at=now)
        approval.tell_approvers(by, contract, now)


def take_back(*, by: Actor, contract: Contract, version: int, reason: str = "", at: datetime | None = None) -> None:
    """Make a draft again of what was handed in or approved and not signed: it will say something else, so its approval is void.

    Raises ``Conflict``, ``Invalid`` without a reason when it was approved, ``NotAllowed``.
    """
    require_writer(by, contract)
    now = at or clock.now()
    words = need_reason(reason) if contract.status == ContractStatus.APPROVED else reason
    with db.transaction():
        move(by, contract, ContractStatus.DRAFT, version, at=now, note=words, **UNDECIDED)


def void(*, by: Actor, contract: Contract, version: int, reason: str, at: datetime | None = None) -> None:
    """Make a contract void (作废). What was approved only who approves contracts makes void; what has begun is not void any more.

    Raises ``Conflict``, ``Invalid`` without a reason, ``NotAllowed``.
    """
    if contract.status in states.DECIDED:
        by.require(APPROVE)
    require_writer(by, contract)
    now, words = at or clock.now(), need_reason(reason)
    with db.transaction():
        move(by, contract, ContractStatus.VOID, version, at=now, note=words, void_reason=words)


def may_write(by: Actor, contract: Contract) -> bool:
    """Whether ``by`` may change, hand in or take back ``contract``: who wrote it, and the desk."""
    return by.may(DRAFT) and (by.area_ids is None or contract.author_id == by.user_id)


def require_writer(by: Actor, contract: Contract) -> None:
    """Raise ``NotAllowed`` unless ``by`` may write ``contract``."""
    if not may_write(by, contract):
        raise NotAllowed(N_("Who wrote the contract changes it, or the desk."))


def _area(about: About) -> Any:
    if about.order is not None and about.order.area_id:
        return about.order.area_id
    if about.machine is not None and about.machine.area_id:
        return about.machine.area_id
    return about.customer.area_id


def _fields(terms: Terms) -> dict[str, Any]:
    is_term = terms.kind == ContractKind.AGREEMENT
    return {
        "kind": terms.kind,
        "title": terms.title.strip(),
        "text": terms.text.strip(),
        "valid_from": terms.valid_from if is_term else None,
        "valid_until": terms.valid_until if is_term else None,
        "payment_days": terms.payment_days,
        "retention_rate": terms.retention_rate,
        "cost": terms.cost,
        "total": pricing.total([pricing.line_sum(line.priced) for line in terms.lines]).amount,
    }


def _write_lines(contract: Contract, terms: Terms) -> None:
    for position, line in enumerate(terms.lines, 1):
        found = pricing.line_sum(line.priced)
        ContractLine.create(
            contract=contract, position=position, text=line.text.strip(), part=line.part, quantity=line.quantity, unit=line.unit.strip(),
            price=line.price, discount=line.discount, tax_rate=line.tax_rate, amount=found.amount, tax=found.tax,
            cost=pricing.line_cost(line.priced), is_in_warranty=line.is_in_warranty,
        )  # fmt: skip
    if contract.kind == ContractKind.AGREEMENT:
        for machine in terms.machines:
            ContractMachine.create(contract=contract, machine=machine)


def _shown(contract: Contract) -> dict[str, Any]:
    return {"kind": contract.kind, "total": contract.total, "text": queries.text_of(contract)}


def _check(terms: Terms, about: About) -> None:
    wrong: dict[str, str] = {}
    if not terms.title.strip() or len(terms.title) > MAX_TITLE:
        wrong["title"] = N_("Say in a few words what the contract is about.")
    if len(terms.text) > MAX_TEXT:
        wrong["text"] = N_("This is too long for the field.")
    if not 0 <= terms.payment_days <= 365:
        wrong["payment_days"] = N_("Between 0 and 365 days, please.")
    if not 0 <= terms.retention_rate <= 1:
        wrong["retention_rate"] = N_("A share like 13 or 6.5 (per cent), please.")
    if terms.cost is not None and not 0 <= terms.cost < MOST_MONEY:
        wrong["cost"] = N_("An amount like 350 or 350.50, please.")
    if terms.kind == ContractKind.AGREEMENT:
        wrong |= _wrong_term(terms, about)
    if len(terms.lines) > MOST_LINES:
        wrong["lines"] = N_("At most 200 lines, please.")
    for number, line in enumerate(terms.lines):
        wrong |= {f"line-{number}-{name}": words for name, words in _wrong_line(line).items()}
    if wrong:
        raise Invalid(MISSING, fields=wrong)


def _wrong_term(terms: Terms, about: About) -> dict[str, str]:
    wrong = {}
    if terms.valid_from is None:
        wrong["valid_from"] = N_("Say from which day it counts.")
    elif terms.valid_until is None or not 0 <= (terms.valid_until - terms.valid_from).days <= LONGEST_TERM_DAYS:
        wrong["valid_until"] = N_("Say until which day it counts: at most ten years.")
    if not terms.machines or any(machine.customer_id != about.customer.id for machine in terms.machines):
        wrong["machines"] = N_("Name the machines of this customer that it covers.")
    return wrong


def _wrong_line(line: Line) -> dict[str, str]:
    wrong = {}
    if not line.text.strip() or len(line.text) > MAX_LINE_TEXT:
        wrong["text"] = N_("Say what it is.")
    if len(line.unit) > MAX_UNIT:
        wrong["unit"] = N_("This is too long for the field.")
    if not 0 < line.quantity < MOST_QUANTITY:
        wrong["quantity"] = N_("A quantity like 2 or 1.5, please.")
    if not 0 <= line.price < MOST_MONEY:
        wrong["price"] = N_("An amount like 350 or 350.50, please.")
    if not 0 <= line.discount <= 1:
        wrong["discount"] = N_("A share like 13 or 6.5 (per cent), please.")
    if not 0 <= line.tax_rate <= 1:
        wrong["tax_rate"] = N_("A share like 13 or 6.5 (per cent), please.")
    return wrong
