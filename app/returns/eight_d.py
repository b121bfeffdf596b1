"""8D reports for serious or repeated nonconformities: eight disciplines, an owner, a day, and an end (facts, Other forms)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.accounts.models import User
from app.accounts.notices import notify
from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.returns.models import EightD, Nonconformity, NonconformityStatus
from app.returns.nonconformities import DECIDE, href
from app.returns.opening import LIVE
from app.work_orders.writing import MISSING

DISCIPLINES = tuple(f"d{number}" for number in range(9))
LONGEST = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What stands in an 8D report: the words of each discipline, who sees to it, and by when."""

    words: Mapping[str, str]
    owner: User | None = None
    due_on: date | None = None


def open_one(*, by: Actor, report: Nonconformity, at: datetime | None = None) -> EightD:
    """Open the 8D report of a decided nonconformity; a second one is the first. Raises ``Conflict`` before the verdict, ``NotAllowed``."""
    by.require(DECIDE)
    if report.status not in (NonconformityStatus.DECIDED, NonconformityStatus.CLOSED):
        raise Conflict(N_("An 8D report follows the verdict: decide first."))
    now = at or clock.now()
    with db.transaction():
        made = EightD.insert(nonconformity=report, opened_at=now, d2=report.description).on_conflict_ignore().as_rowcount().execute()
        if made:
            history.record(by, "eight_d.opened", "nonconformity", report.number)
            live.touch(LIVE)
        found: EightD = EightD.get(EightD.nonconformity == report)
    return found


def write(*, by: Actor, eight_d: EightD, version: int, said: Written, at: datetime | None = None) -> None:
    """Save what was written; a new owner is told. Raises ``Conflict`` (changed or closed meanwhile), ``Invalid``, ``NotAllowed``."""
    by.require(DECIDE)
    words = {name: said.words.get(name, "").strip() for name in DISCIPLINES}
    wrong = {name: N_("This is too long for the field.") for name, text in words.items() if len(text) > LONGEST}
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    before = eight_d.owner_id
    with db.transaction():
        _change(by, eight_d, version, "written", **words, owner=said.owner, due_on=said.due_on)
        if said.owner is not None and said.owner.id != before:
            report = eight_d.nonconformity
            notify(
                [said.owner.id], N_("You see to the 8D report of %(number)s: %(part)s"), href=f"{href(report)}/8d",
                key=f"eight-d:{eight_d.id}:{said.owner.id}", at=at, number=report.number, part=report.returned.part_name,
            )  # fmt: skip


def close(*, by: Actor, eight_d: EightD, version: int, at: datetime | None = None) -> None:
    """It is done: the root cause and the lasting measure are named. Raises ``Conflict``, ``Invalid``, ``NotAllowed``."""
    by.require(DECIDE)
    wrong = {name: N_("Write this down before the report is closed.") for name in ("d4", "d6", "d8") if not getattr(eight_d, name)}
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    with db.transaction():
        _change(by, eight_d, version, "closed", closed_at=at or clock.now())


def _change(by: Actor, eight_d: EightD, version: int, action: str, **fields: Any) -> None:
    is_fit = (EightD.id == eight_d.id) & (EightD.version == version) & EightD.closed_at.is_null()
    if EightD.update({"version": EightD.version + 1} | fields).where(is_fit).execute() != 1:
        raise Conflict(N_("This 8D report has changed meanwhile. Look at its present state, then decide again."))
    history.record(by, f"eight_d.{action}", "nonconformity", eight_d.nonconformity.number)
    live.touch(LIVE)
