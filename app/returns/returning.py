"""The way of an old part back to the factory: tagged, sent, received, or waived with a reason (2A-17, workflows, Parts).

An order in warranty is not archived while one of its old parts is neither back nor waived.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid, NotAllowed
from app.core.types import Actor
from app.returns.models import DefectiveReturn, ReturnStatus
from app.returns.opening import LIVE
from app.work_orders import progress
from app.work_orders.models import WorkOrder
from app.work_orders.writing import MISSING, locked

HANDLE, RECEIVE, WAIVE, READ = "returns.handle", "returns.receive", "returns.waive", "returns.read"
S = ReturnStatus
# Not back yet, and nobody let it go.
OUTSTANDING = (S.DUE, S.TAGGED, S.IN_TRANSIT)
# Where each step may begin. What is handed over at the counter was never on its way; a tag may be lost and printed anew.
STARTS: dict[ReturnStatus, tuple[ReturnStatus, ...]] = {
    S.TAGGED: (S.DUE,),
    S.IN_TRANSIT: (S.TAGGED,),
    S.RECEIVED: (S.TAGGED, S.IN_TRANSIT),
    S.REPORTED: (S.RECEIVED,),
    S.DECIDED: (S.REPORTED,),
    S.CLOSED: (S.DECIDED,),
    S.WAIVED: OUTSTANDING,
}
MAX_REASON = 300
_CHOOSE = N_("Choose at least one part.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """How parts travel: the carrier and the number of the waybill, which a part carried by hand has not."""

    carrier: str
    waybill: str = ""


def tag(*, by: Actor, returns: Sequence[DefectiveReturn], at: datetime | None = None) -> None:
    """The tags of these parts are printed; what is tagged already stays so. Raises ``Conflict``, ``Invalid`` for none, ``NotAllowed``."""
    _check_own(by, returns)
    now = at or clock.now()
    with db.transaction():
        for one in returns:
            if one.status == S.DUE:
                step(by, one, S.TAGGED, now, tagged_at=now)


def send(*, by: Actor, returns: Sequence[DefectiveReturn], parcel: Parcel, at: datetime | None = None) -> None:
    """These parts are on their way in one parcel. Raises ``Conflict`` for one without a tag, ``Invalid``, ``NotAllowed``."""
    _check_own(by, returns)
    carrier, waybill = parcel.carrier.strip(), parcel.waybill.strip()
    wrong = {} if carrier else {"carrier": N_("Who carries it? Write your own name when you bring it yourself.")}
    wrong |= {name: N_("This is too long for the field.") for name, text in (("carrier", carrier), ("waybill", waybill)) if len(text) > 60}
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    now = at or clock.now()
    with db.transaction():
        for one in returns:
            step(by, one, S.IN_TRANSIT, now, sent_at=now, carrier=carrier, waybill=waybill)


def receive(*, by: Actor, returned: DefectiveReturn, version: int, at: datetime | None = None) -> None:
    """The part is back at the factory; its order may come to rest. Raises ``Conflict``, ``NotAllowed``."""
    by.require(RECEIVE)
    now = at or clock.now()
    with db.transaction():
        step(by, returned, S.RECEIVED, now, version=version, received_at=now, received_by_name=by.name)
        _let_rest(by, returned, now)


def waive(*, by: Actor, returned: DefectiveReturn, version: int, reason: str, at: datetime | None = None) -> None:
    """The part need not come back, and why; its order may rest. Raises ``Conflict``, ``Invalid`` without a reason, ``NotAllowed``."""
    by.require(WAIVE)
    words = reason.strip()
    if not words:
        raise Invalid(MISSING, fields={"reason": N_("A reason is needed here.")})
    if len(words) > MAX_REASON:
        raise Invalid(MISSING, fields={"reason": N_("This is too long for the field.")})
    now = at or clock.now()
    with db.transaction():
        values = {"waived_by": by.user_id, "waived_by_name": by.name, "waived_reason": words, "closed_at": now}
        step(by, returned, S.WAIVED, now, version=version, **values)
        _let_rest(by, returned, now)


def step(by: Actor, one: DefectiveReturn, to: ReturnStatus, at: datetime, *, version: int | None = None, **fields: Any) -> None:
    """Put ``one`` into ``to`` with ``fields``, in the running transaction. Raises ``Conflict`` where the way does not begin."""
    db.current()
    before = one.status
    is_fit = (DefectiveReturn.id == one.id) & DefectiveReturn.status.in_(STARTS[to])
    if version is not None:
        is_fit &= DefectiveReturn.version == version
    values = {"status": to, "version": DefectiveReturn.version + 1} | fields
    if DefectiveReturn.update(values).where(is_fit).execute() != 1:
        raise _stale(one, to)
    for name, value in fields.items():
        setattr(one, name, value)
    one.status, one.version = to, one.version + 1
    after = {"status": to} | {name: str(value) for name, value in fields.items() if not name.endswith("_at")}
    history.record(by, f"return.{to}", "return", one.number, before={"status": before}, after=after)
    live.touch(LIVE)


def _stale(one: DefectiveReturn, to: ReturnStatus) -> Conflict:
    present = DefectiveReturn.get_by_id(one.id)
    if present.status == S.DUE and to in (S.IN_TRANSIT, S.RECEIVED):
        return Conflict(N_("%(number)s has no tag yet: print it first, so that the factory knows what arrives."), number=present.number)
    if present.status == S.WAIVED:
        return Conflict(N_("%(who)s let %(number)s go: it need not come back."), who=present.waived_by_name, number=present.number)
    return Conflict(N_("%(number)s has changed meanwhile. Look at its present state, then decide again."), number=present.number)


def hold(order: WorkOrder) -> str | None:
    """Why ``order`` stays filed: an old part of it is neither back nor waived."""
    if not DefectiveReturn.select().where(DefectiveReturn.order == order, DefectiveReturn.status.in_(OUTSTANDING)).exists():
        return None
    return N_("An old part of this order is not back at the factory yet: it stays filed until the part is received or waived.")


progress.ARCHIVE_HOLDS.append(hold)


def _let_rest(by: Actor, returned: DefectiveReturn, at: datetime) -> None:
    if returned.order_id is not None:
        order = locked(WorkOrder(id=returned.order_id))
        progress.archive_when_at_rest(by=by, order=order, at=at)


def _check_own(by: Actor, returns: Sequence[DefectiveReturn]) -> None:
    by.require(HANDLE)
    if not returns:
        raise Invalid(_CHOOSE, fields={"number": _CHOOSE})
    is_bound = by.user_id is not None and by.area_ids is not None
    if is_bound and any(one.technician_id != by.user_id for one in returns):
        raise NotAllowed(N_("This part is another technician's."))
