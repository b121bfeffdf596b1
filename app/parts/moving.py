"""What is done to stores by hand: receipt, transfer, scrap, factory repair and back; minimum stock, vans (2A-14, 2B-19).

Everything moves through ``ledger.move``; what other papers move (requisitions, shipments, returns) has its own operations.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.accounts.models import User, UserArea
from app.core import clock, db, history, live, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.money import line_amount
from app.core.types import Actor
from app.parts import ledger
from app.parts.ledger import Move
from app.parts.models import MovementKind, Part, PlaceKind, StockBalance, StockMovement, StockPlace
from app.parts.stock import van_of

MOVE = "stock.move"
PREFIX = "line"
_LONGEST_SERIAL = 60


class Way(StrEnum):
    """How a store's parts are moved by hand."""

    RECEIPT = "receipt"
    TRANSFER = "transfer"
    SCRAP = "scrap"
    REPAIR_OUT = "repair_out"
    REPAIR_BACK = "repair_back"


_KINDS = {
    Way.RECEIPT: MovementKind.RECEIPT,
    Way.TRANSFER: MovementKind.TRANSFER,
    Way.SCRAP: MovementKind.SCRAPPED,
    Way.REPAIR_OUT: MovementKind.REPAIR_OUT,
    Way.REPAIR_BACK: MovementKind.REPAIR_BACK,
}
_OUTSIDE = {
    Way.RECEIPT: PlaceKind.SUPPLIER,
    Way.SCRAP: PlaceKind.SCRAP,
    Way.REPAIR_OUT: PlaceKind.FACTORY,
    Way.REPAIR_BACK: PlaceKind.FACTORY,
}
# Into the store.
INWARD = (Way.RECEIPT, Way.REPAIR_BACK)


@dataclass(frozen=True, slots=True)
class Load:
    """So much of a part; ``serials`` names each piece of a part that has them, ``cost`` is that of one."""

    part: Part
    quantity: Decimal
    serials: tuple[str, ...] = ()
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """From where to where loads go, when and why; ``about`` is the number of the paper."""

    kind: MovementKind
    source: StockPlace
    goal: StockPlace
    at: datetime
    about: str = ""
    remark: str = ""


def carry(
    *,
    by: Actor,
    way: Way,
    place: StockPlace,
    loads: Sequence[Load],
    target: StockPlace | None = None,
    remark: str = "",
    form_token: str | None = None,
    at: datetime | None = None,
) -> list[StockMovement]:
    """Move ``loads`` into or out of ``place``, all or none; a transfer goes to ``target``. A form sent again moves nothing.

    Raises ``Invalid`` with the words beside each line when a store does not hold so much or pieces are not named, ``Conflict`` for a
    piece that is elsewhere, ``NotAllowed`` for roles that move no stock.
    """
    by.require(MOVE)
    source, goal = _route(way, place, target)
    _refuse(way, loads, remark)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return []
        trip = Trip(kind=_KINDS[way], source=source, goal=goal, at=at or clock.now(), remark=remark)
        moved = [one for number, load in enumerate(loads) for one in _carried(by, number, load, trip)]
        if form_token:
            submissions.settle(form_token, place.id)
    return moved


def _route(way: Way, place: StockPlace, target: StockPlace | None) -> tuple[StockPlace, StockPlace]:
    if way == Way.TRANSFER:
        if target is None or target.id == place.id or not target.is_store:
            raise Invalid(N_("Where do the parts go?"), fields={"target": N_("Please choose another store.")})
        return place, target
    outside = ledger.place_of(_OUTSIDE[way])
    return (outside, place) if way in INWARD else (place, outside)


def _refuse(way: Way, loads: Sequence[Load], remark: str) -> None:
    if not loads:
        raise Invalid(N_("Please name at least one part."), fields={f"{PREFIX}-0-part": N_("Please name at least one part.")})
    if way == Way.SCRAP and not remark:
        raise Invalid(N_("Why is it scrapped?"), fields={"remark": N_("Please give the reason.")})
    wrong = {f"{PREFIX}-{number}-serials": words for number, load in enumerate(loads) if (words := serial_problem(load))}
    if wrong:
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields=wrong)


def serials_in(text: str) -> tuple[str, ...]:
    """The serial numbers in ``text``, parted by blanks or commas."""
    return tuple(one[:_LONGEST_SERIAL] for one in re.split(r"[\s,，、;；]+", text) if one)


def serial_problem(load: Load) -> str:
    """Why the serial numbers of ``load`` do not fit it; empty when they do."""
    if not load.part.has_serials:
        return N_("This part has no serial numbers.") if load.serials else ""
    if len(set(load.serials)) != load.quantity:
        return N_("One serial number for each piece, please.")
    return ""


def _carried(by: Actor, number: int, load: Load, trip: Trip) -> list[StockMovement]:
    try:
        return put(by, load, trip)
    except Invalid as error:  # the words of the ledger stand beside the line they are about
        fields = {f"{PREFIX}-{number}-{name}": words for name, words in error.fields.items()}
        raise Invalid(error.message, fields=fields, **error.params) from None


def put(by: Actor, load: Load, trip: Trip) -> list[StockMovement]:
    """Write the movements of one load, in the running transaction: one for all of it, or one for each piece with a serial number.

    Raises what ``ledger.move`` raises.
    """
    price = load.part.cost if load.cost is None else load.cost
    pieces = [(serial, Decimal(1)) for serial in dict.fromkeys(load.serials)] or [("", load.quantity)]
    moves = [
        Move(
            kind=trip.kind, part=load.part, quantity=quantity, from_place=trip.source, to_place=trip.goal, serial=serial, about=trip.about,
            remark=trip.remark, cost=None if price is None else line_amount(quantity, price),
        )
        for serial, quantity in pieces
    ]  # fmt: skip
    return [ledger.move(by, one, trip.at) for one in moves]


def set_minimum(*, by: Actor, place: StockPlace, part: Part, minimum: Decimal) -> None:
    """Say how much of ``part`` the store should hold at least; nothing: no minimum. Raises ``Invalid``, ``NotAllowed``."""
    by.require(MOVE)
    if minimum < 0:
        raise Invalid(N_("A quantity cannot be less than nothing."), fields={"minimum": N_("A quantity cannot be less than nothing.")})
    with db.transaction():
        StockBalance.insert(place=place, part=part, is_store=place.is_store).on_conflict_ignore().execute()
        mine = (StockBalance.place == place) & (StockBalance.part == part)
        before = StockBalance.get(mine).minimum
        StockBalance.update(minimum=minimum).where(mine).execute()
        values = {"place": place.name}
        history.record(
            by, "stock.minimum_set", "part", part.number, before=values | {"minimum": before}, after=values | {"minimum": minimum}
        )
        live.touch(ledger.LIVE)


def make_van(*, by: Actor, technician: User) -> StockPlace:
    """Give ``technician`` a van as a store of its own. Raises ``Conflict`` when there is one, ``NotAllowed``."""
    by.require(MOVE)
    with db.transaction():
        if van_of(technician.id) is not None:
            raise Conflict(N_("%(who)s has a van already."), who=technician.name)
        name = f"{technician.name}的服务车"[:56]
        if StockPlace.select().where(StockPlace.name == name).exists():
            name = f"{name} {technician.id}"
        areas = [row.area for row in UserArea.select().where(UserArea.user == technician).limit(2)]
        area = areas[0] if len(areas) == 1 else None
        van: StockPlace = StockPlace.create(name=name, kind=PlaceKind.VAN, is_store=True, keeper=technician, area=area)
        history.record(by, "stock.van_made", "stock_place", van.id, after={"name": van.name})
        live.touch(ledger.LIVE)
    return van
