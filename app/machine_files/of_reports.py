"""What service reports tell of a machine: what was found and done, signed by whom, and what was put right afterwards."""

from typing import Any

from peewee import ModelSelect

from app.core.errors import N_
from app.machine_files.timeline import EntryKind, Rows
from app.service_reports.models import ReportAmendment, ReportSignature, ServiceReport
from app.work_orders.models import WorkOrder

_ORDER = (WorkOrder.id, WorkOrder.number, WorkOrder.title, WorkOrder.area)


def _signed(machine_id: Any) -> ModelSelect:
    query = ServiceReport.select(ServiceReport, ReportSignature, *_ORDER).join_from(ServiceReport, WorkOrder)
    query = query.join_from(ServiceReport, ReportSignature, on=(ReportSignature.report == ServiceReport.id), attr="signed")
    return query.where(ServiceReport.machine == machine_id, ServiceReport.signed_at.is_null(False))


def _amended(machine_id: Any) -> ModelSelect:
    query = ReportAmendment.select(ReportAmendment, ServiceReport, *_ORDER).join_from(ReportAmendment, ServiceReport)
    return query.join_from(ServiceReport, WorkOrder).where(ServiceReport.machine == machine_id)


def _number(record: Any) -> str:
    return record.report.number if isinstance(record, ReportAmendment) else record.number


def _who(record: Any) -> str:
    return record.by_name if isinstance(record, ReportAmendment) else record.signed.by_name


REPORTS = EntryKind(
    name="service_report",
    label=N_("Service reports"),
    icon="clipboard-text",
    permission="service_reports.read",
    template="machine_files/entries/report.html",
    sources=(
        Rows(
            name="report_signed",
            query=_signed,
            at=ServiceReport.signed_at,
            id=ServiceReport.id,
            searched=(ServiceReport.number, ServiceReport.finding, ServiceReport.action, ServiceReport.component, WorkOrder.number),
            area=WorkOrder.area,
        ),
        Rows(
            name="report_amended",
            query=_amended,
            at=ReportAmendment.at,
            id=ReportAmendment.id,
            searched=(ServiceReport.number, ReportAmendment.reason, ReportAmendment.by_name),
            area=WorkOrder.area,
            is_counted=False,
        ),
    ),
    who=_who,
    href=lambda record: f"/service-reports/{_number(record)}",
    tone=lambda record: "plain" if isinstance(record, ReportAmendment) else "strong",
)
