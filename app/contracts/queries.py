"""Contracts as people may see them: those of their areas, those they wrote, and those of the orders they work on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from peewee import JOIN, ModelSelect

from app.contracts import content, pricing
from app.contracts.models import Contract, ContractLine, ContractMachine, ContractStatus, ContractStep, TaxRate
from app.contracts.pricing import Priced, Sum
from app.core.errors import N_, NotFound
from app.core.types import Actor
from app.customers.models import Contact, Customer
from app.machines.models import Machine
from app.parts.models import Part
from app.tickets.models import Ticket
from app.work_orders.models import WorkOrder
from app.work_orders.queries import works_on

THERE_IS_NONE = N_("There is no contract of this number, or it is not for you to see.")


def visible(actor: Actor) -> ModelSelect:
    """The contracts that ``actor`` may see, with customer, machine, order and ticket."""
    query = (
        Contract.select(Contract, Customer, Contact, Machine, WorkOrder, Ticket)
        .join(Customer)
        .join_from(Contract, Contact, JOIN.LEFT_OUTER)
        .join_from(Contract, Machine, JOIN.LEFT_OUTER)
        .join_from(Contract, WorkOrder, JOIN.LEFT_OUTER)
        .join_from(Contract, Ticket, JOIN.LEFT_OUTER)
    )
    if actor.area_ids is None:
        return query
    own_orders = WorkOrder.select(WorkOrder.id).where(works_on(actor.user_id))
    return query.where(
        (Contract.area + 0).in_(sorted(actor.area_ids)) | (Contract.author == actor.user_id) | Contract.order.in_(own_orders)
    )


def by_number(actor: Actor, number: str) -> Contract:
    """The contract of this number. Raises ``NotFound`` for one that ``actor`` may not see."""
    found = visible(actor).where(Contract.number == number).get_or_none()
    if found is None:
        raise NotFound(THERE_IS_NONE)
    contract: Contract = found
    return contract


def lines_of(contract: Contract) -> list[ContractLine]:
    """The lines in their order, with their parts."""
    query = ContractLine.select(ContractLine, Part).join(Part, JOIN.LEFT_OUTER)
    return list(query.where(ContractLine.contract == contract).order_by(ContractLine.position))


def machines_of(contract: Contract) -> list[Machine]:
    """The machines that a service agreement covers, by serial number."""
    query = Machine.select().join(ContractMachine, on=ContractMachine.machine == Machine.id)
    return list(query.where(ContractMachine.contract == contract).order_by(Machine.serial))


def steps_of(contract: Contract) -> list[ContractStep]:
    """Every change of state, oldest first."""
    return list(ContractStep.select().where(ContractStep.contract == contract).order_by(ContractStep.id))


def text_of(contract: Contract) -> str:
    """The canonical text of ``contract`` as it stands now."""
    return content.said_by(contract, lines_of(contract), [machine.serial for machine in machines_of(contract)])


def amendments_of(contract: Contract) -> list[Contract]:
    """The contracts that amend ``contract``, oldest first."""
    return list(Contract.select().where(Contract.amends == contract).order_by(Contract.id))


def of_order(order: WorkOrder) -> list[Contract]:
    """The contracts made for ``order`` or for its ticket, newest first; void ones come last."""
    about = Contract.order == order.id
    if order.ticket_id is not None:
        about |= Contract.ticket == order.ticket_id
    found = Contract.select().where(about).order_by(Contract.id.desc())
    return sorted(found, key=lambda one: one.status == ContractStatus.VOID)


def shown_with(actor: Actor, order: WorkOrder) -> list[Contract]:
    """The contracts of ``order`` and its ticket that ``actor`` may see, newest first; who may see the order sees its own."""
    return [one for one in of_order(order) if one.order_id == order.id or actor.area_ids is None or one.area_id in actor.area_ids]


def of_machine(actor: Actor, machine: Machine, most: int) -> list[Contract]:
    """The latest contracts about ``machine`` that ``actor`` may see."""
    return list(visible(actor).where(Contract.machine == machine).order_by(Contract.created_at.desc(), Contract.id.desc()).limit(most))


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What a contract comes to, what it is estimated to cost us, and what is left; ``unknown`` counts lines whose cost nobody knows."""

    earned: Sum
    cost: pricing.Decimal
    unknown: int
    margin: pricing.Decimal
    share: pricing.Decimal | None
    discount: pricing.Decimal


def reckoned(contract: Contract, lines: Sequence[ContractLine]) -> Reckoned:
    """The figures of ``contract``; its own estimate of the cost goes before the sum of its lines'."""
    earned = pricing.total([Sum(line.amount, line.tax) for line in lines])
    known = [line.cost for line in lines if line.cost is not None]
    cost = contract.cost if contract.cost is not None else sum(known, pricing.ZERO)
    unknown = 0 if contract.cost is not None else len(lines) - len(known)
    return Reckoned(earned, cost, unknown, *pricing.margin(earned, cost), pricing.greatest_discount([priced(line) for line in lines]))


def priced(line: ContractLine) -> Priced:
    """A stored line as it is reckoned."""
    return Priced(
        quantity=line.quantity, price=line.price, discount=line.discount, tax_rate=line.tax_rate,
        is_in_warranty=line.is_in_warranty, list_price=line.part.price if line.part_id else None,
    )  # fmt: skip


def tax_rates(day: date) -> list[TaxRate]:
    """The tax rates that count on ``day``, highest first: of each name the one that began last."""
    rows = TaxRate.select().where(TaxRate.valid_from <= day).order_by(TaxRate.valid_from)
    return sorted({row.name_zh: row for row in rows}.values(), key=lambda row: (-row.rate, row.id))
