"""What must hold after every fault (faults.md, A to E), judged from the ledger and the database alone."""

from collections import defaultdict

from peewee import fn

from app.core import clock, db, history
from app.monitoring.models import Episode, EvaluationCursor, FeedPosition, InboxMessage, MessageKey, Reading
from app.tickets.models import OPEN_STATUSES, Ticket
from tests.faults.publisher import Id, Script
from tests.faults.site import counters, wait_for

Span = tuple[str, str, int, int | None, int]  # device, code, start, end, count


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
    numbers = {int(row[0]) for row in db.database.execute_sql("SELECT metrics ->> 'n' FROM reading").fetchall()}
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


def reference_episodes(script: Script) -> list[Span]:
    """C: in event time the first raise opens, further raises count, a clear ends."""
    faults = sorted((body["ts"], body["seq"], key[0], body) for key, (kind, body) in script.messages.items() if kind == "fault")
    is_open: dict[tuple[str, str], list[int]] = {}
    found: list[Span] = []
    for ts, _, device, body in faults:
        alarm = (device, body["code"])
        if body["active"]:
            is_open.setdefault(alarm, [ts, 0])[1] += 1
        elif alarm in is_open:
            start, count = is_open.pop(alarm)
            found.append((*alarm, start, ts, count))
    return sorted(found + [(*alarm, start, None, count) for alarm, (start, count) in is_open.items()], key=str)


def assert_episodes_match(script: Script) -> None:
    """C and E: episodes equal the reference; one open ticket at most for each family of a machine."""
    rows = Episode.select()
    found = [
        (row.machine.device, row.code, clock.to_ms(row.started_at), row.ended_at and clock.to_ms(row.ended_at), row.count) for row in rows
    ]
    assert sorted(found, key=str) == reference_episodes(script)
    unticketed = Episode.select().where(Episode.ended_at.is_null() & Episode.ticket.is_null()).count()
    assert unticketed == 0
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
