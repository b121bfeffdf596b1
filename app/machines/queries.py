"""What screens and the feed want to know of machines and profiles."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from peewee import JOIN, ModelSelect, fn

from app.accounts.models import Area, User
from app.core import clock, paging
from app.core.errors import N_, InvalidFile, NotFound
from app.core.paging import Sort
from app.core.prepared import Prepared
from app.core.types import Actor, Page
from app.customers.models import Customer, Project, Site
from app.machines import searching, terms
from app.machines.models import DeviceProfile, DeviceProfileVersion, Machine, MachineModel
from app.machines.profiles import Profile
from app.machines.profiles.parsing import parse
from app.machines.warranty import Warranty, WarrantyState

NO_DATE = date(1, 1, 1)
FAR_OFF = date(9999, 12, 31)
SORTS = {
    "serial": Sort(Machine.serial, lambda machine: machine.serial),
    "customer": Sort(fn.COALESCE(Customer.name, ""), lambda machine: machine.customer.name if machine.customer else ""),
    "model": Sort(MachineModel.name, lambda machine: machine.model.name),
    "accepted_on": Sort(fn.COALESCE(Machine.accepted_on, NO_DATE), lambda machine: str(machine.accepted_on or NO_DATE)),
    "sim_expires_on": Sort(fn.COALESCE(Machine.sim_expires_on, FAR_OFF), lambda machine: str(machine.sim_expires_on or FAR_OFF)),
    "created_at": Sort(Machine.created_at, lambda machine: machine.created_at),
}
DEFAULT_SORT = "serial"
EXPIRED, SOON = "expired", "soon"
SIM_STATES = (SOON, EXPIRED)
SIM_SOON = timedelta(days=30)


def visible(actor: Actor) -> ModelSelect:
    """The machines that ``actor`` may see: all, or those of the areas the actor works in."""
    query = Machine.select()
    return query if actor.area_ids is None else query.where(Machine.area.in_(list(actor.area_ids)))


def by_serial(actor: Actor, serial: str) -> Machine:
    """The machine with its model, profile, customer, site and area. Raises ``NotFound`` for one that ``actor`` may not see."""
    machine = _joined(visible(actor)).where(Machine.serial == serial).get_or_none()
    if machine is None:
        raise NotFound(N_("There is no machine of this serial number, or it is not for you to see."))
    return machine


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list of machines is narrowed to; empty values do not narrow."""

    q: str = ""
    area: int | None = None
    model: int | None = None
    customer: int | None = None
    profile: int | None = None
    has_device: bool | None = None
    project: int | None = None
    sim: str = ""  # one of SIM_STATES
    is_retired: bool | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether less than every machine is shown."""
        return self != Filters()


def listed(actor: Actor, filters: Filters) -> ModelSelect:
    """The machines of the list, with what stands on each row."""
    query = _joined(visible(actor))
    for field in ("area", "model", "customer", "profile", "project"):
        value = getattr(filters, field)
        query = query.where(getattr(Machine, field) == value) if value is not None else query
    if filters.has_device is not None:
        query = query.where(Machine.device.is_null(not filters.has_device))
    if filters.is_retired is not None:
        query = query.where(Machine.retired_on.is_null(not filters.is_retired))
    if filters.sim:
        query = query.where(sim_is(filters.sim))
    if filters.q:
        query = query.where(searching.fitting(filters.q))
    return query


def sim_is(state: str) -> Any:
    """Expired before today, or within ``SIM_SOON`` from today on."""
    today = clock.today()
    if state == EXPIRED:
        return Machine.sim_expires_on < today
    return Machine.sim_expires_on.between(today, today + SIM_SOON)


def page(actor: Actor, filters: Filters, *, sort: str = DEFAULT_SORT, after: str | None = None, before: str | None = None) -> Page[Machine]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(actor, filters), SORTS, sort, after=after, before=before)


def _joined(query: ModelSelect) -> ModelSelect:
    return (
        query.select(Machine, MachineModel, DeviceProfile, Customer, Site, Area, Project)
        .join_from(Machine, MachineModel)
        .join_from(Machine, DeviceProfile, JOIN.LEFT_OUTER)
        .join_from(Machine, Customer, JOIN.LEFT_OUTER)
        .join_from(Machine, Site, JOIN.LEFT_OUTER)
        .join_from(Machine, Area, JOIN.LEFT_OUTER)
        .join_from(Machine, Project, JOIN.LEFT_OUTER)
    )


def of_customer(actor: Actor, customer: Customer, limit: int) -> list[Machine]:
    """The machines of ``customer`` that ``actor`` may see, by serial number, at most ``limit``."""
    return list(_joined(visible(actor)).where(Machine.customer == customer).order_by(Machine.serial).limit(limit))


def covered(actor: Actor, customer: Customer) -> int:
    """How many of the customer's machines that ``actor`` may see are in warranty today."""
    columns = (Machine.id, Machine.accepted_on, Machine.shipped_on, Machine.warranty_months)
    query = visible(actor).select(*columns).where(Machine.customer == customer)
    known = terms.extended()
    return sum(warranty_now(machine, known).state is WarrantyState.IN for machine in query)


def warranty_now(machine: Machine, known: Mapping[int, date] | None = None) -> Warranty:
    """The warranty of ``machine`` today, with its reason; ``known`` as in ``terms.warranty_of``."""
    return terms.warranty_of(machine, clock.today(), known)


def profile_choices() -> list[DeviceProfile]:
    """All profiles, by name, without their documents."""
    columns = (DeviceProfile.id, DeviceProfile.name, DeviceProfile.title_zh, DeviceProfile.title_en)
    return list(DeviceProfile.select(*columns).order_by(DeviceProfile.name))


def models() -> list[MachineModel]:
    """All models there ever were, by name; for filters."""
    return list(MachineModel.select().order_by(MachineModel.name))


def offered_models() -> list[MachineModel]:
    """The models of the present range, by name; for what is new."""
    return list(MachineModel.select().where(MachineModel.is_active).order_by(MachineModel.name))


def of_project(actor: Actor, project: Project) -> list[Machine]:
    """The machines bound to ``project`` that ``actor`` may see, by serial number."""
    return list(_joined(visible(actor)).where(Machine.project == project).order_by(Machine.serial))


# --- the feed ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeviceMachine:
    """The machine behind a device code; all that intake and evaluation need of it."""

    machine_id: int
    serial: str
    device: str
    profile_id: int | None
    customer_id: int | None
    area_id: int | None


def machine_by_device(devices: Iterable[str]) -> dict[str, DeviceMachine]:
    """The machines of those ``devices`` that have one; one query."""
    columns = (Machine.id, Machine.serial, Machine.device, Machine.profile, Machine.customer, Machine.area)
    rows = Machine.select(*columns).where(Machine.device.in_(list(devices))).tuples()
    return {row[2]: DeviceMachine(*row) for row in rows}


# --- profiles ---------------------------------------------------------------

log = structlog.get_logger()
_parsed: dict[tuple[str, int, datetime], Profile | None] = {}  # never changed, only replaced: others may be reading it


def profile_of(machine: Any) -> Profile | None:
    """The monitoring profile of ``machine`` (a ``Machine`` or ``DeviceMachine``); None when it has none."""
    return profile_documents().get(machine.profile_id)


def profile_documents() -> dict[int, Profile]:
    """Every profile by its id; one small query, a document is read again only when its version changed.

    A stored document that this version of the product cannot read is left out and logged: its machines count as having none.
    """
    keys = {row_id: (name, version, updated_at) for row_id, name, version, updated_at in _profile_versions.rows()}
    found = {row_id: _parsed[key] for row_id, key in keys.items() if key in _parsed}
    changed = [row_id for row_id in keys if row_id not in found]
    if changed:
        found |= {row.id: _read(row) for row in DeviceProfile.select().where(DeviceProfile.id.in_(changed))}
        _keep({keys[row_id]: profile for row_id, profile in found.items()})
    return {row_id: profile for row_id in keys if (profile := found.get(row_id)) is not None}


def _keep(parsed: dict[tuple[str, int, datetime], Profile | None]) -> None:
    """Remember what was read; earlier versions are forgotten."""
    global _parsed
    _parsed = parsed


_profile_versions = Prepared(
    lambda: DeviceProfile.select(DeviceProfile.id, DeviceProfile.name, DeviceProfile.version, DeviceProfile.updated_at).tuples()
)


def _read(row: DeviceProfile) -> Profile | None:
    try:
        return parse(row.document)
    except InvalidFile as error:
        log.error("profile_unreadable", profile=row.name, version=row.version, problems=len(error.lines))
        return None


def profile_list() -> Sequence[DeviceProfile]:
    """All profiles by name, without their documents, each with ``machine_count`` and the name of who ``changed_by``."""
    count = Machine.select(fn.COUNT(Machine.id)).where(Machine.profile == DeviceProfile.id)
    newest = (DeviceProfileVersion.profile == DeviceProfile.id) & (DeviceProfileVersion.version == DeviceProfile.version)
    shown = ("id", "name", "title_zh", "title_en", "version", "updated_at")
    columns = [getattr(DeviceProfile, name) for name in shown]
    return list(
        DeviceProfile.select(*columns, count.alias("machine_count"), User.name.alias("changed_by"))
        .join(DeviceProfileVersion, JOIN.LEFT_OUTER, on=newest)
        .join(User, JOIN.LEFT_OUTER)
        .order_by(DeviceProfile.name)
        .objects()
    )


def profile_by_name(name: str) -> DeviceProfile:
    """The stored profile. Raises ``NotFound``."""
    row = DeviceProfile.get_or_none(DeviceProfile.name == name)
    if row is None:
        raise NotFound(N_("There is no monitoring profile of this name."))
    return row


def profile_versions(row: DeviceProfile) -> list[DeviceProfileVersion]:
    """Its versions, newest first, with who imported them."""
    query = DeviceProfileVersion.select(DeviceProfileVersion, User).join(User, JOIN.LEFT_OUTER)
    return list(query.where(DeviceProfileVersion.profile == row.id).order_by(DeviceProfileVersion.version.desc()))


def profile_version(row: DeviceProfile, number: int) -> DeviceProfileVersion:
    """One of its versions. Raises ``NotFound``."""
    found = DeviceProfileVersion.get_or_none(DeviceProfileVersion.profile == row.id, DeviceProfileVersion.version == number)
    if found is None:
        raise NotFound(N_("This profile has no such version."))
    return found
