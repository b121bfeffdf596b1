"""What the subscriber reports as problems, one "code: detail" a line, in the reader's words."""

from flask_babel import gettext as _

from app.core.errors import N_

WORDS = {
    "broker": N_("The broker cannot be reached (%(detail)s)"),
    "database": N_("The database does not answer; messages wait at the broker"),
    "disk_full": N_("The disk is full; messages wait at the broker"),
    "disk": N_("Only %(detail)s MiB are free on the disk"),
    "network": N_("The network part of the subscriber does not answer and is started again"),
    "session_expiry": N_("The broker keeps messages for %(detail)s seconds only; it should be seven days"),
    "receive_maximum": N_("The broker takes only %(detail)s receipts at once"),
    "no_qos_1": N_("The broker does not acknowledge messages (no QoS 1)"),
    "no_retain": N_("The broker keeps no retained messages"),
    "no_wildcard": N_("The broker allows no subscription for all devices"),
    "no_shared": N_("The broker allows no shared subscriptions; only one subscriber can work"),
    "small_packets": N_("The broker takes packets of %(detail)s bytes at most; receipts may not fit"),
    "anonymous": N_("The broker at %(detail)s lets anybody in without a password"),
    "refused": N_("The broker refuses the subscription to %(detail)s"),
}


def words(problem: str) -> str:
    """All problems of a heartbeat; a line that is no known code stays as it is."""
    return _("; ").join(_line(line) for line in problem.splitlines())


def _line(line: str) -> str:
    code, _separator, detail = line.partition(": ")
    return _(WORDS[code], detail=detail) if code in WORDS else line
