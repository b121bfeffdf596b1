"""What is typed into the steps of a report, read into values; a line of parts or readings that is empty is none."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from app.core import clock
from app.core.errors import N_, Invalid
from app.core.types import Actor
from app.machines import profiles
from app.machines.queries import profile_of
from app.service_reports import writing
from app.service_reports.models import PhotoKind, ReportPart, ReportReading, ServiceReport
from app.service_reports.sheets import PART_FIELDS, READING_FIELDS
from app.service_reports.steps import COLUMNS, Step
from app.service_reports.writing import MISSING, MOST_LINES, Page, PartLine, ReadingLine
from app.tickets import reasons
from app.web import uploads
from app.web.i18n import language, translated
from app.work_orders import visits
from app.work_orders.models import Visit, WorkOrder
from app.work_orders.progress import Times

Typed = Mapping[str, Any]
EMPTY_LINES = 2
VISIT_TIMES = ("departed_at", "arrived_at", "left_at")
_MOMENT = "%Y-%m-%dT%H:%M"
_NO_NUMBER = N_("A whole number, please.")
_NO_AMOUNT = N_("An amount like 350 or 350.50, please.")
_NO_TIME = N_("That is no time; write it like 2026-11-23 14:05.")
_ROUNDED_TO = 5

# Components as monitoring profiles name them.
COMPONENTS = {
    "hydraulics": N_("Hydraulics"),
    "electrical": N_("Electrics"),
    "control": N_("Control"),
    "sensors": N_("Sensors"),
    "ram": N_("Ram"),
    "lift": N_("Lift"),
    "container": N_("Container"),
    "pit": N_("Pit"),
    "safety": N_("Safety devices"),
    "terminal": N_("Monitoring terminal"),
}
COLUMN_LABELS = {
    "component": N_("Component"),
    "finding": N_("Fault and findings"),
    "cause": N_("Cause"),
    "cause_text": N_("The cause in words"),
    "action": N_("Work carried out"),
    "is_solved": N_("The fault is mended"),
    "labour_minutes": N_("Working time"),
    "travel_minutes": N_("Travelling time"),
    "distance_km": N_("Distance (km)"),
    "assistant_name": N_("Who helped"),
    "money_fen": N_("Money taken on site"),
    "customer_remark": N_("Customer's remark"),
    "parts": N_("Parts"),
}


def page_in(form: Typed) -> Page:
    """What the page knew of the report."""
    version = form.get("version", "")
    return Page(form.get("client_id", "")[:40], int(version) if version.isdecimal() and len(version) < 10 else 0)


def save_step(by: Actor, order: WorkOrder, step: Step, form: Typed, handed: uploads.Received | None) -> ServiceReport | None:
    """Save what was typed into ``step``. Raises ``Invalid`` with the words beside each field, and as ``writing.save`` does."""
    page = page_in(form)
    if step == Step.PARTS:
        return writing.save_parts(by=by, order=order, page=page, parts=parts_in(form))
    if step == Step.READINGS:
        return writing.save_readings(by=by, order=order, page=page, readings=readings_in(form))
    if step == Step.PHOTOS:
        if handed is None or not (handed.files or handed.problems):
            return None
        kind, caption = form.get("kind", ""), form.get("caption", "")
        if kind not in set(PhotoKind):
            raise Invalid(MISSING, fields={"kind": N_("What do the photos show?")})
        return writing.add_photos(by=by, order=order, page=page, kind=PhotoKind(kind), incoming=handed.check(), caption=caption)
    times = times_in(form, order) if step == Step.TIMES else None
    return writing.save(by=by, order=order, page=page, step=step, fields=columns_in(COLUMNS[step], form), times=times)


def columns_in(names: tuple[str, ...], form: Typed) -> dict[str, Any]:
    """The values of the columns ``names``. Raises ``Invalid`` with the words beside each field."""
    readers = {"labour_minutes": _duration, "travel_minutes": _duration, "distance_km": _whole, "money_fen": _fen, "is_solved": _yes}
    values, wrong = {}, {}
    for name in names:
        try:
            values[name] = readers.get(name, _text)(form, name)
        except ValueError as error:
            wrong[name] = str(error)
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    return values


def _text(form: Typed, name: str) -> str | None:
    text = form.get(name, "").strip()
    return text or (None if name == "cause" else "")


def _yes(form: Typed, name: str) -> bool:
    return bool(form.get(name))


def _whole(form: Typed, name: str) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):
        raise ValueError(_NO_NUMBER)
    return int(text)


def _duration(form: Typed, name: str) -> int | None:
    hours, minutes = _whole(form, f"{name}-h"), _whole(form, f"{name}-m")
    return None if hours is None and minutes is None else (hours or 0) * 60 + (minutes or 0)


def _fen(form: Typed, name: str) -> int:
    text = form.get(name, "").strip().lstrip("¥￥").replace(",", "").strip()
    try:
        fen = Decimal(text or "0") * 100
    except InvalidOperation:
        raise ValueError(_NO_AMOUNT) from None
    if not fen.is_finite() or fen != fen.to_integral_value() or not 0 <= fen <= writing.MOST_NUMBERS["money_fen"]:
        raise ValueError(_NO_AMOUNT)
    return int(fen)


def parts_in(form: Typed) -> list[PartLine]:
    """The parts that were typed, in their order; empty lines and the one to ``drop`` are left out. Raises ``Invalid``."""
    return [PartLine(**line) for line in _lines(form, "part", PART_FIELDS)]


def readings_in(form: Typed) -> list[ReadingLine]:
    """The readings that were typed."""
    return [ReadingLine(**line) for line in _lines(form, "reading", READING_FIELDS)]


def _lines(form: Typed, prefix: str, names: tuple[str, ...]) -> list[dict[str, Any]]:
    found = []
    for number in range(MOST_LINES):
        if form.get("drop") == str(number):
            continue
        texts = {name: form.get(f"{prefix}-{number}-{name}", "").strip() for name in names}
        if any(text for name, text in texts.items() if name not in ("quantity", "is_old_kept")):
            found.append({name: _cell(f"{prefix}-{number}-{name}", name, text) for name, text in texts.items()})
    return found


def _cell(place: str, name: str, text: str) -> Any:
    if name == "is_old_kept":
        return bool(text)
    if name != "quantity":
        return text
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 4):
        raise Invalid(MISSING, fields={place: _NO_NUMBER})
    return int(text or 1)


def times_in(form: Typed, order: WorkOrder) -> dict[int, Times]:
    """The times of visits that were typed and differ from what is there. Raises ``Invalid`` for what is no time."""
    found: dict[int, Times] = {}
    for visit in visits_asked(order):
        given = {name: _moment(form, visit, name) for name in VISIT_TIMES}
        if any(given.values()):
            found[visit.id] = Times(**given)
    return found


def _moment(form: Typed, visit: Visit, name: str) -> datetime | None:
    place = f"visit-{visit.id}-{name}"
    text = form.get(place, "")
    if not text or text[:16] == local_text(getattr(visit, name)):
        return None
    try:
        return datetime.strptime(text[:16], _MOMENT).replace(tzinfo=clock.zone())
    except ValueError:
        raise Invalid(MISSING, fields={place: _NO_TIME}) from None


def visits_asked(order: WorkOrder) -> list[Visit]:
    """The visits whose times the report asks for: those that somebody went on, or is going on."""
    return [visit for visit in visits.of_order(order) if visit.dropped_at is None]


def local_text(at: datetime | None) -> str:
    """``at`` as a field for date and time shows it; empty for None."""
    return at.astimezone(clock.zone()).strftime(_MOMENT) if at else ""


# --- what the fields show ------------------------------------------------------


def shown(step: Step, order: WorkOrder, report: ServiceReport | None, proposed: Typed) -> dict[str, Any]:
    """What stands in the fields of ``step`` before anything is typed; ``proposed`` fills what is still empty."""
    if step == Step.PARTS:
        return _typed_lines("part", ReportPart, PART_FIELDS, report)
    if step == Step.READINGS:
        return _typed_lines("reading", ReportReading, READING_FIELDS, report)
    if step == Step.TIMES:
        return shown_columns(COLUMNS[step], report, proposed) | _shown_times(order)
    return shown_columns(COLUMNS[step], report, proposed)


def shown_columns(names: tuple[str, ...], report: Any, proposed: Typed) -> dict[str, Any]:
    """What the fields of the columns ``names`` show; ``report`` is a row or a mapping."""
    found: dict[str, Any] = {}
    for name in names:
        value = report.get(name) if isinstance(report, dict) else getattr(report, name, None)
        if value in (None, "") and name in proposed:
            value = proposed[name]
        found |= _shown(name, value)
    return found


def _shown(name: str, value: Any) -> dict[str, Any]:
    if name.endswith("_minutes"):
        hours, minutes = divmod(value, 60) if value is not None else ("", "")
        return {f"{name}-h": hours, f"{name}-m": minutes}
    if name == "money_fen":
        return {name: f"{Decimal(value) / 100:.2f}".removesuffix(".00") if value else ""}
    if name == "is_solved":
        return {name: "1" if value is None or value else ""}
    return {name: "" if value is None else value}


def _typed_lines(prefix: str, model: Any, names: tuple[str, ...], report: ServiceReport | None) -> dict[str, Any]:
    rows = model.select().where(model.report == report).order_by(model.position) if report is not None else ()
    return typed_lines(prefix, [{name: getattr(row, name) for name in names} for row in rows])


def typed_lines(prefix: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields of lines of parts or readings."""
    cells = ((f"{prefix}-{number}-{name}", value) for number, line in enumerate(lines) for name, value in line.items())
    return {place: "1" if value is True else "" if value is False else value for place, value in cells}


def line_count(prefix: str, typed: Typed, *, more: int = EMPTY_LINES) -> int:
    """How many lines the page shows: those that are filled, and ``more`` empty ones."""
    numbers = [int(name.split("-")[1]) for name, value in typed.items() if name.startswith(f"{prefix}-") and value and _is_line(name)]
    return min(max(numbers, default=-1) + 1 + more, MOST_LINES)


def _is_line(name: str) -> bool:
    parts = name.split("-")
    return len(parts) == 3 and parts[1].isdecimal() and parts[2] not in ("quantity", "is_old_kept")


def _shown_times(order: WorkOrder) -> dict[str, str]:
    return {f"visit-{visit.id}-{name}": local_text(getattr(visit, name)) for visit in visits_asked(order) for name in VISIT_TIMES}


def proposals(order: WorkOrder, now: datetime) -> dict[str, Any]:
    """What is known already: the component, and the times as far as they were tapped."""
    went = [visit for visit in visits_asked(order) if visit.arrived_at]
    worked = sum(((visit.left_at or now) - visit.arrived_at for visit in went), timedelta())
    travelled = sum((visit.arrived_at - visit.departed_at for visit in went if visit.departed_at), timedelta())
    times = {"labour_minutes": worked, "travel_minutes": travelled}
    return {"component": _component(order)} | {name: _rounded(value) for name, value in times.items() if value}


def _component(order: WorkOrder) -> str:
    """What the order says, or the component of the ticket's fault codes."""
    profile = profile_of(order.machine) if order.machine_id else None
    codes = reasons.codes(order.ticket.reason) if order.ticket_id else []
    named = [order.component, *(profiles.code(profile, code).component for code in codes)]
    found = next((name for name in named if name), "")
    return translated(COMPONENTS[found]) if found in COMPONENTS else found


def components() -> list[str]:
    """What the field for the component offers."""
    return [translated(words) for words in COMPONENTS.values()]


def metrics_of(order: WorkOrder) -> list[tuple[str, str]]:
    """Name and unit of what the machine measures, offered for readings."""
    profile = profile_of(order.machine) if order.machine_id else None
    if profile is None:
        return []
    return [(metric.name.within(language()), metric.unit) for metric in profile.metrics.values() if metric.unit]


def _rounded(span: timedelta) -> int:
    return max(round(span.total_seconds() / 60 / _ROUNDED_TO) * _ROUNDED_TO, _ROUNDED_TO)
