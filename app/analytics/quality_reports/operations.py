"""Correcting, freezing (2E-24, 2E-25): a frozen report is never changed; a month is frozen when all its days are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.analytics.quality_reports import content, drafting, queries
from app.analytics.quality_reports.models import FaultClass, QualityEntry, QualityReport, ReportKind
from app.core import clock, db, history
from app.core.errors import N_, Conflict, Invalid
from app.core.strokes import digest, text_of
from app.core.types import Actor

EDIT = "quality_reports.edit"
MAX_REMARK, MAX_WORDS = 4_000, 300
_MISSING = N_("Something is missing or wrong. See the words beside the fields.")
_LONG = N_("This is too long for the field.")


@dataclass(frozen=True, slots=True)
class Correction:
    """What the clerk says of one fault."""

    fault_class: str
    remark: str = ""


def draft(day: date, at: datetime | None = None) -> QualityReport:
    """The report of ``day`` in step with the fault register. Raises ``Invalid`` for a day that has not come."""
    now = at or clock.now()
    if day > clock.day_of(now):
        raise Invalid(N_("This day has not come yet."))
    with db.transaction():
        report = drafting.report_of(day, now)
        drafting.refresh(report, now)
    found: QualityReport = QualityReport.get_by_id(report.id)
    return found


def draft_month(month: date, at: datetime | None = None) -> QualityReport:
    """The report of the month that begins on ``month``. Raises ``Invalid`` for one that has not come."""
    now, first = at or clock.now(), month.replace(day=1)
    if first > clock.day_of(now):
        raise Invalid(N_("This month has not come yet."))
    with db.transaction():
        values = {"kind": ReportKind.MONTHLY, "day": first, "created_at": now, "changed_at": now}
        QualityReport.insert(values).on_conflict_ignore().execute()
    found: QualityReport = QualityReport.get(QualityReport.kind == ReportKind.MONTHLY, QualityReport.day == first)
    return found


def correct(
    *, by: Actor, report: QualityReport, version: int, corrections: Mapping[int, Correction], remark: str, at: datetime | None = None
) -> None:
    """Put faults down to other classes, with words. Raises ``Conflict`` when frozen or changed meanwhile, ``Invalid``, ``NotAllowed``."""
    by.require(EDIT)
    wrong = {
        f"{name}-{entry_id}": words
        for entry_id, one in corrections.items()
        for name, words in (
            ("class", "" if one.fault_class in set(FaultClass) else N_("Choose a class.")),
            ("remark", _LONG if len(one.remark) > MAX_WORDS else ""),
        )
        if words
    } | ({"remark": _LONG} if len(remark) > MAX_REMARK else {})
    if wrong:
        raise Invalid(_MISSING, fields=wrong)
    with db.transaction():
        _claim(report, version, at or clock.now(), remark=remark.strip())
        for entry in QualityEntry.select().where(QualityEntry.report == report, QualityEntry.id.in_(list(corrections))):
            one = corrections[entry.id]
            if (entry.fault_class, entry.remark) != (one.fault_class, one.remark.strip()):
                _correct(by, entry, one)


def _correct(by: Actor, entry: QualityEntry, one: Correction) -> None:
    before = {"class": entry.fault_class, "remark": entry.remark}
    values = {"fault_class": one.fault_class, "remark": one.remark.strip(), "corrected_by_name": by.name}
    QualityEntry.update(values).where(QualityEntry.id == entry.id).execute()
    after = {"class": one.fault_class, "remark": one.remark.strip()}
    history.record(by, "quality.corrected", "quality_entry", entry.id, before=before, after=after)


def freeze(*, by: Actor, report: QualityReport, version: int, at: datetime | None = None) -> None:
    """Freeze a report: a day that is over, a month whose days are all frozen.

    Raises ``Conflict`` when it is frozen, changed meanwhile, or faults came to it since it was shown; ``Invalid`` when it is too early;
    ``NotAllowed``.
    """
    by.require(EDIT)
    now = at or clock.now()
    if report.kind == ReportKind.DAILY:
        _freeze_day(by, report, version, now)
    else:
        _freeze_month(by, report, version, now)


def _freeze_day(by: Actor, report: QualityReport, version: int, now: datetime) -> None:
    if now < drafting.bounds(report.day)[1]:
        raise Invalid(N_("This day is not over yet: its report is frozen tomorrow."))
    with db.transaction():
        is_changed = drafting.refresh(report, now)
    if is_changed:
        raise Conflict(N_("Faults of this day came or changed meanwhile. Look at them, then freeze the report."))
    with db.transaction():
        said = content.of_day(report.day, report.remark, queries.entries_of(report))
        _freeze(by, report, version, now, text_of(said))


def _freeze_month(by: Actor, report: QualityReport, version: int, now: datetime) -> None:
    missing = queries.unfrozen_days(report.day)
    if missing:
        names = ", ".join(f"{day:%m-%d}" for day in missing[:10]) + ("…" if len(missing) > 10 else "")
        raise Invalid(N_("Not every day of this month is frozen yet: %(days)s."), days=names)
    with db.transaction():
        days = queries.frozen_days(report.day)
        counts = {day: content.counts_in(found["counts"]) for day, (found, _digest) in days.items()}
        said = content.of_month(report.day, report.remark, counts, {day: known for day, (_found, known) in days.items()})
        _freeze(by, report, version, now, text_of(said))


def _freeze(by: Actor, report: QualityReport, version: int, now: datetime, text: str) -> None:
    _claim(report, version, now, content=text, digest=digest(text), frozen_at=now, frozen_by=by.user_id, frozen_by_name=by.name)
    history.record(
        by, "quality.frozen", "quality_report", report.id, after={"kind": report.kind, "day": str(report.day), "digest": digest(text)}
    )


def _claim(report: QualityReport, version: int, now: datetime, **values: object) -> None:
    same = (QualityReport.id == report.id) & (QualityReport.version == version) & QualityReport.frozen_at.is_null()
    changes = {"version": QualityReport.version + 1, "changed_at": now, **values}
    if QualityReport.update(changes).where(same).execute() != 1:
        raise Conflict(N_("This report was frozen or changed meanwhile. Look at its present state."))


def look(at: datetime) -> str:
    """Draft yesterday's report, and what is not frozen of the last days, for the worker; returns what was done."""
    today = clock.day_of(at)
    made = [draft(today - timedelta(days=ago), at) for ago in range(1, 8) if ago == 1 or queries.is_draft(today - timedelta(days=ago))]
    return f"{len(made)} drafts"
