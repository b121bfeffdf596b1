"""Every kind of entry of a machine's timeline, in the order of its chips; a capability adds one line here and its own registration."""

from app.machine_files import (
    of_call_backs,
    of_contracts,
    of_invoices,
    of_machines,
    of_monitoring,
    of_orders,
    of_reports,
    of_returns,
    of_tickets,
)
from app.machine_files.timeline import EntryKind

KINDS: tuple[EntryKind, ...] = (
    of_tickets.TICKETS,
    of_tickets.PAST_WORK,
    of_tickets.COMPLAINTS,
    of_tickets.NOTES,
    of_tickets.ATTACHMENTS,
    of_tickets.URGINGS,
    of_orders.ORDERS,
    of_orders.GUIDANCE,
    of_reports.REPORTS,
    of_call_backs.CALL_BACKS,
    of_invoices.INVOICES,
    of_contracts.CONTRACTS,
    of_returns.RETURNS,
    of_returns.VERDICTS,
    of_monitoring.EPISODES,
    of_machines.DOCUMENTS,
    of_machines.MOVES,
    of_machines.TERMINALS,
    of_machines.MILESTONES,
)
