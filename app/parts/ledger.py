"""The ledger of parts: what leaves one place arrives at another, so that all places together hold nothing, and no store less than nothing.

``StockBalance`` is kept in step with ``StockMovement``; ``differences`` proves it. Everything runs in the caller's transaction.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from peewee import fn

from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.machines.models import Machine
from app.parts.models import MovementKind, Part, PartUnit, PlaceKind, StockBalance, StockMovement, StockPlace

LIVE = "stock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A quantity of a part goes from one place to another; ``about`` is the number of the paper, ``serial`` that of a single unit.

    ``machine`` is the one it is fitted to or taken off; ``cost`` is that of the whole quantity.
    """

    kind: MovementKind
    part: Part
    quantity: Decimal
    from_place: StockPlace
    to_place: StockPlace
    about: str = ""
    serial: str = ""
    machine: Machine | None = None
    cost: Decimal | None = None
    remark: str = ""


def place_of(kind: PlaceKind) -> StockPlace:
    """The one place outside of this kind, or the main or small store when there is one of it."""
    found: StockPlace = StockPlace.select().where(StockPlace.kind == kind, StockPlace.is_active).order_by(StockPlace.id).get()
    return found


def move(by: Actor, wanted: Move, at: datetime) -> StockMovement:
    """Write one movement, in the running transaction. Raises ``Invalid`` when the store does not hold so much, ``Conflict`` for a unit
    that is elsewhere.
    """
    db.current()
    if wanted.quantity <= 0:
        raise Invalid(N_("A quantity is more than nothing."), fields={"quantity": N_("A quantity is more than nothing.")})
    unit = _unit(wanted, at) if wanted.serial else None
    # Always in one order, so that two movements cannot wait for each other in a circle.
    steps = sorted(((wanted.from_place, -wanted.quantity), (wanted.to_place, wanted.quantity)), key=lambda step: step[0].id)
    for place, change in steps:
        _change(place, wanted.part, change)
    row: StockMovement = StockMovement.create(
        at=at, recorded_at=clock.now(), kind=wanted.kind, part=wanted.part, quantity=wanted.quantity, from_place=wanted.from_place,
        to_place=wanted.to_place, unit=unit, machine=wanted.machine, about=wanted.about, cost=wanted.cost, remark=wanted.remark[:200],
        by=by.user_id, by_name=by.name,
    )  # fmt: skip
    after = {"part": wanted.part.number, "quantity": wanted.quantity, "from": wanted.from_place.name, "to": wanted.to_place.name}
    history.record(by, f"stock.{wanted.kind}", "part", wanted.part.number, after=after | {"about": wanted.about})
    live.touch(LIVE)
    return row


def _change(place: StockPlace, part: Part, change: Decimal) -> None:
    mine = (StockBalance.place == place) & (StockBalance.part == part)
    StockBalance.insert(place=place, part=part, is_store=place.is_store).on_conflict_ignore().execute()
    enough = mine & (StockBalance.quantity + change >= 0) if place.is_store else mine
    if StockBalance.update(quantity=StockBalance.quantity + change).where(enough).execute() != 1:
        held = StockBalance.get(mine).quantity
        words = N_("%(place)s holds only %(held)s %(unit)s of %(part)s.")
        raise Invalid(
            words, fields={"quantity": N_("There is not so much in this store.")}, place=place.name,
            held=f"{held:f}".rstrip("0").rstrip("."), unit=part.unit, part=part.name,
        )  # fmt: skip


def _unit(wanted: Move, at: datetime) -> PartUnit:
    """The unit with that serial number goes along; a part is in one place at a time."""
    if wanted.quantity != 1:
        raise Invalid(N_("A serial number belongs to one piece."), fields={"quantity": N_("A serial number belongs to one piece.")})
    is_fitted = wanted.kind == MovementKind.USED and wanted.machine is not None
    goes_to = {"place": None, "machine": wanted.machine} if is_fitted else {"place": wanted.to_place, "machine": None}
    unit = PartUnit.get_or_none(PartUnit.part == wanted.part, PartUnit.serial == wanted.serial)
    if unit is None:
        return PartUnit.create(part=wanted.part, serial=wanted.serial, changed_at=at, **goes_to)
    is_there = (PartUnit.id == unit.id) & (PartUnit.place == wanted.from_place)
    if wanted.machine is not None and not is_fitted:
        is_there = (PartUnit.id == unit.id) & ((PartUnit.place == wanted.from_place) | (PartUnit.machine == wanted.machine))
    if PartUnit.update(changed_at=at, version=PartUnit.version + 1, **goes_to).where(is_there).execute() != 1:
        where = unit.machine.serial if unit.machine_id else unit.place.name
        raise Conflict(N_("%(part)s %(serial)s is elsewhere: %(where)s."), part=wanted.part.name, serial=wanted.serial, where=where)
    found: PartUnit = PartUnit.get_by_id(unit.id)
    return found


def held(place: StockPlace, part: Part) -> Decimal:
    """How much of a part a place holds."""
    row = StockBalance.get_or_none(StockBalance.place == place, StockBalance.part == part)
    return row.quantity if row is not None else Decimal(0)


def differences() -> list[tuple[int, int, Decimal, Decimal]]:
    """Where the kept balance is not the sum of the movements: place, part, kept, computed. Empty when the books are right."""
    sums: dict[tuple[int, int], int] = {}
    for column, sign in ((StockMovement.from_place, -1), (StockMovement.to_place, 1)):
        query = StockMovement.select(column, StockMovement.part, fn.SUM(StockMovement.quantity).coerce(False))
        for place_id, part_id, total in query.group_by(column, StockMovement.part).tuples():
            sums[place_id, part_id] = sums.get((place_id, part_id), 0) + sign * int(total)
    kept = {(row.place_id, row.part_id): int(row.quantity * 1000) for row in StockBalance.select()}
    wrong = [key for key in sums.keys() | kept.keys() if sums.get(key, 0) != kept.get(key, 0)]
    return [
        (place, part, Decimal(kept.get((place, part), 0)) / 1000, Decimal(sums.get((place, part), 0)) / 1000)
        for place, part in sorted(wrong)
    ]
