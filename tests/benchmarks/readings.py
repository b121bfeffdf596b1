"""What a reading costs to keep and a chart to draw, on both databases: bytes as it came, by minute and by hour, and a large year planned.

One machine says the numbers of the shipped profile once a minute for a month; 49 more have their year by the hour.
"""

import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from app.core import bulk, clock, db, migrating
from app.core.clock import UTC, to_ms
from app.machines.models import DeviceProfile, Machine, MachineModel
from app.machines.operations import seed_profiles
from app.machines.profiles import MetricKind
from app.machines.queries import profile_of
from app.monitoring import readings
from app.monitoring.drawing import draw, limits_of
from app.monitoring.models import EvaluationCursor, FeedPosition, Reading, Terminal
from app.monitoring.readings import partitions, thinning
from app.monitoring.sources import sources
from tests import postgresql

MACHINES, DAYS, YEAR = 50, 30, 365
PLANNED_MACHINES, RAW_DAYS = 2_000, 90
END = datetime(2026, 11, 1, tzinfo=UTC)
START = END - timedelta(days=DAYS)
PICTURE = (1040, 260)


def measure(_folder: Path) -> dict[str, Any]:
    """The figures of both databases."""
    with tempfile.TemporaryDirectory() as name:
        figures = {"sqlite": _measure(f"sqlite:///{name}/readings.db")}
        if postgresql.binaries() is not None:
            with _cluster(Path(name)) as url:
                figures["postgresql"] = _measure(url)
    return figures


@contextmanager
def _cluster(shared: Path) -> Iterator[str]:
    running = postgresql.start(postgresql.make_folder())
    (shared / "cluster.json").write_text(json.dumps(running))
    try:
        yield postgresql.Cluster(running["port"]).create("readings", template="template0")
    finally:
        postgresql.stop(shared)


def _measure(url: str) -> dict[str, Any]:
    db.bind(url)
    migrating.upgrade()
    db.connect()
    machine = _machines()
    raw = _growth("reading", _say)
    minutes = _growth("reading_minute", _thin)
    hours = _growth("reading_hour", _repeat_hours)
    figures = _planned(raw, minutes, hours) | _charts(machine)
    db.database.close()
    return figures


def _machines() -> Machine:
    seed_profiles()
    model, profile = MachineModel.create(name="YZ-20"), DeviceProfile.get()
    now = clock.now()
    for number in range(MACHINES):
        machine = Machine.create(serial=f"YZ-{number}", device=f"EVC{number}", model=model, profile=profile, created_at=now)
        Terminal.create(device=machine.device, first_seen_at=now, last_received_at=now, last_seen_at=now)
    partitions.make(START)
    return Machine.get(Machine.device == "EVC0")


def _growth(table: str, work: Callable[[], int]) -> float:
    """By how many bytes ``table`` (on SQLite the file) grows for each of what ``work`` says it has written."""
    before = _size(table)
    count = work()
    return (_size(table) - before) / count


def _size(table: str) -> int:
    execute = db.database.execute_sql
    if db.is_sqlite():
        return int(execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()[0])
    tables = [*partitions.names(), table] if table == "reading" else [table]
    return sum(int(execute("SELECT pg_total_relation_size(%s)", (one,)).fetchone()[0]) for one in tables)


def _say() -> int:
    profile, chance = profile_of(Machine.get()), random.Random(7)
    assert profile is not None
    numbers = {key: metric.normal or (0.0, 1.0) for key, metric in profile.metrics.items() if metric.kind == MetricKind.NUMBER}
    value = {key: (low + high) / 2 for key, (low, high) in numbers.items()}
    terminal, first, rows = Terminal.get(Terminal.device == "EVC0").id, 1, []
    for minute in range(DAYS * 1_440):
        for key, (low, high) in numbers.items():
            value[key] = round(min(max(value[key] + chance.gauss(0, (high - low) / 60), low), high), 2)
        at = to_ms(START) + minute * 60_000
        rows.append((first + minute, terminal, at, at, json.dumps({**value, "e_stop": False, "mode": "auto"}, separators=(",", ":"))))
    for begin in range(0, len(rows), 2_000):
        with db.transaction():
            bulk.insert(Reading, ("position", "terminal", "at", "received_at", "metrics"), rows[begin : begin + 2_000])
    FeedPosition.insert(name="inbox", value=first + len(rows)).execute()
    EvaluationCursor.insert(name="alarms", position=first + len(rows) - 1).execute()
    return len(rows)


def _thin() -> int:
    """The hours that come besides are a sixtieth of it."""
    while thinning.note_hours() or thinning.thin(END + timedelta(days=1)):
        pass
    return DAYS * 1_440


def _repeat_hours() -> int:
    """The days of the month again and again, so that every machine has its year."""
    rows = 0
    p, month = db.database.param, DAYS * 86_400_000
    sql = f"INSERT INTO reading_hour (terminal_id, at, metrics) SELECT t.id, h.at - {p}, h.metrics FROM reading_hour h, terminal t"
    sql += f" WHERE h.terminal_id = {p} AND h.at >= {p} AND (t.id > {p} OR {p} > 0) ON CONFLICT DO NOTHING"
    first = Terminal.get(Terminal.device == "EVC0").id
    for back in range(-(-YEAR // DAYS)):
        rows += db.database.execute_sql(sql, (back * month, first, to_ms(START), first, back)).rowcount
    return rows * 24


def _planned(raw: float, minutes: float, hours: float) -> dict[str, Any]:
    year = PLANNED_MACHINES * 525_600
    parts = {"raw_90_days": raw * year * RAW_DAYS / YEAR, "minutes": minutes * year, "hours": hours * year / 60}
    return {
        "bytes_per_reading": {"raw": round(raw, 1), "by_minute": round(minutes, 1), "by_hour": round(hours / 60, 2)},
        "year_of_2000_machines_gb": {name: round(size / 1e9, 1) for name, size in {**parts, "all": sum(parts.values())}.items()},
        "year_raw_only_gb": round(raw * year / 1e9, 1),
    }


def _charts(machine: Machine) -> dict[str, float]:
    return {f"{name}_cpu_ms": _cpu_ms(machine, days) for name, days in (("day", 1), ("month", DAYS), ("year", YEAR))}


def _cpu_ms(machine: Machine, days: int) -> float:
    """What one metric costs this process, the database's own work included on SQLite; the median of nine."""
    times = []
    for _ in range(9):
        began = time.process_time()
        series = readings.series(machine, sources(machine), "oil_temp", END - timedelta(days=days), END)
        draw(series, UTC, PICTURE, limits=limits_of(profile_of(machine), "oil_temp"))
        times.append(time.process_time() - began)
        assert len(series.points) > 300, (days, len(series.points))
    return round(sorted(times)[4] * 1_000, 1)
