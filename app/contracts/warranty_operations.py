"""Who says otherwise than the terms: an extension of a machine's warranty, a ruling on an order or one part of it (facts, Warranty)."""

from dataclasses import dataclass
from datetime import date, datetime

from app.contracts.models import WarrantyExtension, WarrantyRuling
from app.core import clock, db, history, live, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.machines.models import Machine
from app.machines.warranty import WarrantyState
from app.work_orders.models import OrderStatus, WorkOrder
from app.work_orders.writing import MISSING, claim, record

RULE = "warranty.rule"
MAX_REASON, MAX_NAME = 300, 120
_REASON = N_("A reason is needed here.")
_LONG = N_("This is too long for the field.")
_AT_REST = (OrderStatus.ARCHIVED, OrderStatus.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What is ruled: the state and why; ``part_name`` for one part only (a split job)."""

    state: WarrantyState | None
    reason: str
    part_name: str = ""


def extend(
    *, by: Actor, machine: Machine, until_on: date | None, reason: str, form_token: str = "", at: datetime | None = None
) -> WarrantyExtension:
    """The warranty of ``machine`` lasts to ``until_on``. A form sent again makes one. Raises ``Invalid``, ``NotAllowed``."""
    by.require(RULE)
    wrong = _wrong_reason(reason)
    if until_on is None:
        wrong["until_on"] = N_("Until which day?")
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    now = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return WarrantyExtension.get_by_id(int(submissions.result_of(form_token)))
        row: WarrantyExtension = WarrantyExtension.create(
            machine=machine, until_on=until_on, reason=reason.strip(), at=now, by=by.user_id, by_name=by.name
        )
        if form_token:
            submissions.settle(form_token, row.id)
        history.record(by, "warranty.extended", "machine", machine.serial, after={"until_on": str(until_on), "reason": row.reason})
        live.touch("machines")
    return row


def revoke(*, by: Actor, extension: WarrantyExtension, at: datetime | None = None) -> None:
    """An extension counts no more; what it covered until now stays decided. Raises ``Conflict`` when it is revoked, ``NotAllowed``."""
    by.require(RULE)
    with db.transaction():
        still = (WarrantyExtension.id == extension.id) & WarrantyExtension.revoked_at.is_null()
        if WarrantyExtension.update(revoked_at=at or clock.now()).where(still).execute() != 1:
            raise Conflict(N_("This extension is revoked already."))
        after = {"until_on": str(extension.until_on)}
        history.record(by, "warranty.extension_revoked", "machine", extension.machine.serial, after=after)
        live.touch("machines")


def rule(*, by: Actor, order: WorkOrder, version: int, ruling: Ruling, at: datetime | None = None) -> WarrantyRuling:
    """Decide otherwise than the terms for ``order`` or one part of it; the whole order then stands as ruled, at the gate too.

    Raises ``Conflict`` for another ``version`` or an order at rest, ``Invalid`` without a reason, ``NotAllowed``.
    """
    by.require(RULE)
    wrong = _wrong_reason(ruling.reason)
    if ruling.state not in (WarrantyState.IN, WarrantyState.OFF):
        wrong["state"] = N_("In or off warranty?")
    if len(ruling.part_name) > MAX_NAME:
        wrong["part_name"] = _LONG
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    if order.status in _AT_REST:
        raise Conflict(N_("This order is at rest: its warranty is not ruled on any more."), status=order.status)
    now, reason, part_name = at or clock.now(), ruling.reason.strip(), ruling.part_name.strip()
    with db.transaction():
        whole = {} if part_name else {"warranty": ruling.state, "warranty_reason": f"{by.name}: {reason}"[:200]}
        before = order.warranty
        claim(order, version, changed_at=now, **whole)
        row: WarrantyRuling = WarrantyRuling.create(
            order=order, part_name=part_name, state=ruling.state, reason=reason, at=now, by=by.user_id, by_name=by.name
        )
        after = {"warranty": ruling.state, "part": part_name, "reason": reason}
        record(by, "warranty_ruled", order, before={"warranty": before}, after=after)
    return row


def _wrong_reason(reason: str) -> dict[str, str]:
    if not reason.strip():
        return {"reason": _REASON}
    return {"reason": _LONG} if len(reason.strip()) > MAX_REASON else {}
