"""The steps in which a report is written, which columns belong to each, and what a report still lacks before it can be signed."""

from enum import StrEnum

from app.core.errors import N_
from app.service_reports.models import ServiceReport
from app.work_orders import visits
from app.work_orders.models import OrderKind, WorkOrder

# Kinds of job after which somebody must be able to say why it broke.
NEEDS_CAUSE = (OrderKind.REPAIR, OrderKind.DIAGNOSIS)


class Step(StrEnum):
    """One screen of the report."""

    FINDING = "finding"
    CAUSE = "cause"
    ACTION = "action"
    PARTS = "parts"
    READINGS = "readings"
    PHOTOS = "photos"
    TIMES = "times"
    REMARK = "remark"


COLUMNS: dict[Step, tuple[str, ...]] = {
    Step.FINDING: ("component", "finding"),
    Step.CAUSE: ("cause", "cause_text"),
    Step.ACTION: ("action", "is_solved"),
    Step.PARTS: (),
    Step.READINGS: (),
    Step.PHOTOS: (),
    Step.TIMES: ("labour_minutes", "travel_minutes", "distance_km", "assistant_name", "money_fen"),
    Step.REMARK: ("customer_remark",),
}
LACKING = {
    Step.FINDING: N_("What was found is not written down yet."),
    Step.CAUSE: N_("The cause is not chosen yet."),
    Step.ACTION: N_("What was done is not written down yet."),
    Step.TIMES: N_("The time of arrival is not known."),
}
ADVISED = {
    Step.PHOTOS: N_("No photo yet: one of the place before and after says most."),
    Step.TIMES: N_("How long the work took is not entered yet."),
}


def after(step: Step) -> Step | None:
    """The step that follows; None after the last."""
    steps = list(Step)
    place = steps.index(step) + 1
    return steps[place] if place < len(steps) else None


def lacking(order: WorkOrder, report: ServiceReport | None) -> dict[Step, str]:
    """What must still be entered before anybody signs: the step and the words."""
    found = []
    if report is None or not report.finding.strip():
        found.append(Step.FINDING)
    if order.kind in NEEDS_CAUSE and (report is None or not report.cause):
        found.append(Step.CAUSE)
    if report is None or not report.action.strip():
        found.append(Step.ACTION)
    if not any(visit.arrived_at for visit in visits.of_order(order) if visit.dropped_at is None):
        found.append(Step.TIMES)
    return {step: LACKING[step] for step in found}


def advised(report: ServiceReport | None, *, has_photo: bool) -> dict[Step, str]:
    """What a good report has besides; nobody is kept from signing without it."""
    found = [] if has_photo else [Step.PHOTOS]
    if report is None or report.labour_minutes is None:
        found.append(Step.TIMES)
    return {step: ADVISED[step] for step in found}


def done(order: WorkOrder, report: ServiceReport | None, *, parts: int, readings: int, photos: int) -> frozenset[Step]:
    """The steps in which something stands."""
    if report is None:
        return frozenset()
    lacks = lacking(order, report)
    filled = {
        Step.FINDING: Step.FINDING not in lacks,
        Step.CAUSE: bool(report.cause),
        Step.ACTION: Step.ACTION not in lacks,
        Step.PARTS: parts > 0,
        Step.READINGS: readings > 0,
        Step.PHOTOS: photos > 0,
        Step.TIMES: report.labour_minutes is not None and Step.TIMES not in lacks,
        Step.REMARK: bool(report.customer_remark),
    }
    return frozenset(step for step, is_filled in filled.items() if is_filled)
