"""The clerk records what a customer said on the phone, and corrects it until it is signed (2E-17, 2E-18, 2E-19)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.accounts.models import Role
from app.accounts.notices import notify
from app.callbacks import scores, tries
from app.callbacks.models import CallBack, CallBackOutcome, CallBackStatus
from app.callbacks.scores import Scores
from app.callbacks.writing import MISSING, RECORD, claim, lock_due, record, stale
from app.core import clock, db, submissions
from app.core.errors import N_, Invalid, NotAllowed
from app.core.types import Actor
from app.roster.queries import on_duty
from app.work_orders.models import WorkOrder

MAX_TEXT = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What one phone call brought; without "reached" there are no scores."""

    outcome: CallBackOutcome
    scores: Scores = scores.NONE
    contact_name: str = ""
    contact_phone: str = ""
    is_hotline_told: bool = False
    text: str = ""

    def fields(self, own: Scores | None = None) -> dict[str, Any]:
        """The fields of a record; ``own`` are the scores of a dispatch that was scored otherwise."""
        given = (own or self.scores) if self.outcome == CallBackOutcome.REACHED else scores.NONE
        return given.columns() | {
            "outcome": self.outcome,
            "is_poor": given.is_poor,
            "contact_name": self.contact_name.strip()[:60],
            "contact_phone": self.contact_phone.strip()[:30],
            "is_hotline_told": self.is_hotline_told,
            "text": self.text.strip(),
        }


@dataclass(frozen=True, slots=True)
class About:
    """A dispatch that the call was about; ``scores`` of its own, None when they are those of the call."""

    order: WorkOrder
    scores: Scores | None = None


def save(*, by: Actor, abouts: Sequence[About], call: Call, form_token: str = "", at: datetime | None = None) -> list[CallBack]:
    """Record a call about one or several finished dispatches of one customer: one record each.

    The first of ``abouts`` is the one the call was made for. The same form sent again answers with the records of the first
    sending. Raises ``Conflict`` with who recorded one of them already, ``Invalid`` with the words beside each field, ``NotAllowed``.
    """
    by.require(RECORD)
    now = at or clock.now()
    _check(abouts, call)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return list(CallBack.select().where(CallBack.call == submissions.result_of(form_token)).order_by(CallBack.id))
        shared, own = secrets.token_hex(16), {about.order.id: about.scores for about in abouts}
        made = [_save(by, order, shared, now, call.fields(own[order.id])) for order in lock_due([about.order for about in abouts])]
        if form_token:
            submissions.settle(form_token, shared)
    return made


def _check(abouts: Sequence[About], call: Call) -> None:
    wrong = _wrong(call)
    if len({about.order.customer_id for about in abouts}) > 1:
        wrong["also"] = N_("One call is with one customer.")
    for about in abouts[1:]:
        if about.scores is not None and call.outcome == CallBackOutcome.REACHED:
            wrong |= {f"{name}_{about.order.id}": _A_SCORE for name in about.scores.missing() if name not in wrong}
    if call.outcome == CallBackOutcome.UNREACHABLE and not all(tries.may_give_up(about.order) for about in abouts):
        wrong["outcome"] = _TOO_FEW_TRIES
    if wrong:
        raise Invalid(MISSING, fields=wrong)


def _wrong(call: Call) -> dict[str, str]:
    wrong = dict.fromkeys(call.scores.missing(), _A_SCORE) if call.outcome == CallBackOutcome.REACHED else {}
    if len(call.text) > MAX_TEXT:
        wrong["text"] = N_("Say it in at most 4,000 characters.")
    return wrong


_A_SCORE = N_("Ask for a score from 1 to 5.")
_TOO_FEW_TRIES = N_("Not reachable is said only after calls on three different days. Note this call as one of them.")


def _save(by: Actor, order: WorkOrder, shared: str, now: datetime, said: dict[str, Any]) -> CallBack:
    WorkOrder.update(called_back_at=now, version=WorkOrder.version + 1).where(WorkOrder.id == order.id).execute()
    made = CallBack.create(
        order=order,
        status=CallBackStatus.RECORDED,
        call=shared,
        called_at=now,
        technician=order.lead_id,
        customer=order.customer_id,
        area=order.area_id,
        machine=order.machine_id,
        recorded_at=now,
        recorded_by=by.user_id,
        recorded_by_name=by.name,
        **said,
    )
    after, personal = _said(made)
    record(by, "recorded", order, after=after, personal=personal)
    _tell_poor(by, made, order, now)
    return made


def correct(*, by: Actor, call_back: CallBack, version: int, call: Call, at: datetime | None = None) -> None:
    """Correct one's own record while nobody has signed it. Raises ``Conflict`` when somebody has, ``Invalid``, ``NotAllowed``."""
    check_own(by, call_back)
    now = at or clock.now()
    wrong = _wrong(call)
    if call.outcome == CallBackOutcome.UNREACHABLE and not tries.may_give_up(call_back.order):
        wrong["outcome"] = _TOO_FEW_TRIES
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    with db.transaction():
        if call_back.status != CallBackStatus.RECORDED:
            raise stale(call_back.id)
        before, _personal = _said(call_back)
        claim(call_back, version, **call.fields())
        after, personal = _said(call_back)
        record(by, "corrected", call_back.order, before=before, after=after, personal=personal)
        _tell_poor(by, call_back, call_back.order, now)


def check_own(by: Actor, call_back: CallBack) -> None:
    """Raise ``NotAllowed`` unless ``by`` recorded this call."""
    by.require(RECORD)
    if by.user_id != call_back.recorded_by_id:
        raise NotAllowed(N_("%(who)s recorded this call; nobody else may correct it."), who=call_back.recorded_by_name)


def _said(call_back: CallBack) -> tuple[dict[str, Any], dict[str, str]]:
    names = ("outcome", *(f"{name}_score" for name in scores.NAMES), "is_hotline_told", "text")
    personal = {"contact_name": call_back.contact_name, "contact_phone": call_back.contact_phone}
    return {name: getattr(call_back, name) for name in names}, {name: value for name, value in personal.items() if value}


def _tell_poor(by: Actor, call_back: CallBack, order: WorkOrder, now: datetime) -> None:
    if call_back.is_poor:
        people = sorted({user.id for user in on_duty(Role.DEPUTY, now)} - {by.user_id})
        message = N_("A customer gave a poor score: %(number)s %(title)s. It waits for your signature and a follow-up.")
        notify(
            people, message, href=f"/call-backs/{call_back.id}", key=f"poor:{call_back.id}", at=now, number=order.number, title=order.title
        )
