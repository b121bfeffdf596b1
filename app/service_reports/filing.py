"""Filing by the clerk (收单): a signed report, or an order whose paper was handed in; and reminding who owes a report (2A-13, 2C-16)."""

from datetime import datetime

from app.accounts.models import Notice
from app.accounts.notices import notify
from app.core import clock, db, history, live
from app.core.errors import N_, Conflict
from app.core.types import Actor
from app.machines.models import Document, FormType
from app.service_reports.models import ReportStatus, ServiceReport
from app.work_orders import progress
from app.work_orders.models import OrderStatus, WorkOrder
from app.work_orders.writing import LIVE, locked

REMIND = "orders.create"
_NOT_FINISHED = N_("The job is not finished yet: the report is filed after that.")


def file(*, by: Actor, report: ServiceReport, at: datetime | None = None) -> None:
    """File a signed report and its order together. Raises ``Conflict`` when that was done or cannot be yet, ``NotAllowed``."""
    by.require(progress.FILE)
    now = at or clock.now()
    with db.transaction():
        order = _finished(report.order)
        is_signed = (ServiceReport.id == report.id) & (ServiceReport.status == ReportStatus.SIGNED)
        values = {"status": ReportStatus.FILED, "filed_at": now, "filed_by_name": by.name}
        if ServiceReport.update(values).where(is_signed).execute() != 1:
            raise Conflict(_why_not(report.id))
        progress.file(by=by, order=order, version=order.version, at=now)
        history.record(by, "service_report.filed", "service_report", report.number, after={"order": order.number})
        live.touch(LIVE)


def file_paper(*, by: Actor, order: WorkOrder, at: datetime | None = None) -> None:
    """File a finished order whose report is on paper: its scan stands in the documents. Raises ``Conflict``, ``NotAllowed``."""
    by.require(progress.FILE)
    now = at or clock.now()
    with db.transaction():
        present = _finished(order)
        signed = ServiceReport.select().where(ServiceReport.order == order, ServiceReport.status != ReportStatus.DRAFT)
        if signed.exists():
            raise Conflict(N_("This order has a signed report: file that one."))
        if not papers_of(order):
            raise Conflict(N_("No paper report of this order was handed in yet. Hand in its scan first, with the order's number."))
        progress.file(by=by, order=present, version=present.version, at=now)


def papers_of(order: WorkOrder) -> list[Document]:
    """The service reports on paper that were handed in for ``order``."""
    named = (Document.about == order.number) & (Document.form_type == FormType.SERVICE_REPORT) & Document.removed_at.is_null()
    return list(Document.select().where(named).order_by(Document.id))


def remind(*, by: Actor, order: WorkOrder, at: datetime | None = None) -> bool:
    """Tell the technician that the report of a finished order is missing, once a day; False when that was done today.

    Raises ``Conflict`` when it is no longer missing, ``NotAllowed``.
    """
    by.require(REMIND)
    now = at or clock.now()
    with db.transaction():
        present = _finished(order)
        if ServiceReport.select().where(ServiceReport.order == order, ServiceReport.status != ReportStatus.DRAFT).exists():
            raise Conflict(N_("The report has come meanwhile."))
        key = f"report-missing:{order.id}:{clock.day_of(now)}"
        is_new = not Notice.select().where(Notice.key == f"{key}:{present.lead_id}").exists()
        message = N_("The signed report of %(number)s is missing: %(title)s")
        notify([present.lead_id], message, href=f"/my/jobs/{order.number}/report", key=key, at=now, number=order.number, title=order.title)
    return is_new


def _finished(order: WorkOrder) -> WorkOrder:
    present = locked(order)
    if present.status in (OrderStatus.FILED, OrderStatus.ARCHIVED):
        raise Conflict(N_("%(who)s has filed this order already."), who=present.filed_by_name)
    if present.status != OrderStatus.FINISHED:
        raise Conflict(_NOT_FINISHED)
    return present


def _why_not(report_id: int) -> str:
    present = ServiceReport.get_by_id(report_id)
    return N_("This report is not signed yet.") if present.status == ReportStatus.DRAFT else N_("This report is filed already.")
