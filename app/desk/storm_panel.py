"""What the ticket page shows of a storm: the parent that a ticket stands under, and the children that stand under it.

Children about faults that guard people stand above all else: where somebody may be hurt is not to be looked for among sixty (§4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import JOIN

from app.core import clock
from app.core.types import Actor
from app.customers.models import Site
from app.machines import profiles
from app.machines.models import Machine
from app.machines.profiles import CodePolicy
from app.machines.queries import profile_documents
from app.tickets import children, forms, queries, reasons
from app.tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class SafetyChild:
    """A child with its machine and site, and those of its codes that guard people."""

    ticket: Ticket
    policies: Sequence[CodePolicy]


def of_safety(by: Actor, parent: Ticket) -> list[SafetyChild]:
    """The children that ``by`` may see and of which a code guards people: open ones first, then as they came."""
    documents = profile_documents()
    query = queries.visible(by).select(Ticket, Machine, Site).join(Machine).join(Site, JOIN.LEFT_OUTER).where(Ticket.parent == parent)
    found = []
    for one in query.order_by(Ticket.is_open.desc(), Ticket.id):
        profile = documents.get(one.machine.profile_id)
        policies = [policy for code in reasons.codes(one.reason) if (policy := profiles.code(profile, code)).safety]
        if policies:
            found.append(SafetyChild(one, policies))
    return found


def of_ticket(by: Actor, ticket: Ticket) -> dict[str, Any]:
    """What the page of ``ticket`` shows of its parent and its children."""
    brood = children.broods([ticket.id]).get(ticket.id) if ticket.machine_id is None else None
    may_edit = brood is not None and by.may("tickets.edit")
    above = ticket.parent
    return {
        "parent": above,
        "parent_is_seen": above is not None and (by.area_ids is None or above.area_id in by.area_ids),
        "brood": brood,
        "of_safety": of_safety(by, ticket) if brood else [],
        "children": children.shown(by, ticket) if brood else [],
        "untouched": {one.id for one in children.untouched(by, ticket)} if may_edit else set(),
        "last_step": children.last_step(by, ticket, clock.now()) if may_edit else [],
        "seen_at_ms": clock.now_ms(),
        "children_token": forms.new_token(),
    }
