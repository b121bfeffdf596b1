"""Debtors that wait to be pressed: whose step of the ladder is due, who broke a promise, whose debt is about to lapse."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from weakref import WeakKeyDictionary

from app.accounts.models import Role
from app.billing import accounts, debtors, dunning
from app.billing.debtors import ALL, BROKEN, EXPIRING, TODAY, Debtor, DebtorFilter
from app.core import clock, db, live
from app.core.errors import N_
from app.core.types import Actor
from app.home.items import LATE, USUAL, Item, Step

PRESSES = (Role.CLERK, Role.AREA_MANAGER, Role.MANAGER)


def of_dunning(actor: Actor, now: datetime) -> list[Item]:
    """What of dunning waits for ``actor``: the steps of the own roles; broken promises and lapsing debts for all who press."""
    roles = [role for role in PRESSES if role in actor.roles]
    if not roles or not actor.may(dunning.RECORD):
        return []
    today = clock.day_of(now)
    due, broken, expiring = _standing(actor, roles, today)
    narrowed = f"&role={roles[0]}" if len(roles) == 1 else ""
    found = [
        _item(f"/dunning?what={TODAY}{narrowed}", N_("Customers to press today: %(count)s"), due, now, USUAL),
        _item(f"/dunning?what={BROKEN}", N_("Promises to pay that were broken: %(count)s"), broken, now, LATE),
        _item(f"/dunning?what={EXPIRING}", N_("Debts that are about to lapse: %(count)s"), expiring, now, LATE),
    ]
    return [item for item in found if item is not None]


@dataclass(frozen=True, slots=True)
class _Count:
    """How many debtors, and since when the first of them waits."""

    number: int
    first_on: date | None


# Working through every debtor takes a tenth of a second; what came of it holds until money or demands change, or the day does.
_MOST_KEPT = 64
_kept: WeakKeyDictionary[Any, OrderedDict[tuple[Any, ...], tuple[_Count, _Count, _Count]]] = WeakKeyDictionary()  # by database


def _standing(actor: Actor, roles: list[Role], today: date) -> tuple[_Count, _Count, _Count]:
    areas = None if actor.area_ids is None else frozenset(actor.area_ids)
    kept = _kept.setdefault(db.database.obj, OrderedDict())
    key = (live.versions(accounts.LIVE, dunning.LIVE), areas, tuple(roles), today)
    if (known := kept.get(key)) is not None:
        return known
    lines = debtors.found(actor, DebtorFilter(what=ALL), today)
    due = [line for line in lines if line.step is not None and line.step.role in roles and line.act_on and line.act_on <= today]
    broken = [line for line in lines if line.promise and line.promise.state == BROKEN]
    counts = _counted(due), _counted(broken), _counted([line for line in lines if line.is_expiring])
    kept[key] = counts
    while len(kept) > _MOST_KEPT:
        kept.popitem(last=False)
    return counts


def _counted(lines: list[Debtor]) -> _Count:
    return _Count(len(lines), min((line.act_on or line.oldest_on for line in lines), default=None))


def _item(address: str, words: str, count: _Count, now: datetime, rank: int) -> Item | None:
    if count.first_on is None:
        return None
    since = min(datetime.combine(count.first_on, time.min, tzinfo=clock.zone()), now)
    step = Step(label=N_("Open the list"), href=address, icon="phone")
    return Item(
        key="dunning-" + address.partition("what=")[2],
        rank=rank,
        since=since,
        href=address,
        label=words,
        label_count=count.number,
        step=step,
        state_text=N_("Dunning"),
    )
