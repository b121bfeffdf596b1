"""The 400 records (F-02, F-03): read and signed by the deputy once; the deputy's own dispatch signs too (sign-off chain 2)."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.core import clock, db
from app.core.errors import N_, Conflict, NotFound
from app.core.prepared import Prepared
from app.core.types import Actor
from app.tickets.models import HotlineRecord, Ticket
from app.tickets.writing import record

SIGN = "hotline.sign"
MAX_REMARK = 500

_of_ticket = Prepared(lambda ticket_id: HotlineRecord.select().where(HotlineRecord.ticket == ticket_id))


def of_ticket(ticket: Ticket) -> HotlineRecord | None:
    """The 400 record of a ticket, None for one that did not come by the 400 line."""
    return _of_ticket.first(ticket.id)


def existing(ticket: Ticket) -> HotlineRecord:
    """The 400 record of a ticket. Raises ``NotFound`` for one that has none."""
    found = of_ticket(ticket)
    if found is None:
        raise NotFound(N_("There is no such record."))
    found.ticket = ticket
    return found


def sign(*, by: Actor, record_id: int, remark: str = "", at: datetime | None = None) -> HotlineRecord:
    """Sign a record as read. Raises ``Conflict`` with who signed it when that has been done, ``NotFound``, ``NotAllowed``."""
    by.require(SIGN)
    found = HotlineRecord.get_or_none(HotlineRecord.id == record_id)
    if found is None:
        raise NotFound(N_("There is no such record."))
    with db.transaction():
        if not _sign(by, found, at or clock.now(), remark=remark.strip()[:MAX_REMARK]):
            present = HotlineRecord.get_by_id(record_id)
            raise Conflict(N_("%(who)s has signed this record already. A signed record cannot be changed."), who=present.signed_by_name)
    return found


def sign_shown(*, by: Actor, record_ids: Sequence[int], at: datetime | None = None) -> int:
    """Sign all of these that nobody has signed yet; returns how many that were."""
    by.require(SIGN)
    signed_at = at or clock.now()
    found = HotlineRecord.select(HotlineRecord, Ticket).join(Ticket).where(HotlineRecord.id.in_(list(record_ids)))
    with db.transaction():
        return sum(_sign(by, one, signed_at) for one in found.order_by(HotlineRecord.id))


def sign_by_dispatch(by: Actor, ticket: Ticket, at: datetime) -> None:
    """The deputy who dispatches has read the record: it is signed with it, in the running transaction."""
    found = of_ticket(ticket)
    if found is not None and found.signed_at is None:
        found.ticket = ticket
        _sign(by, found, at, is_signed_by_dispatch=True)


def _sign(by: Actor, found: HotlineRecord, at: datetime, **more: Any) -> bool:
    """Claim the signature; what the record says now is kept with it, so that later changes of the ticket show as such."""
    values = {"signed_at": at, "signed_by": by.user_id, "signed_by_name": by.name, "content": json.dumps(_content(found.ticket)), **more}
    query = HotlineRecord.update(values).where(HotlineRecord.id == found.id, HotlineRecord.signed_at.is_null())
    if not query.execute():
        return False
    record(by, "call_signed", found.ticket, after={"by_dispatch": more.get("is_signed_by_dispatch", False)})
    return True


def _content(ticket: Ticket) -> dict[str, str]:
    machine, customer = ticket.machine, ticket.customer
    return {
        "number": ticket.number,
        "kind": ticket.kind,
        "priority": ticket.priority,
        "title": ticket.title,
        "text": ticket.text,
        "caller_name": ticket.caller_name,
        "caller_phone": ticket.caller_phone,
        "machine": machine.serial if machine else "",
        "customer": customer.name if customer else "",
    }


def content(found: HotlineRecord) -> dict[str, str]:
    """What the record says: what was signed, else what stands on the ticket now."""
    return json.loads(found.content) if found.content else _content(found.ticket)


def was_changed_since(found: HotlineRecord) -> bool:
    """Whether the ticket says something else today than when its record was signed."""
    return bool(found.content) and json.loads(found.content) != _content(found.ticket)
