"""What people are told inside the product: warnings, mentions, what happened to a ticket they watch."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from app.accounts.models import Notice
from app.core import clock, db, live


def notify(
    user_ids: Iterable[int],
    message: str,
    *,
    href: str = "",
    is_urgent: bool = False,
    key: str = "",
    at: datetime | None = None,
    **params: Any,
) -> None:
    """Tell each of ``user_ids`` once, in the running transaction; ``message`` is a message id with ``params``.

    With a ``key`` that was used for the same person before nothing happens. Raises ``RuntimeError`` outside a transaction.
    """
    db.current()
    told_at = at or clock.now()
    for user_id in dict.fromkeys(user_ids):
        Notice.insert(
            user=user_id,
            at=told_at,
            message=message,
            params=json.dumps(params, ensure_ascii=False, default=str) if params else "",
            href=href,
            is_urgent=is_urgent,
            key=f"{key}:{user_id}" if key else None,
        ).on_conflict_ignore().execute()
        live.touch(f"notices:{user_id}")
