"""The list of floods: when, how long, how many alarms, and what they were about."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from peewee import ModelSelect, Value, fn

from app.core.clock import to_ms
from app.core.paging import Order, page_in_order
from app.core.types import Actor, Page
from app.machines.models import Machine
from app.monitoring.announcing.floods import WINDOW
from app.monitoring.models import AlarmFlood, Episode

NEWEST = Order((AlarmFlood.started_at, AlarmFlood.id), (True, True))
TOP = 3
_WINDOW_MS = Value(int(WINDOW.total_seconds() * 1000), converter=False)


@dataclass(frozen=True, slots=True)
class Tops:
    """What came most in a flood: names with how often."""

    codes: list[tuple[str, int]]
    machines: list[tuple[str, int]]


NOTHING = Tops([], [])


def listed(from_at: datetime | None = None, to_at: datetime | None = None) -> ModelSelect:
    """The floods that began in that time."""
    query = AlarmFlood.select()
    if from_at is not None:
        query = query.where(AlarmFlood.started_at >= from_at)
    return query if to_at is None else query.where(AlarmFlood.started_at < to_at)


def page(query: ModelSelect, *, after: str | None = None, before: str | None = None) -> Page[AlarmFlood]:
    """One page, newest first. Raises ``Invalid`` for an unknown page."""
    return page_in_order(query, NEWEST, lambda flood: (flood.started_at, flood.id), after=after, before=before)


def tops(actor: Actor, floods: Iterable[AlarmFlood], at: datetime) -> dict[int, Tops]:
    """By flood what came most often in it, of the machines that ``actor`` may see; two queries for all of them."""
    ids = [flood.id for flood in floods]
    codes, machines = _counted(actor, ids, Episode.code, at), _counted(actor, ids, Machine.serial, at)
    return {flood_id: Tops(codes[flood_id][:TOP], machines[flood_id][:TOP]) for flood_id in ids}


def _counted(actor: Actor, flood_ids: list[int], column: object, at: datetime) -> dict[int, list[tuple[str, int]]]:
    began = Episode.started_at > AlarmFlood.started_at - _WINDOW_MS
    in_time = began & (Episode.started_at <= fn.COALESCE(AlarmFlood.ended_at, Value(to_ms(at), converter=False)))
    count = fn.COUNT(Episode.id)
    query = AlarmFlood.select(AlarmFlood.id, column, count).join(Episode, on=in_time).join(Machine, on=Episode.machine == Machine.id)
    query = query.where(AlarmFlood.id.in_(flood_ids)).group_by(AlarmFlood.id, column).order_by(count.desc(), column)
    if actor.area_ids is not None:
        query = query.where(Machine.area.in_(list(actor.area_ids)))
    found: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for flood_id, name, number in query.tuples():
        found[flood_id].append((name, number))
    return found
