"""The words of every coded value, in one place (labels.md); a value's class is named by its name, so that this knows no capability."""

from enum import StrEnum

from flask import Flask
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString

LABELS: dict[str, dict[str, LazyString]] = {
    "TicketStatus": {
        "to_verify": _("To verify"),
        "new": _("New"),
        "triaged": _("Accepted"),
        "waiting_dispatch": _("Waiting for dispatch"),
        "in_work": _("In work"),
        "waiting_customer": _("Waiting for the customer"),
        "resolved": _("Resolved"),
        "closed": _("Closed"),
        "cancelled": _("Cancelled"),
        "merged": _("Merged"),
    },
    "TicketMove": {  # the button that leads to a state
        "triaged": _("Accept"),
        "waiting_dispatch": _("Send to dispatch"),
        "in_work": _("Start work"),
        "waiting_customer": _("Wait for the customer"),
        "resolved": _("Mark as resolved"),
        "closed": _("Close the ticket"),
        "cancelled": _("Cancel the ticket"),
    },
    "TicketKind": {
        "fault_report": _("Repair request"),
        "complaint": _("Complaint"),
        "suggestion": _("Suggestion"),
        "enquiry": _("Enquiry"),
        "parts_order": _("Parts purchase"),
    },
    "TicketSource": {
        "monitoring": _("EVC monitoring"),
        "hotline": _("400 call"),
        "qr": _("QR code"),
        "wechat": _("WeChat"),
        "email": _("E-mail"),
        "walk_in": _("Walk-in"),
        "inspection": _("Inspection"),
        "import": _("Import"),
    },
    "Priority": {"critical": _("Critical"), "high": _("High"), "low": _("Low")},
    "Condition": {
        "normal": _("Normal"),
        "pending": _("Pending"),
        "active": _("Active"),
        "clearing": _("Clearing"),
        "latched": _("Waiting for reset"),
    },
    "GapState": {"open": _("open"), "filled": _("filled"), "lost": _("lost for good")},
    "CredentialState": {
        "pending": _("waiting for the broker"),
        "active": _("valid"),
        "revoking": _("being withdrawn"),
        "revoked": _("withdrawn"),
    },
    "Reason": {
        "unknown_topic": _("unknown topic"),
        "bad_device": _("bad device code"),
        "empty": _("empty"),
        "too_large": _("larger than 64 KiB"),
        "too_many_objects": _("more than 200 objects"),
        "byte_order_mark": _("begins with a byte order mark"),
        "not_utf8": _("not UTF-8"),
        "not_json": _("not JSON"),
        "not_finite": _("a number that is none or infinite"),
        "too_deep": _("nested too deep"),
        "duplicate_key": _("a key stands twice"),
        "nul_character": _("contains a NUL character"),
        "too_many_metrics": _("more than 200 metrics"),
        "wrong_type": _("wrong type"),
        "bad_time": _("bad time"),
        "key_conflict": _("same identity, other content"),
    },
    "Role": {
        "clerk": _("Clerk"),
        "technician": _("Field technician"),
        "deputy": _("Technical deputy manager"),
        "manager": _("Manager"),
        "area_manager": _("Area business manager"),
        "quality": _("Quality department"),
        "admin": _("Administrator"),
    },
    "ContactRole": {
        "station_head": _("Station head"),
        "operator": _("Operator"),
        "finance": _("Finance"),
        "purchasing": _("Purchasing"),
        "other": _("Other"),
    },
    "CustomerKind": {"public_body": _("Public body"), "company": _("Company"), "person": _("Private person")},
    "WarrantyState": {"in": _("In warranty"), "off": _("Off warranty"), "unknown": _("Warranty unknown")},
}


def label(value: StrEnum | str, kind: str = "") -> LazyString:
    """The words of ``value``; ``kind`` names the enumeration of a plain string as it comes from the database."""
    return LABELS[kind or type(value).__name__][value]


def options(kind: str) -> list[tuple[str, LazyString]]:
    """All values of an enumeration with their words, in its order, for a choice."""
    return list(LABELS[kind].items())


def init_app(app: Flask) -> None:
    """Give templates the filter ``label`` (``{{ row.status|label("TicketStatus") }}``) and the global ``options``."""
    app.jinja_env.filters["label"] = label
    app.jinja_env.globals["options"] = options
