"""What stands on "my jobs" beside the jobs themselves: finished ones whose report is missing, and the duty telephone."""

from datetime import datetime
from typing import Any

from peewee import JOIN

from app.core.prepared import Prepared
from app.core.types import Actor
from app.customers.models import Customer
from app.machines.models import Machine
from app.service_reports.models import ReportStatus, ServiceReport
from app.work_orders import jobs
from app.work_orders.models import OrderStatus, WorkOrder

SHOWN = 30
_COLUMNS = (
    WorkOrder.id, WorkOrder.number, WorkOrder.title, WorkOrder.finished_at, Machine.id, Machine.serial, Customer.id, Customer.name,
    Customer.short_name,
)  # fmt: skip
# Finished, not yet filed by the clerk (who may file the paper instead), and no report or one that nobody signed.
_unreported = Prepared(
    lambda user_id, most: (
        WorkOrder.select(*_COLUMNS)
        .join_from(WorkOrder, Machine, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, Customer, JOIN.LEFT_OUTER)
        .join_from(WorkOrder, ServiceReport, JOIN.LEFT_OUTER, on=(ServiceReport.order == WorkOrder.id))
        .where(
            WorkOrder.lead == user_id,
            WorkOrder.finished_at.is_null(False),
            WorkOrder.status == OrderStatus.FINISHED,
            ServiceReport.id.is_null() | (ServiceReport.status == ReportStatus.DRAFT),
        )
        .order_by(WorkOrder.finished_at)
        .limit(most)
    )
)


def shown(me: Actor, now: datetime) -> dict[str, Any]:
    """Everything on the page of ``me``."""
    assert me.user_id is not None
    user_id = me.user_id
    return {
        # Called only where what they give is not kept from the last look at the same version.
        "read_jobs": lambda: jobs.mine(user_id, now),
        "read_unreported": lambda: unreported(user_id),
        "read_shifts": lambda: jobs.shifts_today(user_id, now),
        "me": me,
        "now": now,
    }


def unreported(user_id: int) -> list[WorkOrder]:
    """The finished orders of ``user_id`` without a signed report (2C-15), oldest first."""
    return _unreported.rows(user_id, SHOWN)
