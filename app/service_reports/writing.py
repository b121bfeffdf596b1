"""Writing a report on the job, step by step: each step saves its own part, as often as it is sent (2C-15, F-05, F-06).

The page makes ``client_id``, so that a report that is sent three times is begun once. Of two tabs of the same person the last one
counts; what somebody else wrote meanwhile is never overwritten unseen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from app.core import clock, db, files, history, live, numbering
from app.core.errors import N_, Conflict, Invalid, NotAllowed
from app.core.files import Incoming, StoredFile
from app.core.types import Actor
from app.service_reports.models import FaultCause, PhotoKind, ReportPart, ReportPhoto, ReportReading, ReportStatus, ServiceReport
from app.service_reports.steps import COLUMNS, Step
from app.work_orders import gate, progress, visits
from app.work_orders.models import OrderStatus, Visit, WorkOrder
from app.work_orders.progress import Times
from app.work_orders.writing import LIVE, MISSING, locked

WRITE = "service_reports.write"
NUMBER_PREFIX = "R"
LONGEST = {"finding": 4_000, "action": 4_000, "customer_remark": 2_000, "cause_text": 500, "component": 80, "assistant_name": 60}
MOST_NUMBERS = {"labour_minutes": 14 * 24 * 60, "travel_minutes": 14 * 24 * 60, "distance_km": 10_000, "money_fen": 100_000_000}
MOST_LINES, MOST_PHOTOS = 40, 60
MAX_CAPTION = 200
# Where somebody is at work, or was.
WRITABLE = (OrderStatus.ACCEPTED, OrderStatus.TRAVELLING, OrderStatus.ON_SITE, OrderStatus.WAITING_PARTS, OrderStatus.FINISHED)
TOO_LONG = N_("This is too long for the field.")
_SIGNED = N_("This report is signed: it stays as it is. What must be put right becomes an amendment.")


@dataclass(frozen=True, slots=True)
class Page:
    """What the page knew that sends something: the id it made for the report, and the version it showed (0: none was begun)."""

    client_id: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """A part as it was typed. It counts as put on unless only the serial number of what came off is given."""

    name: str
    part_number: str = ""
    quantity: int = 1
    serial_off: str = ""
    serial_on: str = ""
    is_old_kept: bool = False

    @property
    def is_put_on(self) -> bool:
        """Whether something new is on the machine with it."""
        return is_put_on(self.serial_off, self.serial_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingLine:
    """A value read on site, before and after the work."""

    name: str
    before: str = ""
    after: str = ""
    unit: str = ""


def is_put_on(serial_off: str, serial_on: str) -> bool:
    """Whether a part with these serial numbers went onto the machine."""
    return bool(serial_on.strip()) or not serial_off.strip()


def save(
    *,
    by: Actor,
    order: WorkOrder,
    page: Page,
    step: Step,
    fields: Mapping[str, Any] | None = None,
    times: Mapping[int, Times] | None = None,
    at: datetime | None = None,
) -> ServiceReport:
    """Save the columns of one step (``COLUMNS``), begin the report if it is the first; ``times`` are those of visits, by their id.

    Raises ``Invalid`` with the words beside each field, ``Conflict`` when it is signed or somebody else wrote meanwhile, ``NotAllowed``.
    """
    values = {name: _cleaned(value) for name, value in (fields or {}).items() if name in COLUMNS[step]}
    check_columns(values)
    now = at or clock.now()
    with db.transaction():
        report = _claimed(by, order, page, now, values)
        for visit in Visit.select().where(Visit.order == order, Visit.id.in_(list(times or {}))):
            progress.enter_times(by=by, order=order, visit=visit, times=(times or {})[visit.id], at=now)
    return report


def save_parts(*, by: Actor, order: WorkOrder, page: Page, parts: Sequence[PartLine], at: datetime | None = None) -> ServiceReport:
    """Replace the parts. Off warranty nothing is put on before it is approved (workflows, gate). Raises as ``save`` does."""
    check_parts(parts)
    now = at or clock.now()
    with db.transaction():
        if any(part.is_put_on for part in parts):
            gate.check_repair(order, now)
        report = _claimed(by, order, page, now)
        _replace(ReportPart, report, parts, machine=report.machine_id)
    return report


def save_readings(*, by: Actor, order: WorkOrder, page: Page, readings: Sequence[ReadingLine], at: datetime | None = None) -> ServiceReport:
    """Replace the readings. Raises as ``save`` does."""
    _check_readings(readings)
    with db.transaction():
        report = _claimed(by, order, page, at or clock.now())
        _replace(ReportReading, report, readings)
    return report


def add_photos(
    *, by: Actor, order: WorkOrder, page: Page, kind: PhotoKind, incoming: Sequence[Incoming], caption: str = "", at: datetime | None = None
) -> ServiceReport:
    """Add photos of one kind; a form sent again (``page.client_id``) adds none twice. Raises as ``save`` does."""
    words = " ".join(caption.split())
    if not incoming:
        raise Invalid(N_("There is nothing to send yet."), fields={"files": N_("Take or choose a photo.")})
    if len(words) > MAX_CAPTION:
        raise Invalid(MISSING, fields={"caption": TOO_LONG})
    now = at or clock.now()
    with db.transaction():
        if ReportPhoto.select().where(ReportPhoto.client_id == photo_id(page.client_id, 0)).exists():
            return ServiceReport.get(ServiceReport.order == order)
        report = _claimed(by, order, page, now)
        if ReportPhoto.select().where(ReportPhoto.report == report).count() + len(incoming) > MOST_PHOTOS:
            raise Invalid(N_("A report holds at most %(most)d photos."), most=MOST_PHOTOS)
        for number, one in enumerate(incoming):
            keep_photo(by, report, one, kind=kind, caption=words, client_id=photo_id(page.client_id, number), at=now)
    return report


def photo_id(client_id: str, number: int) -> str:
    """The id of one photo of a sending."""
    return f"{client_id[:36]}:{number}"


def keep_photo(
    by: Actor, report: ServiceReport, one: Incoming, *, kind: PhotoKind, client_id: str, at: datetime, caption: str = ""
) -> ReportPhoto:
    """Put a photo into ``report``, in the running transaction."""
    file = files.keep(by=by, incoming=one, at=at)
    return ReportPhoto.create(report=report, file=file, kind=kind, caption=caption, at=at, client_id=client_id)


def remove_photo(*, by: Actor, order: WorkOrder, photo: ReportPhoto, at: datetime | None = None) -> None:
    """Take a photo out of a report that is not signed; one that is gone already stays gone. Raises ``Conflict``, ``NotAllowed``."""
    check_own(by, order)
    with db.transaction():
        report = _open_report(order)
        if report is None or photo.report_id != report.id:
            raise Conflict(_SIGNED)
        if ReportPhoto.delete().where(ReportPhoto.id == photo.id).execute():
            StoredFile.delete().where(StoredFile.id == photo.file_id).execute()
            _touch(by, report, at or clock.now())


def check_own(by: Actor, order: WorkOrder) -> None:
    """Raise ``NotAllowed`` unless ``by`` writes reports and works on ``order``."""
    by.require(WRITE)
    if by.user_id is not None and by.user_id not in visits.people_of(order):
        raise NotAllowed(N_("This job is another technician's."))


def check_parts(parts: Sequence[PartLine]) -> None:
    """Raise ``Invalid`` with the words beside each field of each line."""
    longest = {"name": 120, "part_number": 60, "serial_off": 60, "serial_on": 60}
    wrong = {}
    for number, part in enumerate(parts):
        if not part.name.strip():
            wrong[f"part-{number}-name"] = N_("Which part is it?")
        if not 1 <= part.quantity <= 9_999:
            wrong[f"part-{number}-quantity"] = N_("At least one.")
        wrong |= _too_long(f"part-{number}", part, longest)
    _refuse(wrong, len(parts))


def _check_readings(readings: Sequence[ReadingLine]) -> None:
    longest = {"name": 60, "before": 40, "after": 40, "unit": 20}
    wrong = {}
    for number, reading in enumerate(readings):
        if not reading.name.strip():
            wrong[f"reading-{number}-name"] = N_("What was read?")
        wrong |= _too_long(f"reading-{number}", reading, longest)
    _refuse(wrong, len(readings))


def _too_long(place: str, line: Any, longest: Mapping[str, int]) -> dict[str, str]:
    return {f"{place}-{name}": TOO_LONG for name, most in longest.items() if len(getattr(line, name)) > most}


def _refuse(wrong: dict[str, str], lines: int) -> None:
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    if lines > MOST_LINES:
        raise Invalid(N_("At most %(most)d lines, please."), most=MOST_LINES)


def check_columns(values: Mapping[str, Any]) -> None:
    """Raise ``Invalid`` with the words beside each column that cannot be taken."""
    wrong = {name: TOO_LONG for name, most in LONGEST.items() if len(values.get(name) or "") > most}
    for name, most in MOST_NUMBERS.items():
        if (value := values.get(name)) is not None and not 0 <= value <= most:
            wrong[name] = N_("This cannot be.")
    if values.get("cause") and values["cause"] not in set(FaultCause):
        wrong["cause"] = N_("Choose one of the causes.")
    if wrong:
        raise Invalid(MISSING, fields=wrong)


def _cleaned(value: Any) -> Any:
    return value.strip().replace("\r\n", "\n") if isinstance(value, str) else value


def _claimed(by: Actor, order: WorkOrder, page: Page, now: datetime, values: Mapping[str, Any] | None = None) -> ServiceReport:
    """The report with ``values`` and the next version, begun if there is none, in the running transaction."""
    check_own(by, order)
    report = _open_report(order)
    if report is None:
        return _begin(by, order, page, now, values or {})
    if report.version != page.version and report.by_id != by.user_id:
        raise Conflict(
            N_("%(who)s wrote in this report meanwhile (version %(version)d). It now stands as below; send yours again to save it."),
            who=report.by.name, version=report.version,
        )  # fmt: skip
    _touch(by, report, now, **(values or {}))
    return report


def _touch(by: Actor, report: ServiceReport, now: datetime, **values: Any) -> None:
    changed = {"by": by.user_id, "changed_at": now, "version": ServiceReport.version + 1} | values
    written = ServiceReport.update(changed).where(ServiceReport.id == report.id, ServiceReport.status == ReportStatus.DRAFT).execute()
    if not written:
        raise Conflict(_SIGNED)
    for name, value in values.items():
        setattr(report, name, value)
    report.version, report.changed_at = report.version + 1, now


def _open_report(order: WorkOrder) -> ServiceReport | None:
    """The report of ``order`` while it can be written, with the order's row locked. Raises ``Conflict`` when it cannot."""
    present = locked(order)
    if present.status == OrderStatus.CANCELLED:
        raise Conflict(N_("This order was called off; nothing is to be reported."))
    if present.status not in WRITABLE:
        raise Conflict(N_("This order is not in work: accept it first, or look at its present state."), status=present.status)
    report: ServiceReport | None = ServiceReport.get_or_none(ServiceReport.order == order)
    if report is not None and report.status != ReportStatus.DRAFT:
        raise Conflict(_SIGNED)
    return report


def _begin(by: Actor, order: WorkOrder, page: Page, now: datetime, values: Mapping[str, Any]) -> ServiceReport:
    if not 8 <= len(page.client_id) <= 40 or ServiceReport.select().where(ServiceReport.client_id == page.client_id).exists():
        raise Conflict(N_("This page is too old. Open the report again."))
    report: ServiceReport = ServiceReport.create(
        **{"component": order.component} | dict(values),
        number=numbering.next_number(NUMBER_PREFIX, now),
        order=order,
        client_id=page.client_id,
        status=ReportStatus.DRAFT,
        machine=order.machine_id,
        by=by.user_id or order.lead_id,
        created_at=now,
        changed_at=now,
    )
    history.record(by, "service_report.begun", "service_report", report.number, after={"order": order.number})
    live.touch(LIVE)
    return report


def _replace(model: Any, report: ServiceReport, lines: Sequence[Any], **more: Any) -> None:
    model.delete().where(model.report == report).execute()
    for position, line in enumerate(lines, start=1):
        model.create(report=report, position=position, **{name: _cleaned(value) for name, value in asdict(line).items()}, **more)
