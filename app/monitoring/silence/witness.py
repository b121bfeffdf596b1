"""What the portal itself says about a machine: that its terminal is lost, and that the terminal's clock is wrong.

Both are alarms like those of the devices, but no device names them. What was said is read again from what is stored, so that a late
message that makes episodes be computed anew (T17) finds it: silences from their own rows, wrong clocks from the episodes themselves.
"""

from collections.abc import Sequence
from datetime import datetime

from app.machines.profiles import CLOCK_SKEW, COMM_LOST
from app.monitoring.alarm_machine.state import Condition, Signal, SignalKind
from app.monitoring.models import Alarm, Episode, TerminalSilence
from app.monitoring.sources import Source, are_of

SILENCE, CLOCK = "silence", "clock"  # the sources of the alarm machine, beside the device and the rules
OWN_CODES = (COMM_LOST, CLOCK_SKEW)


def began(at: datetime, source: str) -> Signal:
    """It is so from ``at`` on."""
    return Signal(at, "", 0, 0, SignalKind.RAISED, source=source)


def ended(at: datetime, source: str) -> Signal:
    """It is over at ``at``."""
    return Signal(at, "", 1, 0, SignalKind.CLEARED, source=source)


def stored(found: Sequence[Source], machine_id: int, code: str, since: datetime, until: datetime | None) -> list[Signal]:
    """What was said about ``code`` from ``since`` on and before ``until``; nothing for a code of the devices."""
    if code == COMM_LOST:
        said = _silences(found)
    elif code == CLOCK_SKEW:
        said = _wrong_clocks(machine_id)
    else:
        return []
    return [signal for signal in said if signal.at >= since and (until is None or signal.at < until)]


def _silences(found: Sequence[Source]) -> list[Signal]:
    """A silence counts from when it was long enough: what was said before then was said by a terminal that still counted as there."""
    rows = TerminalSilence.select().where(are_of(found, TerminalSilence.terminal, TerminalSilence.noticed_at))
    signals = []
    for row in rows.order_by(TerminalSilence.noticed_at):
        signals.append(began(row.noticed_at, SILENCE))
        if row.ended_at is not None:
            signals.append(ended(max(row.ended_at, row.noticed_at), SILENCE))
    return signals


def _wrong_clocks(machine_id: int) -> list[Signal]:
    query = Episode.select(Episode, Alarm).join(Alarm).where(Alarm.machine == machine_id, Alarm.code == CLOCK_SKEW)
    signals = []
    for row in query.order_by(Episode.started_at):
        signals.append(began(row.started_at, CLOCK))
        gone_at = row.ended_at or (row.alarm.clearing_since if row.alarm.condition == Condition.CLEARING else None)
        if gone_at is not None:
            signals.append(ended(gone_at, CLOCK))
    return signals
