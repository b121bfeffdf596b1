"""Stock counts (盘点): counted blind, handed in, approved by somebody else, the differences booked (2A-14, 2B-19).

What moves while one counts is in the books when the numbers are handed in: ``booked`` of each line is what the books say then, so that
the difference is what was counted − (what was booked at the start + what moved since). What moves afterwards does not change it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from peewee import IntegrityError

from app.core import clock, db, history, live, numbering, submissions
from app.core.errors import N_, Conflict, Invalid, NotAllowed
from app.core.types import Actor
from app.parts import ledger, moving
from app.parts.models import CountStatus, MovementKind, Part, PartUnit, PlaceKind, StockBalance, StockCount, StockCountLine, StockPlace
from app.parts.moving import MOVE, Load, Trip, serials_in

APPROVE = "stock.approve_count"
PREFIX = "K"
_OPEN = (CountStatus.COUNTING, CountStatus.SUBMITTED)
_MOVED_ON = N_("This count was moved on meanwhile: %(number)s. Look at it again.")


@dataclass(frozen=True, slots=True)
class Said:
    """What was counted of one line; None: not counted yet."""

    counted: Decimal | None
    remark: str = ""


def start(*, by: Actor, place: StockPlace, form_token: str | None = None, at: datetime | None = None) -> StockCount:
    """Begin a count of what ``place`` holds or should hold. Raises ``Conflict`` while another is open there, ``NotAllowed``."""
    by.require(MOVE)
    begun = at or clock.now()
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return StockCount.get(StockCount.number == submissions.result_of(form_token))
        if (other := _open_in(place)) is not None:
            raise Conflict(N_("%(place)s is being counted already: %(number)s."), place=place.name, number=other.number)
        number = numbering.next_number(PREFIX, begun)
        count: StockCount = StockCount.create(
            number=number, status=CountStatus.COUNTING, place=place, started_at=begun, by=by.user_id, by_name=by.name
        )
        held = (StockBalance.place == place) & ((StockBalance.quantity != 0) | (StockBalance.minimum > 0))
        for row in StockBalance.select().where(held):
            StockCountLine.create(count=count, part=row.part_id, booked=row.quantity)
        if form_token:
            submissions.settle(form_token, number)
        _record(by, "started", count, place=place.name)
    return count


def _open_in(place: StockPlace) -> StockCount | None:
    count: StockCount | None = StockCount.get_or_none(StockCount.place == place, StockCount.status.in_(_OPEN))
    return count


def enter(*, by: Actor, count: StockCount, said: Mapping[int, Said], more: Iterable[tuple[Part, Decimal]] = ()) -> None:
    """Note what was counted: by line, and of parts that the books do not know there (``more``).

    Raises ``Invalid`` for less than nothing, ``Conflict`` when it is not being counted, ``NotAllowed``.
    """
    by.require(MOVE)
    wrong = {f"counted-{line_id}": N_("A quantity cannot be less than nothing.") for line_id, one in said.items() if (one.counted or 0) < 0}
    if wrong:
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields=wrong)
    with db.transaction():
        _claim(count, CountStatus.COUNTING, {})
        for line_id, one in said.items():
            mine = (StockCountLine.id == line_id) & (StockCountLine.count == count)
            StockCountLine.update(counted=one.counted, remark=one.remark[:200]).where(mine).execute()
        for part, quantity in more:
            line, _is_new = StockCountLine.get_or_create(count=count, part=part, defaults={"booked": ledger.held(count.place, part)})
            StockCountLine.update(counted=quantity).where(StockCountLine.id == line.id).execute()
        live.touch(ledger.LIVE)


def submit(*, by: Actor, count: StockCount, at: datetime | None = None) -> None:
    """Hand the numbers in: every line is counted, pieces with serial numbers that are missing or extra are named.

    Raises ``Invalid`` with the words beside each line, ``Conflict`` when it is not being counted, ``NotAllowed``.
    """
    by.require(MOVE)
    with db.transaction():
        _claim(count, CountStatus.COUNTING, {"status": CountStatus.SUBMITTED, "submitted_at": at or clock.now()})
        wrong: dict[str, str] = {}
        for line in StockCountLine.select(StockCountLine, Part).join(Part).where(StockCountLine.count == count):
            booked = ledger.held(count.place, line.part)
            StockCountLine.update(booked=booked).where(StockCountLine.id == line.id).execute()
            wrong |= _mistakes(line, booked)
        if wrong:
            raise Invalid(N_("Some lines are not complete. See the words beside the fields."), fields=wrong)
        _record(by, "submitted", count)


def _mistakes(line: StockCountLine, booked: Decimal) -> dict[str, str]:
    if line.counted is None:
        return {f"counted-{line.id}": N_("Not counted yet.")}
    difference = abs(line.counted - booked)
    if line.part.has_serials and difference and len(set(serials_in(line.remark))) != difference:
        return {f"remark-{line.id}": N_("The books say otherwise. Write the serial numbers of the missing or extra pieces here.")}
    return {}


def approve(*, by: Actor, count: StockCount, version: int, at: datetime | None = None) -> None:
    """Approve the numbers and book the differences. Raises ``NotAllowed`` for who counted, ``Conflict`` when somebody was quicker or a
    piece is elsewhere, ``Invalid`` when the store holds less than would be taken away by now.
    """
    _require_another(by, count)
    decided = at or clock.now()
    with db.transaction():
        values = {"status": CountStatus.APPROVED, "decided_at": decided, "decided_by": by.user_id, "decided_by_name": by.name}
        _claim(count, CountStatus.SUBMITTED, values, version)
        differing = (StockCountLine.count == count) & (StockCountLine.counted != StockCountLine.booked)
        for line in StockCountLine.select(StockCountLine, Part).join(Part).where(differing):
            _book(by, count, line, decided)
        _record(by, "approved", count)


def _book(by: Actor, count: StockCount, line: StockCountLine, at: datetime) -> None:
    difference, outside = line.counted - line.booked, ledger.place_of(PlaceKind.DIFFERENCE)
    source, goal = (outside, count.place) if difference > 0 else (count.place, outside)
    serials = serials_in(line.remark) if line.part.has_serials else ()
    if difference > 0:
        _is_new_or_missed(line.part, serials, outside)
    trip = Trip(kind=MovementKind.COUNT, source=source, goal=goal, at=at, about=count.number, remark=line.remark)
    moving.put(by, Load(line.part, abs(difference), serials), trip)


def _is_new_or_missed(part: Part, serials: tuple[str, ...], outside: StockPlace) -> None:
    """A piece that was found was never known, or missed by an earlier count; else the books have it elsewhere."""
    there = PartUnit.select().where(PartUnit.part == part, PartUnit.serial.in_(serials or ("",)))
    for unit in there:
        if unit.place_id != outside.id:
            where = unit.machine.serial if unit.machine_id else unit.place.name
            raise Conflict(N_("%(part)s %(serial)s is elsewhere: %(where)s."), part=part.name, serial=unit.serial, where=where)


def reject(*, by: Actor, count: StockCount, version: int, remark: str, at: datetime | None = None) -> None:
    """Turn the numbers down, with a word why. Raises ``Invalid`` without one, ``NotAllowed`` for who counted, ``Conflict``."""
    _require_another(by, count)
    if not remark:
        raise Invalid(N_("Why is it turned down?"), fields={"remark": N_("Please give the reason.")})
    with db.transaction():
        values = {"status": CountStatus.REJECTED, "decided_at": at or clock.now(), "decided_by": by.user_id, "decided_by_name": by.name}
        _claim(count, CountStatus.SUBMITTED, values | {"remark": remark[:300]}, version)
        _record(by, "rejected", count, remark=remark[:300])


def count_again(*, by: Actor, count: StockCount, version: int) -> None:
    """A count that was turned down is counted again. Raises ``Conflict`` while another count of the store is open, ``NotAllowed``."""
    by.require(MOVE)
    values = {"status": CountStatus.COUNTING, "submitted_at": None, "decided_at": None, "decided_by": None, "decided_by_name": ""}
    try:
        with db.transaction():
            _claim(count, CountStatus.REJECTED, values, version)
            _record(by, "reopened", count)
    except IntegrityError:
        raise Conflict(N_("%(place)s is being counted already."), place=count.place.name) from None


def _require_another(by: Actor, count: StockCount) -> None:
    by.require(APPROVE)
    if by.user_id == count.by_id:
        raise NotAllowed(N_("Who counted does not approve. Another deputy or manager does."))


def _claim(count: StockCount, status: CountStatus, values: Mapping[str, Any], version: int | None = None) -> None:
    """Change the count that has ``status`` still (and ``version``, if given), in the running transaction."""
    mine = (StockCount.id == count.id) & (StockCount.status == status)
    if version is not None:
        mine &= StockCount.version == version
    changed = StockCount.update(dict(values) | {"version": StockCount.version + 1}).where(mine).execute()
    if changed != 1:
        raise Conflict(_MOVED_ON, number=count.number)


def _record(by: Actor, action: str, count: StockCount, **after: Any) -> None:
    history.record(by, f"count.{action}", "stock_count", count.number, after=after or None)
    live.touch(ledger.LIVE)
