"""What the technicians of the demo world can do, and what they drive."""

from datetime import datetime, timedelta

from app.accounts.models import User
from app.core import clock
from app.demo.people import Staff
from app.machines.models import MachineModel
from app.roster import vehicles
from app.work_orders import technicians
from app.work_orders.technicians import Skills

# user name, grade, the models they were trained on
SKILLS = (
    ("technician", 4, ("YJ-10", "YJ-16", "YJ-20S", "YJ-25L")),
    ("technician2", 3, ("YJ-10", "YJ-16", "YJ-25L")),
    ("technician3", 2, ("YJ-10", "YJ-16")),
    ("technician4", 3, ("YJ-10", "YJ-16", "YJ-20S")),
    ("technician5", 1, ("YJ-10",)),
)
VEHICLES = (
    ("云A12F35", "工具车", "东部区域"),
    ("云A77K02", "皮卡", "东部区域"),
    ("云C30B18", "工具车", "西部区域"),
    ("云E05D61", "工具车", "北部区域"),
)
TRAINED_DAYS_AGO = 200


def equip(staff: Staff, now: datetime) -> None:
    """Enter grades, trainings and vehicles."""
    since = clock.day_of(now) - timedelta(days=TRAINED_DAYS_AGO)
    for username, grade, models in SKILLS:
        user = User.get(User.username == username)
        known = {model.id: since for model in MachineModel.select().where(MachineModel.name.in_(models))}
        seen = technicians.skills_of(user).seen
        technicians.set_skills(by=staff["deputy"], user=user, skills=Skills(grade, known), seen=seen)
    for plate, name, area in VEHICLES:
        vehicles.enter(by=staff["clerk"], plate=plate, name=name, area=staff.areas[area])
