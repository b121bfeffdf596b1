"""Tax rates by day (facts, Invoices): a rate counts from its day on until a later one of the same name begins; what has begun stays."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from peewee import IntegrityError

from app.contracts.models import TaxRate
from app.contracts.writing import LIVE, MISSING
from app.core import db, history, live
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor

EDIT = "tax_rates.edit"
MAX_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A rate that is to count from ``valid_from`` on; ``share`` is 0.13 for 13 %."""

    name_zh: str
    name_en: str
    share: Decimal | None
    valid_from: date | None


def every() -> list[TaxRate]:
    """All rates, those of one name together, the latest first."""
    return list(TaxRate.select().order_by(TaxRate.name_zh, TaxRate.valid_from.desc()))


def add(*, by: Actor, said: Rate) -> TaxRate:
    """Let a rate begin on a day. Raises ``Invalid`` with the words beside each field, also when one of this name begins on that day."""
    by.require(EDIT)
    _check(said)
    try:
        with db.transaction():
            row: TaxRate = TaxRate.create(
                name_zh=said.name_zh.strip(), name_en=said.name_en.strip(), rate=said.share, valid_from=said.valid_from
            )
            _record(by, "added", row)
    except IntegrityError:
        raise Invalid(MISSING, fields={"valid_from": N_("A rate of this name begins on this day already.")}) from None
    return row


def remove(*, by: Actor, rate_id: int, today: date) -> None:
    """Take out a rate that has not begun. Raises ``Conflict`` for one that has begun or is gone."""
    by.require(EDIT)
    with db.transaction():
        row = TaxRate.get_or_none(TaxRate.id == rate_id)
        if row is None or TaxRate.delete().where(TaxRate.id == rate_id, TaxRate.valid_from > today).execute() != 1:
            raise Conflict(N_("This rate has begun, or is gone: contracts may have been reckoned with it."))
        _record(by, "removed", row)


def _check(said: Rate) -> None:
    wrong = {}
    for name in ("name_zh", "name_en"):
        if not getattr(said, name).strip() or len(getattr(said, name)) > MAX_NAME:
            wrong[name] = N_("Please give the name.")
    if said.share is None or not 0 <= said.share < 1:
        wrong["share"] = N_("A share like 13 or 6.5 (per cent), please.")
    if said.valid_from is None:
        wrong["valid_from"] = N_("Say from which day it counts.")
    if wrong:
        raise Invalid(MISSING, fields=wrong)


def _record(by: Actor, action: str, row: TaxRate) -> None:
    after = {"name": row.name_zh, "rate": str(row.rate), "valid_from": str(row.valid_from)}
    history.record(by, f"tax_rate.{action}", "tax_rate", row.id, after=after)
    live.touch(LIVE)
