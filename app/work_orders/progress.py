"""What the technician does with a job: accept, return, set off, arrive, wait for parts, come again, finish; and how the desk ends it.

Accepting, arriving and finishing are compulsory; setting off may be skipped. Times that were not tapped are entered later and marked
so. The deputy may accept for somebody who confirmed by phone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core import clock, db, known_settings
from app.core.errors import N_, Conflict, Invalid, NotAllowed
from app.core.known_settings import Group, KnownSetting, SettingKind
from app.core.types import Actor
from app.roster import calendars
from app.tickets import clocks
from app.tickets.models import ClockKind, Ticket
from app.tickets.orders import close_when_at_rest
from app.work_orders import gate, queries, states, telling, visits
from app.work_orders.models import OrderStatus, Visit, WorkOrder
from app.work_orders.visits import USUAL_LENGTH, Assignment
from app.work_orders.writing import MISSING, Hold, locked, move, record, stale

# What keeps a filed order from being archived: each is asked while the order's row is locked.
ARCHIVE_HOLDS: list[Hold] = []
WORK, ACCEPT_FOR, FILE = "jobs.work", "jobs.accept_for", "orders.file"

CALL_BACK_DAYS = known_settings.register(
    KnownSetting(
        "call_back_days", N_("Working days until a finished dispatch is called back"), 2, SettingKind.WHOLE, Group.CLOCKS, least=1, most=30
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Times of a visit as they are asked for when they were not tapped; None leaves what is there."""

    departed_at: datetime | None = None
    arrived_at: datetime | None = None
    left_at: datetime | None = None


def check_own(by: Actor, order: WorkOrder) -> None:
    """Raise ``NotAllowed`` unless ``by`` works on ``order`` as its lead or goes along; ``Conflict`` when that is over by now."""
    by.require(WORK)
    if by.user_id is not None and by.user_id not in visits.people_of(order):
        raise _not_yours(by, order)


def _check_lead(by: Actor, order: WorkOrder) -> None:
    by.require(WORK)
    if by.user_id is not None and by.user_id != order.lead_id:
        raise _not_yours(by, order)


def _not_yours(by: Actor, order: WorkOrder) -> Exception:
    had_it = WorkOrder.select().where(WorkOrder.id == order.id, queries.works_on(by.user_id)).exists()
    if not had_it or by.user_id in visits.people_of(order):
        return NotAllowed(N_("This job is another technician's."))
    if order.lead_id is None:
        return Conflict(N_("This job is not yours any more: it stands in the queue again."))
    return Conflict(N_("This job is not yours any more: %(lead)s has it now."), lead=order.lead.name)


def _check_start(order: WorkOrder, *starts: OrderStatus) -> None:
    """Two operations may lead to one state from different ones: each begins where it makes sense."""
    if order.status not in starts:
        raise stale(order.id)


def accept(*, by: Actor, order: WorkOrder, version: int, at: datetime | None = None) -> None:
    """Accept a job (接单): its lead, or the deputy for a lead who confirmed by phone. Raises ``Conflict``, ``NotAllowed``."""
    if not by.may(ACCEPT_FOR):
        _check_lead(by, order)
    _check_start(order, OrderStatus.DISPATCHED)
    now = at or clock.now()
    with db.transaction():
        move(by, order, OrderStatus.ACCEPTED, version, at=now, now=now, accept_by=None)


def decline(*, by: Actor, order: WorkOrder, version: int, reason: str, at: datetime | None = None) -> None:
    """Return a job (退单) with the reason: it goes back to the queue, and its dispatcher is told.

    Raises ``Conflict`` for a job that is under way already, ``Invalid`` without a reason, ``NotAllowed``.
    """
    _check_lead(by, order)
    if order.version == version and order.status in (OrderStatus.TRAVELLING, OrderStatus.ON_SITE):
        raise Conflict(N_("You are on your way or there already; the job can no longer be returned. Ask the deputy to send somebody else."))
    now = at or clock.now()
    with db.transaction():
        come_back(by, order, version, reason, now)


def come_back(by: Actor, order: WorkOrder, version: int, reason: str, now: datetime) -> None:
    """Put an order back into the queue as returned, in the running transaction; who dispatched it is told."""
    before = order.lead
    visits.end(order, now)
    move(by, order, OrderStatus.DECLINED, version, at=now, now=now, reason=reason, lead=None, accept_by=None, reminded_at=None)
    telling.returned(by, order, before, reason, now)


def set_off(*, by: Actor, order: WorkOrder, version: int, at: datetime | None = None) -> None:
    """On the way (出发). Raises ``Conflict``, ``NotAllowed``."""
    check_own(by, order)
    now = at or clock.now()
    with db.transaction():
        move(by, order, OrderStatus.TRAVELLING, version, at=now, now=now)
        visit = _visit(order, now)
        Visit.update(departed_at=now).where(Visit.id == visit.id).execute()


def arrive(
    *,
    by: Actor,
    order: WorkOrder,
    version: int,
    watcher: str = "",
    gas_reading: str = "",
    is_stop_confirmed: bool = False,
    at: datetime | None = None,
) -> None:
    """There (到场): the arrival clock of the ticket is met. In a pit the watching person and the gas reading are asked for.

    Raises ``Invalid`` when they are missing, or when a safety stop was not confirmed; ``Conflict``, ``NotAllowed``.
    """
    check_own(by, order)
    _check_start(order, OrderStatus.ACCEPTED, OrderStatus.TRAVELLING, OrderStatus.WAITING_PARTS)
    now = at or clock.now()
    _check_safety(order, watcher, gas_reading, is_stop_confirmed)
    with db.transaction():
        move(by, order, OrderStatus.ON_SITE, version, at=now, now=now)
        visit = _visit(order, now)
        values = {"arrived_at": now, "watcher": watcher.strip()[:60], "gas_reading": gas_reading.strip()[:120]}
        Visit.update(stop_confirmed_at=now if order.is_stop else None, **values).where(Visit.id == visit.id).execute()
        _meet_arrival(order, now)


def _check_safety(order: WorkOrder, watcher: str, gas_reading: str, is_stop_confirmed: bool) -> None:
    fields = {}
    if order.is_pit and not watcher.strip():
        fields["watcher"] = N_("Nobody goes down alone: name the person who watches.")
    if order.is_pit and not gas_reading.strip():
        fields["gas_reading"] = N_("Ventilate, then measure: enter the gas reading.")
    if order.is_stop and not is_stop_confirmed:
        fields["is_stop_confirmed"] = N_("This fault is a safety stop: confirm it before anybody goes down.")
    if fields:
        raise Invalid(MISSING, fields=fields)


def _meet_arrival(order: WorkOrder, at: datetime) -> None:
    if order.ticket_id is not None:
        clocks.meet(db.for_update(Ticket.select().where(Ticket.id == order.ticket_id)).get(), ClockKind.ARRIVAL, at)


def wait_for_parts(*, by: Actor, order: WorkOrder, version: int, reason: str, at: datetime | None = None) -> None:
    """Nothing can be done before parts come (待配件); ``reason`` names them. Raises ``Conflict``, ``Invalid``, ``NotAllowed``."""
    check_own(by, order)
    now = at or clock.now()
    with db.transaction():
        visits.end(order, now)
        move(by, order, OrderStatus.WAITING_PARTS, version, at=now, now=now, reason=reason)
        telling.waits_for_parts(by, order, reason, now)


def come_again(*, by: Actor, order: WorkOrder, version: int, planned_from: datetime, reason: str = "", at: datetime | None = None) -> None:
    """This visit is over and another one follows at ``planned_from``. Raises ``Conflict``, ``Invalid`` for a time that is past."""
    check_own(by, order)
    _check_start(order, OrderStatus.ON_SITE, OrderStatus.WAITING_PARTS)
    now = at or clock.now()
    if planned_from <= now:
        raise Invalid(MISSING, fields={"planned_from": N_("The next visit is at a time to come.")})
    with db.transaction():
        visits.end(order, now)
        move(by, order, OrderStatus.ACCEPTED, version, at=now, now=now, reason=reason)
        visits.plan(order, Assignment(lead=order.lead, planned_from=planned_from, planned_until=planned_from + USUAL_LENGTH))


def finish(*, by: Actor, order: WorkOrder, version: int, at: datetime | None = None) -> None:
    """Done (完工): the ticket is resolved with its last order, and the call-back is due. Finishing waits for no signature.

    Raises ``Conflict``, ``NotAllowed``.
    """
    check_own(by, order)
    now = at or clock.now()
    with db.transaction():
        visits.end(order, now)
        move(
            by, order, OrderStatus.FINISHED, version, at=now, now=now,
            finished_at=now, call_back_due_at=call_back_due(now), help_wanted_at=None,
        )  # fmt: skip


def call_back_due(at: datetime) -> datetime:
    """When a dispatch finished ``at`` is to be called back: so many working days later (default 2), at the same time of day."""
    calendar, local = calendars.present(), at.astimezone(clock.zone())
    day, left = local.date(), int(CALL_BACK_DAYS.value())
    while left:
        day += timedelta(days=1)
        left -= calendar.is_working_day(day)
    return local.replace(year=day.year, month=day.month, day=day.day).astimezone(UTC)


def take_back_finish(*, by: Actor, order: WorkOrder, version: int, at: datetime | None = None) -> None:
    """Finished by mistake: on site again, within an hour and before anybody called. Raises ``Conflict``, ``NotAllowed``."""
    check_own(by, order)
    now = at or clock.now()
    is_late = order.finished_at is None or now - order.finished_at > states.UNDO_FINISH_WITHIN
    if order.version == version and (is_late or order.called_back_at is not None):
        raise Conflict(N_("It was finished too long ago, or the customer was called already. Ask the desk for a new order."))
    with db.transaction():
        move(by, order, OrderStatus.ON_SITE, version, at=now, now=now, finished_at=None, call_back_due_at=None)
        visit = visits.last(order)
        if visit is not None:
            Visit.update(left_at=None).where(Visit.id == visit.id).execute()


def enter_times(*, by: Actor, order: WorkOrder, visit: Visit, times: Times, at: datetime | None = None) -> None:
    """Enter times that were not tapped; the visit is marked as entered later. Raises ``Invalid`` for times that cannot be."""
    check_own(by, order)
    now = at or clock.now()
    given = {name: value for name in ("departed_at", "arrived_at", "left_at") if (value := getattr(times, name)) is not None}
    merged = {name: given.get(name, getattr(visit, name)) for name in ("departed_at", "arrived_at", "left_at")}
    known = [value for value in merged.values() if value is not None]
    if any(value > now for value in known):
        raise Invalid(MISSING, fields={next(iter(given)): N_("This time has not come yet.")})
    if known != sorted(known) or (merged["left_at"] and not merged["arrived_at"]):
        raise Invalid(MISSING, fields={next(iter(given)): N_("First one sets off, then arrives, then leaves.")})
    if given:
        with db.transaction():
            Visit.update(is_entered_later=True, **given).where(Visit.id == visit.id).execute()
            record(by, "times_entered", order, after={name: str(value) for name, value in given.items()})


def begin_repair(*, by: Actor, order: WorkOrder, at: datetime | None = None) -> None:
    """The technician's diagnosis becomes the repair on the same visit. Raises as ``check_own`` and ``gate.begin_repair`` do."""
    check_own(by, order)
    gate.begin_repair(by=by, order=order, at=at)


def parts_are_here(*, by: Actor, order: WorkOrder, version: int, at: datetime | None = None) -> None:
    """The parts that were waited for have come: the order stands in the queue again. Raises ``Conflict``, ``NotAllowed``."""
    by.require("orders.create")
    now = at or clock.now()
    with db.transaction():
        move(by, order, OrderStatus.DRAFT, version, at=now, now=now, lead=None)


def file(*, by: Actor, order: WorkOrder, version: int, at: datetime | None = None) -> None:
    """The clerk has the report and files the order (收单), which rests at once when its call-back does. Raises ``Conflict``."""
    by.require(FILE)
    now = at or clock.now()
    with db.transaction():
        move(by, order, OrderStatus.FILED, version, at=now, now=now, filed_at=now, filed_by_name=by.name)
        archive_when_at_rest(by=by, order=order, at=now)


def archive_when_at_rest(*, by: Actor, order: WorkOrder, at: datetime) -> bool:
    """Archive a filed order whose call-back is archived (归档), in the running transaction; closes its ticket with the last one.

    While one of ``ARCHIVE_HOLDS`` speaks against it the order stays filed; whoever ends the hold calls this again.
    """
    if order.status != OrderStatus.FILED or order.call_back_archived_at is None or archive_hold(order) is not None:
        return False
    move(by, order, OrderStatus.ARCHIVED, order.version, at=at, now=at, archived_at=at)
    if order.ticket_id is not None:
        others = WorkOrder.select().where(WorkOrder.ticket == order.ticket_id, WorkOrder.id != order.id)
        at_rest = (OrderStatus.ARCHIVED, OrderStatus.CANCELLED)
        if not others.where(WorkOrder.status.not_in(at_rest)).exists():
            close_when_at_rest(by=by, ticket_id=order.ticket_id, at=at)
    return True


def archive_hold(order: WorkOrder) -> str | None:
    """The words of what keeps ``order`` from being archived, None when nothing does; its row is locked while it is asked."""
    locked(order)
    return next((words for hold in ARCHIVE_HOLDS if (words := hold(order)) is not None), None)


def _visit(order: WorkOrder, now: datetime) -> Visit:
    """The visit that somebody is going on; planned now when none was."""
    return visits.present(order) or visits.plan(order, Assignment(lead=order.lead, planned_from=now, planned_until=now + USUAL_LENGTH))
