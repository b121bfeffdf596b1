"""What area managers propose for orders of their areas, and what deputy or manager decide (product, Who uses it)."""

from datetime import datetime

from peewee import JOIN, ModelSelect

from app.accounts.models import Role, User
from app.accounts.notices import notify
from app.core import clock, db, history, live, submissions
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.types import Actor
from app.roster.queries import on_duty
from app.work_orders import telling
from app.work_orders.models import QUEUED_STATUSES, Proposal, WorkOrder
from app.work_orders.writing import LIVE, MISSING, record

PROPOSE, DECIDE = "orders.propose", "orders.dispatch"
MAX_TEXT = 500
SHOWN = 50


def propose(
    *,
    by: Actor,
    order: WorkOrder,
    user: User | None = None,
    planned_from: datetime | None = None,
    text: str = "",
    form_token: str | None = None,
    at: datetime | None = None,
) -> None:
    """Propose another person or time for an order that is in the queue or out; the deputies on duty are told.

    Raises ``Conflict`` for an order that is done, ``Invalid`` for a proposal that says nothing, ``NotAllowed``.
    """
    by.require(PROPOSE)
    now = at or clock.now()
    if user is None and planned_from is None and not text.strip():
        raise Invalid(MISSING, fields={"text": N_("Propose a person, a time, or say what should be different.")})
    if not order.is_out and order.status not in QUEUED_STATUSES:
        raise Conflict(N_("This order is done or called off; nothing is to be proposed any more."))
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return
        Proposal.create(
            order=order, at=now, by=by.user_id, by_name=by.name, user=user, planned_from=planned_from, text=text.strip()[:MAX_TEXT]
        )
        record(by, "proposed", order, after={"user_id": user.id if user else None, "planned_from": planned_from, "text": text.strip()})
        notify(
            [one.id for one in on_duty(Role.DEPUTY, now)], N_("%(who)s proposes a change of %(number)s."), href="/dispatch#proposals",
            at=now, who=by.name, number=order.number,
        )  # fmt: skip
        if form_token:
            submissions.settle(form_token, order.id)


def decide(*, by: Actor, proposal: Proposal, is_taken: bool, answer: str = "", at: datetime | None = None) -> None:
    """Take or decline a proposal; who proposed it is told. Raises ``Conflict`` when that was done, ``Invalid``, ``NotAllowed``.

    Declining needs words. Taking it changes nothing by itself: the order is given to somebody else by ``planning.reassign``.
    """
    by.require(DECIDE)
    now = at or clock.now()
    if not is_taken and not answer.strip():
        raise Invalid(MISSING, fields={"answer": N_("Say why, in a few words.")})
    with db.transaction():
        values = {"decided_at": now, "decided_by_name": by.name, "is_taken": is_taken, "answer": answer.strip()[:MAX_TEXT]}
        if Proposal.update(values).where(Proposal.id == proposal.id, Proposal.decided_at.is_null()).execute() != 1:
            raise Conflict(N_("This proposal was decided meanwhile."))
        history.record(by, "order.proposal_decided", "order", proposal.order.number, after={"is_taken": is_taken, "answer": answer.strip()})
        live.touch(LIVE)
        message = (
            N_("%(who)s took your proposal for %(number)s.")
            if is_taken
            else N_("%(who)s declined your proposal for %(number)s: %(answer)s")
        )
        notify(
            [proposal.by_id], message, href=telling.desk_address(proposal.order), at=now, who=by.name, number=proposal.order.number,
            answer=answer.strip(),
        )  # fmt: skip


def undecided(actor: Actor) -> list[Proposal]:
    """What waits for a decision, in what ``actor`` may see, oldest first."""
    return list(_visible(actor).where(Proposal.decided_at.is_null()).order_by(Proposal.at, Proposal.id).limit(SHOWN))


def of_order(order: WorkOrder) -> list[Proposal]:
    """All proposals for an order, newest first."""
    query = Proposal.select(Proposal, User).join(User, JOIN.LEFT_OUTER, on=Proposal.user == User.id)
    return list(query.where(Proposal.order == order).order_by(Proposal.id.desc()))


def by_id(actor: Actor, proposal_id: int) -> Proposal:
    """Raises ``NotFound`` for one about an order that ``actor`` may not see."""
    found: Proposal | None = _visible(actor).where(Proposal.id == proposal_id).get_or_none()
    if found is None:
        raise NotFound(N_("There is no such proposal, or it is not for you to see."))
    return found


def _visible(actor: Actor) -> ModelSelect:
    query = (
        Proposal.select(Proposal, WorkOrder, User)
        .join_from(Proposal, WorkOrder)
        .join_from(Proposal, User, JOIN.LEFT_OUTER, on=Proposal.user == User.id)
    )
    return query if actor.area_ids is None else query.where(WorkOrder.area.in_(sorted(actor.area_ids)))
