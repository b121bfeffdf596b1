"""The feed: draining a backlog beside the bare consumer, and a fault's way to its committed ticket; Mosquitto on the same machine."""

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cysqlite
import paho.mqtt.client as paho

from app.core import clock, db
from app.machines.models import DeviceProfile, Machine
from app.monitoring.models import EvaluationCursor, FeedPosition, InboxMessage, Reading, TicketStorm
from app.tickets.models import Ticket
from mqtt.settings import load_settings
from tests.benchmarks.bare_consumer import open_database
from tests.faults.site import ROOT, Site, counters, wait_for

BACKLOG = 100_000
MACHINES = 400
PROFILE = "underground_compactor_v1"
FAULT_SHARE = 100  # every hundredth message of the backlog is a fault
RATES = (100, 5_000)  # messages a second
FAULTS = 200
FAULTS_PER_S = 10
JOINING_S = 31  # so long after the backlog a fault opens a ticket of its own again instead of joining its machine's latest


def measure(folder: Path) -> dict[str, Any]:
    """All figures; the content of the inbox is checked in each."""
    folder = folder / "feed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    site = Site(folder, devices=MACHINES)
    Machine.update(profile=DeviceProfile.get(DeviceProfile.name == PROFILE)).execute()  # its rules look at every reading
    site.start_broker()
    try:
        return {"backlog": _backlog(site), "fault_to_ticket": [_fault_to_ticket(site, rate) for rate in RATES]}
    finally:
        site.stop()


# --- backlog


def _backlog(site: Site) -> dict[str, Any]:
    """Both consumers get the same messages while they are away, then drain them one after the other."""
    bare_path = site.folder / "bare.db"
    open_database(str(bare_path)).close()
    site.start_subscriber()
    _start_bare(site, bare_path)
    time.sleep(2)
    site.end("subscriber")
    site.kill("bare")
    _publish_backlog(site)
    bare_s = _drain(lambda: _start_bare(site, bare_path), lambda: _count_bare(bare_path))
    site.kill("bare")
    centre_s = _drain(lambda: site.start_subscriber(is_awaited=False), lambda: counters()["received"])
    behind_s = wait_for(_is_evaluated, 120, 0.02)
    peak_mb = _peak_mb(site.processes["subscriber"].pid)
    counted = counters()
    stored = Reading.select().count() + InboxMessage.select().count()
    assert counted["stored"] == stored == BACKLOG, f"stored {stored} of {BACKLOG}: {counted}"
    assert Ticket.select().count() > 0
    site.end("subscriber")
    return {
        "messages": BACKLOG,
        "bare_consumer_per_s": round(BACKLOG / bare_s),
        "intake_per_s": round(BACKLOG / centre_s),
        "ratio": round(bare_s / centre_s, 2),
        "evaluation_behind_s": round(behind_s, 2),
        "subscriber_peak_mb": peak_mb,
    }


def _peak_mb(pid: int) -> int | None:
    """The most memory the process ever had resident; None where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:")), None)


def _start_bare(site: Site, path: Path) -> None:
    settings = load_settings(site.config, site.environ)
    command = [sys.executable, "-m", "tests.benchmarks.bare_consumer", settings.host, str(settings.port)]
    with (site.folder / "bare.log").open("ab") as log:
        site.processes["bare"] = subprocess.Popen(
            [*command, str(settings.username), str(settings.password), "bare-consumer", str(path)],
            cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip


def _count_bare(path: Path) -> int:
    connection = cysqlite.connect(str(path), timeout=5)
    try:
        return connection.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()[0]
    finally:
        connection.close()


def _publish_backlog(site: Site) -> None:
    client = _publisher(site, "backlog")
    since_ms = int(time.time() * 1000) - BACKLOG
    last = None
    for number in range(BACKLOG):
        turn = number // FAULT_SHARE
        body: dict[str, Any] = {"ts": since_ms + number}
        if number % FAULT_SHARE == 0:  # of a boot of its own, so that no sequence has a hole
            device, kind = site.devices[turn % MACHINES], "fault"
            body |= {"boot": "faults", "seq": turn // MACHINES, "code": f"E{turn // MACHINES + 1:02d}", "active": True}
        else:
            reading = number - turn - 1
            device, kind = site.devices[reading % MACHINES], "telemetry"
            metrics = {"oil_temp": 45.5, "sys_pressure": 11.2, "bin_fill": number % 100, "mode": "auto"}
            body |= {"boot": "readings", "seq": reading // MACHINES, "metrics": metrics}
        last = client.publish(f"evc/{device}/{kind}", json.dumps(body, separators=(",", ":")), qos=1)
        if number % 1_000 == 999:
            last.wait_for_publish(60)
    assert last is not None
    last.wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def _drain(start: Callable[[], None], count: Callable[[], int]) -> float:
    """Seconds from the first message taken in to the last."""
    before = count()
    start()
    wait_for(lambda: count() > before, 60, 0.005)
    started = time.monotonic()
    first = count() - before
    wait_for(lambda: count() - before >= BACKLOG, 300, 0.02)
    elapsed = time.monotonic() - started
    return elapsed * BACKLOG / (BACKLOG - first)


def _is_evaluated() -> bool:
    """The cursor of the alarms has reached the last position given out."""
    cursor = EvaluationCursor.select(EvaluationCursor.position).scalar() or 0
    return cursor >= (FeedPosition.select(FeedPosition.value).scalar() or 0) - 1


# --- latency


def _fault_to_ticket(site: Site, rate: int) -> dict[str, Any]:
    """Publish ``rate`` messages a second; a fault of another machine each time opens a ticket, whose commit is looked for."""
    site.start_subscriber()
    time.sleep(JOINING_S)
    # While a storm runs, what a machine says besides joins its ticket; the one before is not waited for.
    TicketStorm.update(ended_at=clock.now()).where(TicketStorm.ended_at.is_null()).execute()
    boot = f"R{rate}"  # no code was heard in an earlier run
    client = _publisher(site, boot)
    last_id = Ticket.select().order_by(Ticket.id.desc()).get().id
    sent: dict[str, float] = {}
    seen: dict[str, float] = {}
    commits = _Commits(db.database.database)
    started, number = time.monotonic(), 0
    step = rate // FAULTS_PER_S  # so many messages from fault to fault
    while len(seen) < FAULTS and (elapsed := time.monotonic() - started) < 120:
        due = int(elapsed * rate)
        while number < due and len(sent) <= FAULTS:
            _say(client, site.devices[number // step % MACHINES], boot, number, sent if number % step == 0 else None)
            number += 1
            if number % step == 0:
                break  # what is behind must not keep us from looking
        if commits.is_new():
            at = time.monotonic()
            for row in Ticket.select(Ticket.id, Ticket.title).where((Ticket.id > last_id) & Ticket.title.startswith(boot)):
                last_id = max(last_id, row.id)
                seen[row.title.split()[0]] = at
        time.sleep(0.0005)
    published_per_s = number / (max(sent.values()) - min(sent.values()))
    client.disconnect()
    client.loop_stop()
    site.end("subscriber")
    delays = sorted((seen[code] - sent[code]) * 1000 for code in seen if code in sent)
    assert len(delays) >= FAULTS, f"{len(delays)} of {FAULTS} faults became tickets"
    return {
        "faults": len(delays),
        "messages_per_s": rate,
        "published_per_s": round(published_per_s),
        "p50_ms": round(statistics.median(delays), 2),
        "p99_ms": round(delays[int(len(delays) * 0.99)], 2),
        "worst_ms": round(delays[-1], 2),
    }


class _Commits:
    """Tells whether another process has committed since it was asked last; costs the machine next to nothing, whatever is measured."""

    def __init__(self, path: str) -> None:
        self._connection = cysqlite.connect(path)
        self._version = self._ask()

    def is_new(self) -> bool:
        before, self._version = self._version, self._ask()
        return self._version != before

    def _ask(self) -> int:
        return self._connection.execute("PRAGMA data_version").fetchone()[0]


def _say(client: paho.Client, device: str, boot: str, number: int, sent: dict[str, float] | None) -> None:
    body: dict[str, Any] = {"ts": int(time.time() * 1000), "boot": boot, "seq": number}
    if sent is None:
        client.publish(f"evc/{device}/telemetry", json.dumps(body | {"metrics": {"oil_temp": 45.5}}), qos=1)
        return
    code = f"{boot}-{number:06d}"
    sent[code] = time.monotonic()
    client.publish(f"evc/{device}/fault", json.dumps(body | {"code": code, "active": True}), qos=1)


def _publisher(site: Site, name: str) -> paho.Client:
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv5)
    client.max_inflight_messages_set(500)
    client.username_pw_set(*site.simulator)
    client.connect("127.0.0.1", site.port)
    client.loop_start()
    wait_for(client.is_connected)
    return client
