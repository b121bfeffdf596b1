"""Puts what the portal itself says about a machine into its alarms: that its terminal is lost or speaks again, that a clock is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.machines.models import Machine
from app.machines.queries import profile_documents
from app.monitoring import alarms
from app.monitoring.alarm_machine.state import Signal
from app.monitoring.alarms import Raised, Reach
from app.monitoring.models import EvaluationCursor
from app.monitoring.signals import Stream
from app.monitoring.subjects import subject
from app.monitoring.ticketing import find_ticket


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that the portal says about ``code`` of a machine."""

    machine_id: int
    terminal_id: int
    code: str
    signal: Signal


def say(words: Sequence[Word], now: datetime) -> None:
    """Advance the alarms of ``words``, in the running transaction. Each machine and code may stand in it once."""
    if not words:
        return
    machines = {machine.id: machine for machine in Machine.select().where(Machine.id.in_([word.machine_id for word in words]))}
    standing = alarms.load(machines, {word.code for word in words})
    documents = profile_documents()
    reach = Reach(_evaluated(), None, False, now)
    raised: list[Raised] = []
    for word in words:
        machine = machines[word.machine_id]
        about = subject(machine, documents.get(machine.profile_id), word.code)
        stream = Stream(word.terminal_id, word.code, [word.signal])
        raised += alarms.advance(about, stream, standing.get((machine.id, word.code)), reach)
    for one in raised:
        find_ticket(one, now)


def _evaluated() -> int:
    return max((position for (position,) in EvaluationCursor.select(EvaluationCursor.position).tuples()), default=0)
