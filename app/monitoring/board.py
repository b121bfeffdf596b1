"""The board: every machine in the state that it is in, worst first; the normal ones are counted (monitoring §6)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from peewee import JOIN, ModelSelect, fn

from app.accounts.models import Area
from app.core import clock
from app.core.types import Actor
from app.customers.models import CALLED, Customer
from app.machines.models import Machine
from app.machines.profiles import COMM_LOST
from app.machines.queries import visible as visible_machines
from app.monitoring import queries
from app.monitoring.models import Alarm, Terminal
from app.monitoring.queries import AlarmRow, Filters, narrowed
from app.tickets.models import Priority

MAX_TILES = 300
# What a tile's edge shows, worst first; the severities are those of alarms that nobody has laid aside.
LEVELS = (*Priority, "shelved", "silent", "late", "offline", "normal")
_RANK = {level: rank for rank, level in enumerate(LEVELS)}
_RANK |= queries.RANK


@dataclass(slots=True)
class Tile:
    """A machine on the board; ``level`` is one of ``LEVELS``. A silent one may have alarms, too: they are stale (T16)."""

    machine_id: int
    serial: str
    device: str
    customer: str
    level: str = "normal"
    is_acknowledged: bool = True
    is_silent: bool = False
    is_late: bool = False
    codes: list[str] = field(default_factory=list)
    silent_since: datetime | None = None
    is_sim_expired: bool = False

    @property
    def is_stale(self) -> bool:
        """Whether its alarms stand as they were when it fell silent."""
        return self.is_silent and any(code != COMM_LOST for code in self.codes)

    @property
    def key(self) -> tuple[Any, ...]:
        """Everything that is shown of it."""
        flags = (self.is_acknowledged, self.is_silent, self.is_late, self.silent_since, self.is_sim_expired)
        return (self.machine_id, self.serial, self.device, self.customer, self.level, flags, tuple(self.codes))

    @property
    def states(self) -> Iterable[str]:
        """Under which counts of the board it is found."""
        yield self.level
        if self.is_silent:
            yield "silent"
        if self.is_stale:
            yield "stale"
        if self.is_late and self.level != "late":
            yield "late"


@dataclass(slots=True)
class AreaGroup:
    """The machines of one area: those that need someone, worst first; ``more`` of them are not shown, ``normal`` ones need nobody."""

    area_id: int | None
    name: str
    tiles: list[Tile]
    normal: int
    more: int = 0


@dataclass(frozen=True, slots=True)
class Board:
    """Everything the board shows; ``states`` counts machines by each of their states."""

    alarms: list[AlarmRow]
    alarm_count: int
    by_severity: dict[Priority, int]
    groups: list[AreaGroup]
    states: Counter[str]
    next_page: int | None


def board(actor: Actor, filters: Filters) -> Board:
    """The board for ``actor``: standing alarms, and at most ``MAX_TILES`` machines by area; the normal ones when asked for."""
    tiles = _troubled(actor, filters)
    states = Counter(state for _area, tile in tiles for state in tile.states)
    if filters.state:
        tiles = [pair for pair in tiles if filters.state in pair[1].states]
    counts = queries.counts(actor, filters)
    groups, next_page = _groups(actor, filters, tiles)
    return Board(
        alarms=queries.standing(actor, filters=filters),
        alarm_count=queries.standing_count(actor, filters) if filters.state else sum(counts.values()),
        by_severity={severity: counts.get(severity, 0) for severity in Priority},
        groups=groups,
        states=states,
        next_page=next_page,
    )


def _groups(actor: Actor, filters: Filters, tiles: list[tuple[int | None, Tile]]) -> tuple[list[AreaGroup], int | None]:
    """The page of ``tiles`` that is shown, by area, and the number of the next page."""
    first = (filters.page - 1) * MAX_TILES
    shown = tiles[first : first + MAX_TILES]
    troubled = Counter(area_id for area_id, _tile in tiles)
    totals = _totals(actor, filters)
    is_unfolded = filters.with_normal and filters.area is not None and not filters.state
    if is_unfolded and len(shown) < MAX_TILES:
        wanted = MAX_TILES - len(shown)
        shown = [*shown, *_normal(actor, filters, max(0, first - len(tiles)), wanted, {tile.machine_id for _area, tile in tiles})]
    all_of_them = sum(totals.values()) if is_unfolded else len(tiles)
    names = dict(Area.select(Area.id, Area.name).tuples())
    groups = [
        AreaGroup(area_id, names.get(area_id, ""), [tile for its_area, tile in shown if its_area == area_id], 0)
        for area_id in sorted(totals.keys() | troubled.keys(), key=lambda key: (key is None, names.get(key, "")))
    ]
    for group in groups:
        group.more = troubled[group.area_id] - sum(tile.level != "normal" for tile in group.tiles)
        group.normal = 0 if filters.state else max(0, totals.get(group.area_id, 0) - troubled[group.area_id])
    return groups, filters.page + 1 if first + MAX_TILES < all_of_them else None


def _totals(actor: Actor, filters: Filters) -> dict[int | None, int]:
    query = narrowed(visible_machines(actor), filters).where(Machine.device.is_null(False))
    return dict(query.select(Machine.area, fn.COUNT(Machine.id)).group_by(Machine.area).tuples())


_TILE = (
    Machine.id,
    Machine.serial,
    fn.COALESCE(Machine.device, ""),
    fn.COALESCE(CALLED, ""),
)


def _troubled(actor: Actor, filters: Filters) -> list[tuple[int | None, Tile]]:
    """Machines with a standing alarm or without a sign of life, with their area, worst first."""
    found: dict[int, tuple[int | None, Tile]] = {}
    for area_id, machine_id, serial, device, customer, severity, is_acknowledged, code, is_inhibited in _alarms(actor, filters):
        level = "shelved" if is_inhibited else severity
        _area, tile = found.setdefault(machine_id, (area_id, Tile(machine_id, serial, device, customer, level)))
        tile.level = min(tile.level, level, key=_RANK.__getitem__)
        tile.is_acknowledged &= bool(is_acknowledged or is_inhibited)
        tile.codes.append(code)
    today = clock.today()
    for area_id, machine_id, serial, device, customer, is_silent, is_late, since, sim_expires_on in _quiet(actor, filters):
        level = "silent" if is_silent else "late" if is_late else "offline"
        _area, tile = found.setdefault(machine_id, (area_id, Tile(machine_id, serial, device, customer, level)))
        tile.is_silent, tile.is_late, tile.silent_since = bool(is_silent), bool(is_late), since
        tile.is_sim_expired = sim_expires_on is not None and sim_expires_on < today
    return sorted(found.values(), key=lambda pair: (_RANK[pair[1].level], pair[1].is_acknowledged, pair[1].is_stale, pair[1].serial))


def _alarms(actor: Actor, filters: Filters) -> Iterable[tuple[Any, ...]]:
    query = narrowed(queries.visible(actor).where(queries.is_standing), filters).join_from(Machine, Customer, JOIN.LEFT_OUTER)
    is_inhibited = Alarm.shelved_until.is_null(False) | Alarm.suppressed_by.is_null(False)
    columns = (Machine.area, *_TILE, Alarm.severity, Alarm.is_acknowledged, Alarm.code, is_inhibited)
    return query.select(*columns).order_by(queries.rank, Alarm.code).tuples()


def _quiet(actor: Actor, filters: Filters) -> Iterable[tuple[Any, ...]]:
    query = narrowed(visible_machines(actor), filters)
    query = query.join_from(Machine, Customer, JOIN.LEFT_OUTER).join_from(Machine, Terminal, on=(Terminal.device == Machine.device))
    is_quiet = Terminal.is_silent | Terminal.is_late | ~Terminal.is_online
    columns = (Machine.area, *_TILE, Terminal.is_silent, Terminal.is_late, Terminal.silent_since, Machine.sim_expires_on)
    return query.select(*columns).where(is_quiet).tuples()


def _normal(actor: Actor, filters: Filters, offset: int, limit: int, troubled: set[int]) -> Iterable[tuple[int | None, Tile]]:
    """Machines in order that nothing is wrong with, by serial number; ``troubled`` ones are few beside them."""
    query: ModelSelect = narrowed(visible_machines(actor), filters).join_from(Machine, Customer, JOIN.LEFT_OUTER)
    query = query.where(Machine.device.is_null(False)).select(Machine.area, *_TILE).order_by(Machine.serial)
    in_order = [(area_id, Tile(*facts)) for area_id, *facts in query.tuples() if facts[0] not in troubled]
    return in_order[offset : offset + limit]
