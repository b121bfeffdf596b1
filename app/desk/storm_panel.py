"""What the ticket page shows of a storm: the parent that a ticket stands under, and the children that stand under it.

Children about faults that guard people stand above all else: where somebody may be hurt is not to be looked for among sixty (§4).
"""

from typing import Any

from app.core import clock
from app.core.types import Actor
from app.tickets import children, forms
from app.tickets.models import Ticket


def of_ticket(by: Actor, ticket: Ticket) -> dict[str, Any]:
    """What the page of ``ticket`` shows of its parent and its children."""
    brood = children.broods([ticket.id]).get(ticket.id) if ticket.machine_id is None else None
    may_edit = brood is not None and by.may("tickets.edit")
    above = ticket.parent
    return {
        "parent": above,
        "parent_is_seen": above is not None and (by.area_ids is None or above.area_id in by.area_ids),
        "brood": brood,
        "of_safety": children.of_safety(by, ticket) if brood else [],
        "children": children.shown(by, ticket) if brood else [],
        "untouched": {one.id for one in children.untouched(by, ticket)} if may_edit else set(),
        "last_step": children.last_step(by, ticket, clock.now()) if may_edit else [],
        "seen_at_ms": clock.now_ms(),
        "children_token": forms.new_token(),
    }
