"""The hydraulic rig of the data folder, replayed by the clock of its device: which cycles a rule on oil temperature sees.

ZeMA hydraulic test rig (UCI 447, CC BY 4.0): 2,205 cycles of 60 s, each labelled with the state of the cooler (3 close to failure,
20 reduced, 100 full). The same 132,300 readings go through ``mqtt replay`` twice, without and with delays.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.core import clock, db, migrating
from app.core.config import load_config
from app.core.start import start
from app.core.types import system
from app.machines.profile_operations import import_profile
from app.monitoring.models import Episode
from tests import factories
from tests.benchmarks.processes import ROOT

DATA = ROOT.parent / "shared" / "data" / "hydraulic"
DEVICE = "RIG-1"
CYCLE_S = 60
COOLERS = (3, 20, 100)
BEGIN = datetime(2026, 11, 23, tzinfo=UTC)
RULE = """profile: rig_v1
name: {{zh: 试验台, en: Rig}}
expected_interval_s: 1
metrics: {{ts1: {{unit: °C, range: [0, 100], name: {{zh: 油温, en: Oil temperature}}}}}}
codes: {{T01: {{name: {{zh: 油温高, en: Oil hot}}, severity: high}}}}
rules: [{{code: T01, metric: ts1, above: 55, deadband: {deadband}, on_delay_s: {on}, off_delay_s: {off}}}]
"""
SETTINGS = {"without": {"on": 0, "off": 0, "deadband": "0.000001"}, "with": {"on": 60, "off": 120, "deadband": "1"}}
Span = tuple[float, float | None]


def whole_rig() -> Iterator[float]:
    """The first temperature of every second there is."""
    with (DATA / "TS1.txt").open(encoding="ascii") as file:
        for line in file:
            yield from map(float, line.split())


def coolers() -> list[int]:
    """The label of each cycle."""
    return [int(line.split()[0]) for line in (DATA / "profile.txt").read_text(encoding="ascii").splitlines()]


def confusion(spans: Iterable[Span]) -> dict[int, dict[str, int]]:
    """How many cycles of each label an episode was open in, and in how many none; ``spans`` are (start, end) in seconds."""
    labels = coolers()
    touched: set[int] = set()
    for begin, end in spans:
        last = len(labels) * CYCLE_S - 1 if end is None else end
        touched |= set(range(int(begin) // CYCLE_S, int(last) // CYCLE_S + 1))
    found = Counter((label, cycle in touched) for cycle, label in enumerate(labels))
    return {label: {"open": found[label, True], "not": found[label, False]} for label in COOLERS}


def measure(folder: Path) -> dict[str, Any]:
    """Replay, and print the table; nothing where the data are not there."""
    if not DATA.exists():
        return {"skipped": f"{DATA} is not there"}
    folder = folder / "hydraulic"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    recorded = folder / "rig.ndjson"
    with recorded.open("w", encoding="ascii") as file:
        for second, value in enumerate(whole_rig()):
            at_ms = clock.to_ms(BEGIN) + second * 1000
            payload = {"ts": at_ms, "boot": "rig", "seq": second, "metrics": {"ts1": value}}
            file.write(json.dumps({"topic": f"evc/{DEVICE}/telemetry", "payload": payload}) + "\n")
    found = {name: _replayed(folder / name, recorded, RULE.format(**settings)) for name, settings in SETTINGS.items()}
    sys.stderr.write(table(found) + "\n")
    return found


def _replayed(folder: Path, recorded: Path, rule: str) -> dict[str, Any]:
    folder.mkdir()
    environ = {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'centre.db'}",
        "SECRET_KEY": "secret key of the measurement, long enough",
        "AUDIT_KEY": "history key of the measurement, long enough",
    }
    start(load_config(environ))
    migrating.upgrade()
    factories.machine(device=DEVICE, profile=import_profile(by=system("setup"), text=rule).row)
    db.drop_connection()
    began = time.monotonic()
    command = [sys.executable, "-m", "mqtt", "replay", str(recorded), "--clock", "device"]
    counts = json.loads(subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, check=True).stdout)
    seconds = time.monotonic() - began
    db.connect()
    rows = list(Episode.select(Episode.started_at, Episode.ended_at).where(Episode.code == "T01").order_by(Episode.started_at).tuples())
    spans = [((row[0] - BEGIN).total_seconds(), None if row[1] is None else (row[1] - BEGIN).total_seconds()) for row in rows]
    db.drop_connection()
    return {"stored": counts["stored"], "seconds": round(seconds, 1), "episodes": len(spans), "cycles": confusion(spans)}


def table(found: dict[str, dict[str, Any]]) -> str:
    """The confusion tables side by side."""
    lines = [f"{'cooler':>8} {'without delays: open':>22} {'not':>6} {'with delays: open':>20} {'not':>6}"]
    for label in COOLERS:
        plain, calm = (found[name]["cycles"][label] for name in SETTINGS)
        lines.append(f"{label:>8} {plain['open']:>22} {plain['not']:>6} {calm['open']:>20} {calm['not']:>6}")
    lines.append(f"{'episodes':>8} {found['without']['episodes']:>22} {'':>6} {found['with']['episodes']:>20}")
    return "\n".join(lines)
