"""What the screens of stations and departments show, and what other forms offer of them."""

from dataclasses import dataclass
from typing import Any

from peewee import ModelSelect, fn

from app.accounts.models import Area, Department, Station, User
from app.core import paging
from app.core.errors import N_, NotFound
from app.core.paging import Sort
from app.core.types import Page

STATION_SORTS = {
    "name": Sort(Station.name, lambda station: station.name),
    "area": Sort(Area.name, lambda station: station.area.name),
}
DEPARTMENT_SORTS = {
    "name": Sort(Department.name, lambda department: department.name),
    "email": Sort(Department.email, lambda department: department.email),
}
DEFAULT_SORT = "name"


@dataclass(frozen=True, slots=True)
class PlaceFilter:
    """Which are wanted; ``state`` is ``active``, ``disabled`` or empty for both."""

    q: str = ""
    area: int | None = None
    state: str = ""


def stations(wanted: PlaceFilter) -> ModelSelect:
    """The stations of the list with their areas, each with ``residents``: the active users based there."""
    residents = User.select(fn.COUNT(User.id)).where((User.station == Station.id) & User.is_active)
    query = Station.select(Station, Area, residents.alias("residents")).join(Area)
    if wanted.q:
        query = query.where(Station.name.contains(wanted.q) | Station.address.contains(wanted.q))
    if wanted.area is not None:
        query = query.where(Station.area == wanted.area)
    return _in_state(query, Station, wanted.state)


def departments(wanted: PlaceFilter) -> ModelSelect:
    """The departments of the list."""
    query = Department.select()
    if wanted.q:
        query = query.where(Department.name.contains(wanted.q) | Department.email.contains(wanted.q))
    return _in_state(query, Department, wanted.state)


def _in_state(query: ModelSelect, model: Any, state: str) -> ModelSelect:
    return query.where(model.is_active == (state == "active")) if state else query


def station_page(wanted: PlaceFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[Station]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(stations(wanted), STATION_SORTS, sort, after=after, before=before)


def department_page(wanted: PlaceFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[Department]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(departments(wanted), DEPARTMENT_SORTS, sort, after=after, before=before)


def station(station_id: int) -> Station:
    """The station with its area. Raises ``NotFound``."""
    found = Station.select(Station, Area).join(Area).where(Station.id == station_id).get_or_none()
    if found is None:
        raise NotFound(N_("There is no such station."))
    return found


def department(department_id: int) -> Department:
    """The department. Raises ``NotFound``."""
    found = Department.get_or_none(Department.id == department_id)
    if found is None:
        raise NotFound(N_("There is no such department."))
    return found


def station_choices(chosen: int | None = None) -> list[Station]:
    """The stations in use, by name, and the one that is ``chosen`` already, in use or not."""
    return list(Station.select().where(Station.is_active | (Station.id == chosen)).order_by(Station.name))


def department_choices(chosen: int | None = None) -> list[Department]:
    """The departments in use, by name, and the one that is ``chosen`` already, in use or not."""
    return list(Department.select().where(Department.is_active | (Department.id == chosen)).order_by(Department.name))


def residents(station: Station) -> list[User]:
    """The active users based at ``station``, by name."""
    return list(User.select().where((User.station == station) & User.is_active).order_by(User.name))
