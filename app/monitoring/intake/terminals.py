"""What a batch says of the terminals themselves: last seen, on or off, and how far their clocks can be trusted (monitoring rule 11)."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.core import bulk, db
from app.monitoring.messages import State, Usable
from app.monitoring.models import Terminal

MAX_SKEW_MS = 5 * 60_000
MAX_AHEAD_MS = 10 * 60_000
EARLIEST_BELIEVABLE_MS = 1_577_836_800_000  # 2020-01-01: no terminal is older, a clock that says so has lost its time
_FACTS = ("last_received_at", "last_seen_at", "is_online", "online_changed_at", "boot", "firmware", "skew_ms", "is_clock_trusted")


@dataclass(slots=True)
class TerminalFacts:
    """A terminal's row while a batch is stored; times in milliseconds since 1970.

    ``taken_off_ms`` is when it was last taken off a machine, if it ever was.
    """

    id: int
    device: str
    has_machine: bool
    last_received_ms: int
    last_seen_ms: int | None
    is_online: bool | None
    online_changed_ms: int | None
    boot: str | None
    firmware: str | None
    skew_ms: int | None
    is_clock_trusted: bool
    taken_off_ms: int | None = None
    is_changed: bool = False

    def speaks_for_a_machine(self, at_ms: int) -> bool:
        """Whether the terminal is, or at ``at_ms`` still was, that of a machine (``app.machines.terminals``)."""
        return self.has_machine or (self.taken_off_ms is not None and at_ms < self.taken_off_ms)

    def note(self, message: Usable, is_calm: bool) -> tuple[int, bool]:
        """Take in what ``message`` shows of the terminal; returns the time it counts from and whether that is the device's own.

        ``is_calm``: the connection had been up and the queue empty for 30 s, so that nothing waited on the way.
        """
        self.is_changed = True
        if not message.is_retained:  # what the broker kept is no sign of life
            self.last_received_ms = max(self.last_received_ms, message.received_ms)
        at_ms, is_own = message.received_ms, False
        if message.at_ms is not None:
            self._judge_clock(message, message.at_ms, is_calm)
            if self.is_clock_trusted:
                at_ms, is_own = message.at_ms, True
        if isinstance(message, State):
            self._note_state(message, at_ms)
        elif not (self.is_online or message.is_retained) and self.online_changed_ms is not None and at_ms > self.online_changed_ms:
            self.is_online, self.online_changed_ms = True, at_ms  # it goes on after its will: its birth was lost
        return at_ms, is_own

    def _judge_clock(self, message: Usable, at_ms: int, is_calm: bool) -> None:
        skew_ms = message.received_ms - at_ms
        is_birth = isinstance(message, State) and message.is_online
        if is_birth and message.boot != self.boot:
            self.skew_ms = None
        self.skew_ms = skew_ms if self.skew_ms is None else min(self.skew_ms, skew_ms)
        is_live_birth = is_birth and is_calm and not message.is_retained
        if skew_ms < -MAX_SKEW_MS or at_ms < EARLIEST_BELIEVABLE_MS or (is_live_birth and skew_ms > MAX_SKEW_MS):
            self.is_clock_trusted = False
        elif skew_ms <= MAX_SKEW_MS:  # delay only adds, so a clock that was behind would show
            self.is_clock_trusted = True
        if at_ms <= message.received_ms + MAX_AHEAD_MS:
            self.last_seen_ms = max(self.last_seen_ms or at_ms, at_ms)

    def _note_state(self, state: State, at_ms: int) -> None:
        is_old = self.online_changed_ms is not None and at_ms < self.online_changed_ms
        is_death_of_another_boot = not state.is_online and state.boot is not None and state.boot != self.boot
        if is_old or is_death_of_another_boot:
            return
        if state.is_online != self.is_online:
            self.is_online = state.is_online
            self.online_changed_ms = at_ms
        if state.is_online:
            self.boot = state.boot or self.boot
            self.firmware = state.firmware or self.firmware


def load_terminals(devices: Iterable[str], received_ms: int) -> dict[str, TerminalFacts]:
    """The terminals of ``devices`` in the running transaction; those never seen before are made.

    Their rows are locked until it ends, in one order for all: two intakes that hear of one device take turns, so that what one has read of
    its sequence numbers and its state is what it changes.
    """
    wanted = sorted(set(devices))
    found = _select(wanted)
    missing = [device for device in wanted if device not in found]
    if missing:
        _make(missing, received_ms)
        found |= _select(missing)
    return found


def save_terminals(terminals: Iterable[TerminalFacts]) -> None:
    """Write back the terminals that changed, in one order for all writers."""
    rows = [
        (
            facts.last_received_ms, facts.last_seen_ms, facts.is_online, facts.online_changed_ms, facts.boot, facts.firmware,
            facts.skew_ms, facts.is_clock_trusted, facts.id,
        )
        for facts in terminals
        if facts.is_changed
    ]  # fmt: skip
    bulk.update(Terminal, _FACTS, sorted(rows, key=lambda row: row[-1]))


def _select(devices: list[str]) -> dict[str, TerminalFacts]:
    if not devices:
        return {}
    wanted, params = bulk.table(("device text",), [(device,) for device in devices])
    sql = f"""
        SELECT t.id, t.device, m.id IS NOT NULL, t.last_received_at, t.last_seen_at, t.is_online, t.online_changed_at, t.boot, t.firmware,
               t.skew_ms, t.is_clock_trusted, (SELECT MAX(c.at) FROM terminal_change c WHERE c.old_device = t.device)
        FROM {wanted} JOIN terminal t ON t.device = wanted.device LEFT JOIN machine m ON m.device = t.device
        {"" if db.is_sqlite() else "ORDER BY t.id FOR NO KEY UPDATE OF t"}
    """
    return {row[1]: TerminalFacts(*row) for row in db.database.execute_sql(sql, params)}


def _make(devices: list[str], received_ms: int) -> None:
    rows = [{"device": device, "first_seen_at": received_ms, "last_received_at": received_ms} for device in devices]
    Terminal.insert_many(rows).on_conflict_ignore().execute()
