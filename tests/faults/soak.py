"""``python -m tests.faults.soak --minutes 30 --rate 4000``: a fleet under load while everything around it breaks, again and again.

Subscriber and broker are killed, crashed at their steps and restarted, the database is locked, the network stalls and drops; the fleet
holds messages back, says some twice, and says nonsense. Then it goes quiet, and nothing may be lost, doubled or wrong. Prints the
verdict and writes ``build/soak.json``; the exit status is 1 when anything broke.
"""

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cysqlite

from app.core import clock, db
from app.machines.models import DeviceProfile
from mqtt import broker
from tests import factories
from tests.faults import soak_verdict
from tests.faults.fleet import Fleet
from tests.faults.generator import Generator
from tests.faults.proxy import Proxy
from tests.faults.site import ROOT, Site

STRANGERS = 5  # devices without a machine: all they say goes to quarantine
STEPS = ["before_insert", "before_commit", "after_commit", "before_ack", "after_ack", "evaluation_before_commit", "evaluation_after_commit"]
SAMPLE_S = 2.0


class Soak:
    """One run in ``folder``."""

    def __init__(self, folder: Path, *, minutes: float, rate: float, machines: int, every_s: float, seed: int) -> None:
        self.folder = folder
        self.seconds = minutes * 60
        self.rate = rate
        self.machines = machines
        self.every_s = every_s
        self.seed = seed
        self.chance = random.Random(seed)
        self.events: Counter[str] = Counter()
        self.samples: list[dict[str, float]] = []
        self.breaks: list[str] = []
        self.started = 0.0
        self._lives = 0

    def run(self) -> dict[str, Any]:
        """Everything, from an empty folder to the verdict."""
        self.site = Site(self.folder, devices=0)
        self.site.start_broker()
        self.proxy = Proxy(self.site.port).start()
        try:
            fleet = self.fleet = self._make_fleet()
            self._start_subscriber()
            self.generator = Generator(
                fleet, self.site.port, self.site.simulator, longest_hold_s=min(30.0, self.seconds / 4), seed=self.seed
            )
            self.started = time.monotonic()
            fleet.start_ms = int(time.time() * 1000)
            speaking = threading.Thread(target=self.generator.run, daemon=True)
            speaking.start()
            self._make_trouble()
            quiet_s = self._wait_until_quiet()
            self.generator.is_stopping.set()
            speaking.join(10)
            return self._report(fleet, quiet_s)
        finally:
            self.proxy.stop()
            self.site.stop()

    def _make_fleet(self) -> Fleet:
        profile = DeviceProfile.get(DeviceProfile.name == "underground_compactor_v1")
        devices = [f"EVC-{number:04}" for number in range(self.machines)]
        with db.transaction():
            model, owners = factories.machine_model(), [factories.customer() for _ in range(max(1, self.machines // 20))]
            places = [factories.site(customer=owner, area=owner.area) for owner in owners]
            for number, device in enumerate(devices):
                place = number % len(owners)
                factories.machine(device=device, profile=profile, model=model, customer=owners[place], site=places[place])
        devices += [f"NEW-{number}" for number in range(STRANGERS)]
        steps = max(2, int(self.seconds * self.rate / len(devices)))
        return Fleet(devices, steps, start_ms=int(time.time() * 1000), rate=self.rate, seed=self.seed)

    # --- trouble

    def _make_trouble(self) -> None:
        """Each kind in turn, in an order of chance, until everything has been said once."""
        deck: list[Callable[[], None]] = []
        first = [self.kill_subscriber, self.kill_broker]
        due = time.monotonic() + self.every_s
        while not self.generator.emitted_s:
            assert self.generator.error is None, self.generator.error
            assert time.monotonic() - self.started < 3 * self.seconds + 120, "the load was never said"
            self._sample()
            self._look_after_subscriber()
            if time.monotonic() >= due:
                if not deck:
                    deck, first = first or self._deck(), []
                self._do(deck.pop(0))
                due = time.monotonic() + self.chance.uniform(0.5, 1.5) * self.every_s
            time.sleep(0.2)

    def _deck(self) -> list[Callable[[], None]]:
        deck = [
            self.kill_subscriber,
            self.crash_subscriber,
            self.crash_subscriber,
            self.restart_subscriber,
            self.kill_broker,
            self.kill_broker,
        ]
        deck += [self.lock_database, self.stall_network, self.drop_network]
        self.chance.shuffle(deck)
        return deck

    def _do(self, event: Callable[[], None]) -> None:
        self.events[event.__name__] += 1
        event()

    def kill_subscriber(self) -> None:
        """SIGKILL, and a while without one."""
        self.site.kill("subscriber")
        time.sleep(self.chance.uniform(0, 2))
        self._start_subscriber()

    def crash_subscriber(self) -> None:
        """It dies by itself at one of its steps, sooner or later."""
        self.site.end("subscriber")
        self._start_subscriber(EVC_CRASH_AT=self.chance.choice(STEPS), EVC_CRASH_AFTER=str(self.chance.randrange(20)))
        process, until = self.site.process(), time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until and not self.generator.emitted_s:
            time.sleep(0.1)
            self._sample()
        self.site.kill("subscriber")  # if it lived that long
        if process.returncode != -9:
            self.breaks.append(f"a subscriber that was to crash ended with {process.returncode}")
        self._start_subscriber()

    def restart_subscriber(self) -> None:
        """SIGTERM."""
        took_s = self.site.end("subscriber")
        if took_s > 6:
            self.breaks.append(f"a subscriber took {took_s:.1f} s to end")
        self._start_subscriber()

    def kill_broker(self) -> None:
        """SIGKILL; it comes back with what it had saved."""
        self.site.kill("broker")
        time.sleep(self.chance.uniform(0, 1))
        self.site.start_broker()

    def lock_database(self) -> None:
        """Somebody holds the one write lock, longer than others wait for it."""
        other = cysqlite.connect(str(self.folder / "centre.db"), timeout=60)  # its turn comes, however busy the others are
        other.execute("BEGIN IMMEDIATE")
        time.sleep(self.chance.uniform(1, 7))
        other.execute("ROLLBACK")
        other.close()

    def stall_network(self) -> None:
        """Nothing goes through for a while."""
        self.proxy.is_stalled = True
        time.sleep(self.chance.uniform(1, 5))
        self.proxy.is_stalled = False

    def drop_network(self) -> None:
        """The connection is cut."""
        self.proxy.drop()

    def _start_subscriber(self, **environ: str) -> None:
        self._lives += 1
        url = broker.portal_url(self.site.config).replace(f":{self.site.port}", f":{self.proxy.port}")
        self.site.start_subscriber(is_awaited=False, MQTT_URL=url, **environ)

    def _look_after_subscriber(self) -> None:
        process = self.site.process()
        if process.poll() is not None:
            self.breaks.append(f"the subscriber ended by itself with {process.returncode}")
            self._start_subscriber()

    # --- looking

    def _sample(self) -> None:
        now = time.monotonic() - self.started
        if self.samples and now - self.samples[-1]["s"] < SAMPLE_S:
            return
        sample = {"s": round(now, 1), "life": self._lives, "subscriber_mb": self._memory_mb(), "said": self.generator.figures["said_first"]}
        sample |= {f"{name}_cpu_s": _cpu_s(self.site.process(name).pid) for name in ("subscriber", "broker")}
        self.samples.append(sample | {"own_cpu_s": round(time.process_time(), 1)})

    def _memory_mb(self) -> float:
        try:
            status = Path(f"/proc/{self.site.process().pid}/status").read_text(encoding="ascii")
        except OSError:
            return 0.0
        return next((round(int(line.split()[1]) / 1024, 1) for line in status.splitlines() if line.startswith("VmRSS")), 0.0)

    def _wait_until_quiet(self) -> float:
        """Until all is receipted and evaluated; returns how long after the last new message that was."""
        since = time.monotonic()
        patience_s = 180 + self.seconds
        while not (self.generator.is_done.is_set() and soak_verdict.is_evaluated()):
            assert self.generator.error is None, self.generator.error
            self._sample()
            self._look_after_subscriber()
            if time.monotonic() - since > patience_s:
                self.breaks.append(f"not quiet within {patience_s:.0f} s")
                break
            time.sleep(0.5)
        return time.monotonic() - since

    # --- the verdict

    def _report(self, fleet: Fleet, quiet_s: float) -> dict[str, Any]:
        found = soak_verdict.judge(fleet, self.generator, self.machines)
        memory = [sample["subscriber_mb"] for sample in self.samples if sample["subscriber_mb"]]
        third = max(1, len(memory) // 3)
        grown_mb = max(memory[-third:]) - max(memory[:third])
        if max(memory) > 256:
            self.breaks.append(f"the subscriber took {max(memory)} MB")
        if grown_mb > 40:
            self.breaks.append(f"the subscriber grew by {grown_mb:.0f} MB")
        reached = self.generator.figures["said_first"] / self.generator.emitted_s if self.generator.emitted_s else 0.0
        return {
            "wanted": {"minutes": self.seconds / 60, "rate": self.rate, "machines": self.machines, "seed": self.seed},
            "rate_reached": round(reached),
            "quiet_after_s": round(quiet_s, 1),
            "events": dict(self.events),
            "generator": self.generator.figures,
            **found["figures"],
            "memory_mb": {"least": min(memory), "most": max(memory), "grown": round(grown_mb, 1)},
            "database_mb": round(sum(path.stat().st_size for path in self.folder.glob("centre.db*")) / 1024**2),
            "breaks": self.breaks + found["breaks"],
            "samples": self.samples[:: max(1, len(self.samples) // 300)],
        }


def _cpu_s(pid: int) -> float:
    """Processor time of a process so far."""
    try:
        parts = Path(f"/proc/{pid}/stat").read_text(encoding="utf8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def words(report: dict[str, Any]) -> str:
    """The report as a table for reading."""
    rows = [(name, value) for name, value in report.items() if name not in ("samples", "breaks")]
    lines = ["| figure | |", "|---|---|"]
    for name, value in rows:
        text = ", ".join(f"{key} {part}" for key, part in value.items()) if isinstance(value, dict) else str(value)
        lines.append(f"| {name.replace('_', ' ')} | {text} |")
    lines.append(f"| verdict | {'; '.join(report['breaks']) or 'nothing lost, nothing doubled, everything as the reference'} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run, print and write the report; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=4_000, help="new messages a second of the whole fleet")
    parser.add_argument("--machines", type=int, default=2_000)
    parser.add_argument("--every", type=float, default=15, help="seconds between one trouble and the next")
    parser.add_argument("--calm", action="store_true", help="only the load, no trouble")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument(
        "--folder", type=Path, help="where database, broker and logs go (kept); default: a new one that is removed at the end"
    )
    asked = parser.parse_args(arguments)
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    soak = Soak(
        folder,
        minutes=asked.minutes,
        rate=asked.rate,
        machines=asked.machines,
        every_s=asked.every if not asked.calm else 1e9,
        seed=asked.seed,
    )
    report = soak.run() | {"at": clock.now().isoformat(timespec="seconds")}
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "soak.json").write_text(json.dumps(report, indent=1), encoding="utf8")
    sys.stdout.write(words(report) + "\n")
    if asked.folder is None and not report["breaks"]:
        shutil.rmtree(folder)
    elif report["breaks"]:
        sys.stdout.write(f"\nKept for looking: {folder}\n")
    return 1 if report["breaks"] else 0


if __name__ == "__main__":
    sys.exit(main())
