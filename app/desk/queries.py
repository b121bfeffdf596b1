"""What happened to a ticket, from all that know of it, in one timeline."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from peewee import JOIN

from app.accounts.models import User
from app.core.prepared import Prepared
from app.monitoring.models import Episode
from app.tickets import attachments, merging, urging
from app.tickets.merging import Relatives
from app.tickets.models import Ticket, TicketAttachment, TicketNote, TicketTransition

# A page shows so many entries of each kind, the newest; the rest is a link away.
SHOWN = 100
SHOWN_AT_MOST = 5_000


class Happening(StrEnum):
    """What an entry of the timeline tells."""

    MOVED = "moved"
    NOTED = "noted"
    RAISED = "raised"
    ENDED = "ended"
    ACKNOWLEDGED = "acknowledged"
    ATTACHED = "attached"
    URGED = "urged"
    CAME = "came"
    PARTED = "parted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; ``record`` is the transition, note or episode it comes from, or the files that came together."""

    at: datetime
    happening: Happening
    who: str
    record: Any
    number: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """The entries, newest last; ``has_earlier`` says that older ones were left out."""

    entries: list[Entry]
    has_earlier: bool


_moved = Prepared(
    lambda ticket_id, most: (
        TicketTransition.select().where(TicketTransition.ticket == ticket_id).order_by(TicketTransition.id.desc()).limit(most)
    )
)
_noted = Prepared(
    lambda ticket_id, most: TicketNote.select().where(TicketNote.ticket == ticket_id).order_by(TicketNote.id.desc()).limit(most)
)
_raised = Prepared(
    lambda ticket_id, most: (
        Episode.select(Episode, User).join(User, JOIN.LEFT_OUTER).where(Episode.ticket == ticket_id).order_by(Episode.id.desc()).limit(most)
    )
)


def timeline(ticket: Ticket, limit: int = SHOWN, attached: Sequence[TicketAttachment] = (), relatives: Relatives | None = None) -> Timeline:
    """What happened to ``ticket``: changes of state, notes, ``attached`` files without one, and the episodes of its alarms."""
    moved, noted, raised = (query.rows(ticket.id, limit + 1) for query in (_moved, _noted, _raised))
    entries = [Entry(one.at, Happening.MOVED, one.by_name, one) for one in moved[:limit]]
    entries += [Entry(one.at, Happening.NOTED, one.by_name, one) for one in noted[:limit]]
    alone = [one for one in attached if one.note_id is None]
    entries += [Entry(at, Happening.ATTACHED, who, list(files)) for (at, who), files in groupby(alone, lambda one: (one.at, one.by_name))]
    for episode in raised[:limit]:
        entries += _of_episode(episode)
    entries += _around(ticket, relatives or merging.relatives(ticket), limit)
    has_earlier = any(len(rows) > limit for rows in (moved, noted, raised))
    return Timeline(sorted(entries, key=lambda entry: entry.at), has_earlier)


def _around(ticket: Ticket, relatives: Relatives, limit: int) -> list[Entry]:
    """Urgings, what was split off, and the tickets merged into this one with what was noted and raised there."""
    found = [Entry(one.at, Happening.URGED, one.by_name, one) for one in urging.of_ticket(ticket)]
    found += [Entry(part.opened_at, Happening.PARTED, part.opened_by.name if part.opened_by else "", part) for part in relatives.parts]
    for other in relatives.merged:
        merge = merging.transition_of_merge(other)
        if merge is not None:
            found.append(Entry(merge.at, Happening.CAME, merge.by_name, other))
        found += [Entry(one.at, Happening.NOTED, one.by_name, one, other.number) for one in _noted.rows(other.id, limit)]
        found += [Entry(one.at, Happening.ATTACHED, one.by_name, [one], other.number) for one in attachments.of_ticket(other)]
        found += [replace(entry, number=other.number) for episode in _raised.rows(other.id, limit) for entry in _of_episode(episode)]
    return found


def _of_episode(episode: Episode) -> list[Entry]:
    found = [Entry(episode.started_at, Happening.RAISED, "", episode)]
    if episode.acknowledged_at:
        who = episode.acknowledged_by.name if episode.acknowledged_by else ""
        found.append(Entry(episode.acknowledged_at, Happening.ACKNOWLEDGED, who, episode))
    if episode.ended_at:
        found.append(Entry(episode.ended_at, Happening.ENDED, "", episode))
    return found
