"""What people type about call-backs, checked for shape; the rules are in the operations."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext

from app.accounts.models import User
from app.callbacks import follow_ups, queries, scores
from app.callbacks.due import DUE, Sheet
from app.callbacks.follow_ups import FollowUpFilter
from app.callbacks.models import CallBack, CallBackOutcome
from app.callbacks.operations import About, Call
from app.callbacks.queries import Wanted
from app.callbacks.scores import Scores
from app.callbacks.signing import FollowUp, Shown
from app.core import clock
from app.core.errors import N_, Invalid
from app.work_orders.models import WorkOrder

TABS = (DUE, *queries.TABS)
ONE_DAY = timedelta(days=1)
_MOST_SHOWN = 200
_REFUSED = N_("The list cannot be filtered that way.")


class Typed:
    """What was typed into a form, with the words beside each field once it was refused."""

    def __init__(self, values: Mapping[str, Any], errors: Mapping[str, str] | None = None, chosen: Sequence[str] = ()) -> None:
        self._values, self._errors, self._chosen = values, dict(errors or {}), frozenset(chosen)

    def __getitem__(self, name: str) -> str:
        value = self._values.get(name)
        return "" if value is None else str(value)

    def error(self, name: str) -> str:
        """The words beside a field, empty when nothing is wrong with it."""
        return gettext(self._errors[name]) if name in self._errors else ""

    def refused(self, error: Invalid) -> "Typed":
        """The same with the words of ``error``."""
        return Typed(self._values, error.fields, list(self._chosen))

    def has(self, order: WorkOrder) -> bool:
        """Whether the call was about this other dispatch too."""
        return str(order.id) in self._chosen

    @property
    def token(self) -> str:
        """The token of the form; one made anew for a form that was not sent."""
        return self["form_token"][:64] or secrets.token_urlsafe(24)

    @property
    def outcome(self) -> CallBackOutcome:
        """What came of the call; "reached" while nothing is chosen."""
        value = self["outcome"]
        return CallBackOutcome(value) if value in tuple(CallBackOutcome) else CallBackOutcome.REACHED

    def scores(self, suffix: str = "") -> Scores:
        """The three scores; None where nothing that is a number was chosen."""
        return Scores(*(int(text) if (text := self[name + suffix]) in _SCORES else None for name in scores.NAMES))

    def call(self) -> Call:
        """What the call brought."""
        return Call(
            outcome=self.outcome,
            scores=self.scores(),
            contact_name=self["contact_name"],
            contact_phone=self["contact_phone"],
            is_hotline_told=bool(self["hotline_told"]),
            text=self["text"],
        )

    def abouts(self, sheet: Sheet) -> list[About]:
        """The dispatch the call was made for, and the others that were ticked: with scores of their own when one was chosen."""
        others = [line.order for line in sheet.others if self.has(line.order)]
        return [About(sheet.order), *(About(order, self._own(order)) for order in others)]

    def _own(self, order: WorkOrder) -> Scores | None:
        own, same = self.scores(f"_{order.id}"), self.scores()
        if own == scores.NONE:
            return None
        return Scores(*(getattr(own, name) or getattr(same, name) for name in scores.NAMES))

    def again_at(self) -> datetime | None:
        """When to call again, in the deployment's zone. Raises ``Invalid``."""
        if not self["again_at"]:
            return None
        try:
            return datetime.fromisoformat(self["again_at"]).replace(tzinfo=clock.zone())
        except ValueError:
            raise Invalid(_AT, fields={"again_at": _AT}) from None

    def follow_up(self) -> FollowUp:
        """What is done about it. Raises ``Invalid`` for a day that is none."""
        owner = self["owner"]
        found = User.get_or_none(User.id == int(owner)) if owner.isdecimal() and len(owner) < 10 else None
        try:
            due_on = date.fromisoformat(self["due_on"]) if self["due_on"] else None
        except ValueError:
            raise Invalid(_DAY, fields={"due_on": _DAY}) from None
        return FollowUp(self["follow_up"], found, due_on)


_SCORES = frozenset(str(score) for score in range(scores.LEAST, scores.MOST + 1))
_DAY = N_("That is not a day; write it like 2026-11-23.")
_AT = N_("That is not a time.")


def typed_from(values: Any) -> Typed:
    """What was sent."""
    return Typed(values, chosen=values.getlist("also"))


def stored(call_back: CallBack) -> Typed:
    """The form as it stands in a record."""
    values = {"outcome": call_back.outcome, "contact_name": call_back.contact_name, "contact_phone": call_back.contact_phone}
    values |= {name: getattr(call_back, f"{name}_score") for name in scores.NAMES}
    return Typed(values | {"hotline_told": "1" if call_back.is_hotline_told else "", "text": call_back.text})


def tab_from(query: Mapping[str, str], usual: str) -> str:
    """Which tab of the list is asked for. Raises ``Invalid`` for one that is not there."""
    return _one_of(query, "tab", TABS) or usual


def wanted_from(query: Mapping[str, str]) -> Wanted:
    """The filter of the list as it stands in the address. Raises ``Invalid`` for values that no choice offers."""
    outcome = _one_of(query, "outcome", tuple(CallBackOutcome))
    return Wanted(
        q=query.get("q", "").strip()[:100],
        technician=number_from(query, "technician"),
        area=number_from(query, "area"),
        customer=number_from(query, "customer"),
        outcome=CallBackOutcome(outcome) if outcome else None,
        is_poor=_one_of(query, "poor", ("1",)) is not None,
        from_on=_day(query, "from"),
        to_on=_day(query, "to"),
    )


def follow_ups_from(query: Mapping[str, str]) -> FollowUpFilter:
    """The filter of the follow-ups. Raises ``Invalid`` for values that no choice offers."""
    state = query.get("state", follow_ups.OPEN)
    if state not in ("", *follow_ups.STATES):
        raise Invalid(_REFUSED)
    whose = _one_of(query, "whose", (follow_ups.MINE, follow_ups.ALL)) or follow_ups.MINE
    return FollowUpFilter(whose=whose, state=state, owner=number_from(query, "owner"))


def shown_from(texts: Iterable[str]) -> list[Shown]:
    """The records that stood on a page, each as ``id.version``; what is none is passed over."""
    pairs = (text.split(".") for text in list(texts)[:_MOST_SHOWN])
    return [(int(pair[0]), int(pair[1])) for pair in pairs if len(pair) == 2 and all(_is_number(part) for part in pair)]


def version_from(values: Mapping[str, str]) -> int:
    """The version a form was made for; 0, which no record has, without one."""
    text = values.get("version", "")
    return int(text) if _is_number(text) else 0


def one_of(query: Mapping[str, str], name: str, allowed: Sequence[str]) -> str:
    """The value of ``name``, empty without one. Raises ``Invalid`` for one that is not allowed."""
    return _one_of(query, name, allowed) or ""


def number_from(query: Mapping[str, str], name: str) -> int | None:
    """The number that ``name`` is. Raises ``Invalid``."""
    return _read(query, name, lambda text: int(text) if _is_number(text) else None)


def _day(query: Mapping[str, str], name: str) -> date | None:
    try:
        return _read(query, name, date.fromisoformat)
    except ValueError:
        raise Invalid(_DAY) from None


def _read(query: Mapping[str, str], name: str, parse: Callable[[str], Any]) -> Any:
    text = query.get(name, "")
    value = parse(text) if text else None
    if text and value is None:
        raise Invalid(_REFUSED)
    return value


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _one_of(query: Mapping[str, str], name: str, allowed: Sequence[str]) -> str | None:
    value = query.get(name) or None
    if value is not None and value not in allowed:
        raise Invalid(_REFUSED)
    return value
