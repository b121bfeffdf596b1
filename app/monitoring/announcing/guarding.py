"""Alarms whose code guards people: a storm does not speak for them, each is told for itself as critical ones are (monitoring §3 and §4).

Whoever reads that sixty machines failed at once must learn that at one of them somebody may be hurt.
"""

from app.machines import profiles
from app.machines.profiles import Profile
from app.monitoring.models import AlarmNotice, Episode
from app.tickets.models import Ticket


def guards_people(notice: AlarmNotice, documents: dict[int, Profile]) -> bool:
    """Whether ``notice`` is about an alarm whose code guards people; ``documents`` are the profiles by their id."""
    return notice.episode_id is not None and _is_of_safety(notice.episode, documents)


def is_told_by_parent(episode: Episode, documents: dict[int, Profile]) -> bool:
    """Whether a storm speaks for ``episode``: its ticket stands below an open parent and its code guards nobody."""
    return _is_below_a_storm(episode.ticket) and not _is_of_safety(episode, documents)


def is_told_beside_parent(notice: AlarmNotice, documents: dict[int, Profile]) -> bool:
    """Whether ``notice`` is of a code that guards people on a ticket below a storm: it is told at once, however grave it is."""
    return guards_people(notice, documents) and _is_below_a_storm(notice.episode.ticket)


def _is_of_safety(episode: Episode, documents: dict[int, Profile]) -> bool:
    return profiles.code(documents.get(episode.machine.profile_id), episode.code).safety


def _is_below_a_storm(ticket: Ticket | None) -> bool:
    """Whether an open parent stands above ``ticket``."""
    return ticket is not None and ticket.parent_id is not None and ticket.parent.is_open
