"""Ticking off that a customer was told, and taking that back."""

from datetime import datetime
from typing import Any

from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, Invalid
from app.core.types import Actor
from app.monitoring.informing.listing import LIVE
from app.monitoring.models import CustomerTelling

TELL = "alarms.acknowledge"
MOST_WORDS = 200


def tell(*, by: Actor, telling: CustomerTelling, version: int, words: str = "", at: datetime | None = None) -> None:
    """Note that the customer was told, with what was said; the same said twice by the same person counts once.

    Raises ``Invalid`` for too many words, ``Conflict``, ``NotAllowed``.
    """
    by.require(TELL)
    if len(words.strip()) > MOST_WORDS:
        raise Invalid(N_("That is too long."), fields={"words": N_("At most 200 characters.")})
    told = {"told_at": at or clock.now(), "told_by": by.user_id, "told_by_name": by.name, "words": words.strip()}
    with db.transaction():
        if not _changed(telling, version, CustomerTelling.told_at.is_null(), told):
            if _is_said(telling, by, words.strip()):
                return
            raise _stale(telling)
        history.record(by, "customer.told", "telling", telling.id, after=_named(telling) | {"text": words.strip()})


def take_back(*, by: Actor, telling: CustomerTelling, version: int) -> None:
    """The customer was not told after all: the line is open again. Raises ``Conflict``, ``NotAllowed``."""
    by.require(TELL)
    untold: dict[str, Any] = {"told_at": None, "told_by": None, "told_by_name": ""}
    with db.transaction():
        if not _changed(telling, version, CustomerTelling.told_at.is_null(False), untold):
            raise _stale(telling)
        history.record(by, "customer.not_told", "telling", telling.id, after=_named(telling))


def _changed(telling: CustomerTelling, version: int, condition: Any, values: dict[str, Any]) -> bool:
    query = CustomerTelling.update(version=CustomerTelling.version + 1, **values)
    is_done = query.where(CustomerTelling.id == telling.id, CustomerTelling.version == version, condition).execute() == 1
    if is_done:
        live.touch(LIVE)
    return is_done


def _is_said(telling: CustomerTelling, by: Actor, words: str) -> bool:
    present = CustomerTelling.get_by_id(telling.id)
    return present.told_at is not None and present.told_by_id == by.user_id and present.words == words


def _stale(telling: CustomerTelling) -> Conflict:
    present = CustomerTelling.get_by_id(telling.id)
    if present.told_at is not None:
        return Conflict(N_("%(name)s has told this customer meanwhile."), name=present.told_by_name)
    return Conflict(N_("This line has changed meanwhile. Its present state is shown; look, then decide again."))


def _named(telling: CustomerTelling) -> dict[str, str]:
    return {"machine": telling.machine.serial, "code": telling.episode.code}
