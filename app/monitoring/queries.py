"""What the board, the alarm list and the machine screen show."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from peewee import JOIN, Case, ModelSelect, fn

from app.accounts.models import Area, User
from app.core.errors import N_, NotFound
from app.core.prepared import Prepared
from app.core.types import Actor
from app.customers.models import Customer
from app.machines import profiles, terminals
from app.machines.models import DeviceProfile, Machine, MachineModel
from app.machines.profiles import CodePolicy
from app.machines.queries import profile_documents
from app.machines.queries import visible as visible_machines
from app.monitoring.alarm_machine.state import STANDING
from app.monitoring.models import Alarm, Condition, Episode, Terminal
from app.tickets.models import Priority, Ticket

RANK: dict[str, int] = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.LOW: 2}
MAX_ALARMS = 100
MAX_TILES = 300
MAX_EPISODES = 50
_rank = Case(Alarm.severity, tuple((severity, rank) for severity, rank in RANK.items()), 9)
is_there = (Alarm.condition != Condition.NORMAL) & (Alarm.condition != Condition.PENDING)
is_standing = is_there | ~Alarm.is_acknowledged


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One standing alarm: active, going, waiting for its reset, or gone but not acknowledged."""

    alarm: Alarm
    machine: Machine
    episode: Episode
    policy: CodePolicy

    @property
    def is_active(self) -> bool:
        """Whether its episode goes on."""
        return self.alarm.condition in STANDING


@dataclass(frozen=True, slots=True)
class Filters:
    """What the board is narrowed to; None does not narrow."""

    area: int | None = None
    customer: int | None = None
    model: int | None = None
    with_normal: bool = False


@dataclass(slots=True)
class Tile:
    """A machine on the board; ``level`` is a severity, "silent", "offline" or "normal". A silent one may have alarms, too."""

    machine_id: int
    serial: str
    device: str
    customer: str
    level: str = "normal"
    is_acknowledged: bool = True
    is_silent: bool = False
    codes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class AreaGroup:
    """The machines of one area: those that need someone, worst first, and how many do not."""

    area_id: int | None
    name: str
    tiles: list[Tile]
    normal: int


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the board shows."""

    alarms: list[AlarmRow]
    alarm_count: int
    by_severity: dict[Priority, int]
    groups: list[AreaGroup]
    silent: int


def visible(actor: Actor) -> ModelSelect:
    """The alarms of the machines that ``actor`` may see."""
    query = Alarm.select(Alarm, Machine).join(Machine)
    return query if actor.area_ids is None else query.where(Machine.area.in_(list(actor.area_ids)))


def alarm_by_id(actor: Actor, alarm_id: int) -> Alarm:
    """Raises ``NotFound`` for an alarm of a machine that ``actor`` may not see."""
    alarm = visible(actor).where(Alarm.id == alarm_id).get_or_none()
    if alarm is None:
        raise NotFound(N_("There is no such alarm, or it is not for you to see."))
    return alarm


def standing(actor: Actor, *, filters: Filters | None = None) -> list[AlarmRow]:
    """Standing alarms, at most ``MAX_ALARMS``: unacknowledged first, then worst, then newest."""
    return _rows(_standing(actor, filters or Filters()).order_by(*_STANDING_ORDER).limit(MAX_ALARMS))


def standing_count(actor: Actor) -> int:
    """How many alarms stand, listed or not."""
    return sum(_counts(actor, Filters()).values())


def standing_of(actor: Actor, machine: Machine) -> list[AlarmRow]:
    """Standing alarms of ``machine`` as ``standing`` orders them; none of a machine that ``actor`` may not see."""
    if actor.area_ids is not None and machine.area_id not in actor.area_ids:
        return []
    return _rows(_standing_of_machine.rows(machine.id))


def waiting(actor: Actor, limit: int = 20) -> list[AlarmRow]:
    """Alarms that nobody has acknowledged, worst first, then oldest; for start pages."""
    query = _standing(actor, Filters()).where(~Alarm.is_acknowledged)
    return _rows(query.order_by(_rank, Alarm.last_event_at, Alarm.id).limit(limit))


def alarm_row(actor: Actor, alarm_id: int) -> AlarmRow:
    """One alarm as the list shows it, even if it stands no longer. Raises ``NotFound``."""
    alarm = alarm_by_id(actor, alarm_id)
    return _rows(_with_episode(visible(actor)).where(Alarm.id == alarm.id))[0]


def _standing(actor: Actor, filters: Filters) -> ModelSelect:
    return _narrowed(_with_episode(visible(actor)).where(is_standing), filters)


def _with_episode(query: ModelSelect) -> ModelSelect:
    """With the machine's customer, the last episode, its ticket and who acknowledged it."""
    return (
        query.select(Alarm, Machine, Customer, Episode, Ticket, User)
        .join_from(Machine, Customer, JOIN.LEFT_OUTER)
        .join_from(Alarm, Episode, on=(Episode.id == _last_episode()), attr="last_episode")
        .join_from(Episode, Ticket, JOIN.LEFT_OUTER)
        .join_from(Episode, User, JOIN.LEFT_OUTER)
    )


def _last_episode() -> ModelSelect:
    one = Episode.alias("one")
    return one.select(one.id).where(one.alarm == Alarm.id).order_by(one.started_at.desc()).limit(1)


_STANDING_ORDER = (Alarm.is_acknowledged, _rank, ~is_there, Alarm.last_event_at.desc(), Alarm.id)
_standing_of_machine = Prepared(
    lambda machine_id: (
        _with_episode(Alarm.select(Alarm, Machine).join(Machine))
        .where(is_standing, Alarm.machine == machine_id)
        .order_by(*_STANDING_ORDER)
        .limit(MAX_ALARMS)
    )
)


def _narrowed(query: ModelSelect, filters: Filters) -> ModelSelect:
    for name in ("area", "customer", "model"):
        value = getattr(filters, name)
        query = query.where(getattr(Machine, name) == value) if value is not None else query
    return query


def _rows(query: Iterable[Alarm]) -> list[AlarmRow]:
    documents = profile_documents()
    return [
        AlarmRow(alarm, alarm.machine, alarm.last_episode, profiles.code(documents.get(alarm.machine.profile_id), alarm.code))
        for alarm in query
    ]


def board(actor: Actor, filters: Filters) -> Board:
    """The board for ``actor``: standing alarms, machines by area with the normal ones counted, or listed when asked for."""
    counts = _counts(actor, filters)
    groups = _groups(actor, filters)
    return Board(
        alarms=standing(actor, filters=filters),
        alarm_count=sum(counts.values()),
        by_severity={severity: counts.get(severity, 0) for severity in Priority},
        groups=groups,
        silent=sum(tile.is_silent for group in groups for tile in group.tiles),
    )


def _counts(actor: Actor, filters: Filters) -> dict[str, int]:
    query = _narrowed(visible(actor).where(is_standing), filters)
    return dict(query.select(Alarm.severity, fn.COUNT(Alarm.id)).group_by(Alarm.severity).tuples())


def _groups(actor: Actor, filters: Filters) -> list[AreaGroup]:
    tiles = _troubled(actor, filters)
    totals = _narrowed(visible_machines(actor), filters).where(Machine.device.is_null(False))
    totals = dict(totals.select(Machine.area, fn.COUNT(Machine.id)).group_by(Machine.area).tuples())
    names = dict(Area.select(Area.id, Area.name).tuples())
    groups = []
    for area_id in sorted(totals, key=lambda key: (key is None, names.get(key, ""))):
        mine = [tile for machine_area, tile in tiles if machine_area == area_id]
        normal = totals[area_id] - sum(bool(tile.device) for tile in mine)
        if filters.with_normal and filters.area == area_id:
            mine += _normal(actor, filters, {tile.machine_id for tile in mine})
        groups.append(AreaGroup(area_id, names.get(area_id, ""), mine[:MAX_TILES], normal))
    return groups


def _troubled(actor: Actor, filters: Filters) -> list[tuple[int | None, Tile]]:
    """Machines with a standing alarm or without a sign of life, with their area, worst first."""
    found: dict[int, tuple[int | None, Tile]] = {}
    columns = (Machine.area, *_TILE, Alarm.severity, Alarm.is_acknowledged, Alarm.code)
    query = _narrowed(visible(actor).where(is_standing), filters).join_from(Machine, Customer, JOIN.LEFT_OUTER)
    for area_id, machine_id, serial, device, customer, severity, is_acknowledged, code in (
        query.select(*columns).order_by(_rank, Alarm.code).tuples()
    ):
        _area, tile = found.setdefault(machine_id, (area_id, Tile(machine_id, serial, device, customer, severity)))
        tile.is_acknowledged &= is_acknowledged
        tile.codes.append(code)
    for area_id, machine_id, serial, device, customer, is_silent in _quiet(actor, filters):
        level = "silent" if is_silent else "offline"
        _area, tile = found.setdefault(machine_id, (area_id, Tile(machine_id, serial, device, customer, level)))
        tile.is_silent = is_silent
    order = {**RANK, "silent": 3, "offline": 4}
    return sorted(found.values(), key=lambda pair: (order[pair[1].level], pair[1].is_acknowledged, pair[1].serial))


_TILE = (
    Machine.id,
    Machine.serial,
    fn.COALESCE(Machine.device, ""),
    fn.COALESCE(fn.NULLIF(Customer.short_name, ""), Customer.name, ""),
)


def _quiet(actor: Actor, filters: Filters) -> Iterable[tuple[Any, ...]]:
    query = _narrowed(visible_machines(actor), filters)
    query = query.join_from(Machine, Customer, JOIN.LEFT_OUTER).join_from(Machine, Terminal, on=(Terminal.device == Machine.device))
    return query.select(Machine.area, *_TILE, Terminal.is_silent).where(Terminal.is_silent | ~Terminal.is_online).tuples()


def _normal(actor: Actor, filters: Filters, troubled: set[int]) -> list[Tile]:
    query = _narrowed(visible_machines(actor), filters).join_from(Machine, Customer, JOIN.LEFT_OUTER)
    query = query.where(Machine.device.is_null(False)).select(*_TILE).order_by(Machine.serial).limit(MAX_TILES)
    return [Tile(*facts) for facts in query.tuples() if facts[0] not in troubled]


def machine_by_device(actor: Actor, device: str) -> Machine:
    """The machine behind a device code, with customer, area, model and profile: the one that has it, else the last that had it.

    Raises ``NotFound``.
    """
    query = (
        visible_machines(actor)
        .select(Machine, MachineModel, Customer, Area, DeviceProfile)
        .join_from(Machine, MachineModel)
        .join_from(Machine, Customer, JOIN.LEFT_OUTER)
        .join_from(Machine, Area, JOIN.LEFT_OUTER)
        .join_from(Machine, DeviceProfile, JOIN.LEFT_OUTER)
    )
    is_meant = Machine.device == device
    if not Machine.select().where(is_meant).exists():
        is_meant = Machine.id == terminals.last_owner(device)
    machine = query.where(is_meant).get_or_none()
    if machine is None:
        raise NotFound(N_("There is no machine with this device code, or it is not for you to see."))
    return machine


def terminal_of(machine: Machine) -> Terminal | None:
    """The terminal of a machine; None when it has not said anything yet."""
    return Terminal.get_or_none(Terminal.device == machine.device)


def episodes_of(machine: Machine) -> list[Episode]:
    """The last episodes of a machine, newest first, at most ``MAX_EPISODES``."""
    query = Episode.select(Episode, Ticket, User).join(Ticket, JOIN.LEFT_OUTER).switch(Episode).join(User, JOIN.LEFT_OUTER)
    return list(query.where(Episode.machine == machine).order_by(Episode.started_at.desc()).limit(MAX_EPISODES))


def open_ticket_numbers(machine: Machine) -> list[str]:
    """Numbers of the open tickets of a machine, newest first."""
    query = Ticket.select(Ticket.number).where(Ticket.machine == machine, Ticket.is_open).order_by(Ticket.opened_at.desc())
    return [number for (number,) in query.limit(10).tuples()]
