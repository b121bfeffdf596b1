"""What people are told inside the product: warnings, mentions, what happened to a ticket they watch."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from peewee import ModelSelect

from app.accounts.models import Notice, User
from app.core import clock, db, live, paging
from app.core.errors import N_, NotFound
from app.core.paging import Sort
from app.core.prepared import Prepared
from app.core.types import Actor, Page

UNSEEN, URGENT, ANY = "unseen", "urgent", "any"
SORTS = {"at": Sort(Notice.at, lambda notice: notice.at)}
COUNTED = 100
SHOWN_AT_ONCE = 3
KEPT = timedelta(days=90)


class Unseen(NamedTuple):
    """What somebody has not seen: how many, how many of them urgent, the id of the newest and of the newest urgent one."""

    number: int
    urgent: int
    newest: int
    newest_urgent: int | None


_unseen = Prepared(
    lambda user_id, most: (
        Notice.select(Notice.id, Notice.is_urgent)
        .where(Notice.user == user_id, Notice.seen_at.is_null())
        .order_by(Notice.id.desc())
        .limit(most)
        .tuples()
    )
)


def notify(
    user_ids: Iterable[int],
    message: str,
    *,
    href: str = "",
    is_urgent: bool = False,
    key: str = "",
    at: datetime | None = None,
    **params: Any,
) -> list[int]:
    """Tell each of ``user_ids`` once, in the running transaction; ``message`` is a message id with ``params``.

    With a ``key`` that was used for the same person before nothing happens. Returns who was told. Raises ``RuntimeError`` outside a
    transaction.
    """
    db.current()
    told_at, told = at or clock.now(), []
    for user_id in dict.fromkeys(user_ids):
        query = Notice.insert(
            user=user_id,
            at=told_at,
            message=message,
            params=json.dumps(params, ensure_ascii=False, default=str) if params else "",
            href=href,
            is_urgent=is_urgent,
            key=f"{key}:{user_id}" if key else None,
        )
        if query.on_conflict_ignore().as_rowcount().execute():
            live.touch(f"notices:{user_id}")
            told.append(user_id)
    return told


def unseen(user_id: int) -> Unseen:
    """How many notices ``user_id`` has not seen, counted to ``COUNTED`` at most, and the newest of the urgent ones."""
    rows = _unseen.rows(user_id, COUNTED)
    urgent = [notice_id for notice_id, is_urgent in rows if is_urgent]
    return Unseen(len(rows), len(urgent), rows[0][0] if rows else 0, urgent[0] if urgent else None)


def urgent_after(user_id: int, notice_id: int) -> list[Notice]:
    """The urgent notices that came after ``notice_id`` and were not seen, newest first; a few at most."""
    query = Notice.select().where(Notice.user == user_id, Notice.seen_at.is_null(), Notice.is_urgent, Notice.id > notice_id)
    return list(query.order_by(Notice.id.desc()).limit(SHOWN_AT_ONCE))


def page(user_id: int, wanted: str, *, sort: str, after: str | None = None, before: str | None = None) -> Page[Notice]:
    """One page of what ``user_id`` was told. Raises ``Invalid`` for an unknown sort or page."""
    return paging.page_of_records(_of(user_id, wanted), SORTS, sort, after=after, before=before)


def every(user_id: int, wanted: str, sort: str) -> ModelSelect:
    """All notices that the list would show, for an export."""
    return paging.whole(_of(user_id, wanted), SORTS, sort)


def _of(user_id: int, wanted: str) -> ModelSelect:
    query = Notice.select().where(Notice.user == user_id)
    if wanted == UNSEEN:
        return query.where(Notice.seen_at.is_null())
    return query.where(Notice.is_urgent) if wanted == URGENT else query


def by_id(user_id: int, notice_id: int) -> Notice:
    """One notice of ``user_id``. Raises ``NotFound`` for one of somebody else."""
    found: Notice | None = Notice.get_or_none(Notice.id == notice_id, Notice.user == user_id)
    if found is None:
        raise NotFound(N_("There is no such notice."))
    return found


def mark(*, by: Actor, notice: Notice, is_seen: bool, at: datetime | None = None) -> None:
    """Note that a notice was seen, or take that back."""
    with db.transaction():
        query = Notice.update(seen_at=(at or clock.now()) if is_seen else None)
        if query.where(Notice.id == notice.id, Notice.user == by.user_id, Notice.seen_at.is_null(is_seen)).execute():
            live.touch(f"notices:{by.user_id}")


def settle(key: str, at: datetime) -> None:
    """What was told under ``key`` is over, in the running transaction: nobody need look at it any more."""
    keys = [f"{key}:{user_id}" for (user_id,) in User.select(User.id).tuples()]
    over = list(Notice.select(Notice.id, Notice.user).where(Notice.key.in_(keys), Notice.seen_at.is_null()))
    if over:
        Notice.update(seen_at=at).where(Notice.id.in_([notice.id for notice in over])).execute()
    for notice in over:
        live.touch(f"notices:{notice.user_id}")


def mark_all_seen(*, by: Actor, up_to: int, at: datetime | None = None) -> int:
    """Note that all notices up to the one shown last were seen; what came since stays unseen. Returns how many."""
    with db.transaction():
        mine = (Notice.user == by.user_id) & Notice.seen_at.is_null() & (Notice.id <= up_to)
        changed: int = Notice.update(seen_at=at or clock.now()).where(mine).execute()
        if changed:
            live.touch(f"notices:{by.user_id}")
    return changed


def purge(at: datetime) -> int:
    """Forget what was seen more than ``KEPT`` ago; returns how many."""
    with db.transaction():
        return Notice.delete().where(Notice.seen_at < at - KEPT).execute()


def params_of(notice: Notice) -> dict[str, Any]:
    """The parameters of the message."""
    found: dict[str, Any] = json.loads(notice.params) if notice.params else {}
    return found
