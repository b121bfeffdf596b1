"""What the database holds after a soak, against what the fleet said and the reference makes of it."""

import json
from collections import Counter, defaultdict
from typing import Any

from app.core import clock, db, history
from app.monitoring.models import (
    EvaluationCursor,
    FeedPosition,
    Gap,
    GapState,
    InboxMessage,
    QuarantinedMessage,
    RejectedMessage,
    Terminal,
)
from tests.faults.fleet import Fleet
from tests.faults.generator import Generator
from tests.faults.publisher import CODES
from tests.faults.site import counters

TIMERS_LAG_MS = 15_000
TOLD = 3  # of each check


def is_evaluated() -> bool:
    """Whether evaluation has passed every fault and state."""
    top = (FeedPosition.select(FeedPosition.value).scalar() or 1) - 1
    done = EvaluationCursor.select(EvaluationCursor.position).scalar() or 0
    return not InboxMessage.select().where(InboxMessage.position > done, InboxMessage.position <= top).exists()


def judge(fleet: Fleet, generator: Generator, machines: int) -> dict[str, Any]:
    """Figures, and in words everything that is not as it must be."""
    verdict = _Verdict(fleet, generator, machines)
    checks = (verdict.promised, verdict.readings, verdict.inbox, verdict.refused, verdict.quarantined, verdict.counted, verdict.gaps,
              verdict.episodes, verdict.tickets, verdict.whole)  # fmt: skip
    for check in checks:
        before = len(verdict.breaks)
        check()
        more = len(verdict.breaks) - before - TOLD
        if more > 0:
            verdict.breaks[before + TOLD :] = [f"and {more} more of {check.__name__}"]
    return {"figures": verdict.figures, "breaks": verdict.breaks}


class _Verdict:
    def __init__(self, fleet: Fleet, generator: Generator, machines: int) -> None:
        self.fleet = fleet
        self.generator = generator
        self.machines = machines
        self.terminals = dict(Terminal.select(Terminal.device, Terminal.id).tuples())
        self.figures: dict[str, Any] = {}
        self.breaks: list[str] = []

    def expect(self, found: object, wanted: object, what: str) -> None:
        if found != wanted:
            self.breaks.append(f"{what}: {found!r} where {wanted!r} was expected"[:400])

    def steps(self, number: int, *kinds: str) -> list[int]:
        return [step for step in range(self.fleet.steps) if self.fleet.kind(number, step) in kinds]

    def promised(self) -> None:
        """S: everything that was said, for all of it was receipted."""
        total = self.fleet.steps * len(self.fleet.devices)
        self.figures["S_receipted"] = sum(map(sum, self.generator.stored))
        self.expect(self.figures["S_receipted"], total, "receipted")

    def readings(self) -> None:
        """A and B: each reading of each device once."""
        query = "SELECT terminal_id, COUNT(*), COUNT(DISTINCT at), SUM(at) FROM reading GROUP BY terminal_id"
        found = {row[0]: tuple(row[1:]) for row in db.database.execute_sql(query).fetchall()}
        self.figures["I_readings"] = sum(row[0] for row in found.values())
        for number in range(self.machines):
            plan = self.fleet.plans[number]
            others = {0, *plan.faults, *plan.poison, *([] if plan.reboot is None else [plan.reboot])}
            count = self.fleet.steps - len(others)
            whole = sum(self.fleet.at_ms(number, step) for step in range(self.fleet.steps))
            wanted = (count, count, whole - sum(self.fleet.at_ms(number, step) for step in others))
            self.expect(found.get(self.terminals.get(self.fleet.devices[number])), wanted, f"readings of {self.fleet.devices[number]}")

    def inbox(self) -> None:
        """A and B: each fault and birth once."""
        names = {terminal: device for device, terminal in self.terminals.items()}
        rows = InboxMessage.select(InboxMessage.terminal, InboxMessage.boot, InboxMessage.seq, InboxMessage.kind).tuples()
        found = Counter((names[terminal], boot, seq, kind) for terminal, boot, seq, kind in rows)
        wanted = Counter(
            (self.fleet.devices[number], *self.fleet.identity(number, step), self.fleet.kind(number, step))
            for number in range(self.machines)
            for step in self._events(number)
        )
        self.figures["I_events"] = found.total()
        self.expect(sorted((found - wanted).items())[:5], [], "in the inbox and never said, or twice")
        self.expect(sorted((wanted - found).items())[:5], [], "said and not in the inbox")
        self.expect(InboxMessage.select().where(InboxMessage.error.is_null(False)).count(), 0, "messages that a rule could not use")

    def _events(self, number: int) -> list[int]:
        plan = self.fleet.plans[number]
        return [0, *plan.faults, *([] if plan.reboot is None else [plan.reboot])]

    def refused(self) -> None:
        """D: each poison with an identity once; of the nonsense without one at most what was said."""
        found: Counter[tuple[str, str, int]] = Counter()
        noise = 0
        for device, payload in RejectedMessage.select(RejectedMessage.device, RejectedMessage.payload).tuples():
            try:
                body = json.loads(bytes(payload))
                found[device, body["boot"], body["seq"]] += 1
            except (ValueError, KeyError, TypeError, RecursionError):
                noise += 1
        wanted = Counter(
            (device, *self.fleet.identity(number, step))
            for number, device in enumerate(self.fleet.devices)
            for step in self.fleet.plans[number].poison
        )
        known = Counter({key: count for key, count in found.items() if key[0] in self.terminals and str(key[1]) in ("b1", "b2")})
        noise += found.total() - known.total()
        self.figures |= {"D_refused": known.total(), "D_nonsense": noise}
        self.expect(sorted((known - wanted).items())[:5], [], "refused and no poison, or twice")
        self.expect(sorted((wanted - known).items())[:5], [], "poison that was not refused")
        said = self.generator.figures["noise_sent"]
        if noise > said:
            self.breaks.append(f"nonsense: {noise} refused, {said} said")

    def quarantined(self) -> None:
        """Q: everything of devices without a machine, and nothing else."""
        rows = QuarantinedMessage.select(QuarantinedMessage.device).tuples()
        found = Counter(device for (device,) in rows)
        wanted = {
            device: self.fleet.steps - len(self.fleet.plans[number].poison)
            for number, device in enumerate(self.fleet.devices)
            if number >= self.machines
        }
        self.figures["Q_quarantined"] = found.total()
        self.expect(dict(found), wanted, "quarantined")

    def counted(self) -> None:
        """Every object that came is counted once."""
        found = counters()
        self.figures["duplicates"] = found["duplicates"]
        self.expect(found["received"], found["stored"] + found["duplicates"] + found["rejected"] + found["quarantined"], "counted")
        self.expect(found["stored"], self.figures["I_readings"] + self.figures["I_events"], "counted as stored")
        kept = self.figures["I_readings"] + self.figures["I_events"] + self.figures["D_refused"] + self.figures["Q_quarantined"]
        self.expect(kept, self.figures["S_receipted"], "S = I + D + Q")

    def gaps(self) -> None:
        """Every hole has closed."""
        of_devices = Gap.select().where(Gap.terminal.is_null(False))
        self.figures["gaps"] = {
            "of_devices": of_devices.count(),
            "open": of_devices.where(Gap.state == GapState.OPEN).count(),
            "of_the_feed": Gap.select().where(Gap.terminal.is_null()).count(),
        }
        self.expect(self.figures["gaps"]["open"], 0, "open gaps")

    def episodes(self) -> None:
        """C: as the reference, to the millisecond."""
        query = """SELECT m.device, e.code, e.started_at, e.count, e.ended_at FROM episode e JOIN machine m ON m.id = e.machine_id
                   WHERE e.code IN ('E04', 'E06', 'E07', 'E10')"""
        found: dict[str, dict[tuple[str, int], tuple[int, int | None]]] = defaultdict(dict)
        for device, code, start, count, end in db.database.execute_sql(query).fetchall():
            found[device][code, start] = (count, end)
        timed_ms, wrong, total = clock.now_ms() - TIMERS_LAG_MS, 0, 0
        for number in range(self.machines):
            device = self.fleet.devices[number]
            wanted = {(code, one.start): one for code, run in self.fleet.episodes(number).items() for one in run}
            total += len(wanted)
            for key in wanted.keys() | found[device].keys():
                one, is_there = wanted.get(key), found[device].get(key)
                if one is None or is_there is None or is_there[0] != one.count:
                    is_right = False
                else:
                    may_run = one.settles is not None and one.settles >= timed_ms and is_there[1] is None
                    is_right = may_run or is_there[1] == one.end
                if not is_right:
                    wrong += 1
                    if wrong <= 3:
                        self.breaks.append(f"episode {device} {key}: {is_there}, reference {one}")
        self.figures["episodes"] = {"found": sum(map(len, found.values())), "reference": total, "wrong": wrong}
        self.expect(wrong, 0, "episodes that differ")

    def tickets(self) -> None:
        """E, and one ticket for each alarm that stands; none without an episode."""
        ask = db.database.execute_sql
        doubled = "SELECT COUNT(*) FROM (SELECT 1 FROM ticket_fault WHERE is_open GROUP BY machine_id, family HAVING COUNT(*) > 1)"
        codes = ", ".join(f"'{code}'" for code in CODES)
        standing = f"""SELECT COUNT(*), SUM(e.ticket_id IS NULL) FROM episode e JOIN alarm a ON a.id = e.alarm_id WHERE e.ended_at IS NULL
            AND a.condition = 'active' AND a.suppressed_by IS NULL AND a.shelved_until IS NULL AND a.code IN ({codes})"""
        empty = "SELECT COUNT(*) FROM ticket_fault f WHERE NOT EXISTS (SELECT 1 FROM episode e WHERE e.ticket_id = f.ticket_id)"
        alarms, without = ask(standing).fetchone()
        self.figures["tickets"] = {
            "all": ask("SELECT COUNT(*) FROM ticket").fetchone()[0],
            "open": ask("SELECT COUNT(*) FROM ticket WHERE is_open").fetchone()[0],
            "two_for_one_family": ask(doubled).fetchone()[0],
            "standing_alarms": alarms,
            "standing_without": without or 0,
            "without_an_episode": ask(empty).fetchone()[0],
        }
        for name in ("two_for_one_family", "standing_without", "without_an_episode"):
            self.expect(self.figures["tickets"][name], 0, f"tickets, {name.replace('_', ' ')}")

    def whole(self) -> None:
        """D: the file, its references, the chain of the history."""
        self.expect(db.database.execute_sql("PRAGMA integrity_check").fetchone()[0], "ok", "integrity of the file")
        self.expect(db.database.execute_sql("PRAGMA foreign_key_check").fetchall()[:3], [], "references")
        self.expect(history.verify().problem, None, "chain of the history")
