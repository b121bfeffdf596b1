"""What must hold after every fault (faults.md, A to E), judged from the ledger and the database alone."""

import json
from collections import defaultdict
from dataclasses import dataclass

from peewee import fn

from app.core import clock, db, history
from app.monitoring.models import Alarm, Condition, Episode, EvaluationCursor, FeedPosition, InboxMessage, MessageKey, Reading
from app.tickets.models import OPEN_STATUSES, Ticket
from tests.faults.publisher import Id, Script
from tests.faults.site import counters, wait_for

OFF_MS = 60_000  # how long a code must be gone, four times as long while it chatters
FEW, FEW_MS, MANY, MANY_MS, QUIET_MS = 3, 60_000, 10, 600_000, 1_800_000
TIMERS_LAG_MS = 15_000


def wait_until_quiet(expected: int, timeout_s: float = 60) -> None:
    """Wait until ``expected`` messages are in the inbox and evaluation has caught up."""
    wait_for(lambda: inbox_size() >= expected, timeout_s, 0.1)
    wait_for(_is_evaluated, timeout_s, 0.1)


def inbox_size() -> int:
    return InboxMessage.select().count() + Reading.select().count()


def _is_evaluated() -> bool:
    top = (FeedPosition.select(FeedPosition.value).scalar() or 1) - 1
    waiting = EvaluationCursor.select(EvaluationCursor.position).scalar() or 0
    return not InboxMessage.select().where((InboxMessage.position > waiting) & (InboxMessage.position <= top)).exists()


def assert_whole(script: Script, ledger: set[Id]) -> None:
    """A to E for a feed on which only ``script`` was spoken and every id of ``ledger`` was promised."""
    assert_nothing_lost(script, ledger)
    assert_nothing_doubled()
    assert_episodes_match(script)
    assert_database_sound()


def assert_nothing_lost(script: Script, ledger: set[Id]) -> None:
    """A: what was promised is in, and nothing is in that was never said."""
    wanted = defaultdict(int)
    for key in ledger:
        wanted[script.messages[key][0]] += 1
    readings = Reading.select().count()
    kinds = dict(InboxMessage.select(InboxMessage.kind, fn.COUNT(InboxMessage.position)).group_by(InboxMessage.kind).tuples())
    found = {"telemetry": readings, "fault": kinds.get("fault", 0), "state": kinds.get("state", 0)}
    assert found == {kind: wanted[kind] for kind in found}
    stored = {(row.terminal.device, row.boot, row.seq) for row in InboxMessage.select()}
    assert stored == {key for key in ledger if script.messages[key][0] != "telemetry"}
    numbers = {json.loads(metrics)["n"] for (metrics,) in Reading.select(Reading.metrics).tuples()}
    assert numbers == {body["metrics"]["n"] for kind, body in (script.messages[key] for key in ledger) if kind == "telemetry"}


def assert_nothing_doubled() -> None:
    """B: one row for each identity, one count for each object."""
    numbered = InboxMessage.select(InboxMessage.terminal, InboxMessage.boot, InboxMessage.seq).where(InboxMessage.seq.is_null(False))
    assert numbered.count() == numbered.distinct().count()
    assert Reading.select().count() == Reading.select(Reading.terminal, Reading.at, Reading.metrics).distinct().count()
    assert MessageKey.select().count() >= inbox_size()
    assert Episode.select().count() == Episode.select(Episode.alarm, Episode.started_at).distinct().count()
    found = counters()
    assert found["received"] == found["stored"] + found["duplicates"] + found["rejected"] + found["quarantined"]
    assert found["stored"] == inbox_size()


@dataclass
class Gone:
    """An episode of the reference; it is over for good at ``settles``."""

    start: int
    count: int = 1
    end: int | None = None
    settles: int | None = None


def reference_episodes(script: Script) -> dict[tuple[str, str, int], Gone]:
    """C: in event time the first raise opens, further raises count, and what is gone for its off-delay has ended when it went."""
    said: dict[tuple[str, str], list[tuple[int, bool]]] = defaultdict(list)
    for ts, _, device, body in sorted(
        (body["ts"], body["seq"], key[0], body) for key, (kind, body) in script.messages.items() if kind == "fault"
    ):
        said[device, body["code"]].append((ts, body["active"]))
    return {(*alarm, one.start): one for alarm, run in said.items() for one in reference_run(run)}


def reference_run(run: list[tuple[int, bool]]) -> list[Gone]:
    """The episodes of one code, from what was said of it in the order of time."""
    found: list[Gone] = []
    comings: list[int] = []
    for ts, is_there in run:
        last = found[-1] if found else None
        stands = last is not None and (last.settles is None or ts < last.settles)
        if not is_there:
            if last is not None and stands and last.end is None:
                last.end, last.settles = ts, ts + OFF_MS * (4 if chatters(comings, ts) else 1)
        elif last is None or not stands:
            comings.append(ts)
            found.append(Gone(ts))
        else:
            last.count += 1
            if last.end is not None:
                comings.append(ts)
                last.end = last.settles = None
    return found


def chatters(comings: list[int], ts: int) -> bool:
    """Whether what came at ``comings`` chatters at ``ts``: it once came too often, and has not been quiet for half an hour since."""
    is_chattering = False
    for number, at in enumerate(comings):
        if number and at - comings[number - 1] >= QUIET_MS:
            is_chattering = False
        before = comings[: number + 1]
        is_chattering |= sum(at - one <= FEW_MS for one in before) >= FEW or sum(at - one <= MANY_MS for one in before) >= MANY
    return is_chattering and ts - comings[-1] < QUIET_MS


def has_every_ticket() -> bool:
    """Whether each active alarm has a ticket; what waited while messages came in gets its own with the next ticks."""
    is_bare = Episode.ended_at.is_null() & Episode.ticket.is_null() & (Alarm.condition == Condition.ACTIVE)
    return not Episode.select().join(Alarm).where(is_bare).exists()


def assert_episodes_match(script: Script) -> None:
    """C and E: episodes equal the reference; one open ticket at most for each family of a machine."""
    expected, timed_ms = reference_episodes(script), clock.now_ms() - TIMERS_LAG_MS
    found = {(row.machine.device, row.code, clock.to_ms(row.started_at)): row for row in Episode.select()}
    assert found.keys() == expected.keys()
    assert {key: row.count for key, row in found.items()} == {key: one.count for key, one in expected.items()}
    for key, one in expected.items():
        ended_at = found[key].ended_at
        if ended_at is not None or one.settles is None or one.settles < timed_ms:  # otherwise its off-delay may still run
            assert (ended_at and clock.to_ms(ended_at)) == one.end
    wait_for(has_every_ticket, 10)
    families = db.database.execute_sql(
        "SELECT COUNT(*), COUNT(DISTINCT machine_id || '/' || family) FROM ticket_fault WHERE is_open"
    ).fetchone()
    assert families[0] == families[1]
    assert Ticket.select().where(Ticket.status.in_(list(OPEN_STATUSES))).count() <= Episode.select().count()


def assert_database_sound() -> None:
    """D: the file is whole, every reference holds, the chain of the history is unbroken."""
    assert db.database.execute_sql("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert db.database.execute_sql("PRAGMA foreign_key_check").fetchall() == []
    assert history.verify().problem is None
