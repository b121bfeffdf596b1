"""What every change of a paper that moves parts goes through: claimed at its version, noted in the history, live screens told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.core import db, history, live
from app.core.db import BaseModel
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.parts.models import Part

LIVE = "supply"
MISSING = N_("Something is missing or wrong. See the words beside the fields.")
MOST_WORDS = 300


@dataclass(frozen=True, slots=True)
class Wanted:
    """So much of a part; ``serials`` are the numbers of single units, ``amount`` its price or cost for one piece, ``rate`` its tax."""

    part: Part
    quantity: Decimal
    serials: tuple[str, ...] = ()
    amount: Decimal | None = None
    rate: Decimal = Decimal(0)


def claim(row: Any, version: int, statuses: Sequence[str] = (), **fields: Any) -> None:
    """Set ``fields`` while ``row`` has ``version`` and one of ``statuses``, in the running transaction. Raises ``Conflict`` otherwise."""
    db.current()
    model = type(row)
    mine = (model.id == row.id) & (model.version == version)
    if statuses:
        mine &= model.status.in_(statuses)
    if model.update(version=model.version + 1, **fields).where(mine).execute() != 1:
        raise Conflict(N_("This paper has changed meanwhile. Look at its present state, then decide again."))
    for name, value in fields.items():
        setattr(row, name, value)
    row.version = version + 1


def record(by: Actor, action: str, kind: str, number: str, **after: Any) -> None:
    """Note the change in the history and tell the live screens."""
    history.record(by, f"{kind}.{action}", kind, number, after=after)
    live.touch(LIVE)


def each_once(lines: Sequence[Wanted]) -> list[Wanted]:
    """The lines with each part once: quantities and serials of the same part are added. Raises ``Invalid`` when there is none."""
    if not lines:
        raise Invalid(MISSING, fields={"line-0-part": N_("Name at least one part.")})
    found: dict[int, Wanted] = {}
    for line in lines:
        before = found.get(line.part.id)
        found[line.part.id] = line if before is None else _together(before, line)
    return list(found.values())


def _together(one: Wanted, other: Wanted) -> Wanted:
    amount = one.amount if other.amount is None else other.amount
    return Wanted(one.part, one.quantity + other.quantity, one.serials + other.serials, amount, one.rate)


def reason_in(text: str, field: str = "reason") -> str:
    """The reason that was typed. Raises ``Invalid`` without one."""
    if not text.strip():
        raise Invalid(N_("Say why, in a few words."), fields={field: N_("A reason is needed here.")})
    return text.strip()[:MOST_WORDS]


def asked_for(quantities: Mapping[int, Decimal], lines: Sequence[BaseModel], most: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """What of ``quantities`` (by id of a line) is more than nothing. Raises ``Invalid`` when a line would get more than ``most`` allows."""
    wrong = {}
    for line in lines:
        given = quantities.get(line.id, Decimal(0))
        if given < 0 or given > most[line.id]:
            wrong[f"line-{line.id}"] = N_("No more than is still open.")
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    found = {line.id: given for line in lines if (given := quantities.get(line.id, Decimal(0))) > 0}
    if not found:
        raise Invalid(N_("Enter for at least one part how much it is."))
    return found
