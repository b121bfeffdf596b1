"""The tables of tickets, by what they are about."""

from app.tickets.models.clocks import ClockKind, ClockTarget, TicketClock
from app.tickets.models.complaints import CauseClass, Complaint, ComplaintReply, ReplyTo, WorkSlip
from app.tickets.models.correspondence import (
    HotlineRecord,
    InboundMail,
    InboundMailFile,
    IntakeDraft,
    IntakeDraftFile,
    MailState,
    PastWork,
    TicketAttachment,
    TicketUrging,
    TicketWatch,
)
from app.tickets.models.ticket import (
    OPEN_STATUSES,
    IntakeChannel,
    Priority,
    Ticket,
    TicketFault,
    TicketKind,
    TicketNote,
    TicketSource,
    TicketStatus,
    TicketTransition,
)

__all__ = [
    "OPEN_STATUSES",
    "CauseClass",
    "ClockKind",
    "ClockTarget",
    "Complaint",
    "ComplaintReply",
    "HotlineRecord",
    "InboundMail",
    "InboundMailFile",
    "IntakeChannel",
    "IntakeDraft",
    "IntakeDraftFile",
    "MailState",
    "PastWork",
    "Priority",
    "ReplyTo",
    "Ticket",
    "TicketAttachment",
    "TicketClock",
    "TicketFault",
    "TicketKind",
    "TicketNote",
    "TicketSource",
    "TicketStatus",
    "TicketTransition",
    "TicketUrging",
    "TicketWatch",
    "WorkSlip",
]
