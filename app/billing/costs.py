"""What a job cost (2A-04): labour and travel by its report, parts by the ledger, freight by its shipments, the rest written down by hand.

The computed ones are worked out anew whenever report, movements or shipments changed; doing so twice changes nothing.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from peewee import JOIN, fn

from app.billing.models import CostKind, JobCost
from app.core import clock, db, history, live, submissions
from app.core.errors import N_, Conflict, Invalid
from app.core.known_settings import KnownSetting, SettingKind, register
from app.core.money import ZERO, rounded
from app.core.types import Actor
from app.parts.models import MovementKind, Part, PlaceKind, StockMovement, StockPlace
from app.service_reports import sheets
from app.service_reports.models import ReportAmendment, ReportStatus, ServiceReport
from app.supply.models import Shipment
from app.work_orders.models import WorkOrder

READ = "costs.read"
LIVE = "costs"
BY_NAME = "dispatch"
AT_ONCE = 200
MAX_REMARK = 200
MISSING = N_("Something is missing or wrong. See the words beside the fields.")
MOST = 1_000_000
LABOUR_RATE = register(
    KnownSetting(
        "labour_rate", N_("Cost of a working hour (yuan)"), 80, SettingKind.WHOLE, most=10_000,
        hint=N_("Working and travelling hours of a report cost this much."),
    )
)  # fmt: skip
TRAVEL_RATE = register(
    KnownSetting(
        "travel_rate", N_("Cost of 100 km (yuan)"), 120, SettingKind.WHOLE, most=10_000,
        hint=N_("Fuel, tolls and wear of the vehicle."),
    )
)  # fmt: skip
BUDGET = register(
    KnownSetting(
        "cost_budget", N_("Budget of service costs per month (yuan)"), 0, SettingKind.WHOLE, most=100_000_000,
        hint=N_("Stands beside the costs of each month; 0 shows none."),
    )
)  # fmt: skip


def recompute(order: WorkOrder, at: datetime) -> None:
    """Work out what ``order`` cost by now; nothing while it has no signed report."""
    report = ServiceReport.get_or_none(ServiceReport.order == order, ServiceReport.status != ReportStatus.DRAFT)
    if report is None:
        return
    said = sheets.of(report).fields
    amounts = {
        CostKind.LABOUR: labour_cost((said["labour_minutes"] or 0) + (said["travel_minutes"] or 0)),
        CostKind.TRAVEL: travel_cost(said["distance_km"] or 0),
        CostKind.PARTS: _parts_cost(order, report),
        CostKind.FREIGHT: _freight(order),
    }
    day = clock.day_of(order.finished_at or report.signed_at)
    with db.transaction():
        # Labour stays even at nothing: its time says when this was worked out last.
        JobCost.delete().where(JobCost.order == order, JobCost.is_computed).execute()
        for kind, amount in amounts.items():
            if amount or kind is CostKind.LABOUR:
                JobCost.create(order=order, kind=kind, amount=amount, on_date=day, is_computed=True, at=at, by_name=BY_NAME)
        live.touch(LIVE)


def labour_cost(minutes: int) -> Decimal:
    """What so many minutes of a technician cost."""
    return rounded(Decimal(minutes) * LABOUR_RATE.value() / 60)


def travel_cost(kilometres: int) -> Decimal:
    """What so many kilometres cost."""
    return rounded(Decimal(kilometres) * TRAVEL_RATE.value() / 100)


def _parts_cost(order: WorkOrder, report: ServiceReport) -> Decimal:
    """Parts that the report used, or that were shipped to the customer for the order; what was both counts once."""
    used = _spent(StockMovement.about.in_((report.number, order.number)) & (StockMovement.kind == MovementKind.USED))
    numbers = Shipment.select(Shipment.number).where(Shipment.order == order)
    to_customer = StockMovement.about.in_(numbers) & (StockPlace.kind == PlaceKind.CUSTOMER)
    sent = _spent(to_customer & (StockMovement.kind == MovementKind.SHIPPED))
    return sum((max(used.get(part, ZERO), sent.get(part, ZERO)) for part in used.keys() | sent.keys()), ZERO)


def _spent(condition: Any) -> dict[int, Decimal]:
    """What the movements cost, by part; where none is written down, the catalogue's cost counts."""
    found: dict[int, Decimal] = {}
    query = StockMovement.select(StockMovement, Part).join(Part).join_from(StockMovement, StockPlace, on=StockMovement.to_place)
    for row in query.where(condition):
        cost = row.cost if row.cost is not None else rounded(row.quantity * (row.part.cost or ZERO))
        found[row.part_id] = found.get(row.part_id, ZERO) + cost
    return found


def _freight(order: WorkOrder) -> Decimal:
    sent = Shipment.select(Shipment.cost).where(Shipment.order == order, Shipment.cost.is_null(False))
    return sum((row.cost for row in sent), ZERO)


def _stale() -> Any:
    """Orders whose report, amendments, movements or shipments are newer than their costs."""
    worked_out = fn.COALESCE(JobCost.at, 0).coerce(False)
    moved = StockMovement.select(StockMovement.id).where(
        StockMovement.about.in_((ServiceReport.number, WorkOrder.number)), StockMovement.recorded_at > worked_out
    )
    sent = Shipment.select(Shipment.id).where(Shipment.order == WorkOrder.id, Shipment.sent_at > worked_out)
    amended = ReportAmendment.select(ReportAmendment.id).where(ReportAmendment.report == ServiceReport.id, ReportAmendment.at > worked_out)
    mark = (JobCost.order == WorkOrder.id) & JobCost.is_computed & (JobCost.kind == CostKind.LABOUR)
    query = (
        WorkOrder.select()
        .join(ServiceReport, on=(ServiceReport.order == WorkOrder.id))
        .join_from(WorkOrder, JobCost, JOIN.LEFT_OUTER, on=mark)
    )
    is_newer = (ServiceReport.changed_at > worked_out) | fn.EXISTS(moved) | fn.EXISTS(sent) | fn.EXISTS(amended)
    return query.where(ServiceReport.status != ReportStatus.DRAFT, is_newer).order_by(WorkOrder.id)


def look(at: datetime) -> str:
    """Work out the costs of up to ``AT_ONCE`` orders that changed. Says in a few words what it did."""
    orders = list(_stale().limit(AT_ONCE))
    for order in orders:
        recompute(order, at)
    return f"{len(orders)} orders" if orders else ""


# --- by hand --------------------------------------------------------------------


def add(
    *, by: Actor, order: WorkOrder, kind: str, amount: Decimal | None, on_date: date | None, remark: str,
    form_token: str | None = None, at: datetime | None = None,
) -> JobCost:  # fmt: skip
    """Write down a cost that nothing else knows of (a hotel, a crane). Raises ``Invalid`` with words beside the fields, ``NotAllowed``."""
    by.require(READ)
    wrong = {}
    if kind not in list(CostKind):
        wrong["kind"] = N_("Choose the kind of cost.")
    if amount is None or not ZERO < amount <= MOST:
        wrong["amount"] = N_("An amount is more than nothing.")
    if on_date is None:
        wrong["on_date"] = N_("Give the day.")
    if not 0 < len(remark.strip()) <= MAX_REMARK:
        wrong["remark"] = N_("Say what it was for, in at most 200 characters.")
    if wrong:
        raise Invalid(MISSING, fields=wrong)
    with db.transaction():
        if form_token and not submissions.claim(form_token):
            return JobCost.get_by_id(int(submissions.result_of(form_token)))
        row: JobCost = JobCost.create(
            order=order,
            kind=kind,
            amount=amount,
            on_date=on_date,
            is_computed=False,
            remark=remark.strip(),
            at=at or clock.now(),
            by_name=by.name,
        )
        if form_token:
            submissions.settle(form_token, row.id)
        after = {"kind": kind, "amount": amount, "on_date": on_date, "remark": remark.strip()}
        history.record(by, "cost.added", "work_order", order.number, after=after)
        live.touch(LIVE)
    return row


def remove(*, by: Actor, order: WorkOrder, cost_id: int) -> None:
    """Take out a cost that was written down by hand. Raises ``Conflict`` when there is none such any more."""
    by.require(READ)
    with db.transaction():
        row = JobCost.get_or_none(JobCost.id == cost_id, JobCost.order == order, ~JobCost.is_computed)
        if row is None:
            raise Conflict(N_("This cost is not there any more."))
        row.delete_instance()
        before = {"kind": row.kind, "amount": row.amount, "on_date": row.on_date, "remark": row.remark}
        history.record(by, "cost.removed", "work_order", order.number, before=before)
        live.touch(LIVE)


def of_order(order: WorkOrder) -> list[JobCost]:
    """The costs of one order, the computed ones first."""
    return list(JobCost.select().where(JobCost.order == order).order_by(JobCost.is_computed.desc(), JobCost.kind, JobCost.id))
