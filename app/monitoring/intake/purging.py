"""Forgetting identities after their 8 days; the runs of sequence numbers stay (monitoring rule 7)."""

from datetime import datetime

from app.core import clock, db
from app.monitoring.models import MessageKey

STEP = 2_000


def purge_keys(before: datetime, after_key: bytes = b"") -> tuple[int, bytes | None]:
    """Delete keys received before ``before`` among the next ``STEP`` keys after ``after_key``, in one short transaction.

    Returns how many went and the key to go on after, None at the end of the table.
    """
    with db.transaction():
        walked = list(
            MessageKey.select(MessageKey.key, MessageKey.received_at)
            .where(MessageKey.key > after_key)
            .order_by(MessageKey.key)
            .limit(STEP)
            .tuples()
        )
        old = [bytes(key) for key, received_at in walked if clock.to_ms(received_at) < clock.to_ms(before)]
        for start in range(0, len(old), 500):
            MessageKey.delete().where(MessageKey.key.in_(old[start : start + 500])).execute()
    return len(old), bytes(walked[-1][0]) if len(walked) == STEP else None
