"""Nonconformity reports as lists show them, and what their verdicts add up to: by part, batch, supplier, cause (2A-17)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from peewee import JOIN, ModelSelect, fn

from app.core import clock, paging
from app.core.errors import N_, NotFound
from app.core.paging import Sort
from app.core.types import Page
from app.machines.models import Machine
from app.parts.models import Part, Supplier
from app.returns.models import DefectiveReturn, EightD, Nonconformity, NonconformityPhoto, NonconformityStatus

COLUMNS = (
    "number", "status", "return", "part_number", "part_name", "serial_number", "batch", "quantity", "supplier", "machine", "on_date",
    "found_where", "description", "prepared_by", "submitted_by", "submitted_at", "cause", "disposition", "quality_opinion",
    "engineering_opinion", "purchasing_opinion", "responsibility", "cost", "decided_by", "decided_at", "closing_check", "closed_at",
)  # fmt: skip
SORTS = {
    "prepared_at": Sort(Nonconformity.prepared_at, lambda one: one.prepared_at),
    "number": Sort(Nonconformity.number, lambda one: one.number),
}
DEFAULT_SORT = "-prepared_at"
REPEATED, WITHIN = 3, timedelta(days=90)
MOST_GROUPS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFilter:
    """What the list is narrowed to; empty values do not narrow. The days are those of the verdict."""

    q: str = ""
    status: str = ""
    cause: str = ""
    part: str = ""
    batch: str = ""
    supplier: str = ""
    from_on: date | None = None
    to_on: date | None = None


def joined() -> ModelSelect:
    """All reports, with return, machine, part and supplier."""
    return (
        Nonconformity.select(Nonconformity, DefectiveReturn, Machine, Part, Supplier)
        .join_from(Nonconformity, DefectiveReturn)
        .join_from(DefectiveReturn, Machine)
        .join_from(DefectiveReturn, Part, JOIN.LEFT_OUTER)
        .join_from(Part, Supplier, JOIN.LEFT_OUTER)
    )


def by_number(number: str) -> Nonconformity:
    """The report of this number. Raises ``NotFound``."""
    found = joined().where(Nonconformity.number == number).get_or_none()
    if found is None:
        raise NotFound(N_("There is no nonconformity report of this number."))
    one: Nonconformity = found
    return one


def of_return(returned: DefectiveReturn) -> Nonconformity | None:
    """The report of a return, None while nobody prepared it."""
    return Nonconformity.get_or_none(Nonconformity.returned == returned)


def photos_of(report: Nonconformity) -> list[NonconformityPhoto]:
    """Its photos, in their order."""
    return list(NonconformityPhoto.select().where(NonconformityPhoto.nonconformity == report).order_by(NonconformityPhoto.id))


def listed(wanted: ReportFilter) -> ModelSelect:
    """The reports of the list."""
    query = joined()
    plain = (
        (Nonconformity.status, wanted.status), (Nonconformity.cause, wanted.cause), (DefectiveReturn.part_number, wanted.part),
        (DefectiveReturn.batch, wanted.batch), (Supplier.name, wanted.supplier),
    )  # fmt: skip
    for column, value in plain:
        if value:
            query = query.where(column == value)
    query = _decided_within(query, wanted)
    if not wanted.q:
        return query
    named = Nonconformity.number.contains(wanted.q) | DefectiveReturn.number.contains(wanted.q) | Machine.serial.contains(wanted.q)
    return query.where(named | DefectiveReturn.part_name.contains(wanted.q) | DefectiveReturn.part_number.contains(wanted.q))


def _decided_within(query: ModelSelect, wanted: ReportFilter) -> ModelSelect:
    if wanted.from_on is not None:
        query = query.where(Nonconformity.decided_at >= clock.start_of(wanted.from_on))
    if wanted.to_on is not None:
        query = query.where(Nonconformity.decided_at < clock.end_of(wanted.to_on))
    return query


def page(wanted: ReportFilter, *, sort: str, after: str | None = None, before: str | None = None) -> Page[Nonconformity]:
    """One page of the list. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(listed(wanted), SORTS, sort, after=after, before=before)


def exported(wanted: ReportFilter, sort: str, *, shows_cost: bool) -> Iterator[list[Any]]:
    """The rows of ``COLUMNS`` for an export; the cost is empty for who may not read costs."""
    for one in paging.whole(listed(wanted), SORTS, sort).iterator():
        part = one.returned
        yield [
            one.number, one.status, part.number, part.part_number, part.part_name, part.serial, part.batch, part.quantity, supplier_of(one),
            part.machine.serial, one.on_date, one.found_where, one.description, one.prepared_by_name, one.submitted_by_name,
            one.submitted_at, one.cause, one.disposition, one.quality_opinion, one.engineering_opinion, one.purchasing_opinion,
            one.responsibility, one.cost if shows_cost else None, one.decided_by_name, one.decided_at, one.closing_check, one.closed_at,
        ]  # fmt: skip


def supplier_of(report: Nonconformity) -> str:
    """Who the part was bought from, as the catalogue has it."""
    part = report.returned.part if report.returned.part_id else None
    return part.supplier.name if part is not None and part.supplier_id else ""


# --- what the verdicts add up to --------------------------------------------------

BY = {
    "part": DefectiveReturn.part_number,
    "batch": DefectiveReturn.batch,
    "supplier": Supplier.name,
    "cause": Nonconformity.cause,
}


@dataclass(frozen=True, slots=True)
class Group:
    """The verdicts of one part, batch, supplier or cause, with the name of a part among them and the day of the last one."""

    key: str
    name: str
    number: int
    last_on: date


def groups(by: str, from_on: date | None = None, to_on: date | None = None) -> list[Group]:
    """The verdicts by one of ``BY``, most frequent first."""
    column, name = BY[by], fn.MIN(DefectiveReturn.part_name)
    decided = joined().where(Nonconformity.status.in_((NonconformityStatus.DECIDED, NonconformityStatus.CLOSED)))
    decided = _decided_within(decided, ReportFilter(from_on=from_on, to_on=to_on))
    number, last = fn.COUNT(Nonconformity.id), fn.MAX(Nonconformity.decided_at).coerce(False)
    query = decided.select(column, name, number, last).group_by(column).order_by(number.desc(), column).limit(MOST_GROUPS)
    return [Group(key or "", words, count, _day(at)) for key, words, count, at in query.tuples()]


def _day(at: Any) -> date:
    return clock.day_of(clock.from_ms(int(at)))


def repeats(report: Nonconformity) -> list[Nonconformity]:
    """The verdicts on the same part number within the 90 days before that of ``report``, itself included; three call for an 8D report."""
    number = report.returned.part_number
    if not number or report.decided_at is None:
        return []
    span = Nonconformity.decided_at.between(report.decided_at - WITHIN, report.decided_at)
    return list(joined().where(DefectiveReturn.part_number == number, span).order_by(Nonconformity.decided_at))


def eight_d_of(report: Nonconformity) -> EightD | None:
    """The 8D report of ``report``, None while there is none."""
    return EightD.get_or_none(EightD.nonconformity == report)


def calls_for_eight_d(report: Nonconformity) -> bool:
    """Whether the same part failed so often that an 8D report is proposed, and there is none yet."""
    return len(repeats(report)) >= REPEATED and eight_d_of(report) is None
