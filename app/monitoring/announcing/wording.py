"""What a message about alarms says: how many, the worst first, the rest counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from app.core import clock
from app.core.errors import N_
from app.core.spoken import DEFAULT_LOCALE, say
from app.machines import profiles
from app.machines.profiles import Profile
from app.machines.queries import profile_documents
from app.monitoring.alarm_machine.parameters import RANK
from app.monitoring.announcing.guarding import guards_people
from app.monitoring.models import AlarmNotice, NoticeKind
from app.tickets import reasons
from app.tickets.models import Priority, Ticket

WORST = 5
BOARD = "/monitoring"


class Tone(StrEnum):
    """What is said of the alarms of a message."""

    NEWS = "news"
    UNACKNOWLEDGED = "unacknowledged"
    NOT_STARTED = "not_started"
    FLOOD = "flood"
    RELIEF = "relief"


ONE = {
    Tone.NEWS: N_("%(severity)s alarm: %(alarm)s"),
    Tone.UNACKNOWLEDGED: N_("Nobody has acknowledged this alarm since %(since)s (%(severity)s): %(alarm)s"),
    Tone.NOT_STARTED: N_("Acknowledged, still there, and nobody has started with it (%(severity)s): %(alarm)s"),
    Tone.FLOOD: N_("Flood of alarms; gathered: %(alarm)s"),
    Tone.RELIEF: N_("You come on duty; nobody has acknowledged this alarm yet (%(severity)s): %(alarm)s"),
}
MANY = {
    Tone.NEWS: N_("%(count)s new alarms: %(worst)s"),
    Tone.UNACKNOWLEDGED: N_("Nobody has acknowledged %(count)s alarms: %(worst)s"),
    Tone.NOT_STARTED: N_("Acknowledged, still there, and nobody has started with them, %(count)s alarms: %(worst)s"),
    Tone.FLOOD: N_("Flood of alarms; gathered, %(count)s alarms: %(worst)s"),
    Tone.RELIEF: N_("You come on duty; nobody has acknowledged %(count)s alarms yet: %(worst)s"),
}
STORM = N_("many machines at once: %(title)s")
GUARDS = N_("%(name)s (guards people)")
OUTAGE = N_("the whole feed is silent since %(since)s; alarms cannot arrive")
REST = N_("and %(n)s more alarms")
AND_MORE = N_("%(worst)s; and %(n)s more")
_BETWEEN = N_("; ")
# The words of ``app.web.labels``, for messages, which are written without Flask.
SEVERITY_WORDS = {Priority.CRITICAL: N_("Critical"), Priority.HIGH: N_("High"), Priority.LOW: N_("Low")}


@dataclass(frozen=True, slots=True)
class Said:
    """A message: its id and parameters for the notice in the product, the whole text for mail and messenger, where it leads."""

    message: str
    params: dict[str, Any]
    in_full: str
    href: str
    key: str


def tone_of(notice: AlarmNotice) -> Tone:
    """What is said of ``notice`` outside of a flood."""
    return {NoticeKind.ESCALATED: Tone.UNACKNOWLEDGED, NoticeKind.REPEATED: Tone.NOT_STARTED}.get(NoticeKind(notice.kind), Tone.NEWS)


def said(tone: Tone, notices: Sequence[AlarmNotice], locale: str | None, at: datetime) -> Said:
    """The words for ``notices`` in the language of ``locale``; the worst come first, what guards people before others as grave, and
    critical ones are all listed."""
    documents = profile_documents()
    ordered = sorted(notices, key=lambda notice: (-RANK[notice.severity], not guards_people(notice, documents)))
    lines = [_line(notice, documents, locale) for notice in ordered]
    first = ordered[0]
    key = f"alarms:{tone}:{clock.to_ms(at)}:{first.id}"
    if len(ordered) == 1:
        params: dict[str, Any] = {"severity": _severity(first, locale), "alarm": lines[0], "since": _since(first), "number": _number(first)}
        return Said(ONE[tone], params, say(locale, ONE[tone], **params), _address(first), key)
    params = {"count": len(lines), "worst": _worst(lines, locale)}
    shown = max(sum(notice.severity == Priority.CRITICAL for notice in ordered), WORST)
    in_full = say(locale, MANY[tone], count=len(lines), worst="\n" + "\n".join(lines[:shown]))
    if len(lines) > shown:
        in_full += "\n" + say(locale, REST, n=len(lines) - shown)
    return Said(MANY[tone], params, in_full, BOARD, key)


def _worst(lines: list[str], locale: str | None) -> str:
    worst = say(locale, _BETWEEN).join(lines[:WORST])
    return say(locale, AND_MORE, worst=worst, n=len(lines) - WORST) if len(lines) > WORST else worst


def _line(notice: AlarmNotice, documents: dict[int, Profile], locale: str | None) -> str:
    """What it is about: machine and code, with where the machine stands and the number of the ticket."""
    if notice.outage_id is not None:
        return say(locale, OUTAGE, since=_moment(notice.outage.from_at))
    if notice.storm_id is not None:
        ticket = notice.storm.ticket
        title = reasons.title_in(ticket.title, ticket.reason, locale or DEFAULT_LOCALE)
        return f"{say(locale, STORM, title=title)} {ticket.number}"
    episode, machine = notice.episode, notice.episode.machine
    policy = profiles.code(documents.get(machine.profile_id), episode.code)
    customer = machine.customer.short_name or machine.customer.name if machine.customer else ""
    name = policy.name(locale or DEFAULT_LOCALE) if policy.is_in_profile else ""
    name = say(locale, GUARDS, name=name) if policy.safety else name
    return " ".join(filter(None, (machine.serial, customer, episode.code, name, _number(notice))))


def _number(notice: AlarmNotice) -> str:
    """The number of its ticket; empty without one."""
    ticket = _ticket(notice)
    return ticket.number if ticket else ""


def _ticket(notice: AlarmNotice) -> Ticket | None:
    if notice.outage_id is not None:
        return None
    found: Ticket | None = notice.storm.ticket if notice.storm_id is not None else notice.episode.ticket
    return found


def _since(notice: AlarmNotice) -> str:
    return _moment(notice.created_at if notice.episode_id is None else notice.episode.started_at)


def _severity(notice: AlarmNotice, locale: str | None) -> str:
    """That of the alarm; a notice may be told as a graver one."""
    severity = notice.severity if notice.episode_id is None else notice.episode.severity
    return say(locale, SEVERITY_WORDS[Priority(severity)])


def _moment(at: datetime) -> str:
    return at.astimezone(clock.zone()).strftime("%m-%d %H:%M")


def _address(notice: AlarmNotice) -> str:
    if notice.outage_id is not None:
        return "/monitoring/feed"
    if number := _number(notice):
        return f"/tickets/{number}"
    device = notice.episode.machine.device
    return f"/monitoring/machines/{quote(device)}" if device else BOARD
