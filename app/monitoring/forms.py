"""What people type on the monitoring's screens, checked for shape; the rules are in the operations."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import HiddenInput

from app.core.errors import N_, Invalid
from app.monitoring.code_notes import MAX_NOTE
from app.monitoring.fault_register import DEFAULT_SORT, SORTS, STATES
from app.monitoring.fault_register import Filters as FaultFilters
from app.monitoring.queries import Filters as BoardFilters
from app.monitoring.shelving import MAX_REASON
from app.tickets.models import Priority

BOARD_STATES = (*Priority, "stale", "shelved", "silent", "late", "offline")
WINDOWS = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
}
DEFAULT_WINDOW = "day"
LONGEST_Q = 80


class RegistrationForm(FlaskForm):
    """The machine behind a device in quarantine."""

    serial = StringField(_("Serial number"), validators=[InputRequired(_("Please give the serial number.")), Length(max=40)])
    model = StringField(_("Model"), validators=[Length(max=80)])
    customer = StringField(_("Customer"), validators=[Length(max=120)])
    profile = SelectField(_("Monitoring profile"))


class CredentialForm(FlaskForm):
    """The device that may speak on the feed."""

    device = StringField(_("Device code"), validators=[InputRequired(_("Please give the device code.")), Length(max=64)])


class AlarmForm(FlaskForm):
    """Why an alarm is reset, or taken off its shelf."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    reason = StringField(_("Reason"), validators=[InputRequired(_("Please say why.")), Length(max=MAX_REASON)])


class ShelvingForm(AlarmForm):
    """For how long an alarm is laid aside, and why."""

    hours = SelectField(_("For how long"), coerce=int, choices=[(1, "1 h"), (4, "4 h"), (8, "8 h"), (24, "24 h"), (72, "72 h")])


class CodeNoteForm(FlaskForm):
    """What the desk wants to remember of a code; empty removes it."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    text = TextAreaField(_("Note"), validators=[Length(max=MAX_NOTE)])


class TicketForm(FlaskForm):
    """The ticket of an alarm: a new one, or an open one of the machine."""

    version = IntegerField(widget=HiddenInput(), validators=[InputRequired()])
    ticket = RadioField(_("Ticket"), coerce=int, validators=[InputRequired(_("Please choose."))])


MOST_CHOSEN = 200


def chosen_alarms(values: Iterable[str]) -> dict[int, int]:
    """The versions of the chosen alarms by their ids, as the boxes of the list send them. Raises ``Invalid``."""
    chosen = [value.partition(":")[::2] for value in values]
    if len(chosen) > MOST_CHOSEN or not all(part.isascii() and part.isdigit() and len(part) < 16 for pair in chosen for part in pair):
        raise Invalid(N_("The list cannot be filtered that way."))
    return {int(alarm_id): int(version) for alarm_id, version in chosen}


def board_filters(query: Mapping[str, str]) -> BoardFilters:
    """What the board is narrowed to, as it stands in the address. Raises ``Invalid``."""
    return BoardFilters(
        area=number(query, "area"),
        customer=number(query, "customer"),
        model=number(query, "model"),
        q=query.get("q", "").strip()[:LONGEST_Q],
        state=_one_of(query, "state", BOARD_STATES),
        with_normal=query.get("normal") == "1",
        page=max(1, number(query, "page") or 1),
    )


def fault_filters(query: Mapping[str, str], zone: ZoneInfo) -> FaultFilters:
    """What the fault register is narrowed to; ``from`` and ``to`` are days in ``zone``, both included. Raises ``Invalid``."""
    last = day_in(query, "to", zone)
    return FaultFilters(
        q=query.get("q", "").strip()[:LONGEST_Q],
        machine=query.get("machine", "").strip()[:LONGEST_Q],
        code=query.get("code", "").strip()[:LONGEST_Q],
        severity=_one_of(query, "severity", tuple(Priority)),
        area=number(query, "area"),
        from_at=day_in(query, "from", zone),
        to_at=last + timedelta(days=1) if last else None,
        state=_one_of(query, "state", STATES),
        customer=number(query, "customer"),
    )


def fault_sort(query: Mapping[str, str]) -> str:
    """The order of the register. Raises ``Invalid``."""
    return _one_of(query, "sort", tuple(SORTS)) or DEFAULT_SORT


def window(query: Mapping[str, str], newest_at: datetime | None, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The time that a chart shows: ``from`` and ``to`` if given, else the ``window`` that ends now.

    A window without a reading ends at the newest one instead. Raises ``Invalid``.
    """
    from_at, to_at = _moment(query, "from", zone), _moment(query, "to", zone)
    length = WINDOWS[_one_of(query, "window", tuple(WINDOWS)) or DEFAULT_WINDOW]
    if to_at is None:
        is_old = newest_at is not None and newest_at < now - length
        to_at = from_at + length if from_at else newest_at + timedelta(seconds=1) if is_old and newest_at else now
    from_at = from_at or to_at - length
    if from_at >= to_at:
        raise Invalid(N_("The beginning must lie before the end."))
    return from_at, to_at


def _one_of(query: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = query.get(name, "")
    if value and value not in allowed:
        raise Invalid(N_("The list cannot be filtered that way."))
    return value


def number(query: Mapping[str, str], name: str) -> int | None:
    value = query.get(name, "")
    if value and not (value.isascii() and value.isdigit() and len(value) < 10):
        raise Invalid(N_("The list cannot be filtered that way."))
    return int(value) if value else None


def day_in(query: Mapping[str, str], name: str, zone: tzinfo) -> datetime | None:
    """Midnight in ``zone`` of the day that ``name`` gives; None without one. Raises ``Invalid``."""
    moment = _moment(query, name, zone)
    return datetime.combine(moment.astimezone(zone).date(), time(), zone).astimezone(UTC) if moment else None


def _moment(query: Mapping[str, str], name: str, zone: tzinfo) -> datetime | None:
    """A time as people and browsers write it, in ``zone`` unless it names one."""
    value = query.get(name, "").strip()
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(N_("That is not a time; write it like 2026-11-23 08:00.")) from None
