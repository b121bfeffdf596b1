"""machines.csv: one line per machine; customers, sites, areas and models that are not there yet are made (interfaces, Import columns)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.accounts.models import Area
from app.core.errors import N_, Invalid
from app.core.importing import Column, Effect, Kind, Line, Made, Options, Reasons, date_in, reasons_of, too_long, whole_in
from app.core.types import Actor
from app.customers import operations as customers_operations
from app.customers.imports import areas_named, differing, stored
from app.customers.models import Customer, Project, Site
from app.customers.operations import CustomerDetails, SiteDetails
from app.machines import operations
from app.machines.models import DeviceProfile, Machine, MachineModel
from app.machines.operations import MachineDetails

COLUMNS = (
    Column(
        "serial", N_("Serial number"), "序列号", ("出厂编号", "设备编号", "机器编号", "设备序列号", "整机编号", "sn", "serial no", "asset"),
        is_required=True, hint=N_("As it stands on the plate; it tells machines apart."), example="YJ2401-001",
    ),
    Column(
        "device", N_("Device code"), "设备编码", ("终端编号", "终端号", "EVC编号", "EVC终端", "监控编号", "device code"),
        hint=N_("Of the EVC terminal, if there is one."), example="evc-1001",
    ),
    Column("model", N_("Model"), "机型", ("型号", "设备型号", "规格型号"), is_required=True,
           hint=N_("A new name makes a new model."), example="YJ-10"),
    Column("profile", N_("Monitoring profile"), "监控模板", ("模板",)),
    Column("customer", N_("Customer"), "客户", ("客户名称", "单位", "单位名称", "使用单位", "用户", "公司名称"),
           hint=N_("The full name; a new name makes a new customer."), example="云岭市环境卫生管理中心"),
    Column("site", N_("Site"), "使用站点", ("站点", "站点名称", "安装地点", "使用地点", "压缩站", "中转站"), example="滨河压缩站"),
    Column("address", N_("Address"), "地址", ("站点地址", "安装地址", "详细地址"), example="云岭市滨河路 18 号"),
    Column("area", N_("Area"), "区域", ("所属区域", "大区", "片区"), example="东部区域"),
    Column("gateway", N_("Gateway"), "网关", ("网关编号",)),
    Column("accepted_on", N_("Accepted on"), "验收日期", ("验收时间", "交付日期"), hint=N_("Such as 2026-11-23."), example="2024-04-17"),
    Column("shipped_on", N_("Delivered on"), "发货日期", ("发货时间", "出厂日期", "出库日期"), hint=N_("Such as 2026-11-23."),
           example="2024-03-08"),
    Column("warranty_months", N_("Warranty in months"), "质保期（月）", ("质保月数", "质保期", "保修期", "保修月数"), example="12"),
    Column("batch", N_("Batch"), "批次", ("批次号", "生产批次"), example="B24Q1"),
)  # fmt: skip
_MOST = {"model": 80, "customer": 120, "site": 120, "address": 200, "area": 60, "gateway": 64, "batch": 40}
FIELDS = (
    "device", "model_id", "profile_id", "customer_id", "site_id", "area_id", "gateway", "accepted_on", "shipped_on", "warranty_months",
    "batch",
)  # fmt: skip
_SiteKey = tuple[str, str]


class MachinesImporter:
    """Remembers the serial numbers and device codes of the file, and the address that each site shall have."""

    def __init__(self, _options: Options) -> None:
        self.seen: set[str] = set()
        self.owner_of: dict[str, str] = {}
        self.addresses: dict[_SiteKey, str] = {}

    def plan(self, lines: Sequence[Line]) -> "_MachinesPlan":
        """What these lines ask for."""
        return _MachinesPlan(self, lines)

    def skip(self, lines: Sequence[Line]) -> None:
        """Remember lines that were written already."""
        for line in lines:
            self.remember(line, (line.get("customer"), line.get("site")))

    def remember(self, line: Line, site: _SiteKey) -> None:
        """A later line must not contradict this good one."""
        self.seen.add(line.get("serial"))
        if line.get("device"):
            self.owner_of[line.get("device")] = line.get("serial")
        if line.get("site") and line.get("address"):
            self.addresses[site] = line.get("address")


class _MachinesPlan:
    def __init__(self, seen: MachinesImporter, lines: Sequence[Line]) -> None:
        self.seen = seen
        self.areas = {area.id: area for area in Area.select()}
        self.profiles = {profile.id: profile for profile in DeviceProfile.select()}
        self.models = {model.id: model for model in MachineModel.select()}
        devices, serials = _words(lines, "device"), _words(lines, "serial")
        self.machines = {machine.serial: machine for machine in Machine.select().where(Machine.serial.in_(serials))}
        self.owner_of = {machine.device: machine.serial for machine in Machine.select().where(Machine.device.in_(devices))}
        owners = {machine.customer_id for machine in self.machines.values()} - {None}
        named = Customer.name.in_(_words(lines, "customer"))
        self.customers = {row.id: row for row in Customer.select().where(named | Customer.id.in_(owners))}
        places = {machine.site_id for machine in self.machines.values()} - {None}
        wanted = Site.name.in_(_words(lines, "site")) & Site.customer.in_(list(self.customers))
        projects = {machine.project_id for machine in self.machines.values()} - {None}
        self.projects = {row.id: row for row in Project.select().where(Project.id.in_(projects))}
        self.sites = {row.id: row for row in Site.select().where(wanted | Site.id.in_(places))}
        self.site_of = {(self.customers[s.customer_id].name, s.name): s for s in self.sites.values() if s.customer_id in self.customers}
        self.wanted: list[tuple[Line, MachineDetails]] = []
        self.judgements: list[Effect | Reasons] = [self._judged(line) for line in lines]

    def _judged(self, line: Line) -> Effect | Reasons:
        try:
            return self._take(line)
        except Invalid as error:
            return reasons_of(error)

    def _take(self, line: Line) -> Effect:
        machine = self.machines.get(line.get("serial"))
        base = self._written(machine) if machine else MachineDetails(serial=line.get("serial"), model="")
        details = self._details(line, base)
        wrong = self._mistakes(line, details)
        if wrong:
            raise Invalid(N_("The line cannot be used."), fields=wrong)
        self.seen.remember(line, _site_key(line, base))
        if machine is not None and details == base and not self._moves(line, base):
            return Effect.UNCHANGED
        self.wanted.append((line, details))
        return Effect.ADDED if machine is None else Effect.CHANGED

    def write(self, by: Actor) -> list[Made]:
        """Write what is new or different."""
        lines = [line for line, _details in self.wanted]
        areas, new_areas = areas_named(by, _words(lines, "area"))
        first = {line.get("area"): line.number for line in reversed(lines)}
        made = [Made(first[area.name], "area", area.id) for area in new_areas]
        models = self._models(made)
        customers = self._customers(by, areas, made)
        sites = self._sites(by, areas, customers, made)
        new: list[tuple[int, MachineDetails, MachineModel]] = []
        for line, details in self.wanted:
            placed, machine = _placed(line, details, areas, customers, sites), self.machines.get(details.serial)
            if machine is None:
                new.append((line.number, placed, models[placed.model]))
                continue
            before = stored(machine, FIELDS)
            operations.renew(by=by, machine=machine, version=machine.version, details=placed, model=models[placed.model])
            changes = differing(before, stored(machine, FIELDS))
            if changes:
                made.append(Made(line.number, "machine", machine.id, changes))
        entered = operations.enter_machines(by=by, details=[(details, model) for _number, details, model in new])
        return made + [Made(number, "machine", machine.id) for (number, _d, _m), machine in zip(new, entered, strict=True)]

    def _models(self, made: list[Made]) -> dict[str, MachineModel]:
        known = {model.name: model for model in self.models.values()}
        for line, details in self.wanted:
            if details.model not in known:
                known[details.model] = operations.model_named(details.model)
                made.append(Made(line.number, "machine_model", known[details.model].id))
        return known

    def _written(self, machine: Machine) -> MachineDetails:
        return MachineDetails(
            serial=machine.serial,
            model=self.models[machine.model_id].name,
            device=machine.device or "",
            profile=self.profiles.get(machine.profile_id),
            customer=self.customers.get(machine.customer_id),
            site=self.sites.get(machine.site_id),
            area=self.areas.get(machine.area_id),
            gateway=machine.gateway,
            accepted_on=machine.accepted_on,
            shipped_on=machine.shipped_on,
            warranty_months=machine.warranty_months,
            batch=machine.batch,
            project=self.projects.get(machine.project_id),
            sim_number=machine.sim_number,
            sim_expires_on=machine.sim_expires_on,
            retired_on=machine.retired_on,
        )

    def _details(self, line: Line, base: MachineDetails) -> MachineDetails:
        months = whole_in(line, "warranty_months")
        profiles = {profile.name: profile for profile in self.profiles.values()}
        if line.get("profile") and line.get("profile") not in profiles:
            raise Invalid(N_("The line cannot be used."), fields={"profile": N_("there is no monitoring profile of this name")})
        return replace(
            base,
            device=line.get("device") or base.device,
            model=line.get("model") or base.model,
            profile=profiles.get(line.get("profile"), base.profile),
            gateway=line.get("gateway") or base.gateway,
            accepted_on=date_in(line, "accepted_on") or base.accepted_on,
            shipped_on=date_in(line, "shipped_on") or base.shipped_on,
            warranty_months=base.warranty_months if months is None else months,
            batch=line.get("batch") or base.batch,
        )

    def _mistakes(self, line: Line, details: MachineDetails) -> dict[str, str]:
        wrong = operations.problems(details)
        wrong |= too_long(line, _MOST)
        if details.serial in self.seen.seen:
            wrong["serial"] = N_("an earlier line of this file has the same serial number")
        if details.device and {self.owner_of.get(details.device), self.seen.owner_of.get(details.device)} - {None, details.serial}:
            wrong["device"] = N_("Another machine has this device code.")
        if line.get("site") and not line.get("customer") and details.customer is None:
            wrong["customer"] = N_("a site needs its customer")
        if line.get("address") and not line.get("site"):
            wrong["site"] = N_("an address needs its site")
        earlier = self.seen.addresses.get(_site_key(line, details))
        if line.get("address") and earlier not in (None, line.get("address")):
            wrong["address"] = N_("an earlier line of this file gives another address for this site")
        return wrong

    def _moves(self, line: Line, base: MachineDetails) -> bool:
        """Whether the line names another customer, site, address or area than the machine's."""
        there = {"customer": base.customer, "site": base.site, "area": base.area}
        if any(line.get(column) and line.get(column) != (row.name if row else "") for column, row in there.items()):
            return True
        return bool(line.get("address") and base.site and line.get("address") != base.site.address)

    def _customers(self, by: Actor, areas: dict[str, Area], made: list[Made]) -> dict[str, Customer]:
        known = {customer.name: customer for customer in self.customers.values()}
        new: dict[str, tuple[int, CustomerDetails]] = {}
        for line, _details in self.wanted:
            name = line.get("customer")
            if name and name not in known:
                new.setdefault(name, (line.number, CustomerDetails(name=name, area=areas.get(line.get("area")))))
        entered = customers_operations.enter_customers(by=by, details=[details for _number, details in new.values()])
        made += [Made(new[customer.name][0], "customer", customer.id) for customer in entered]
        return known | {customer.name: customer for customer in entered}

    def _sites(self, by: Actor, areas: dict[str, Area], customers: dict[str, Customer], made: list[Made]) -> dict[_SiteKey, Site]:
        known = dict(self.site_of)
        new: dict[_SiteKey, tuple[int, Customer, SiteDetails]] = {}
        for line, details in self.wanted:
            key, address = _site_key(line, details), line.get("address")
            if key[1] and key not in known:
                number, owner, earlier = new.get(key, (line.number, customers[key[0]], None))
                site = earlier or SiteDetails(name=key[1], area=areas.get(line.get("area")))
                new[key] = (number, owner, replace(site, address=address or site.address))
            elif key in known and address and address != known[key].address:
                made.append(_readdressed(by, line.number, known[key], address))
        entered = customers_operations.enter_sites(by=by, details=[(owner, details) for _n, owner, details in new.values()])
        names = {customer.id: customer.name for customer in customers.values()}
        found = {(names[site.customer_id], site.name): site for site in entered}
        made += [Made(new[key][0], "site", site.id) for key, site in found.items()]
        return known | found


def _words(lines: Iterable[Line], column: str) -> set[str]:
    return {line.get(column) for line in lines} - {""}


def _site_key(line: Line, base: MachineDetails) -> _SiteKey:
    return (line.get("customer") or (base.customer.name if base.customer else ""), line.get("site"))


def _readdressed(by: Actor, line: int, site: Site, address: str) -> Made:
    before = site.address
    changed = SiteDetails(name=site.name, address=address, area=site.area, station=site.station)
    customers_operations.renew_site(by=by, site=site, details=changed)
    return Made(line, "site", site.id, {"address": (before, address)})


def _placed(
    line: Line, details: MachineDetails, areas: dict[str, Area], customers: dict[str, Customer], sites: dict[_SiteKey, Site]
) -> MachineDetails:
    """``details`` with the customer, site and area of the line; a machine that leaves its customer leaves the site too."""
    customer = customers.get(line.get("customer"), details.customer)
    site = details.site if details.site is not None and details.site.customer_id == (customer and customer.id) else None
    if customer is not None and line.get("site"):
        site = sites[(customer.name, line.get("site"))]
    return replace(details, customer=customer, site=site, area=areas.get(line.get("area"), details.area))


MACHINES = Kind("machines", COLUMNS, MachinesImporter)
