"""What screens want to know of stores: what each holds, what is below its minimum, what moved."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from peewee import JOIN, SQL, ModelAlias, ModelSelect, fn

from app.accounts.models import Role, User, UserArea, UserRole
from app.core import clock, paging
from app.core.errors import N_, NotFound
from app.core.money import line_amount, rounded
from app.core.paging import Order
from app.core.types import Actor, Page
from app.machines.models import Machine
from app.machines.queries import visible as visible_machines
from app.parts.catalogue import COSTS, found
from app.parts.models import Part, PartUnit, PlaceKind, StockBalance, StockMovement, StockPlace

COLUMNS = ("place", "part", "name", "drawing_number", "quantity", "unit", "minimum", "missing", "cost", "value")
MOVEMENT_COLUMNS = ("at", "kind", "part", "name", "quantity", "unit", "from", "to", "serial", "machine", "about", "cost", "remark", "by")
SORTS = {"number": Part.number, "name": Part.name}
DEFAULT_SORT = "number"
LAST = 10
MOST_OFFERED = 300
# Below its minimum, in the words of the partial index ``stock_below_minimum``.
_BELOW = SQL('"b"."is_store" AND "b"."minimum" > 0 AND "b"."quantity" < "b"."minimum"')
_b = StockBalance.alias("b")


@dataclass(frozen=True, slots=True, kw_only=True)
class StockFilter:
    """What the stock list is narrowed to; ``only`` is ``below`` (its minimum), ``held`` (more than nothing) or empty."""

    q: str = ""
    place: int | None = None
    only: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementFilter:
    """What the ledger is narrowed to; empty values do not narrow."""

    place: int | None = None
    part: str = ""
    kind: str = ""
    about: str = ""
    from_on: date | None = None
    to_on: date | None = None


class StoreFigures(NamedTuple):
    """A store with how many parts it holds, how many are below their minimum, and what it is worth (None when not to be read)."""

    place: StockPlace
    parts: int
    below: int
    value: Decimal | None


def visible(actor: Actor) -> ModelSelect:
    """The stores that ``actor`` may see: all; who is bound to areas, the common ones, those of the areas, and the own van."""
    query = StockPlace.select().where(StockPlace.is_store)
    if actor.area_ids is None:
        return query
    return query.where((StockPlace.kind != PlaceKind.VAN) | _is_near(actor, StockPlace.keeper))


def _is_near(actor: Actor, keeper: Any) -> Any:
    """The condition that the keeper of a van is the actor or works in one of the actor's areas."""
    near = UserArea.select(UserArea.user).where(UserArea.area.in_(actor.area_ids))
    return (keeper == actor.user_id) | keeper.in_(near)


def stores(actor: Actor) -> list[StockPlace]:
    """The stores in use that ``actor`` may see: main, small, then vans by name."""
    return sorted(visible(actor).where(StockPlace.is_active), key=lambda place: (place.kind == PlaceKind.VAN, place.id))


def by_id(actor: Actor, place_id: int) -> StockPlace:
    """The store. Raises ``NotFound``, also for one that is not for ``actor`` to see."""
    place: StockPlace | None = visible(actor).where(StockPlace.id == place_id).get_or_none()
    if place is None:
        raise NotFound(N_("There is no such store, or it is not for you to see."))
    return place


def van_of(user_id: int | None) -> StockPlace | None:
    """The van of a technician, if there is one."""
    place: StockPlace | None = StockPlace.get_or_none(StockPlace.keeper == user_id, StockPlace.is_active)
    return place


def without_van() -> list[User]:
    """The technicians who have no van yet, by name."""
    held = UserRole.select(UserRole.user).where(UserRole.role == Role.TECHNICIAN)
    vans = StockPlace.select(StockPlace.keeper).where(StockPlace.keeper.is_null(False), StockPlace.is_active)
    return list(User.select().where(User.id.in_(held), User.id.not_in(vans), User.is_active).order_by(User.name))


def listed(actor: Actor, wanted: StockFilter) -> ModelSelect:
    """What stores hold: balances with their part and place; those of nothing without a minimum are left out."""
    query = _b.select(_b, Part, StockPlace).join(Part, on=_b.part).switch(_b).join(StockPlace, on=_b.place)
    query = query.where(_b.place == wanted.place) if wanted.place else query.where(_b.place.in_(visible(actor).select(StockPlace.id)))
    if wanted.only == "below":
        query = query.where(_BELOW)
    elif wanted.only == "held":
        query = query.where(_b.quantity > 0)
    else:
        query = query.where((_b.quantity > 0) | (_b.minimum > 0))
    return query.where(found(wanted.q)) if wanted.q else query


def _order(sort: str) -> tuple[Order, str]:
    name = sort.removeprefix("-") if sort.removeprefix("-") in SORTS else DEFAULT_SORT
    is_down = sort.startswith("-")
    return Order((SORTS[name], Part.id, _b.place), (is_down, is_down, is_down)), name


def page(actor: Actor, wanted: StockFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[StockBalance]:
    """One page of the stock. Raises ``Invalid`` for an unknown page."""
    order, name = _order(sort)
    query = listed(actor, wanted)
    total = paging.capped_count(query.select(_b.part))
    keys = lambda row: (getattr(row.part, name), row.part_id, row.place_id)  # noqa: E731 - said once, here
    return paging.page_in_order(query, order, keys, total=total, after=after, before=before)


def value_of(row: StockBalance) -> Decimal | None:
    """What a balance is worth at the cost of the catalogue; None where that is not known."""
    return None if row.part.cost is None else line_amount(row.quantity, row.part.cost)


def columns_for(actor: Actor) -> tuple[str, ...]:
    """The columns of an export that ``actor`` may read."""
    return tuple(column for column in COLUMNS if column not in ("cost", "value") or actor.may(COSTS))


def exported(actor: Actor, wanted: StockFilter, sort: str) -> Iterator[list[Any]]:
    """The rows of ``columns_for`` for an export."""
    columns = columns_for(actor)
    for row in listed(actor, wanted).order_by(*_order(sort)[0].by()).iterator():
        values = {
            "place": row.place.name, "part": row.part.number, "name": row.part.name, "drawing_number": row.part.drawing_number,
            "quantity": row.quantity, "unit": row.part.unit, "minimum": row.minimum, "missing": max(row.minimum - row.quantity, Decimal(0)),
            "cost": row.part.cost, "value": value_of(row),
        }  # fmt: skip
        yield [values[column] for column in columns]


def held_in(place: StockPlace, q: str = "") -> list[StockBalance]:
    """What a store holds, by name."""
    query = _b.select(_b, Part).join(Part, on=_b.part).where(_b.place == place, _b.quantity > 0)
    return list((query.where(found(q)) if q else query).order_by(Part.name, Part.number))


def balance(place: StockPlace, number: str) -> StockBalance | None:
    """What a store holds of the part with that number, if it ever held it."""
    row: StockBalance | None = _b.select(_b, Part).join(Part, on=_b.part).where(_b.place == place, Part.number == number).first()
    return row


def offered(place: StockPlace, is_inward: bool) -> list[tuple[str, str]]:
    """Part numbers and words for the list beside a field: of what the store holds, or of the catalogue for what comes in."""
    if is_inward:
        return [(part.number, part.name) for part in Part.select().where(Part.is_active).order_by(Part.number).limit(MOST_OFFERED)]
    return [(row.part.number, f"{row.part.name} · {row.quantity.normalize():f} {row.part.unit}") for row in held_in(place)[:MOST_OFFERED]]


def below_minimum(place: StockPlace | None = None) -> list[StockBalance]:
    """What is below its minimum, with part and place, by store and part number; of one store or of all that are in use (2A-14)."""
    query = _b.select(_b, Part, StockPlace).join(Part, on=_b.part).switch(_b).join(StockPlace, on=_b.place)
    query = query.where(_BELOW, StockPlace.is_active, Part.is_active)
    return list((query.where(_b.place == place) if place else query).order_by(_b.place, Part.number))


def figures(actor: Actor, only: int | None = None) -> list[StoreFigures]:
    """Each store (or ``only`` that one) with its figures; what it is worth only for those who read costs."""
    places = [place for place in stores(actor) if only in (None, place.id)]
    worth = fn.SUM(_b.quantity * Part.cost).coerce(False)
    below = fn.COUNT(SQL('CASE WHEN "b"."minimum" > 0 AND "b"."quantity" < "b"."minimum" THEN 1 END'))
    held = fn.COUNT(SQL('CASE WHEN "b"."quantity" > 0 THEN 1 END'))
    query = (
        _b.select(_b.place, held, below, worth)
        .join(Part, on=_b.part)
        .where(_b.place.in_([place.id for place in places]))
        .group_by(_b.place)
    )
    sums = {place_id: (held_, below_, worth_) for place_id, held_, below_, worth_ in query.tuples()}
    rows = []
    for place in places:
        parts, missing, value = sums.get(place.id, (0, 0, 0))
        worth_of = rounded(Decimal(int(value or 0)) / 100_000) if actor.may(COSTS) else None
        rows.append(StoreFigures(place, parts, missing, worth_of))
    return rows


def of_part(actor: Actor, part: Part) -> list[StockBalance]:
    """What each store that ``actor`` may see holds of ``part``."""
    return list(listed(actor, StockFilter()).where(_b.part == part).order_by(_b.place))


# --- the ledger ------------------------------------------------------------------

_From: ModelAlias = StockPlace.alias("source")
_To: ModelAlias = StockPlace.alias("target")


def movements(actor: Actor, wanted: MovementFilter) -> ModelSelect:
    """The movements of the ledger, newest first, each with part, places, piece and machine."""
    query = (
        StockMovement.select(StockMovement, Part, _From, _To, PartUnit, Machine)
        .join_from(StockMovement, Part)
        .join_from(StockMovement, _From, on=StockMovement.from_place, attr="source")
        .join_from(StockMovement, _To, on=StockMovement.to_place, attr="target")
        .join_from(StockMovement, PartUnit, JOIN.LEFT_OUTER)
        .join_from(StockMovement, Machine, JOIN.LEFT_OUTER, on=StockMovement.machine)
    )
    query = _within(query, actor)
    if wanted.place:
        query = query.where((StockMovement.from_place == wanted.place) | (StockMovement.to_place == wanted.place))
    if wanted.part:
        query = query.where(StockMovement.part.in_(Part.select(Part.id).where(Part.number == wanted.part)))
    if wanted.kind:
        query = query.where(StockMovement.kind == wanted.kind)
    if wanted.about:
        query = query.where(StockMovement.about == wanted.about)
    if wanted.from_on is not None:
        query = query.where(StockMovement.at >= _start_of(wanted.from_on))
    return query.where(StockMovement.at < _start_of(wanted.to_on + timedelta(days=1))) if wanted.to_on is not None else query


def _within(query: ModelSelect, actor: Actor) -> ModelSelect:
    """Who is bound to areas reads no movement of a foreign van or machine."""
    if actor.area_ids is None:
        return query
    seen = visible(actor).select(StockPlace.id)
    for place in (_From, _To):
        query = query.where(~place.is_store | place.id.in_(seen))
    machines = visible_machines(actor).select(Machine.id)
    return query.where(StockMovement.machine.is_null() | StockMovement.machine.in_(machines))


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=clock.zone())


_NEWEST = Order((StockMovement.at, StockMovement.id), (True, True))
# Of all parts and places: as they were written down, which needs no index of its own.
_LAST_WRITTEN = Order((StockMovement.id,), (True,))


def movement_page(actor: Actor, wanted: MovementFilter, *, after: str | None = None, before: str | None = None) -> Page[StockMovement]:
    """One page of the ledger. Raises ``Invalid`` for an unknown page."""
    query = movements(actor, wanted)
    total = paging.capped_count(query.select(StockMovement.id))
    if not (wanted.place or wanted.part):
        return paging.page_in_order(query, _LAST_WRITTEN, lambda row: (row.id,), total=total, after=after, before=before)
    if wanted.place:
        key = before if before is not None and after is None else after
        beyond = None if key is None else _NEWEST.beyond(paging.decode_key(key, 2), key is before)
        query = _of_place(actor, wanted, beyond, paging.PAGE_SIZE + 1, is_backwards=key is not None and key is before)
    return paging.page_in_order(query, _NEWEST, lambda row: (row.at, row.id), total=total, after=after, before=before)


def _of_place(actor: Actor, wanted: MovementFilter, beyond: Any, most: int, *, is_backwards: bool = False) -> ModelSelect:
    """What can stand on one page of a place: the first ``most`` movements out of it and into it, each found by its index."""
    rest = movements(actor, replace(wanted, place=None))
    ids = set[int]()
    for column in (StockMovement.from_place, StockMovement.to_place):
        query = rest.select(StockMovement.id).where(column == wanted.place)
        query = query.where(beyond) if beyond is not None else query
        ids |= {row_id for (row_id,) in query.order_by(*_NEWEST.by(is_backwards)).limit(most).tuples()}
    return rest.where(StockMovement.id.in_(ids))


def last_movements(actor: Actor, wanted: MovementFilter) -> list[StockMovement]:
    """The newest few movements."""
    query = _of_place(actor, wanted, None, LAST) if wanted.place else movements(actor, wanted)
    return list(query.order_by(*_NEWEST.by()).limit(LAST))


def movement_columns(actor: Actor) -> tuple[str, ...]:
    """The columns of an export of the ledger that ``actor`` may read."""
    return tuple(column for column in MOVEMENT_COLUMNS if column != "cost" or actor.may(COSTS))


def exported_movements(actor: Actor, wanted: MovementFilter) -> Iterator[list[Any]]:
    """The rows of ``movement_columns`` for an export."""
    columns = movement_columns(actor)
    for row in movements(actor, wanted).order_by(*_NEWEST.by()).iterator():
        values = {
            "at": row.at, "kind": row.kind, "part": row.part.number, "name": row.part.name, "quantity": row.quantity, "unit": row.part.unit,
            "from": row.source.name, "to": row.target.name, "serial": row.unit.serial if row.unit_id else "",
            "machine": row.machine.serial if row.machine_id else "", "about": row.about, "cost": row.cost, "remark": row.remark,
            "by": row.by_name,
        }  # fmt: skip
        yield [values[column] for column in columns]
