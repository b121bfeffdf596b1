"""What opens the warranty gate (workflows, gate a to c): a service agreement, a signed contract, a confirmed quote; and contracts keep in
step with the order that carries them out.
"""

from datetime import datetime
from typing import Any

from app.contracts import states
from app.contracts.models import IN_FORCE, Contract, ContractKind, ContractMachine, ContractStatus
from app.contracts.writing import move
from app.core import clock
from app.core.types import Actor
from app.machines.warranty import WarrantyState
from app.work_orders import gate
from app.work_orders.gate import GateWay, Passage
from app.work_orders.models import OrderStatus, WorkOrder
from app.work_orders.states import GATED_KINDS
from app.work_orders.writing import FOLLOWERS

WAYS = {ContractKind.REPAIR: GateWay.CONTRACT, ContractKind.QUOTE: GateWay.QUOTE}


def agreement_of(order: WorkOrder, at: datetime) -> Contract | None:
    """The service agreement that covers the machine of ``order`` on the day of ``at``; None without one."""
    if order.machine_id is None:
        return None
    day = clock.day_of(at)
    query = Contract.select().join(ContractMachine, on=ContractMachine.contract == Contract.id)
    query = query.where(
        ContractMachine.machine == order.machine_id, Contract.kind == ContractKind.AGREEMENT, Contract.status.in_(IN_FORCE),
        Contract.customer == order.customer_id, Contract.valid_from <= day, Contract.valid_until >= day,
    )  # fmt: skip
    found: Contract | None = query.order_by(Contract.valid_until.desc(), Contract.id).first()
    return found


def contract_of(order: WorkOrder) -> Contract | None:
    """The repair contract or quote confirmation that covers ``order``; None without one.

    One that is carried out covers its own order alone; one that is signed and not begun whatever it was made for: the order, its
    ticket, or where it names no ticket its machine.
    """
    signed = Contract.status.in_(states.NOT_BEGUN)
    about: Any = (Contract.order == order.id) & Contract.status.in_(IN_FORCE) if order.id is not None else None
    if order.ticket_id is not None:
        about = _either(about, signed & (Contract.ticket == order.ticket_id))
    if order.machine_id is not None:
        same = signed & Contract.ticket.is_null() & (Contract.machine == order.machine_id) & (Contract.customer == order.customer_id)
        about = _either(about, same)
    if about is None:
        return None
    found: Contract | None = Contract.select().where(about, Contract.kind.in_(list(WAYS))).order_by(Contract.id).first()
    return found


def _either(one: Any, other: Any) -> Any:
    return other if one is None else one | other


def cover(order: WorkOrder, at: datetime) -> Passage | None:
    """By which agreement, contract or quote ``order`` passes the gate at ``at``."""
    agreement = agreement_of(order, at)
    if agreement is not None:
        return Passage(GateWay.SERVICE_AGREEMENT, agreement.number)
    contract = contract_of(order)
    return Passage(WAYS[contract.kind], contract.number) if contract is not None else None


def follow(by: Actor, order: WorkOrder, at: datetime) -> None:
    """The contract that covers ``order`` is in execution when the repair begins, completed when it is done, in the running transaction."""
    if order.kind not in GATED_KINDS or order.warranty == WarrantyState.IN or order.rework_of_id is not None:
        return
    to = _state_for(order)
    contract = contract_of(order) if to is not None else None
    if to is None or contract is None or contract.status == to or not states.may_go(ContractStatus(contract.status), to):
        return
    if contract.order_id != order.id and (to == ContractStatus.SIGNED or agreement_of(order, at) is not None):
        return
    completed_at = at if to == ContractStatus.COMPLETED else None
    move(by, contract, to, contract.version, at=at, note=order.number, order=order.id, completed_at=completed_at)


def _state_for(order: WorkOrder) -> ContractStatus | None:
    if order.status in (OrderStatus.ON_SITE, OrderStatus.WAITING_PARTS):
        return ContractStatus.IN_EXECUTION
    if order.status == OrderStatus.FINISHED:
        return ContractStatus.COMPLETED
    return ContractStatus.SIGNED if order.status == OrderStatus.CANCELLED else None


gate.COVERS.append(cover)
FOLLOWERS.append(follow)
