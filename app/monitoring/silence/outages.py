"""The feed as a whole: nothing at all comes in, or the broker is away. One alarm of its own stands for all machines (monitoring §3)."""

from collections import Counter
from datetime import datetime, timedelta

from peewee import fn

from app.core import clock, db, history, live
from app.core.errors import N_, Conflict, NotFound
from app.core.prepared import Prepared
from app.core.types import Actor
from app.machines.models import Machine
from app.machines.profiles import DEFAULT_INTERVAL_S, Profile
from app.monitoring import announcing, feed
from app.monitoring.models import FeedOutage, Terminal

AWAY_AFTER = timedelta(seconds=90)
QUIET_INTERVALS = 3
FEWEST = 3  # so many terminals should have spoken before their silence says anything of the feed
MOST_LISTED = 50


class Listening:
    """Whether anything comes in. What is stored tells it, and how long this process has been disconnected: a start begins anew."""

    def __init__(self, started_at: datetime) -> None:
        self._connected_until = started_at
        heard_at = last_heard()
        was_deaf = heard_at is not None and started_at - heard_at > AWAY_AFTER
        self.hears_since: datetime | None = started_at if was_deaf else None

    def is_out(self, documents: dict[int, Profile], now: datetime) -> bool:
        """Look once: an outage that begins or ends is written, announced once, and told to live screens."""
        status = feed.health(now).status
        is_connected = status is None or status.is_connected
        running = _running_row.first()
        is_out = self._is_away(is_connected, is_running=running is not None, now=now) or (
            is_connected and self._is_quiet(documents, is_running=running is not None, now=now)
        )
        if is_connected:
            self._connected_until = max(self._connected_until, now)
        if is_out and running is None:
            _begin(self._silent_since(is_connected), now)
        elif running is not None and not is_out:
            _end(running, now)
            self.hears_since = now
        return is_out

    def _is_away(self, is_connected: bool, *, is_running: bool, now: datetime) -> bool:
        """Disconnected for longer than 90 s; an outage that runs goes on as long as the broker is away."""
        if is_connected:
            return False
        return is_running or (now - self._connected_until > AWAY_AFTER and Terminal.select().exists())

    def _is_quiet(self, documents: dict[int, Profile], *, is_running: bool, now: datetime) -> bool:
        heard_at = last_heard()
        if heard_at is None:
            return False
        lasting = now - (heard_at if is_running else self._quiet_since(heard_at))
        return lasting > AWAY_AFTER and _says_something(lasting, documents)

    def _quiet_since(self, heard_at: datetime) -> datetime:
        """Since when nothing came although it could have: not before this process began to listen."""
        return max(filter(None, (heard_at, self.hears_since)))

    def _silent_since(self, is_connected: bool) -> datetime:
        return (last_heard() if is_connected else None) or self._connected_until


def last_heard() -> datetime | None:
    """When any terminal was last heard of; None before the first message ever."""
    ms = _last_heard.plain()[0][0]
    return None if ms is None else clock.from_ms(ms)


_last_heard = Prepared(lambda: Terminal.select(fn.MAX(Terminal.last_received_at)).tuples())
_running_row = Prepared(lambda: FeedOutage.select().where(FeedOutage.ended_at.is_null()).order_by(FeedOutage.id).limit(1))
_expected = Prepared(
    lambda: (
        Machine.select(Machine.profile, fn.COUNT(Machine.id))
        .join(Terminal, on=(Terminal.device == Machine.device))
        .where(~Terminal.is_silent, Machine.retired_on.is_null())
        .group_by(Machine.profile)
        .tuples()
    )
)


def _says_something(lasting: timedelta, documents: dict[int, Profile]) -> bool:
    """Whether a silence of all is longer than three of the usual intervals, and three terminals at least should have spoken in it.

    Terminals that were lost before are not counted: they say nothing anyhow.
    """
    terminals: Counter[int] = Counter()
    for profile_id, number in _expected.plain():
        profile = documents.get(profile_id)
        terminals[profile.expected_interval_s if profile else DEFAULT_INTERVAL_S] += number
    due = sum(number for interval_s, number in terminals.items() if timedelta(seconds=interval_s) < lasting)
    return due >= FEWEST and lasting > QUIET_INTERVALS * timedelta(seconds=_median(terminals))


def _median(terminals: Counter[int]) -> int:
    """The interval in the middle, of terminals counted by interval."""
    passed = 0
    for interval_s in sorted(terminals):
        passed += terminals[interval_s]
        if 2 * passed >= terminals.total():
            return interval_s
    return DEFAULT_INTERVAL_S


def _begin(since: datetime, now: datetime) -> None:
    with db.transaction():
        made = FeedOutage.insert(from_at=min(since, now), noticed_at=now).on_conflict_ignore().as_rowcount().execute()
        if made:
            announcing.outage(FeedOutage.get(FeedOutage.ended_at.is_null()), now)
            _tell()


def _end(outage: FeedOutage, now: datetime) -> None:
    with db.transaction():
        ended = FeedOutage.update(ended_at=max(now, outage.from_at)).where(FeedOutage.id == outage.id, FeedOutage.ended_at.is_null())
        if ended.execute():
            _tell()


def _tell() -> None:
    live.touch("alarms")
    live.touch("feed")


# --- for people -------------------------------------------------------------


def running() -> FeedOutage | None:
    """The outage that lasts, if there is one."""
    return _running_row.first()


def waiting() -> list[FeedOutage]:
    """Outages that last, and those over that nobody has acknowledged; newest first."""
    query = FeedOutage.select().where(FeedOutage.ended_at.is_null() | FeedOutage.acknowledged_at.is_null())
    return list(query.order_by(FeedOutage.from_at.desc()).limit(MOST_LISTED))


def listed() -> list[FeedOutage]:
    """The last outages, newest first."""
    return list(FeedOutage.select().order_by(FeedOutage.from_at.desc()).limit(MOST_LISTED))


def by_id(outage_id: int) -> FeedOutage:
    """Raises ``NotFound``."""
    found = FeedOutage.get_or_none(FeedOutage.id == outage_id)
    if found is None:
        raise NotFound(N_("There is no such outage."))
    return found


def acknowledge(*, by: Actor, outage: FeedOutage, at: datetime | None = None) -> None:
    """Say "I have seen it". Raises ``NotAllowed``, and ``Conflict`` when somebody has done so already."""
    by.require("alarms.acknowledge")
    with db.transaction():
        claimed = FeedOutage.update(acknowledged_at=at or clock.now(), acknowledged_by=by.user_id).where(
            FeedOutage.id == outage.id, FeedOutage.acknowledged_at.is_null()
        )
        if not claimed.execute():
            raise Conflict(N_("Somebody has acknowledged this already."))
        history.record(by, "outage.acknowledged", "outage", outage.id, after={"from": clock.local_text(outage.from_at)})
        _tell()
