"""A report as one sheet: what it says about the job, and its own fields; a signed one says for ever what was signed.

``about`` is copied from the order at the time of signing, because names and addresses change later; ``fields`` are the report's own rows,
which nobody can change any more, so that they can be compared with what was signed.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.core import clock, files
from app.core.files import StoredFile
from app.service_reports import content
from app.service_reports.models import ReportAmendment, ReportPart, ReportPhoto, ReportReading, ReportSignature, ReportStatus, ServiceReport
from app.work_orders import visits
from app.work_orders.models import OrderKind, WorkOrder

PART_FIELDS = ("name", "part_number", "quantity", "serial_off", "serial_on", "is_old_kept")
READING_FIELDS = ("name", "before", "after", "unit")
# What one column of the report holds.
OWN_FIELDS = (
    "finding", "cause", "cause_text", "action", "component", "labour_minutes", "travel_minutes", "distance_km", "money_fen",
    "assistant_name", "customer_remark", "is_solved",
)  # fmt: skip
# The title by the kind of job (product.md, settled question 9).
REPAIR_KINDS = (OrderKind.REPAIR, OrderKind.DIAGNOSIS)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a page, a print or a signer sees of a report. ``visits`` have their times as such; ``amended`` names the changed fields."""

    report: ServiceReport
    about: dict[str, Any]
    fields: dict[str, Any]
    signature: ReportSignature | None
    amendments: list[ReportAmendment]
    photos: list[ReportPhoto]
    amended: frozenset[str] = frozenset()

    @property
    def is_repair(self) -> bool:
        """Whether it prints as 维修反馈表 instead of 售后服务签名反馈表."""
        return self.about["kind"] in REPAIR_KINDS

    @property
    def visits(self) -> list[dict[str, Any]]:
        """The visits with their times."""
        return [
            {name: _moment(value) if isinstance(value, str) else value for name, value in visit.items()} for visit in self.about["visits"]
        ]


def of(report: ServiceReport, *, is_original: bool = False) -> Sheet:
    """The sheet of ``report``: as it is being written, as it was signed, and with its amendments unless ``is_original``."""
    signature = ReportSignature.get_or_none(ReportSignature.report == report)
    amendments = list(ReportAmendment.select().where(ReportAmendment.report == report).order_by(ReportAmendment.number))
    said = json.loads(signature.content)["report"] if signature else said_by(report)
    changes = {} if is_original else changes_of(amendments)
    return Sheet(report, said["about"], said["fields"] | changes, signature, amendments, photos_of(report), frozenset(changes))


def changes_of(amendments: list[ReportAmendment]) -> dict[str, Any]:
    """What the amendments together say instead."""
    changed: dict[str, Any] = {}
    for amendment in amendments:
        changed |= json.loads(amendment.content)["changes"]
    return changed


def said_by(report: ServiceReport) -> dict[str, Any]:
    """What ``report`` says, as it will be signed."""
    return {"about": _about(report.order), "fields": fields_of(report), "format": content.FORMAT, "number": report.number}


def fields_of(report: ServiceReport) -> dict[str, Any]:
    """The report's own fields as they stand in its rows."""
    fields = {name: getattr(report, name) for name in OWN_FIELDS}
    fields["parts"] = [{name: getattr(part, name) for name in PART_FIELDS} for part in _rows(ReportPart, report)]
    fields["readings"] = [{name: getattr(one, name) for name in READING_FIELDS} for one in _rows(ReportReading, report)]
    fields["photos"] = [{"caption": one.caption, "kind": one.kind, "sha256": one.file.digest} for one in photos_of(report)]
    return fields


def photos_of(report: ServiceReport) -> list[ReportPhoto]:
    """The photos of ``report`` with their files, in their order."""
    query = ReportPhoto.select(ReportPhoto, StoredFile).join(StoredFile)
    return list(query.where(ReportPhoto.report == report).order_by(ReportPhoto.id))


def _rows(model: Any, report: ServiceReport) -> Any:
    return model.select().where(model.report == report).order_by(model.position)


def _about(order: WorkOrder) -> dict[str, Any]:
    return {
        "address": order.site.address if order.site_id else "",
        "customer": order.customer.name if order.customer_id else "",
        "kind": order.kind,
        "machine": order.machine.serial if order.machine_id else "",
        "model": order.machine.model.name if order.machine_id else "",
        "order": order.number,
        "site": order.site.name if order.site_id else "",
        "technician": order.lead.name if order.lead_id else "",
        "title": order.title,
        "visits": [_visit(visit) for visit in visits.of_order(order) if visit.dropped_at is None and visit.arrived_at is not None],
        "warranty": order.warranty,
    }


def _visit(visit: Any) -> dict[str, Any]:
    times = {name: _text(getattr(visit, name)) for name in ("departed_at", "arrived_at", "left_at")}
    return times | {"is_entered_later": visit.is_entered_later, "who": visit.lead.name}


def _text(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def _moment(text: str) -> Any:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return text


@dataclass(frozen=True, slots=True)
class Check:
    """What the check of a signed report found: whether all is as it was signed, and if not, what is not."""

    checked_at: datetime
    is_text_unchanged: bool
    are_fields_unchanged: bool
    lost_photos: tuple[str, ...]

    @property
    def is_unchanged(self) -> bool:
        """Whether nothing was changed since the signature."""
        return self.is_text_unchanged and self.are_fields_unchanged and not self.lost_photos


def check(sheet: Sheet) -> Check | None:
    """Compute everything anew: the digests of report and amendments, the rows, the bytes of each photo. None for one that is not signed."""
    if sheet.signature is None or sheet.report.status == ReportStatus.DRAFT:
        return None
    signed = [(sheet.signature.content, sheet.signature.digest), *((one.content, one.digest) for one in sheet.amendments)]
    is_text_unchanged = all(content.digest(text) == digest for text, digest in signed)
    said = json.loads(sheet.signature.content)["report"]["fields"]
    return Check(clock.now(), is_text_unchanged, said == fields_of(sheet.report), _lost(sheet.photos))


def _lost(photos: list[ReportPhoto]) -> tuple[str, ...]:
    return tuple(photo.file.name for photo in photos if not files.is_unchanged(photo.file))
