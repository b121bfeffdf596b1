"""What is done with return visits: a quarter is drawn, visits are recorded, swapped with a reason, released when nobody is there any more.

The only writer of draws and return visits (回访计划, 回访记录; 1F-09, 1E-04, N-05).
"""

import json
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.accounts.models import Area, User
from app.callbacks import sampler, visit_pools
from app.callbacks.models import ReturnVisit, ReturnVisitState, VisitDraw
from app.callbacks.visit_pools import PLANNED, VISITED, Pool
from app.core import clock, db, history, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.customers.models import Customer

DRAW, RECORD = "return_visits.draw", "return_visits.record"
MAX_RESULT, MAX_REASON, MAX_SEED = 4_000, 300, 64
WRONG = N_("Something is missing or wrong. See the words beside the fields.")
NO_MACHINE = N_("No machine in service in this area any more.")
_MEANWHILE = N_("Somebody else changed this visit meanwhile.")


def draw_quarter(
    *, by: Actor, area: Area, number: int, seed: str = "", form_token: str | None = None, at: datetime | None = None
) -> VisitDraw:
    """Draw the return visits of quarter ``number`` (``sampler.number_of``) in ``area``; without ``seed`` one is made by chance.

    Who is no longer active is released first. The same form again answers with the draw it made. Raises ``Invalid`` for another quarter
    than the present one, a seed that is too long or when there is nobody to visit, ``Conflict`` when the quarter was drawn already.
    """
    by.require(DRAW)
    drawn_at = at or clock.now()
    _check_quarter(number, drawn_at)
    if len(seed.strip()) > MAX_SEED or not seed.isprintable():
        raise Invalid(WRONG, fields={"seed": N_("At most 64 plain characters, please.")})
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return VisitDraw.get_by_id(int(submissions.result_of(form_token)))
        db.for_update(Area.select().where(Area.id == area.id)).get()  # one draw of an area after the other
        _refuse_second(area, number)
        _release_gone(by, area)
        pool = visit_pools.pool(area, number)
        if not pool.waiting:
            raise Invalid(N_("There is nobody to visit in this area: no customer there has a machine in service."))
        draw = _draw(by, area, pool, seed.strip() or secrets.token_hex(16), drawn_at)
        if form_token:
            submissions.settle(form_token, draw.id)
    return draw


def _check_quarter(number: int, at: datetime) -> None:
    present = visit_pools.number_at(at)
    if number > present:
        raise Invalid(N_("That quarter has not begun yet; it is drawn when it has."))
    if number < present:
        raise Invalid(N_("That quarter is over; the next draw makes up for it."))


def _refuse_second(area: Area, number: int) -> None:
    year, quarter = sampler.quarter_of(number)
    there = VisitDraw.get_or_none(VisitDraw.area == area, VisitDraw.year == year, VisitDraw.quarter == quarter)
    if there is not None:
        words = N_("%(name)s has drawn this quarter for %(area)s already, on %(day)s.")
        raise Conflict(words, name=there.by_name, area=area.name, day=clock.day_of(there.at))


def _draw(by: Actor, area: Area, pool: Pool, seed: str, at: datetime) -> VisitDraw:
    number = visit_pools.number_at(at)
    year, quarter = sampler.quarter_of(number)
    drawn = sampler.draw(seed, pool.waiting, pool.active, pool.turn.turn)
    draw: VisitDraw = VisitDraw.create(
        area=area,
        year=year,
        quarter=quarter,
        cycle=pool.turn.cycle,
        turn=pool.turn.turn,
        seed=seed,
        active=pool.active,
        pool=json.dumps(pool.waiting),
        drawn=json.dumps(drawn),
        digest=sampler.digest(seed, pool.waiting, pool.active, drawn),
        at=at,
        by=by.user_id,
        by_name=by.name,
    )
    for customer_id in drawn:
        ReturnVisit.create(draw=draw, customer=customer_id, area=area, cycle=draw.cycle, state=PLANNED)
    after = {"area_id": area.id, "quarter": visit_pools.quarter_code(number), "seed": seed, "drawn": len(drawn), "digest": draw.digest}
    history.record(by, "visit_draw.drawn", "visit_draw", draw.id, after=after)
    return draw


def _release_gone(by: Actor, area: Area) -> None:
    """Release who is still planned in ``area`` without being active there, and who is planned elsewhere but belongs here now."""
    planned = ReturnVisit.select(ReturnVisit, Customer).join(Customer).where(ReturnVisit.state == PLANNED)
    active = set(visit_pools.active_customers(area))
    for visit in planned.where((ReturnVisit.area == area) | (Customer.area == area)):
        if (visit.area_id == area.id) != (visit.customer_id in active):
            _change(visit, visit.version, "released", by, state=ReturnVisitState.RELEASED, reason=NO_MACHINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRecord:
    """What a return visit brought: the day, who was there, what was said, the customer's score (1 to 5) if one was given."""

    visited_on: date | None
    result: str
    score: int | None = None
    visitor: User | None = None


def record(*, by: Actor, visit: ReturnVisit, found: VisitRecord, version: int, at: datetime | None = None) -> None:
    """Write the record of a visit, or correct it. Raises ``Invalid`` with the words beside each field, ``Conflict`` when it was changed
    meanwhile or is no longer planned."""
    by.require(RECORD)
    _check_record(visit, found, clock.day_of(at or clock.now()))
    with db.transaction():
        if visit.state not in visit_pools.TAKEN:
            raise Conflict(N_("This visit is no longer planned: somebody else took its place, or it was released."))
        who = found.visitor
        fields: dict[str, Any] = {"visited_on": found.visited_on, "result": found.result.strip(), "score": found.score}
        fields |= {"by": who.id if who else by.user_id, "by_name": who.name if who else by.name}
        _change(visit, version, "corrected" if visit.state == VISITED else "recorded", by, state=VISITED, **fields)


def _check_record(visit: ReturnVisit, found: VisitRecord, today: date) -> None:
    wrong = {}
    if found.visited_on is None:
        wrong["visited_on"] = N_("On which day was it?")
    elif found.visited_on > today:
        wrong["visited_on"] = N_("This day is still to come.")
    elif found.visited_on < clock.day_of(visit.draw.at):
        wrong["visited_on"] = N_("This lies before the draw.")
    if not found.result.strip() or len(found.result) > MAX_RESULT:
        wrong["result"] = N_("Say in words what the customer said, in at most 4,000 characters.")
    if found.score is not None and not 1 <= found.score <= 5:
        wrong["score"] = N_("From 1 to 5.")
    if wrong:
        raise Invalid(WRONG, fields=wrong)


def swap(*, by: Actor, visit: ReturnVisit, reason: str, version: int) -> ReturnVisit:
    """Let the next lot of the draw take the place of ``visit``, whose customer goes back to the pool; returns the new visit.

    Raises ``Invalid`` without a reason, ``Conflict`` when it was changed meanwhile or nobody can take its place.
    """
    by.require(RECORD)
    reason = _checked_reason(reason)
    with db.transaction():
        db.for_update(Area.select().where(Area.id == visit.area_id)).get()  # no draw and no other swap takes the same customer
        refusal = why_not_swapped(visit)
        following = visit_pools.successor(visit) if refusal is None else None
        if following is None:
            raise Conflict(refusal or N_("Everybody else in the pool is planned or visited already; nobody can take this place."))
        _change(visit, version, "swapped", by, state=ReturnVisitState.SWAPPED, reason=reason, by=by.user_id, by_name=by.name)
        new: ReturnVisit = ReturnVisit.create(
            draw=visit.draw, customer=following, area=visit.area, cycle=visit.cycle, state=PLANNED, instead_of=visit
        )
        history.record(by, "return_visit.planned", "return_visit", new.id, after={"customer_id": following.id, "instead_of": visit.id})
    return new


def why_not_swapped(visit: ReturnVisit) -> str | None:
    """Why ``visit`` cannot be swapped, as a message id; None when it can while somebody is left in the pool."""
    if visit.state != PLANNED:
        return N_("Only a planned visit can be swapped.")
    if visit.draw.turn == sampler.TURNS:
        return N_("The fourth quarter of a cycle visits everybody who is left; nobody can be swapped.")
    last = visit_pools.last_draw(visit.area_id)
    if last is not None and last.id != visit.draw_id:
        return N_("A later quarter has been drawn since; this visit can only be made.")
    return None


def release(*, by: Actor, visit: ReturnVisit, reason: str, version: int) -> None:
    """Give up a visit whose customer is no longer active. Raises ``Invalid`` without a reason, ``Conflict`` for one who is still active."""
    by.require(RECORD)
    reason = _checked_reason(reason)
    with db.transaction():
        if visit.state != PLANNED:
            raise Conflict(N_("Only a planned visit can be released."))
        if visit_pools.is_active(visit):
            raise Conflict(N_("This customer still has machines in service here: swap the visit instead."))
        _change(visit, version, "released", by, state=ReturnVisitState.RELEASED, reason=reason, by=by.user_id, by_name=by.name)


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        raise Invalid(WRONG, fields={"reason": N_("Say why, in at most 300 characters.")})
    return reason


def _change(visit: ReturnVisit, version: int, what: str, actor: Actor, **fields: Any) -> None:
    is_mine = (ReturnVisit.id == visit.id) & (ReturnVisit.version == version) & (ReturnVisit.state == visit.state)
    if ReturnVisit.update(version=ReturnVisit.version + 1, **fields).where(is_mine).execute() != 1:
        raise Conflict(_MEANWHILE)
    shown = [name for name in fields if name != "by"]
    before = {name: getattr(visit, name) for name in shown}
    for name, value in fields.items():
        setattr(visit, name, value)
    visit.version = version + 1
    after = {name: fields[name] for name in shown}
    history.record(actor, f"return_visit.{what}", "return_visit", visit.id, before=before, after=after)
