"""machines.csv: one line per machine; customers, sites, areas and models that are not there yet are made (interfaces, Import columns)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.accounts.models import Area
from app.core.db import BaseModel
from app.core.errors import N_, Invalid
from app.core.importing import Effect, Line, Outcome, Table, date_in, read, run, whole_in
from app.core.types import Actor
from app.customers import operations as customers_operations
from app.customers.imports import areas_named
from app.customers.models import Customer, Project, Site
from app.customers.operations import CustomerDetails, SiteDetails
from app.machines import operations
from app.machines.models import DeviceProfile, Machine, MachineModel
from app.machines.operations import MachineDetails

COLUMNS = (
    "serial",
    "device",
    "model",
    "profile",
    "customer",
    "site",
    "address",
    "area",
    "gateway",
    "accepted_on",
    "shipped_on",
    "warranty_months",
    "batch",
)
REQUIRED = ("serial", "model")
_MOST = {"model": 80, "customer": 120, "site": 120, "address": 200, "area": 60, "gateway": 64, "batch": 40}


def table_of(content: bytes) -> Table:
    """Read a file of machines. Raises ``InvalidFile``."""
    return read(content, columns=COLUMNS, required=REQUIRED)


def import_machines(
    *, by: Actor, table: Table, is_dry_run: bool = False, skips_bad_lines: bool = False, progress: Callable[[], None] | None = None
) -> Outcome:
    """Add the machines that are missing, change those that differ; empty cells change nothing.

    Raises ``InvalidFile`` with every line's reasons, ``NotAllowed``.
    """
    by.require("machines.edit")
    plan = _Plan()
    return run(
        table, plan.take, is_dry_run=is_dry_run, skips_bad_lines=skips_bad_lines, finish=lambda: plan.carry_out(by), progress=progress
    )


class _Plan:
    """What the lines ask for, compared with what is there; nothing is written before every line was seen."""

    def __init__(self) -> None:
        models: tuple[type[BaseModel], ...] = (Area, DeviceProfile, Customer, Site, MachineModel, Project)
        self.rows: dict[type[BaseModel], dict[Any, Any]] = {model: {row.id: row for row in model.select()} for model in models}
        self.profiles = {profile.name: profile for profile in self.rows[DeviceProfile].values()}
        self.machines = {machine.serial: machine for machine in Machine.select()}
        self.owner_of = {machine.device: machine.serial for machine in self.machines.values() if machine.device}
        self.addresses = {(self._name(Customer, site.customer_id), site.name): site.address for site in self.rows[Site].values()}
        self.present_addresses = dict(self.addresses)
        self.seen: set[str] = set()
        self.wanted: list[tuple[Line, MachineDetails]] = []

    def take(self, line: Line) -> Effect:
        """Judge one line. Raises ``Invalid``."""
        machine = self.machines.get(line.get("serial"))
        base = self._written(machine) if machine else MachineDetails(serial=line.get("serial"), model="")
        details = self._details(line, base)
        wrong = self._mistakes(line, details)
        if wrong:
            raise Invalid(N_("The line cannot be used."), fields=wrong)
        self.seen.add(details.serial)
        if details.device:
            self.owner_of[details.device] = details.serial
        if machine is not None and details == base and not self._moves(line, base):
            return Effect.UNCHANGED
        if line.get("site"):
            self.addresses[self._site_key(line, base)] = line.get("address") or self.addresses.get(self._site_key(line, base), "")
        self.wanted.append((line, details))
        return Effect.ADDED if machine is None else Effect.CHANGED

    def carry_out(self, by: Actor) -> None:
        """Write what is new or different."""
        areas = areas_named(by, {line.get("area") for line, _details in self.wanted if line.get("area")})
        customers = self._customers(by, areas)
        sites = self._sites(by, areas, customers)
        new = []
        for line, details in self.wanted:
            placed = _placed(line, details, areas, customers, sites)
            model = self._model(placed.model)
            machine = self.machines.get(placed.serial)
            if machine is None:
                new.append((placed, model))
            else:
                operations.renew(by=by, machine=machine, version=machine.version, details=placed, model=model)
        operations.enter_machines(by=by, details=new)

    def _name(self, model: type[BaseModel], key: int | None) -> str:
        row = self.rows[model].get(key)
        return row.name if row is not None else ""

    def _written(self, machine: Machine) -> MachineDetails:
        return MachineDetails(
            serial=machine.serial,
            model=self._name(MachineModel, machine.model_id),
            device=machine.device or "",
            profile=self.rows[DeviceProfile].get(machine.profile_id),
            customer=self.rows[Customer].get(machine.customer_id),
            site=self.rows[Site].get(machine.site_id),
            area=self.rows[Area].get(machine.area_id),
            gateway=machine.gateway,
            accepted_on=machine.accepted_on,
            shipped_on=machine.shipped_on,
            warranty_months=machine.warranty_months,
            batch=machine.batch,
            project=self.rows[Project].get(machine.project_id),
            sim_number=machine.sim_number,
            sim_expires_on=machine.sim_expires_on,
            retired_on=machine.retired_on,
        )

    def _details(self, line: Line, base: MachineDetails) -> MachineDetails:
        months, profile = whole_in(line, "warranty_months"), line.get("profile")
        if profile and profile not in self.profiles:
            raise Invalid(N_("The line cannot be used."), fields={"profile": N_("there is no monitoring profile of this name")})
        return replace(
            base,
            device=line.get("device") or base.device,
            model=line.get("model") or base.model,
            profile=self.profiles.get(profile, base.profile),
            gateway=line.get("gateway") or base.gateway,
            accepted_on=date_in(line, "accepted_on") or base.accepted_on,
            shipped_on=date_in(line, "shipped_on") or base.shipped_on,
            warranty_months=base.warranty_months if months is None else months,
            batch=line.get("batch") or base.batch,
        )

    def _mistakes(self, line: Line, details: MachineDetails) -> dict[str, str]:
        wrong = operations.problems(details)
        wrong |= {column: N_("too long") for column, most in _MOST.items() if len(line.get(column)) > most}
        if details.serial in self.seen:
            wrong["serial"] = N_("an earlier line of this file has the same serial number")
        if details.device and self.owner_of.get(details.device, details.serial) != details.serial:
            wrong["device"] = N_("Another machine has this device code.")
        if line.get("site") and not line.get("customer") and details.customer is None:
            wrong["customer"] = N_("a site needs its customer")
        if line.get("address") and not line.get("site"):
            wrong["site"] = N_("an address needs its site")
        key, address = self._site_key(line, details), line.get("address")
        if address and self.addresses.get(key, address) not in ("", address, self.present_addresses.get(key)):
            wrong["address"] = N_("an earlier line of this file gives another address for this site")
        return wrong

    def _site_key(self, line: Line, base: MachineDetails) -> tuple[str, str]:
        return (line.get("customer") or (base.customer.name if base.customer else ""), line.get("site"))

    def _moves(self, line: Line, base: MachineDetails) -> bool:
        """Whether the line names another customer, site, address or area than the machine's."""
        there = {"customer": base.customer, "site": base.site, "area": base.area}
        if any(line.get(column) and line.get(column) != (row.name if row else "") for column, row in there.items()):
            return True
        return bool(line.get("address") and base.site and line.get("address") != base.site.address)

    def _customers(self, by: Actor, areas: dict[str, Area]) -> dict[str, Customer]:
        known = {customer.name: customer for customer in self.rows[Customer].values()}
        new: dict[str, CustomerDetails] = {}
        for line, _details in self.wanted:
            name = line.get("customer")
            if name and name not in known:
                new.setdefault(name, CustomerDetails(name=name, area=areas.get(line.get("area"))))
        entered = customers_operations.enter_customers(by=by, details=list(new.values()))
        return known | {customer.name: customer for customer in entered}

    def _sites(self, by: Actor, areas: dict[str, Area], customers: dict[str, Customer]) -> dict[tuple[str, str], Site]:
        known = {(self._name(Customer, site.customer_id), site.name): site for site in self.rows[Site].values()}
        new: dict[tuple[str, str], tuple[Customer, SiteDetails]] = {}
        for line, details in self.wanted:
            key = self._site_key(line, details)
            if key[1] and key not in known:
                site = SiteDetails(name=key[1], address=self.addresses[key], area=areas.get(line.get("area")))
                new.setdefault(key, (customers[key[0]], site))
        for key, site in known.items():
            if self.addresses[key] != site.address:
                changed = SiteDetails(name=site.name, address=self.addresses[key], area=site.area)
                customers_operations.edit_site(by=by, site=site, version=site.customer.version, details=changed)
        entered = customers_operations.enter_sites(by=by, details=list(new.values()))
        names = {customer.id: customer.name for customer in customers.values()}
        return known | {(names[site.customer_id], site.name): site for site in entered}

    def _model(self, name: str) -> MachineModel:
        known = {model.name: model for model in self.rows[MachineModel].values()}
        if name not in known:
            model = operations.model_named(name)
            self.rows[MachineModel][model.id] = known[name] = model
        return known[name]


def _placed(
    line: Line, details: MachineDetails, areas: dict[str, Area], customers: dict[str, Customer], sites: dict[tuple[str, str], Site]
) -> MachineDetails:
    """``details`` with the customer, site and area of the line; a machine that leaves its customer leaves the site too."""
    customer = customers.get(line.get("customer"), details.customer)
    site = details.site if details.site is not None and details.site.customer_id == (customer and customer.id) else None
    if customer is not None and line.get("site"):
        site = sites[(customer.name, line.get("site"))]
    return replace(details, customer=customer, site=site, area=areas.get(line.get("area"), details.area))
