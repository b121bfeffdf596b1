"""Wrong clocks of terminals: an alarm of low severity that lasts until the clock can be trusted again (monitoring rule 11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN, SQL

from app.core.prepared import Prepared
from app.machines.models import Machine
from app.machines.profiles import CLOCK_SKEW
from app.monitoring.alarm_machine.state import Condition
from app.monitoring.models import Alarm, Terminal
from app.monitoring.silence import witness
from app.monitoring.silence.saying import Word, say

_IS_THERE = (Condition.ACTIVE, Condition.LATCHED, Condition.PENDING)


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A terminal whose clock is wrong without an alarm that says so, or right with one."""

    terminal_id: int
    machine_id: int
    is_wrong: bool


def changes() -> list[ClockChange]:
    """Those of now, judged by what stands and not by what happened: what was missed once is found with the next look."""
    wrong = [ClockChange(terminal, machine, True) for terminal, machine in _wrong_without_alarm.plain()]
    return wrong + [ClockChange(terminal, machine, False) for terminal, machine in _right_with_alarm.plain()]


def write(found: Sequence[ClockChange], now: datetime) -> None:
    """Raise and end the alarms, in the running transaction."""
    words = []
    for change in found:
        signal = witness.began if change.is_wrong else witness.ended
        words.append(Word(change.machine_id, change.terminal_id, CLOCK_SKEW, signal(now, witness.CLOCK)))
    say(words, now)


_wrong_without_alarm = Prepared(
    lambda: (
        Terminal.select(Terminal.id, Machine.id)
        .join(Machine, on=(Machine.device == Terminal.device))
        .join(Alarm, JOIN.LEFT_OUTER, on=((Alarm.machine == Machine.id) & (Alarm.code == CLOCK_SKEW)))
        .where(~Terminal.is_clock_trusted, Alarm.id.is_null() | Alarm.condition.not_in(_IS_THERE))
        .order_by(Terminal.id)
        .tuples()
    )
)
# As the index "alarm_standing" has it, word for word: a look must not read every alarm there ever was.
_IS_STANDING = SQL("((condition <> 'normal' AND condition <> 'pending') OR NOT is_acknowledged)")
_right_with_alarm = Prepared(
    lambda: (
        Alarm.select(Terminal.id, Machine.id)
        .join(Machine)
        .join(Terminal, on=(Terminal.device == Machine.device))
        .where(
            _IS_STANDING,
            Alarm.condition == Condition.ACTIVE,
            Alarm.code == CLOCK_SKEW,
            Terminal.is_clock_trusted,
        )
        .order_by(Terminal.id)
        .tuples()
    )
)
