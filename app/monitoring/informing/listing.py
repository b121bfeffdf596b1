"""Episodes that the customer is to be told of come onto the list, in the transaction of the evaluation that raises them."""

from collections.abc import Iterable

from app.core import live
from app.monitoring.models import CustomerTelling, Episode
from app.monitoring.subjects import Subject

LIVE = "tellings"


def put_on(subject: Subject, episodes: Iterable[Episode]) -> None:
    """Put what stands on the list, if the profile says so of its code: one line for each alarm until somebody has told the customer."""
    if not subject.policy.tell_customer:
        return
    for episode in episodes:
        if not _renew(episode):
            CustomerTelling.insert(
                episode=episode.id, machine=subject.machine.id, customer=subject.machine.customer_id, at=episode.started_at
            ).on_conflict_ignore().execute()
        live.touch(LIVE)


def _renew(episode: Episode) -> bool:
    """A line about an earlier time of the same alarm that nobody has told yet speaks of this one from now on."""
    earlier = Episode.select(Episode.id).where(Episode.alarm == episode.alarm_id, Episode.id != episode.id)
    waiting = (CustomerTelling.told_at.is_null()) & CustomerTelling.episode.in_(earlier)
    query = CustomerTelling.update(episode=episode.id, at=episode.started_at, version=CustomerTelling.version + 1).where(waiting)
    return query.execute() > 0


def hand_over(episode: Episode, heir: Episode | None) -> None:
    """An episode turns out to be part of another, or never to have been: its line goes over to that one, or away."""
    mine = CustomerTelling.get_or_none(CustomerTelling.episode == episode.id)
    if mine is None:
        return
    if heir is None or CustomerTelling.select().where(CustomerTelling.episode == heir.id).exists():
        mine.delete_instance()
    else:
        CustomerTelling.update(episode=heir.id).where(CustomerTelling.id == mine.id).execute()
    live.touch(LIVE)
