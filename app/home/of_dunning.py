"""Debtors that wait to be pressed: whose step of the ladder is due, who broke a promise, whose debt is about to lapse."""

from datetime import datetime, time

from app.accounts.models import Role
from app.billing import debtors, dunning
from app.billing.debtors import ALL, BROKEN, EXPIRING, TODAY, Debtor, DebtorFilter
from app.core import clock
from app.core.errors import N_
from app.core.types import Actor
from app.home.items import LATE, USUAL, Item, Step

PRESSES = (Role.CLERK, Role.AREA_MANAGER, Role.MANAGER)


def of_dunning(actor: Actor, now: datetime) -> list[Item]:
    """What of dunning waits for ``actor``: the steps of the own roles; broken promises and lapsing debts for all who press."""
    roles = [role for role in PRESSES if role in actor.roles]
    if not roles or not actor.may(dunning.RECORD):
        return []
    today = now.astimezone(clock.zone()).date()
    lines = debtors.found(actor, DebtorFilter(what=ALL), today)
    due = [line for line in lines if line.step is not None and line.step.role in roles and line.act_on and line.act_on <= today]
    broken = [line for line in lines if line.promise and line.promise.state == BROKEN]
    narrowed = f"&role={roles[0]}" if len(roles) == 1 else ""
    found = [
        _item(f"/dunning?what={TODAY}{narrowed}", N_("Customers to press today: %(count)s"), due, now, USUAL),
        _item(f"/dunning?what={BROKEN}", N_("Promises to pay that were broken: %(count)s"), broken, now, LATE),
        _item(
            f"/dunning?what={EXPIRING}", N_("Debts that are about to lapse: %(count)s"),
            [line for line in lines if line.is_expiring], now, LATE,
        ),
    ]  # fmt: skip
    return [item for item in found if item is not None]


def _item(address: str, words: str, lines: list[Debtor], now: datetime, rank: int) -> Item | None:
    if not lines:
        return None
    first = min(line.act_on or line.oldest_on for line in lines)
    since = min(datetime.combine(first, time.min, tzinfo=clock.zone()), now)
    step = Step(label=N_("Open the list"), href=address, icon="phone")
    return Item(
        key="dunning-" + address.partition("what=")[2],
        rank=rank,
        since=since,
        href=address,
        label=words,
        label_count=len(lines),
        step=step,
        state_text=N_("Dunning"),
    )
