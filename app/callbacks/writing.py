"""What every change of a call-back goes through: the order locked, the record claimed at its version, the history written."""

from collections.abc import Iterable
from typing import Any

from app.callbacks import states
from app.callbacks.models import CallBack, CallBackStatus
from app.core import db, history, live
from app.core.errors import N_, Conflict, NotFound
from app.core.types import Actor
from app.work_orders.models import WorkOrder

LIST, RECORD, SIGN, READ = "call_backs.list", "call_backs.record", "call_backs.sign", "call_backs.read"
FOLLOW_UP = "call_backs.follow_up"
LIVE = "call_backs"
MISSING = N_("Something is missing. See the words beside the fields.")


def is_due(order: WorkOrder) -> bool:
    """Whether ``order`` is finished and nobody has recorded its call-back."""
    return order.finished_at is not None and order.called_back_at is None


def lock_due(orders: Iterable[WorkOrder]) -> list[WorkOrder]:
    """``orders`` as they stand now, locked in the running transaction. Raises ``Conflict`` unless a call-back of each is due."""
    wanted = sorted({order.id for order in orders})
    found = list(db.for_update(WorkOrder.select().where(WorkOrder.id.in_(wanted)).order_by(WorkOrder.id)))
    for order in found:
        if not is_due(order):
            raise taken(order)
    return found


def taken(order: WorkOrder) -> Conflict:
    """The refusal of a call-back that is not due: who has recorded it."""
    found = CallBack.get_or_none(CallBack.order == order)
    if found is None:
        return Conflict(N_("%(number)s is not finished, or its finishing was taken back: nobody is to be called."), number=order.number)
    return Conflict(N_("%(who)s has recorded the call-back of %(number)s already."), who=found.recorded_by_name, number=order.number)


def move(call_back: CallBack, to: CallBackStatus, version: int, **fields: Any) -> None:
    """Put the record into ``to`` with ``fields``, in the running transaction.

    Raises ``Conflict`` for another ``version`` or when the way does not exist.
    """
    check_way(call_back, to, version)
    claim(call_back, version, status=to, **fields)


def check_way(call_back: CallBack, to: CallBackStatus, version: int) -> None:
    """Raise ``Conflict`` with who has it now unless ``call_back`` has this ``version`` and may go to ``to``."""
    if not states.may_go(call_back.status, to) and call_back.status == CallBackStatus.RECORDED:
        raise Conflict(N_("The deputy has not signed this record yet; it is read after that."))
    if call_back.version != version or not states.may_go(call_back.status, to):
        raise stale(call_back.id)


def claim(call_back: CallBack, version: int, **fields: Any) -> None:
    """Set ``fields`` if the record still has ``version`` and its state, in the running transaction. Raises ``Conflict``."""
    mine = (CallBack.id == call_back.id) & (CallBack.version == version) & (CallBack.status == call_back.status)
    if CallBack.update(version=version + 1, **fields).where(mine).execute() != 1:
        raise stale(call_back.id)
    for name, value in fields.items():
        setattr(call_back, name, value)
    call_back.version = version + 1


def stale(call_back_id: int) -> Exception:
    """The refusal of a request made for a state that is over: who has done what meanwhile."""
    present = CallBack.get_or_none(CallBack.id == call_back_id)
    if present is None:
        return NotFound(N_("There is no such call-back."))
    if present.status == CallBackStatus.RECORDED:
        return Conflict(N_("%(who)s has corrected this record meanwhile. Look at it, then decide again."), who=present.recorded_by_name)
    if present.read_by_name:
        return Conflict(N_("%(who)s has read this record already; it is in the archive."), who=present.read_by_name)
    return Conflict(N_("%(who)s has signed this record already. A signed record cannot be changed."), who=present.signed_by_name)


def record(by: Actor, action: str, order: WorkOrder, *, personal: dict[str, str] | None = None, **changes: Any) -> None:
    """Note the change in the history, under the number of the order, and tell the live screens."""
    history.record(by, f"call_back.{action}", "call_back", order.number, personal=personal, **changes)
    live.touch(LIVE)
