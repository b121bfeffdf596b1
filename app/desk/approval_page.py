"""What whoever approves a contract has to know, gathered for one screen (look.md, Approvals). Reads only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.accounts import authorities
from app.billing import accounts
from app.contracts import approval, queries, warranty
from app.contracts.models import Contract, ContractStatus
from app.core import clock
from app.core.types import Actor
from app.desk import job_history
from app.machines import queries as machines
from app.work_orders import earlier

MOST_WAITING, JOBS = 200, 3


def waiting(by: Actor, at: datetime) -> list[str]:
    """The numbers of what ``by`` can decide, longest waiting first; what ``by`` wrote comes last."""
    kinds = approval.kinds_for(by, at)
    query = queries.visible(by).where(Contract.status == ContractStatus.SUBMITTED, Contract.kind.in_(kinds))
    found = list(query.order_by(Contract.submitted_at, Contract.id).limit(MOST_WAITING))
    return [one.number for one in sorted(found, key=lambda one: one.author_id == by.user_id)]


def shown(by: Actor, number: str, numbers: Sequence[str], at: datetime) -> dict[str, Any]:
    """Everything on the screen of one contract among ``numbers``. Raises ``NotFound``."""
    contract = queries.by_number(by, number)
    lines = queries.lines_of(contract)
    place = numbers.index(contract.number) if contract.number in numbers else -1
    may_decide = authorities.may_act(by, approval.right_for(contract), at) and contract.status == ContractStatus.SUBMITTED
    machine = contract.machine if contract.machine_id else None
    return {
        "contract": contract,
        "lines": lines,
        "machine": machine,
        "machines": queries.machines_of(contract),
        "order": contract.order if contract.order_id else None,
        "proof": _proof(contract, at),
        "warranty": machines.warranty_now(machine) if machine else None,
        "reckoned": queries.reckoned(contract, lines),
        "last_jobs": earlier.last_jobs(machine, JOBS),
        "before": job_history.before(contract.order)[:JOBS] if contract.order_id and contract.order.machine_id else [],
        "debt": accounts.debt_of(contract.customer_id, clock.day_of(at)),
        "place": place + 1,
        "count": len(numbers),
        "previous": numbers[place - 1] if place > 0 else None,
        "following": numbers[place + 1] if 0 <= place < len(numbers) - 1 else None,
        "may_decide": may_decide,
        "is_own": may_decide and approval.is_own(by, contract, at),
        "is_single_allowed": approval.is_single_allowed(),
        "needs_discount_reason": approval.needs_discount_reason(contract),
        "may_see_cost": by.may("costs.read"),
        "may_see_margin": by.may("profit.read"),
    }


def _proof(contract: Contract, at: datetime) -> warranty.Verdict | None:
    """Why it is in warranty or not: at the fault where there is an order, else today."""
    if contract.order_id:
        return warranty.of_order(contract.order)
    return warranty.decide(contract.machine, clock.day_of(at)) if contract.machine_id else None
