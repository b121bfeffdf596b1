"""Contracts that wait for somebody: to be approved, to be signed by the customer, to be put right."""

from collections.abc import Iterator
from datetime import datetime

from peewee import ModelSelect

from app.contracts import approval, queries
from app.contracts.models import Contract, ContractStatus
from app.contracts.writing import SIGN
from app.core.errors import N_
from app.core.types import Actor
from app.home.items import URGENT, USUAL, Item, Step

S = ContractStatus


def of_contracts(actor: Actor, now: datetime, limit: int) -> list[Item]:
    """Everything of contracts that waits for ``actor``."""
    return [*_to_decide(actor, now, limit), *_to_go_on(actor, limit)]


def _to_decide(actor: Actor, now: datetime, limit: int) -> Iterator[Item]:
    kinds = approval.kinds_for(actor, now)
    if not kinds:
        return
    waiting = queries.visible(actor).where(Contract.status == S.SUBMITTED, Contract.kind.in_(kinds), Contract.author != actor.user_id)
    for one in waiting.order_by(Contract.submitted_at, Contract.id).limit(limit):
        yield _item(one, Step(label=N_("Decide"), href=f"/approvals?contract={one.number}", icon="check"), one.submitted_at, URGENT)


def _to_go_on(actor: Actor, limit: int) -> Iterator[Item]:
    """What one wrote oneself: approved and not signed, or turned down."""
    if not actor.may(SIGN):
        return
    own: ModelSelect = queries.visible(actor).where(Contract.author == actor.user_id, Contract.status.in_((S.APPROVED, S.REJECTED)))
    for one in own.order_by(Contract.changed_at, Contract.id).limit(limit):
        label = N_("Have it signed") if one.status == S.APPROVED else N_("Put it right")
        yield _item(one, Step(label=label, href=approval.address(one), icon="pencil"), one.changed_at, USUAL)


def _item(contract: Contract, step: Step, since: datetime, rank: int) -> Item:
    return Item(
        key=f"contract-{contract.id}",
        rank=rank,
        since=since,
        href=f"/contracts/{contract.number}",
        number=contract.number,
        step=step,
        serial=contract.machine.serial if contract.machine_id else "",
        customer=contract.customer.short_name or contract.customer.name,
        title=contract.title,
        state=ContractStatus(contract.status),
    )
