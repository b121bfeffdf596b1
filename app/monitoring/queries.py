"""What the board, the alarm list and the machine screen show."""

from collections.abc import Iterable
from dataclasses import dataclass

from peewee import JOIN, Case, Expression, ModelSelect, fn

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
from app.monitoring.models import Alarm, CodeNote, Condition, Episode, Terminal
from app.tickets.models import Priority, Ticket

RANK: dict[str, int] = {Priority.CRITICAL: 0, Priority.HIGH: 1, Priority.LOW: 2}
MAX_ALARMS = 100
MAX_EPISODES = 50
rank = Case(Alarm.severity, tuple((severity, rank) for severity, rank in RANK.items()), 9)
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

    @property
    def is_stale(self) -> bool:
        """Whether its machine says nothing any more: the alarm stands as it was (T16)."""
        terminal = getattr(self.machine, "terminal", None)
        return bool(terminal is not None and terminal.is_silent and self.alarm.code != profiles.COMM_LOST)

    @property
    def note(self) -> CodeNote | None:
        """What the desk has noted of its code."""
        return getattr(self.alarm, "code_note", None)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the board is narrowed to; None does not narrow."""

    area: int | None = None
    customer: int | None = None
    model: int | None = None
    q: str = ""
    state: str = ""
    with_normal: bool = False
    page: int = 1


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


def alarms_by_ids(actor: Actor, ids: Iterable[int]) -> list[Alarm]:
    """Those of the alarms ``ids`` that ``actor`` may see."""
    return list(visible(actor).where(Alarm.id.in_(list(ids))))


def standing(actor: Actor, *, filters: Filters | None = None) -> list[AlarmRow]:
    """Standing alarms, at most ``MAX_ALARMS``: unacknowledged first, then worst, then newest."""
    return _rows(_standing(actor, filters or Filters()).order_by(*_STANDING_ORDER).limit(MAX_ALARMS))


def standing_count(actor: Actor, filters: Filters | None = None) -> int:
    """How many alarms stand, listed or not."""
    return _standing(actor, filters or Filters()).count()


def standing_of(actor: Actor, machine: Machine) -> list[AlarmRow]:
    """Standing alarms of ``machine`` as ``standing`` orders them; none of a machine that ``actor`` may not see."""
    if actor.area_ids is not None and machine.area_id not in actor.area_ids:
        return []
    return _rows(_standing_of_machine.rows(machine.id))


def waiting(actor: Actor, limit: int = 20) -> list[AlarmRow]:
    """Alarms that nobody has acknowledged, worst first, then oldest; for start pages."""
    query = _standing(actor, Filters()).where(~Alarm.is_acknowledged)
    return _rows(query.order_by(rank, Alarm.last_event_at, Alarm.id).limit(limit))


def alarm_row(actor: Actor, alarm_id: int) -> AlarmRow:
    """One alarm as the list shows it, even if it stands no longer. Raises ``NotFound``."""
    alarm = alarm_by_id(actor, alarm_id)
    return _rows(_with_episode(visible(actor)).where(Alarm.id == alarm.id))[0]


def _standing(actor: Actor, filters: Filters) -> ModelSelect:
    query = narrowed(_with_episode(visible(actor)).where(is_standing), filters)
    state = _in_state(filters.state)
    return query if state is None else query.where(state)


def _with_episode(query: ModelSelect) -> ModelSelect:
    """With the machine's customer and terminal, the last episode, its ticket, who acknowledged it, and the note of its code."""
    return (
        query.select(Alarm, Machine, Customer, Episode, Ticket, User, Terminal, CodeNote)
        .join_from(Machine, Customer, JOIN.LEFT_OUTER)
        .join_from(Alarm, Episode, on=(Episode.id == _last_episode()), attr="last_episode")
        .join_from(Episode, Ticket, JOIN.LEFT_OUTER)
        .join_from(Episode, User, JOIN.LEFT_OUTER)
        .join_from(Machine, Terminal, JOIN.LEFT_OUTER, on=(Terminal.device == Machine.device), attr="terminal")
        .join_from(
            Alarm,
            CodeNote,
            JOIN.LEFT_OUTER,
            on=((CodeNote.profile == Machine.profile) & (CodeNote.code == Alarm.code)),
            attr="code_note",
        )
    )


def _last_episode() -> ModelSelect:
    one = Episode.alias("one")
    return one.select(one.id).where(one.alarm == Alarm.id).order_by(one.started_at.desc()).limit(1)


_STANDING_ORDER = (Alarm.is_acknowledged, rank, ~is_there, Alarm.last_event_at.desc(), Alarm.id)
_standing_of_machine = Prepared(
    lambda machine_id: (
        _with_episode(Alarm.select(Alarm, Machine).join(Machine))
        .where(is_standing, Alarm.machine == machine_id)
        .order_by(*_STANDING_ORDER)
        .limit(MAX_ALARMS)
    )
)


def narrowed(query: ModelSelect, filters: Filters) -> ModelSelect:
    """``query``, which selects or joins machines, with those alone that ``filters`` lets through; its state is another matter."""
    for name in ("area", "customer", "model"):
        value = getattr(filters, name)
        query = query.where(getattr(Machine, name) == value) if value is not None else query
    if not filters.q:
        return query
    owners = Customer.select(Customer.id).where(Customer.name.contains(filters.q) | Customer.short_name.contains(filters.q))
    return query.where(Machine.serial.contains(filters.q) | Machine.device.contains(filters.q) | Machine.customer.in_(owners))


def counts(actor: Actor, filters: Filters) -> dict[str, int]:
    """How many alarms of each severity stand."""
    query = narrowed(visible(actor).where(is_standing), filters)
    return dict(query.select(Alarm.severity, fn.COUNT(Alarm.id)).group_by(Alarm.severity).tuples())


def _in_state(state: str) -> Expression | None:
    """The alarms that belong to a state of the board."""
    if state in RANK:
        return Alarm.severity == state
    if state == "shelved":
        return Alarm.shelved_until.is_null(False) | Alarm.suppressed_by.is_null(False)
    if state in ("stale", "silent", "late"):
        which = Terminal.is_late if state == "late" else Terminal.is_silent
        return Machine.device.in_(Terminal.select(Terminal.device).where(which))
    return None


def _rows(query: Iterable[Alarm]) -> list[AlarmRow]:
    documents = profile_documents()
    return [
        AlarmRow(alarm, alarm.machine, alarm.last_episode, profiles.code(documents.get(alarm.machine.profile_id), alarm.code))
        for alarm in query
    ]


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
