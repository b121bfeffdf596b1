"""What was done to a machine lately: finished orders with what their reports say, and tickets settled without sending anybody."""

from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN

from app.accounts.models import User
from app.core.prepared import Prepared
from app.machines.models import Machine
from app.service_reports.models import ServiceReport
from app.tickets.models import PastWork, Ticket, TicketStatus
from app.work_orders.models import DONE_STATUSES, WorkOrder

SHOWN = 3


@dataclass(frozen=True, slots=True)
class PastJob:
    """One job: when it ended, its number and address, what it was about, who did it, what helped."""

    at: datetime
    number: str
    href: str
    title: str
    reason: str
    who: str
    what_helped: str
    ticket_id: int | None = None


_orders = Prepared(
    lambda machine_id, besides, most: (
        WorkOrder.select(WorkOrder, User, ServiceReport.id, ServiceReport.action, Ticket.id, Ticket.reason, Ticket.solution)
        .join_from(WorkOrder, User, JOIN.LEFT_OUTER, on=WorkOrder.lead)
        .join_from(WorkOrder, ServiceReport, JOIN.LEFT_OUTER, attr="report")
        .join_from(WorkOrder, Ticket, JOIN.LEFT_OUTER)
        .where(WorkOrder.machine == machine_id, WorkOrder.status.in_(DONE_STATUSES), WorkOrder.id != besides)
        .order_by(WorkOrder.created_at.desc(), WorkOrder.id.desc())
        .limit(most)
    )
)
_tickets = Prepared(
    lambda machine_id, most: (
        Ticket.select(Ticket, PastWork)
        .join(PastWork, JOIN.LEFT_OUTER, attr="past")
        .where(
            Ticket.machine == machine_id,
            Ticket.status.in_((TicketStatus.RESOLVED, TicketStatus.CLOSED)),
            Ticket.id.not_in(WorkOrder.select(WorkOrder.ticket).where(WorkOrder.machine == machine_id, WorkOrder.ticket.is_null(False))),
        )
        .order_by(Ticket.opened_at.desc(), Ticket.id.desc())
        .limit(most)
    )
)


def last_jobs(machine: Machine, limit: int = SHOWN, *, besides: WorkOrder | None = None) -> list[PastJob]:
    """The last jobs of ``machine``, newest first, without ``besides``."""
    found = [_of_order(order) for order in _orders.rows(machine.id, besides.id if besides else 0, limit)]
    found += [_of_ticket(ticket) for ticket in _tickets.rows(machine.id, limit)]
    return sorted(found, key=lambda job: job.at, reverse=True)[:limit]


def finished_orders(machine: Machine, most: int) -> list[PastJob]:
    """The last finished orders of ``machine``, newest first."""
    return [_of_order(order) for order in _orders.rows(machine.id, 0, most)]


def _of_order(order: WorkOrder) -> PastJob:
    report, ticket = getattr(order, "report", None), order.ticket if order.ticket_id else None
    helped = (report.action if report else "") or (ticket.solution if ticket else "")
    who = order.lead.name if order.lead_id else ""
    reason = ticket.reason if ticket else ""
    return PastJob(order.finished_at, order.number, f"/work-orders/{order.number}", order.title, reason, who, helped, order.ticket_id)


def _of_ticket(ticket: Ticket) -> PastJob:
    past = getattr(ticket, "past", None)
    at = ticket.resolved_at or ticket.closed_at or ticket.opened_at
    who, helped = (past.technician_name, past.work_type) if past else ("", "")
    return PastJob(at, ticket.number, f"/tickets/{ticket.number}", ticket.title, ticket.reason, who, ticket.solution or helped)
