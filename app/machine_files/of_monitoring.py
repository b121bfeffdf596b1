"""What the monitoring tells of a machine: its fault episodes, from start to end."""

from typing import Any

from peewee import JOIN, ModelSelect

from app.core.errors import N_
from app.machine_files.timeline import EntryKind, Rows
from app.monitoring.models import Episode
from app.tickets.models import Ticket


def _episodes(machine_id: Any) -> ModelSelect:
    query = Episode.select(Episode, Ticket.id, Ticket.number, Ticket.area).join(Ticket, JOIN.LEFT_OUTER)
    return query.where(Episode.machine == machine_id)


EPISODES = EntryKind(
    name="episode",
    label=N_("Fault episodes"),
    icon="activity",
    permission="monitoring.read",
    template="machine_files/entries/monitoring.html",
    sources=(
        Rows(
            name="episode",
            query=_episodes,
            at=Episode.started_at,
            id=Episode.id,
            searched=(Episode.code, Episode.text),
        ),
    ),
    who=lambda _episode: "",
    href=lambda episode: f"/tickets/{episode.ticket.number}" if episode.ticket_id else None,
    tone=lambda episode: episode.severity if episode.ended_at is None else "plain",
)
