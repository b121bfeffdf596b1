"""What the registers of the demo world hold besides customers and machines: stations, departments, models, projects, moves, SIM cards."""

from dataclasses import replace
from datetime import datetime, timedelta

from app.accounts import operations as accounts
from app.accounts import place_operations as places
from app.accounts.models import User
from app.accounts.operations import Reach
from app.accounts.place_operations import DepartmentDetails, StationDetails
from app.accounts.queries import areas_of, roles_of
from app.core import clock, known_settings
from app.customers import operations as customers
from app.customers import project_operations as projects
from app.customers.models import Customer, Site
from app.customers.operations import SiteDetails
from app.customers.project_operations import ProjectDetails
from app.demo.people import Staff
from app.machines import model_operations, move_operations, operations
from app.machines.model_operations import ModelDetails
from app.machines.models import Machine, MachineModel
from app.machines.move_operations import MoveDetails, TerminalDetails

# name, area, address, who is based there
STATIONS = (
    ("云岭驻点", "东部区域", "云岭市滨河路 20 号", ("technician", "technician3")),
    ("临溪驻点", "西部区域", "临溪市创新路 90 号", ("technician2", "technician5")),
    ("白桦驻点", "北部区域", "白桦市站前街 3 号", ("technician4",)),
)
DEPARTMENTS = (("质检部", "quality@example.com"), ("技术中心", "technology@example.com"), ("采购办", "purchasing@example.com"))
# model, warranty in months, what it is
MODELS = (
    ("YJ-10", 12, "10 吨级地埋式垃圾压缩站，单箱，适合老城区小站点。"),
    ("YJ-16", 12, "16 吨级地埋式垃圾压缩站，单箱，带渗滤液收集。"),
    ("YJ-20S", 18, "20 吨级双箱地埋式垃圾压缩站，左右箱轮换作业。"),
    ("YJ-25L", 24, "25 吨级大型转运站设备，配套自动喷淋除臭。"),
)
# customer's short name, sales contract, project, days since it was signed, machine that was bound to it
PROJECTS = (
    ("云岭环卫", "XS2026-031", "云岭市体育场压缩站新建", 40, None),
    ("恒晟环境", "XS2026-027", "物流园压缩站扩建", 75, None),
    ("望河城管", "XS2025-112", "望河县医院压缩站更新", 320, "望河城管"),
)
SIM_DAYS = {3: -6, 9: 12, 14: 25, 20: 160, 26: 300}  # machine: days until its SIM card expires
MOVED, REFITTED = 40, 45
HOTLINE = "400-000-0000"


def furnish(staff: Staff, machines: list[Machine], now: datetime) -> None:
    """Fill the registers, after the past was lived through."""
    _house(staff)
    _stations(staff)
    for name, months, description in MODELS:
        model = MachineModel.get(MachineModel.name == name)
        details = ModelDetails(name=name, description=description, warranty_months=months)
        model_operations.edit_model(by=staff["deputy"], model=model, version=model.version, details=details)
    _projects(staff, now)
    for number, days in SIM_DAYS.items():
        machine = Machine.get_by_id(machines[number].id)
        expires_on = clock.day_of(now) + timedelta(days=days)
        details = replace(operations.written(machine), sim_number=f"8986042026{number:09d}", sim_expires_on=expires_on)
        operations.edit_machine(by=staff["clerk"], machine=machine, version=machine.version, details=details)
    _move(staff, Machine.get_by_id(machines[MOVED].id), now)
    _refit(staff, Machine.get_by_id(machines[REFITTED].id), now)


def _house(staff: Staff) -> None:
    values = {"hotline_phone": HOTLINE, "company_name": "远山机械客户中心", "company_address": "云岭市工业路 100 号"}
    known_settings.change(by=staff["manager"], values=values)
    for name, email in DEPARTMENTS:
        places.create_department(by=staff["manager"], details=DepartmentDetails(name=name, email=email))


def _stations(staff: Staff) -> None:
    for name, area, address, based_here in STATIONS:
        details = StationDetails(name=name, area=staff.areas[area], address=address)
        station = places.create_station(by=staff["admin"], details=details)
        for site in Site.select().where(Site.area == staff.areas[area]):
            placed = SiteDetails(name=site.name, address=site.address, area=site.area, station=station)
            customers.edit_site(by=staff["clerk"], site=site, version=site.customer.version, details=placed)
        for username in based_here:
            user = User.get(User.username == username)
            accounts.change_user(
                by=staff["admin"],
                user_id=user.id,
                version=user.version,
                name=user.name,
                roles=roles_of(user.id),
                area_ids=[one.id for one in areas_of(user.id)],
                reach=Reach(email=f"{username}@example.com", phone=f"1390000{1000 + user.id}", station_id=station.id),
            )


def _projects(staff: Staff, now: datetime) -> None:
    for short_name, number, name, days, of_machine in PROJECTS:
        customer = Customer.get(Customer.short_name == short_name)
        details = ProjectDetails(
            contract_number=number,
            name=name,
            customer=customer,
            site=customer.sites.order_by(Site.id.desc()).first(),
            signed_on=clock.day_of(now) - timedelta(days=days),
        )
        project = projects.create_project(by=staff["clerk"], details=details, at=now - timedelta(days=days))
        if of_machine:
            machine = Machine.select().where(Machine.customer == customer).order_by(Machine.id).first()
            bound = replace(operations.written(machine), project=project)
            operations.edit_machine(by=staff["clerk"], machine=machine, version=machine.version, details=bound)


def _move(staff: Staff, machine: Machine, now: datetime) -> None:
    site = Site.select().where((Site.customer != machine.customer) & (Site.area == machine.area)).order_by(Site.id).first()
    details = MoveDetails(customer=site.customer, site=site, at=now - timedelta(days=10), reason="原站点拆迁，设备调拨")
    move_operations.move_machine(by=staff["clerk"], machine=machine, version=machine.version, details=details)


def _refit(staff: Staff, machine: Machine, now: datetime) -> None:
    details = TerminalDetails(
        device=f"{machine.device}-b",
        sim_number="8986042026000009999",
        sim_expires_on=clock.day_of(now) + timedelta(days=365),
        gateway=machine.gateway,
        at=now,
        reason="终端进水，整机更换",
    )
    move_operations.replace_terminal(by=staff["deputy"], machine=machine, version=machine.version, details=details)
