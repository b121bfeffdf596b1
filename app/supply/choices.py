"""What the forms of supply offer: stores, technicians, parts while one types."""

from collections.abc import Iterable
from typing import Any

from peewee import JOIN

from app.accounts.models import Role, User, UserRole
from app.parts.models import STORE_KINDS, Part, PlaceKind, StockBalance, StockPlace

SUGGESTED = 12


def stores(*, with_vans: bool = False) -> list[StockPlace]:
    """The stores in use, the main one first."""
    kinds = STORE_KINDS if with_vans else (PlaceKind.MAIN, PlaceKind.SMALL)
    found = StockPlace.select().where(StockPlace.kind.in_(kinds), StockPlace.is_active)
    return sorted(found, key=lambda one: (STORE_KINDS.index(PlaceKind(one.kind)), one.name))


def store_by_id(text: str, *, with_vans: bool = False) -> StockPlace | None:
    """The store that was chosen."""
    return next((one for one in stores(with_vans=with_vans) if str(one.id) == text), None)


def named(rows: Iterable[Any]) -> list[tuple[int, str]]:
    """Records as the options of a choice."""
    return [(row.id, row.name) for row in rows]


def technicians() -> list[User]:
    """Who has a van: everybody who works as a technician, by name."""
    held = UserRole.select(UserRole.user).where(UserRole.role == Role.TECHNICIAN)
    return list(User.select().where(User.id.in_(held), User.is_active).order_by(User.name))


def part_named(text: str) -> Part | None:
    """The part of this number, or of this name when only one has it."""
    words = text.strip()
    found = Part.get_or_none(Part.number == words) or Part.get_or_none((Part.number == words.upper()) & Part.is_active)
    if found is None:
        named = list(Part.select().where(Part.name == words, Part.is_active).limit(2))
        found = named[0] if len(named) == 1 else None
    return found


def suggested(text: str, place: StockPlace | None = None) -> list[Part]:
    """The parts that fit what is typed; those that ``place`` holds first, each with ``held`` there."""
    words = text.strip()
    query = Part.select(Part, StockBalance.quantity.alias("held")).where(Part.is_active)
    query = query.join(
        StockBalance, JOIN.LEFT_OUTER, on=(StockBalance.part == Part.id) & (StockBalance.place == (place.id if place else 0))
    )
    if words:
        query = query.where(Part.number.contains(words) | Part.name.contains(words) | Part.drawing_number.contains(words))
    is_there = StockBalance.quantity.is_null() | (StockBalance.quantity <= 0)
    return list(query.order_by(is_there, Part.number).limit(SUGGESTED).objects())
