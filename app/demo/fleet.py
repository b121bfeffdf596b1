"""Customers, sites, contacts and machines of the demo world."""

import random
from datetime import datetime, timedelta

from app.core import clock
from app.customers import operations as customers
from app.customers.models import ContactRole, Customer, CustomerKind, Site
from app.customers.operations import ContactDetails, CustomerDetails, SiteDetails
from app.demo.people import Staff
from app.machines import operations
from app.machines.models import DeviceProfile, Machine
from app.machines.operations import MachineDetails

PROFILE = "underground_compactor_v1"
MODELS = ("YJ-10", "YJ-16", "YJ-20S", "YJ-25L")
PUBLIC, COMPANY = CustomerKind.PUBLIC_BODY, CustomerKind.COMPANY
# name, short name, kind, area
CUSTOMERS = (
    ("云岭市环境卫生管理中心", "云岭环卫", PUBLIC, "东部区域"),
    ("望河县城市管理局", "望河城管", PUBLIC, "东部区域"),
    ("青禾物业服务有限公司", "青禾物业", COMPANY, "东部区域"),
    ("临溪市清洁服务有限公司", "临溪清洁", COMPANY, "西部区域"),
    ("松原谷风景区管理委员会", "松原谷景区", PUBLIC, "西部区域"),
    ("恒晟环境科技有限公司", "恒晟环境", COMPANY, "西部区域"),
    ("白桦市市容环境事务所", "白桦市容", PUBLIC, "北部区域"),
    ("北岭农产品批发市场有限公司", "北岭市场", COMPANY, "北部区域"),
)
# customer's short name, site, address
SITES = (
    ("云岭环卫", "滨河压缩站", "云岭市滨河路 18 号"),
    ("云岭环卫", "东门压缩站", "云岭市东门大街 6 号"),
    ("云岭环卫", "体育场压缩站", "云岭市健身路 2 号"),
    ("望河城管", "县医院压缩站", "望河县康复路 11 号"),
    ("望河城管", "老街压缩站", "望河县老街 77 号"),
    ("青禾物业", "青禾花园", "云岭市青禾路 1 号"),
    ("青禾物业", "青禾广场", "云岭市中心路 30 号"),
    ("临溪清洁", "北郊转运站", "临溪市北郊路 9 号"),
    ("临溪清洁", "南湖压缩站", "临溪市南湖街 25 号"),
    ("松原谷景区", "游客中心站", "松原谷大道 3 号"),
    ("恒晟环境", "高新区压缩站", "临溪市创新路 88 号"),
    ("恒晟环境", "物流园压缩站", "临溪市仓储路 5 号"),
    ("白桦市容", "火车站压缩站", "白桦市站前街 1 号"),
    ("北岭市场", "蔬菜区压缩站", "白桦市北岭路 60 号"),
)
_SURNAMES = "张王李赵钱孙周吴郑冯陈褚卫蒋沈韩杨朱秦许"
_GIVEN = ("伟", "芳", "建军", "秀英", "强", "磊", "洋", "艳", "勇", "娟", "志明", "文静", "海燕", "国庆", "小东", "红梅")
_FIRST_PHONE = 13800000100
MACHINES = 60
WITHOUT_TERMINAL = 8
SERVICE_PERIOD_DAYS = (20, 1100)


def build(staff: Staff, now: datetime) -> list[Machine]:
    """Register everything; returns the machines in the order of their serial numbers."""
    dice = random.Random(2026)
    sites = [site for row in CUSTOMERS for site in _customer(staff, dice, row, now)]
    profile = DeviceProfile.get(DeviceProfile.name == PROFILE)
    return [_machine(staff, _details(dice, number, sites[number % len(sites)], profile, now), now) for number in range(MACHINES)]


def _customer(staff: Staff, dice: random.Random, row: tuple[str, str, CustomerKind, str], now: datetime) -> list[Site]:
    name, short_name, kind, area = row
    details = CustomerDetails(name=name, short_name=short_name, kind=kind, area=staff.areas[area])
    since = now - timedelta(days=dice.randint(*SERVICE_PERIOD_DAYS))
    customer = customers.create_customer(by=staff["clerk"], details=details, at=since)
    places = [SiteDetails(name=place, address=address) for owner, place, address in SITES if owner == short_name]
    sites = [customers.add_site(by=staff["clerk"], customer=customer, details=place) for place in places]
    for site in sites:
        _contact(staff, dice, customer, ContactRole.STATION_HEAD, site)
    _contact(staff, dice, customer, ContactRole.OPERATOR, sites[0])
    _contact(staff, dice, customer, ContactRole.FINANCE, None)
    return sites


def _contact(staff: Staff, dice: random.Random, customer: Customer, role: ContactRole, site: Site | None) -> None:
    details = ContactDetails(
        name=dice.choice(_SURNAMES) + dice.choice(_GIVEN),
        phone=str(_FIRST_PHONE + dice.randint(0, 8999)),
        email=f"site{site.id}@example.com" if site and role is ContactRole.STATION_HEAD else "",
        role=role,
        site=site,
    )
    customers.add_contact(by=staff["clerk"], customer=customer, details=details)


def _details(dice: random.Random, number: int, site: Site, profile: DeviceProfile, now: datetime) -> MachineDetails:
    accepted_on = clock.day_of(now) - timedelta(days=dice.randint(*SERVICE_PERIOD_DAYS))
    shipped_on = accepted_on - timedelta(days=dice.randint(12, 60))
    has_terminal = number < MACHINES - WITHOUT_TERMINAL
    return MachineDetails(
        serial=f"YJ{shipped_on:%y%m}-{number + 1:03d}",
        model=MODELS[number % len(MODELS)],
        device=f"evc-{1001 + number}" if has_terminal else "",
        profile=profile if has_terminal else None,
        customer=site.customer,
        site=site,
        gateway=f"gw-{site.id:02d}" if has_terminal else "",
        shipped_on=shipped_on,
        accepted_on=accepted_on,
        batch=f"B{shipped_on:%y}Q{(shipped_on.month + 2) // 3}",
    )


def _machine(staff: Staff, details: MachineDetails, now: datetime) -> Machine:
    assert details.shipped_on is not None
    age = clock.day_of(now) - details.shipped_on
    return operations.create_machine(by=staff["clerk"], details=details, at=now - age)
