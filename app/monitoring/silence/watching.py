"""Looks now and then who says nothing: terminals that are late or lost, clocks that are wrong, a feed that brings nothing at all.

Births and wills are noted by intake; what they say about faults is reconciled by evaluation. A terminal's silence changes none of its
other alarms (T16): it is an alarm of its own, ``COMM_LOST``, which begins when the silence was long enough and ends with the next
message, both by the portal's clock.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from peewee import InterfaceError, OperationalError

from app.core import clock, db
from app.core.errors import Unavailable
from app.core.prepared import Prepared
from app.machines.models import Machine
from app.machines.profiles import DEFAULT_INTERVAL_S, Profile
from app.machines.queries import profile_documents
from app.monitoring.models import Terminal
from app.monitoring.silence import clocks, terminals, together
from app.monitoring.silence.clocks import ClockChange
from app.monitoring.silence.limits import GRACE, SHORTEST_LATE, Level, Quiet, grace_after_deafness, level
from app.monitoring.silence.outages import Listening
from app.monitoring.silence.terminals import Change

AT_ONCE = 50  # so many terminals change in one transaction
MOST_AT_A_LOOK = 500  # evaluation must not wait long for a feed that falls silent: the rest follows with the next look

Changed = TypeVar("Changed", Change, ClockChange)

log = structlog.get_logger()


class Silence:
    """Keeps terminals, silences and their alarms in step with what was heard; the first five minutes after a start it only watches."""

    def __init__(self) -> None:
        self._started_at: datetime | None = None
        self._listening: Listening | None = None

    def tick(self, now: datetime) -> None:
        """Look once; writes nothing while nothing changes. Raises ``Unavailable``, then nothing or a part was written and the next look
        does the rest."""
        self._started_at = self._started_at or now
        with db.available():
            db.connect()
            listening = self._listening = self._listening or Listening(now)
            documents = profile_documents()
            is_out = listening.is_out(documents, now)
            may_begin = not is_out and now - self._started_at >= GRACE
            changes = [*_changes(documents, listening.hears_since, now, may_begin=may_begin), *terminals.left_behind()]
            clocks_off = clocks.changes()
        _in_parts(changes[:MOST_AT_A_LOOK], lambda part: terminals.write(part, now))
        _in_parts(clocks_off[:MOST_AT_A_LOOK], lambda part: clocks.write(part, now))
        with db.available():
            together.end_those_over(now)


def _changes(documents: dict[int, Profile], hears_since: datetime | None, now: datetime, *, may_begin: bool) -> Iterator[Change]:
    """Terminals of machines whose level is not the stored one; nobody falls behind while nothing could be heard, and shortly after."""
    heard_for = None if hears_since is None else now - hears_since
    for terminal_id, machine_id, profile_id, received_ms, is_online, changed_ms, is_late, is_silent in _of_interest(now):
        profile = documents.get(profile_id)
        interval = timedelta(seconds=profile.expected_interval_s if profile else DEFAULT_INTERVAL_S)
        has_left = is_online is not None and not is_online and changed_ms >= received_ms
        received_at = clock.from_ms(received_ms)
        found = level(Quiet(now - received_at, has_left), interval)
        present = Level.SILENT if is_silent else Level.LATE if is_late else Level.SPEAKING
        if found == present or (found == Level.LATE and present == Level.SILENT):  # its last will says nothing new of who is silent
            continue
        if found == Level.SPEAKING or (may_begin and (heard_for is None or heard_for >= grace_after_deafness(interval))):
            yield Change(terminal_id, machine_id, found, bool(is_silent), received_at)


def _of_interest(now: datetime) -> list[tuple]:
    return _quiet.plain(clock.to_ms(now - SHORTEST_LATE))


_quiet = Prepared(
    lambda cut_ms: (
        Terminal.select(
            Terminal.id, Machine.id, Machine.profile, Terminal.last_received_at, Terminal.is_online, Terminal.online_changed_at,
            Terminal.is_late, Terminal.is_silent,
        )
        .join(Machine, on=(Machine.device == Terminal.device))
        .where(Terminal.is_late | Terminal.is_silent | ~Terminal.is_online | (Terminal.last_received_at < cut_ms))
        .where(Machine.retired_on.is_null())
        .order_by(Terminal.id)
        .tuples()
    )
)  # fmt: skip


def _in_parts(changes: Sequence[Changed], write: Callable[[Sequence[Changed]], None]) -> None:
    """Write ``changes`` a part at a time; if a part raises, one by one, and the one that raised is logged and tried again next time."""
    for start in range(0, len(changes), AT_ONCE):
        part = changes[start : start + AT_ONCE]
        try:
            with db.transaction():
                write(part)
        except (Unavailable, OperationalError, InterfaceError):
            raise
        except Exception:
            for change in part:
                _alone(change, write)


def _alone(change: Changed, write: Callable[[Sequence[Changed]], None]) -> None:
    try:
        with db.transaction():
            write([change])
    except (Unavailable, OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("silence_raised", terminal=change.terminal_id)
