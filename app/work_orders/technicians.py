"""Technicians as dispatch sees them: how far they are, what they were trained on, where they are based, what they have on hand."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from peewee import JOIN, fn

from app.accounts.models import Area, Role, Station, User, UserArea, UserRole
from app.core import db, history, live
from app.core.errors import N_, Conflict, Invalid, NotFound
from app.core.types import Actor
from app.machines.models import MachineModel
from app.roster.models import Presence, PresenceState
from app.roster.queries import on_duty, presences
from app.work_orders.models import Qualification, TechnicianGrade, WorkOrder

READ, EDIT = "technician_reports.read", "technicians.edit"
GRADES = range(1, 6)
LIVE = "roster"


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicianFilter:
    """What the list is narrowed to; None does not narrow."""

    q: str = ""
    area: int | None = None
    model: int | None = None


@dataclass(frozen=True, slots=True)
class TechnicianLine:
    """One technician; ``presence`` is None while nobody said where they are."""

    user: User
    grade: int | None
    models: list[str]
    station: str
    areas: list[str]
    presence: Presence | None
    is_on_duty: bool
    out: int

    @property
    def state(self) -> PresenceState:
        return PresenceState(self.presence.state) if self.presence else PresenceState.ON_DUTY


def listed(actor: Actor, wanted: TechnicianFilter, at: datetime) -> list[TechnicianLine]:
    """The technicians by name; who is bound to areas sees those who work there."""
    users = _users(actor, wanted)
    ids = [user.id for user in users]
    grades = dict(TechnicianGrade.select(TechnicianGrade.user, TechnicianGrade.grade).where(TechnicianGrade.user.in_(ids)).tuples())
    areas, models = _areas(ids), _models(ids)
    counted = WorkOrder.select(WorkOrder.lead, fn.COUNT(WorkOrder.id)).where(WorkOrder.lead.in_(ids), WorkOrder.is_out)
    out = dict(counted.group_by(WorkOrder.lead).tuples())
    where, duty = presences(ids, at), {user.id for user in on_duty(Role.TECHNICIAN, at)}
    return [
        TechnicianLine(
            user, grades.get(user.id), models[user.id], user.station.name if user.station_id else "", areas[user.id], where.get(user.id),
            user.id in duty, out.get(user.id, 0),
        )
        for user in users
    ]  # fmt: skip


def _users(actor: Actor, wanted: TechnicianFilter) -> list[User]:
    held = UserRole.select(UserRole.user).where(UserRole.role == Role.TECHNICIAN)
    query = User.select(User, Station).join(Station, JOIN.LEFT_OUTER).where(User.is_active, User.id.in_(held))
    if actor.area_ids is not None:
        query = query.where(User.id.in_(UserArea.select(UserArea.user).where(UserArea.area.in_(sorted(actor.area_ids)))))
    if wanted.area is not None:
        query = query.where(User.id.in_(UserArea.select(UserArea.user).where(UserArea.area == wanted.area)))
    if wanted.model is not None:
        query = query.where(User.id.in_(Qualification.select(Qualification.user).where(Qualification.model == wanted.model)))
    if wanted.q:
        query = query.where(User.name.contains(wanted.q))
    return list(query.order_by(User.name, User.id))


def _areas(ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for user_id, name in UserArea.select(UserArea.user, Area.name).join(Area).where(UserArea.user.in_(ids)).order_by(Area.name).tuples():
        found[user_id].append(name)
    return found


def _models(ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    query = Qualification.select(Qualification.user, MachineModel.name).join(MachineModel).where(Qualification.user.in_(ids))
    for user_id, name in query.order_by(MachineModel.name).tuples():
        found[user_id].append(name)
    return found


def by_id(user_id: int) -> User:
    """The technician. Raises ``NotFound`` for anybody else."""
    held = UserRole.select().where(UserRole.user == user_id, UserRole.role == Role.TECHNICIAN)
    found: User | None = User.get_or_none(User.id == user_id)
    if found is None or not held.exists():
        raise NotFound(N_("There is no such technician."))
    return found


@dataclass(frozen=True, slots=True)
class Skills:
    """How far somebody is: the grade, and since when they are trained on each model (None: nobody knows since when)."""

    grade: int | None
    since: Mapping[int, date | None]

    @property
    def seen(self) -> str:
        """The same as a text, so that a form can say what it was filled with."""
        return f"{self.grade or ''};" + ",".join(f"{key}:{self.since[key] or ''}" for key in sorted(self.since))


def skills_of(user: User) -> Skills:
    """What stands in the register."""
    grade = TechnicianGrade.select(TechnicianGrade.grade).where(TechnicianGrade.user == user).scalar()
    return Skills(grade, dict(Qualification.select(Qualification.model, Qualification.since_on).where(Qualification.user == user).tuples()))


def set_skills(*, by: Actor, user: User, skills: Skills, seen: str) -> None:
    """Write grade and trainings of ``user`` as they are in ``skills``; ``seen`` is what the form was filled with.

    Raises ``Conflict`` when somebody else changed them meanwhile, ``Invalid``, ``NotAllowed``.
    """
    by.require(EDIT)
    if skills.grade is not None and skills.grade not in GRADES:
        raise Invalid(N_("Something is missing or wrong. See the words beside the fields."), fields={"grade": N_("Choose a grade.")})
    with db.transaction():
        db.for_update(User.select(User.id).where(User.id == user)).get()  # two who change the same person come one after the other
        before = skills_of(user)
        if before.seen != seen:
            raise Conflict(N_("Somebody else changed this meanwhile. Look at what stands there now, then save again."))
        _write(user, skills)
        history.record(by, "technician.skills_set", "user", user.id, before={"skills": before.seen}, after={"skills": skills.seen})
        live.touch(LIVE)


def _write(user: User, skills: Skills) -> None:
    TechnicianGrade.delete().where(TechnicianGrade.user == user).execute()
    if skills.grade is not None:
        TechnicianGrade.create(user=user, grade=skills.grade)
    Qualification.delete().where(Qualification.user == user).execute()
    for model_id, since_on in skills.since.items():
        Qualification.create(user=user, model=model_id, since_on=since_on)
