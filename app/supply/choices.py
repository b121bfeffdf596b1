"""What the forms of supply offer: stores, technicians, parts while one types."""

from collections.abc import Iterable
from typing import Any

from app.accounts.models import Role, User, UserRole
from app.parts import catalogue
from app.parts.models import STORE_KINDS, Part, PlaceKind, StockPlace

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


def suggested(text: str) -> list[Part]:
    """The parts in use that fit what is typed, a few of them."""
    words, query = text.strip(), Part.select().where(Part.is_active)
    return list((query.where(catalogue.found(words)) if words else query).order_by(Part.number).limit(SUGGESTED))
