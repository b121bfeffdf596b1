"""What screens want to know of the catalogue of parts and of suppliers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import UserArea
from app.core import paging
from app.core.errors import N_, NotFound
from app.core.paging import Sort
from app.core.types import Actor, Page
from app.machines.models import Machine, MachineModel
from app.machines.queries import visible
from app.parts.models import Part, PartModel, PartUnit, StockPlace, Supplier

COSTS = "costs.read"
SORTS = {"number": Sort(Part.number, lambda part: part.number), "name": Sort(Part.name, lambda part: part.name)}
DEFAULT_SORT = "number"
COLUMNS = (
    "number", "name", "drawing_number", "unit", "models", "supplier", "is_wear", "is_returned", "has_serials", "warranty_months", "price",
    "cost", "is_active",
)  # fmt: skip
SUPPLIER_SORTS = {"name": Sort(Supplier.name, lambda supplier: supplier.name)}
SUPPLIER_COLUMNS = ("name", "contact", "phone", "email", "parts", "is_active")
TRAITS = ("wear", "returned", "serials")
_TRAIT_COLUMNS = {"wear": Part.is_wear, "returned": Part.is_returned, "serials": Part.has_serials}
MOST_UNITS = 50
MOST_CHOICES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFilter:
    """What the list is narrowed to; empty values do not narrow. ``state`` is ``active`` or ``retired``, ``trait`` one of ``TRAITS``."""

    q: str = ""
    model: int | None = None
    supplier: int | None = None
    trait: str = ""
    state: str = ""


def listed(wanted: PartFilter) -> ModelSelect:
    """The parts of the list, each with its supplier."""
    query = Part.select(Part, Supplier).join(Supplier, JOIN.LEFT_OUTER, on=Part.supplier)
    if wanted.q:
        query = query.where(found(wanted.q))
    if wanted.model:
        query = query.where(Part.id.in_(PartModel.select(PartModel.part).where(PartModel.model == wanted.model)))
    if wanted.supplier:
        query = query.where(Part.supplier == wanted.supplier)
    if wanted.trait:
        query = query.where(_TRAIT_COLUMNS[wanted.trait])
    return query.where(Part.is_active == (wanted.state == "active")) if wanted.state else query


def found(q: str) -> Any:
    """The condition that a part answers to ``q``."""
    return Part.number.contains(q) | Part.name.contains(q) | Part.drawing_number.contains(q)


def page(wanted: PartFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[Part]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(wanted), SORTS, sort, after=after, before=before)


def columns_for(actor: Actor) -> tuple[str, ...]:
    """The columns of an export that ``actor`` may read: what a part costs is for those who read costs."""
    return tuple(column for column in COLUMNS if column != "cost" or actor.may(COSTS))


def exported(actor: Actor, wanted: PartFilter, sort: str) -> Iterator[list[Any]]:
    """The rows of ``columns_for`` for an export; models are parted by 、 as the import reads them."""
    names, columns = model_names(), columns_for(actor)
    for part in paging.whole(listed(wanted), SORTS, sort).iterator():
        values = {column: getattr(part, column) for column in columns if column not in ("models", "supplier")}
        values |= {"models": "、".join(names.get(part.id, ())), "supplier": part.supplier.name if part.supplier_id else ""}
        yield [values[column] for column in columns]


def model_names(ids: list[int] | None = None) -> dict[int, list[str]]:
    """The names of the models that parts fit, by part; of all parts, or of ``ids``."""
    query = PartModel.select(PartModel.part, MachineModel.name).join(MachineModel).order_by(MachineModel.name)
    names: dict[int, list[str]] = {}
    for part_id, name in (query if ids is None else query.where(PartModel.part.in_(ids))).tuples():
        names.setdefault(part_id, []).append(name)
    return names


def by_number(number: str) -> Part:
    """The part with that number, with its supplier. Raises ``NotFound``."""
    part: Part | None = listed(PartFilter()).where(Part.number == number).get_or_none()
    if part is None:
        raise NotFound(N_("There is no part of this number."))
    return part


def models_of(part: Part) -> list[MachineModel]:
    """The models that a part fits."""
    fits = PartModel.select(PartModel.model).where(PartModel.part == part)
    return list(MachineModel.select().where(MachineModel.id.in_(fits)).order_by(MachineModel.name))


def units_of(actor: Actor, part: Part) -> list[PartUnit]:
    """The pieces of a part by serial number, each with its place or machine; those on machines of other areas are left out."""
    query = PartUnit.select(PartUnit, StockPlace, Machine).join(StockPlace, JOIN.LEFT_OUTER, on=PartUnit.place)
    query = query.switch(PartUnit).join(Machine, JOIN.LEFT_OUTER, on=PartUnit.machine).where(PartUnit.part == part)
    if actor.area_ids is not None:
        near = UserArea.select(UserArea.user).where(UserArea.area.in_(actor.area_ids))
        mine = StockPlace.keeper.is_null() | (StockPlace.keeper == actor.user_id) | StockPlace.keeper.in_(near)
        seen = PartUnit.machine.in_(visible(actor).select(Machine.id))
        query = query.where(seen | (PartUnit.place.is_null(False) & mine))
    return list(query.order_by(PartUnit.serial).limit(MOST_UNITS))


def units_on(machine: Machine) -> list[PartUnit]:
    """The pieces with serial numbers that are on ``machine`` now, with their parts, by name."""
    query = PartUnit.select(PartUnit, Part).join(Part).where(PartUnit.machine == machine)
    return list(query.order_by(Part.name, PartUnit.serial).limit(MOST_UNITS))


def choices(q: str = "") -> list[Part]:
    """Parts in use that answer to ``q``, for the list beside a field; at most ``MOST_CHOICES``."""
    query = Part.select().where(Part.is_active)
    return list((query.where(found(q)) if q else query).order_by(Part.number).limit(MOST_CHOICES))


def named(text: str) -> Part | None:
    """The part in use that somebody means by ``text``: its number, or its name when no other part has that."""
    query, word = Part.select().where(Part.is_active), text.strip()
    exact: Part | None = query.where(Part.number == word).get_or_none()
    same_name = [] if exact else list(query.where((Part.name == word) | (fn.LOWER(Part.number) == word.lower())).limit(2))
    return same_name[0] if len(same_name) == 1 else exact


# --- suppliers -------------------------------------------------------------------


def listed_suppliers(q: str) -> ModelSelect:
    """The suppliers of the list, each with ``part_count``."""
    count = Part.select(fn.COUNT(Part.id)).where(Part.supplier == Supplier.id)
    query = Supplier.select(Supplier, count.alias("part_count"))
    return query.where(Supplier.name.contains(q) | Supplier.contact.contains(q) | Supplier.phone.contains(q)) if q else query


def supplier_page(q: str, *, sort: str, after: str | None = None, before: str | None = None) -> Page[Supplier]:
    """One page of the suppliers. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed_suppliers(q), SUPPLIER_SORTS, sort, after=after, before=before)


def exported_suppliers(q: str, sort: str) -> Iterator[list[Any]]:
    """The rows of ``SUPPLIER_COLUMNS`` for an export."""
    for one in paging.whole(listed_suppliers(q), SUPPLIER_SORTS, sort).iterator():
        yield [one.name, one.contact, one.phone, one.email, one.part_count, one.is_active]


def supplier_by_id(supplier_id: int) -> Supplier:
    """The supplier. Raises ``NotFound``."""
    supplier: Supplier | None = Supplier.get_or_none(Supplier.id == supplier_id)
    if supplier is None:
        raise NotFound(N_("There is no such supplier."))
    return supplier


def supplier_choices(kept_id: int | None = None) -> list[tuple[int, str]]:
    """The suppliers that can be chosen, and the one that stands there already."""
    query = Supplier.select().where(Supplier.is_active | (Supplier.id == (kept_id or 0)))
    return [(one.id, one.name) for one in query.order_by(Supplier.name)]


def model_choices() -> list[tuple[int, str]]:
    """The models that can be chosen."""
    return [(one.id, one.name) for one in MachineModel.select().order_by(MachineModel.name)]
