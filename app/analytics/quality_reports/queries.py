"""The list of reports, one report with its faults, the days of a month."""

import json
from datetime import date
from typing import Any

from peewee import ModelSelect

from app.analytics.quality_reports.content import days_of
from app.analytics.quality_reports.models import QualityEntry, QualityReport, ReportKind
from app.core.errors import N_, NotFound
from app.core.paging import Order, page_in_order
from app.core.types import Page

NEWEST = Order((QualityReport.day, QualityReport.id), (True, True))


def listed(kind: str, state: str) -> ModelSelect:
    """The reports of a ``kind``, of both when it is empty; ``state`` is draft or frozen."""
    query = QualityReport.select()
    if kind in set(ReportKind):
        query = query.where(QualityReport.kind == kind)
    if state in ("draft", "frozen"):
        query = query.where(QualityReport.frozen_at.is_null(state == "draft"))
    return query


def page(kind: str, state: str, *, after: str | None = None, before: str | None = None) -> Page[QualityReport]:
    """One page, newest first. Raises ``Invalid`` for an unknown page."""
    return page_in_order(listed(kind, state), NEWEST, lambda row: (row.day, row.id), after=after, before=before)


def by_id(report_id: int) -> QualityReport:
    """Raises ``NotFound``."""
    found: QualityReport | None = QualityReport.get_or_none(QualityReport.id == report_id)
    if found is None:
        raise NotFound(N_("There is no such report."))
    return found


def entries_of(report: QualityReport) -> list[QualityEntry]:
    """The faults of a daily report, in order of time."""
    return list(QualityEntry.select().where(QualityEntry.report == report).order_by(QualityEntry.started_at, QualityEntry.id))


def daily(month: date) -> dict[date, QualityReport]:
    """The daily reports of the month of ``month``."""
    first = month.replace(day=1)
    until = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    found = QualityReport.select().where(QualityReport.kind == ReportKind.DAILY, QualityReport.day >= first, QualityReport.day < until)
    return {report.day: report for report in found.order_by(QualityReport.day)}


def unfrozen_days(month: date) -> list[date]:
    """The days of the month of ``month`` whose report is not frozen, whether it is drafted or not."""
    found = daily(month)
    return [day for day in days_of(month) if day not in found or found[day].frozen_at is None]


def frozen_days(month: date) -> dict[date, tuple[dict[str, Any], str]]:
    """What each frozen day of the month of ``month`` says, and its digest."""
    return {day: (json.loads(row.content), str(row.digest)) for day, row in daily(month).items() if row.frozen_at is not None}


def is_draft(day: date) -> bool:
    """Whether there is a report of ``day`` that is not frozen."""
    query = QualityReport.select().where(QualityReport.kind == ReportKind.DAILY, QualityReport.day == day)
    return bool(query.where(QualityReport.frozen_at.is_null()).exists())
