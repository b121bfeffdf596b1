"""What is done to machines. The only writer of the asset register; profiles are imported in ``profile_operations``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.accounts.models import Area
from app.core import bulk, clock, db, history, live, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.customers.models import Customer, Project, Site
from app.machines import moves, qr, searching
from app.machines.models import DeviceProfile, Machine, MachineModel
from app.machines.moves import Occasion
from app.machines.profile_operations import import_profile, seed_profiles

__all__ = [
    "MachineDetails",
    "check",
    "create_machine",
    "edit_machine",
    "enter_machines",
    "import_profile",
    "model_known_or_made",
    "model_named",
    "problems",
    "renew",
    "seed_profiles",
    "written",
]

DEVICE = re.compile(r"[A-Za-z0-9._-]{1,64}")  # the topic level of the feed (monitoring §1)
_SERIAL = re.compile(r"[^\s/\\?#%\x00-\x1f][^/\\?#%\x00-\x1f]{0,39}")
# These stand where a serial number stands in an address.
_RESERVED = ("new", "labels")
_COLUMNS = tuple(field.name for field in Machine._meta.sorted_fields if field.name != "id")
EDITED = Occasion()
MAX_WARRANTY_MONTHS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineDetails:
    """What is written of a machine. Without an area it lies in that of its site, else of its customer;

    without ``warranty_months`` it has those of its model.
    """

    serial: str
    model: str
    device: str = ""
    profile: DeviceProfile | None = None
    customer: Customer | None = None
    site: Site | None = None
    area: Area | None = None
    gateway: str = ""
    accepted_on: date | None = None
    shipped_on: date | None = None
    warranty_months: int | None = None
    batch: str = ""
    project: Project | None = None
    sim_number: str = ""
    sim_expires_on: date | None = None
    retired_on: date | None = None


def create_machine(*, by: Actor, details: MachineDetails, form_token: str | None = None, at: datetime | None = None) -> Machine:
    """Enter a machine into the register. A form sent again (``form_token``) answers with the machine of the first sending.

    Raises ``Invalid`` with the words beside each field, ``NotAllowed`` for roles that do not keep machines.
    """
    by.require("machines.edit")
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return Machine.get(Machine.serial == submissions.result_of(form_token))
        check(details, None)
        enter_machines(by=by, details=[(details, model_named(details.model))], at=at)
        if form_token:
            submissions.settle(form_token, details.serial.strip())
        return Machine.get(Machine.serial == details.serial.strip())


def enter_machines(*, by: Actor, details: Sequence[tuple[MachineDetails, MachineModel]], at: datetime | None = None) -> list[Machine]:
    """Write new machines whose details were checked, all at once in the running transaction; returns them in the same order."""
    created_at = clock.to_ms(at or clock.now())
    machines = [Machine(**_fields(d, model), created_at=created_at, qr_token=qr.made_up()) for d, model in details]
    bulk.insert(Machine, _COLUMNS, [tuple(_stored(machine, name) for name in _COLUMNS) for machine in machines])
    for machine in machines:
        _record(by, "created", machine, after=_shown(machine))
    entered = {one.serial: one for one in Machine.select().where(Machine.serial.in_([machine.serial for machine in machines]))}
    searching.stale(machine.id for machine in entered.values())
    return [entered[machine.serial] for machine in machines]


def edit_machine(*, by: Actor, machine: Machine, version: int, details: MachineDetails) -> bool:
    """Change a machine; returns whether anything changed. The serial number stays: it is the file's name (2E-23).

    Raises as ``create_machine``, and ``Conflict`` when ``version`` is no longer the present one.
    """
    by.require("machines.edit")
    with db.transaction():
        check(details, machine)
        return renew(by=by, machine=machine, version=version, details=details, model=model_named(details.model))


def renew(*, by: Actor, machine: Machine, version: int, details: MachineDetails, model: MachineModel, occasion: Occasion = EDITED) -> bool:
    """Write checked details over a machine, in the running transaction; returns whether anything changed.

    Another customer, site or terminal goes into the log of moves. Raises ``Conflict``.
    """
    before, was = _shown(machine), moves.was(machine)
    _claim(machine, version, _fields(details, model))
    after = _shown(machine)
    if before != after:
        reason = {"reason": occasion.reason} if occasion.reason else {}
        _record(by, occasion.action, machine, before=before, after=after | reason)
        moves.note(by, machine, was, occasion)
    return before != after


def written(machine: Machine) -> MachineDetails:
    """What is written of ``machine`` now, to be changed in part with ``dataclasses.replace``."""
    names = (
        "serial", "profile", "customer", "site", "area", "gateway", "accepted_on", "shipped_on", "warranty_months", "batch",
        "project", "sim_number", "sim_expires_on", "retired_on",
    )  # fmt: skip
    return MachineDetails(model=machine.model.name, device=machine.device or "", **{name: getattr(machine, name) for name in names})


def check(details: MachineDetails, machine: Machine | None) -> None:
    """Raise ``Invalid`` with the words beside each field when ``details`` cannot be written (over ``machine``)."""
    wrong = problems(details)
    if not wrong.get("serial") and _is_taken(Machine.serial, details.serial.strip(), machine):
        wrong["serial"] = N_("There is a machine of this serial number already.")
    if details.device and not wrong.get("device") and _is_taken(Machine.device, details.device.strip(), machine):
        wrong["device"] = N_("Another machine has this device code.")
    if _is_bound_to_anothers(details, machine):
        wrong["project"] = N_("This project belongs to another customer.")
    if machine is not None and details.serial.strip() != machine.serial:
        wrong["serial"] = N_("A serial number cannot be changed.")
    if wrong:
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields=wrong)


def _is_bound_to_anothers(details: MachineDetails, machine: Machine | None) -> bool:
    """Whether another customer's project is named; the one it came from stays with a machine that moves on to another customer."""
    project = details.project
    if project is None or (machine is not None and machine.project_id == project.id):
        return False
    return details.customer is None or project.customer_id != details.customer.id


def problems(details: MachineDetails) -> dict[str, str]:
    """What is wrong with ``details`` by themselves, beside which field."""
    wrong = {}
    if not _SERIAL.fullmatch(details.serial.strip()) or details.serial.strip().lower() in _RESERVED:
        wrong["serial"] = N_("Please give the serial number: at most 40 characters, none of / \\ ? # and percent signs.")
    if details.device and not DEVICE.fullmatch(details.device.strip()):
        wrong["device"] = N_("A device code has 1 to 64 letters, digits, dots, hyphens or underscores.")
    if not details.model.strip():
        wrong["model"] = N_("Please name the model.")
    if details.site is not None and (details.customer is None or details.site.customer_id != details.customer.id):
        wrong["site"] = N_("This site belongs to another customer.")
    if details.retired_on and details.shipped_on and details.retired_on < details.shipped_on:
        wrong["retired_on"] = N_("A machine cannot be retired before its delivery.")
    if details.shipped_on and details.accepted_on and details.accepted_on < details.shipped_on:
        wrong["accepted_on"] = N_("Acceptance cannot be before delivery.")
    if details.warranty_months is not None and not 0 <= details.warranty_months <= MAX_WARRANTY_MONTHS:
        wrong["warranty_months"] = N_("The warranty is 0 to 240 months.")
    return wrong


def model_named(name: str) -> MachineModel:
    """The model ``name``, made in the running transaction if it is new."""
    return model_known_or_made(name)[0]


def model_known_or_made(name: str) -> tuple[MachineModel, bool]:
    """The model ``name`` and whether it was made just now, in the running transaction."""
    return MachineModel.get_or_create(name=name.strip())


def _fields(details: MachineDetails, model: MachineModel) -> dict[str, Any]:
    place = details.site or details.customer
    return {
        "serial": details.serial.strip(),
        "device": details.device.strip() or None,
        "model": model,
        "profile": details.profile,
        "customer": details.customer,
        "site": details.site,
        "area": details.area or (place.area if place else None),
        "gateway": details.gateway.strip(),
        "accepted_on": details.accepted_on,
        "shipped_on": details.shipped_on,
        "warranty_months": model.warranty_months if details.warranty_months is None else details.warranty_months,
        "batch": details.batch.strip(),
        "project": details.project,
        "sim_number": details.sim_number.strip(),
        "sim_expires_on": details.sim_expires_on,
        "retired_on": details.retired_on,
    }


def _stored(machine: Machine, name: str) -> Any:
    value = getattr(machine, Machine._meta.fields[name].column_name)
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


def _is_taken(field: Any, value: str, by_other_than: Machine | None) -> bool:
    query = Machine.select().where(field == value)
    return bool((query.where(Machine.id != by_other_than.id) if by_other_than else query).exists())


def _claim(machine: Machine, version: int, fields: dict[str, Any]) -> None:
    same = (Machine.id == machine.id) & (Machine.version == version)
    if Machine.update(version=Machine.version + 1, **fields).where(same).execute() != 1:
        raise Conflict(N_("Somebody else changed this machine meanwhile. Look at the present state, then decide again."))
    for name, value in fields.items():
        setattr(machine, name, value)
    machine.version = version + 1


def _shown(machine: Machine) -> dict[str, Any]:
    names = (
        "serial", "device", "model_id", "profile_id", "customer_id", "site_id", "area_id", "gateway", "warranty_months", "batch",
        "project_id", "sim_number",
    )  # fmt: skip
    dates = ("accepted_on", "shipped_on", "sim_expires_on", "retired_on")
    return {name: getattr(machine, name) for name in names} | {name: str(getattr(machine, name) or "") or None for name in dates}


def _record(by: Actor, action: str, machine: Machine, **values: Any) -> None:
    history.record(by, f"machine.{action}", "machine", machine.serial, **values)
    if machine.id is not None:  # of those that are entered in bulk the keys are known only afterwards
        searching.stale([machine.id])
    live.touch("machines")
