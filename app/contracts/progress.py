"""What becomes of a signed contract beside the order that carries it out: done, invoiced, settled, and back; each changes nothing twice."""

from datetime import datetime

from app.contracts import states
from app.contracts.models import Contract, ContractKind, ContractStatus
from app.contracts.writing import DRAFT, move, stale
from app.core import clock, db
from app.core.errors import N_, Conflict
from app.core.types import Actor

S = ContractStatus


def complete(*, by: Actor, contract: Contract, version: int, at: datetime | None = None) -> None:
    """All that a contract without an order says is done. Raises ``Conflict``, also while its order does that, ``NotAllowed``."""
    by.require(DRAFT)
    now = at or clock.now()
    if contract.kind == ContractKind.AGREEMENT:
        raise Conflict(N_("A service agreement ends with its last day."))
    if contract.order_id is not None and contract.order.is_out:
        raise Conflict(N_("Order %(number)s is still out: the contract is completed with it."), number=contract.order.number)
    if contract.status not in (S.SIGNED, S.IN_EXECUTION):
        raise stale(contract.id)
    with db.transaction():
        move(by, contract, S.COMPLETED, version, at=now, completed_at=now)


def invoiced(*, by: Actor, contract: Contract, at: datetime, note: str = "") -> bool:
    """All of a completed contract is invoiced; returns whether that changed anything."""
    return _go(by, contract, S.COMPLETED, S.INVOICED, at=at, note=note)


def not_invoiced(*, by: Actor, contract: Contract, at: datetime, note: str = "") -> bool:
    """Its invoice was taken back; returns whether that changed anything."""
    return _go(by, contract, S.INVOICED, S.COMPLETED, at=at, note=note)


def settled(*, by: Actor, contract: Contract, at: datetime, note: str = "") -> bool:
    """All of an invoiced contract is paid; returns whether that changed anything."""
    return _go(by, contract, S.INVOICED, S.SETTLED, at=at, note=note)


def not_settled(*, by: Actor, contract: Contract, at: datetime, note: str = "") -> bool:
    """A payment of it was taken back; returns whether that changed anything."""
    return _go(by, contract, S.SETTLED, S.INVOICED, at=at, note=note)


def _go(by: Actor, contract: Contract, present: ContractStatus, to: ContractStatus, *, at: datetime, note: str) -> bool:
    assert states.may_go(present, to)
    with db.transaction():
        found: Contract = db.for_update(Contract.select().where(Contract.id == contract.id)).get()
        if found.status != present:
            return False
        move(by, found, to, found.version, at=at, note=note)
        contract.status, contract.version = found.status, found.version
    return True
