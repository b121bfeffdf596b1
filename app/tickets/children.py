"""The children of a parent ticket: counted, shown, and answered in one step where nobody has taken them up yet (monitoring §4; 2E-14)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from peewee import JOIN, ModelSelect, fn

from app.core import clock, db, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.spoken import say
from app.core.types import Actor
from app.customers.models import Site
from app.machines import profiles
from app.machines.models import Machine
from app.machines.profiles import CodePolicy
from app.machines.queries import profile_documents
from app.tickets import moving, operations, queries, reasons, states
from app.tickets.models import Ticket, TicketAttachment, TicketNote, TicketStatus, TicketTransition

AT_ONCE = 200
SHOWN = 50


class Answer(StrEnum):
    """What is said of many at once."""

    CONFIRMED = "confirmed"
    FALSE_ALARM = "false_alarm"
    SOLVED = "solved"


_LEADS_TO = {
    Answer.CONFIRMED: TicketStatus.WAITING_DISPATCH,
    Answer.FALSE_ALARM: TicketStatus.CANCELLED,
    Answer.SOLVED: TicketStatus.RESOLVED,
}
# What the parent's timeline says of it.
SAID = {
    Answer.CONFIRMED: N_("In one step %(count)s tickets below this one were confirmed and sent to dispatch. %(words)s"),
    Answer.FALSE_ALARM: N_("In one step %(count)s tickets below this one were cancelled as false alarms. %(words)s"),
    Answer.SOLVED: N_("In one step %(count)s tickets below this one were resolved. %(words)s"),
}
UNDONE = N_("The last step for %(count)s tickets below this one was taken back.")


@dataclass(frozen=True, slots=True)
class Brood:
    """How many stand under a parent: tickets, the open ones among them, and the machines they are about."""

    tickets: int
    still_open: int
    machines: int


def broods(parent_ids: Iterable[int]) -> dict[int, Brood]:
    """By parent what stands under it; a ticket without children is not in it."""
    ids = list(parent_ids)
    if not ids:
        return {}
    still_open = fn.SUM(Ticket.is_open.cast("INTEGER"))
    query = Ticket.select(Ticket.parent, fn.COUNT(Ticket.id), still_open, fn.COUNT(Ticket.machine.distinct()))
    rows = query.where(Ticket.parent.in_(ids)).group_by(Ticket.parent).tuples()
    return {parent_id: Brood(tickets, int(is_open), machines) for parent_id, tickets, is_open, machines in rows}


def shown(by: Actor, parent: Ticket) -> list[Ticket]:
    """The first children that ``by`` may see, with their machines: open ones first, then the newest."""
    query = queries.visible(by).select(Ticket, Machine).join(Machine, JOIN.LEFT_OUTER).where(Ticket.parent == parent)
    return list(query.order_by(Ticket.is_open.desc(), Ticket.id).limit(SHOWN))


def untouched(by: Actor, parent: Ticket) -> ModelSelect:
    """The children that ``by`` may see and that no person has done anything with: they wait to be verified as they came."""
    query = queries.visible(by).where(Ticket.parent == parent, Ticket.status == TicketStatus.TO_VERIFY, Ticket.urged_count == 0)
    query = query.where(Ticket.call_again_at.is_null(), Ticket.open_orders == 0)
    for model in (TicketTransition, TicketNote, TicketAttachment):
        query = query.where(~fn.EXISTS(model.select(model.id).where(model.ticket == Ticket.id, model.by.is_null(False))))
    return query.order_by(Ticket.id)


@dataclass(frozen=True, slots=True)
class SafetyChild:
    """A child with its machine and site, and those of its codes that guard people."""

    ticket: Ticket
    policies: Sequence[CodePolicy]


def of_safety(by: Actor, parent: Ticket) -> list[SafetyChild]:
    """The children that ``by`` sees, of which a code guards people (``safety: true``, monitoring §3): open ones first, in order."""
    documents = profile_documents()
    query = queries.visible(by).select(Ticket, Machine, Site).join(Machine).join(Site, JOIN.LEFT_OUTER).where(Ticket.parent == parent)
    found = []
    for one in query.order_by(Ticket.is_open.desc(), Ticket.id):
        profile = documents.get(one.machine.profile_id)
        policies = [policy for code in reasons.codes(one.reason) if (policy := profiles.code(profile, code)).safety]
        if policies:
            found.append(SafetyChild(one, policies))
    return found


def answer(
    *,
    by: Actor,
    parent: Ticket,
    said: Answer,
    words: str,
    ticked: Collection[int] = (),
    only_ticked: bool = False,
    seen_at: datetime | None = None,
    form_token: str = "",
    at: datetime | None = None,
) -> int:
    """Move the untouched children on in one step, each with ``words`` as its reason; at most 200, oldest first.

    Of all, or of ``ticked`` alone when ``only_ticked``. Where people may be in danger nothing ends in a sweep: a safety fault is a false
    alarm or solved only when it is ticked.

    What came or changed after ``seen_at`` is left for another step: nobody has decided on it.
    The parent itself stays as it is, and says in its timeline what was done. Returns how many there were; 0 for a form sent again.
    Raises ``Invalid`` without words where they are needed or when only what is left out waits, ``Conflict`` when nothing waits any more,
    ``NotAllowed``.
    """
    by.require("tickets.edit")
    words = words.strip()
    if said != Answer.CONFIRMED and not words:
        raise Invalid(N_("Say why, in a few words."), fields={"words": N_("A reason is needed here.")})
    answered_at = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return 0
        query = untouched(by, parent)
        if seen_at is not None:
            query = query.where(Ticket.changed_at <= seen_at)
        spared = set() if said == Answer.CONFIRMED else {one.ticket.id for one in of_safety(by, parent)}.difference(ticked)
        meant = Ticket.id.in_(list(ticked)) if only_ticked else Ticket.id.not_in(list(spared))
        found = list(db.for_update(query.where(meant)).limit(AT_ONCE))
        if not found and not only_ticked and query.exists():
            raise Invalid(N_("Only safety faults wait here. Tick those that are meant."))
        if not found:
            raise Conflict(N_("None of these tickets waits any more. Look at their present states."), status=parent.status)
        solution = words if said == Answer.SOLVED else None
        for child in found:
            moving.change_status(
                by=by, ticket=child, to=_LEADS_TO[said], version=child.version, reason=words, solution=solution, at=answered_at
            )
        operations.leave_words(by, parent, say(None, SAID[said], count=len(found), words=words), answered_at)
    return len(found)


def last_step(by: Actor, parent: Ticket, at: datetime) -> list[TicketTransition]:
    """The last step that a person made for several children at once, while it can be taken back; empty otherwise."""
    query = TicketTransition.select(TicketTransition, Ticket).join(Ticket).where(Ticket.parent == parent)
    recent = query.where(TicketTransition.at >= at - states.UNDO_WITHIN, TicketTransition.by.is_null(False))
    newest = recent.order_by(TicketTransition.id.desc()).first()
    if newest is None or newest.reason == states.UNDONE:
        return []
    together = recent.where(TicketTransition.at == newest.at, TicketTransition.by == newest.by_id)
    found = [one for one in together.order_by(TicketTransition.id) if moving.undoable(one.ticket, at) == one and _is_seen(by, one.ticket)]
    return found if len(found) > 1 else []


def _is_seen(by: Actor, ticket: Ticket) -> bool:
    return by.area_ids is None or ticket.area_id in by.area_ids


def undo(*, by: Actor, parent: Ticket, at: datetime | None = None) -> int:
    """Take ``last_step`` back for all whose state it still is; returns how many. Raises ``Conflict`` when there is none, ``NotAllowed``."""
    by.require("tickets.edit")
    undone_at = at or clock.now()
    with db.transaction():
        step = last_step(by, parent, undone_at)
        if not step:
            raise Conflict(N_("There is no step any more that could be taken back."), status=parent.status)
        for one in step:
            moving.undo(by=by, ticket=one.ticket, version=one.ticket.version, at=undone_at)
        operations.leave_words(by, parent, say(None, UNDONE, count=len(step)), undone_at)
    return len(step)
