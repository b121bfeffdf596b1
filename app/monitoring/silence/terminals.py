"""What is written when a terminal falls late or silent, and when it speaks again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN

from app.core import live
from app.machines import terminals as fitted
from app.machines.models import Machine
from app.machines.profiles import COMM_LOST
from app.monitoring.models import Terminal, TerminalSilence
from app.monitoring.silence import witness
from app.monitoring.silence.limits import Level
from app.monitoring.silence.saying import Word, say


@dataclass(frozen=True, slots=True)
class Change:
    """A terminal whose silence has another level than is stored, and when it was last heard of.

    ``machine_id`` None: it belongs to no machine any more, so that its silence says nothing.
    """

    terminal_id: int
    machine_id: int | None
    level: Level
    was_silent: bool
    last_received_at: datetime


def left_behind() -> list[Change]:
    """Terminals that were silent when they were taken off their machine, or when that was retired: nobody waits for them any more."""
    query = (
        TerminalSilence.select(Terminal.id, Terminal.device, Machine.id, Terminal.last_received_at)
        .join(Terminal)
        .join(Machine, JOIN.LEFT_OUTER, on=(Machine.device == Terminal.device))
        .where(TerminalSilence.ended_at.is_null(), Machine.id.is_null() | Machine.retired_on.is_null(False))
        .tuples()
    )
    return [
        Change(terminal_id, machine_id or fitted.last_owner(device), Level.SPEAKING, True, received_at)
        for terminal_id, device, machine_id, received_at in query
    ]


def write(changes: Sequence[Change], now: datetime) -> None:
    """Bring terminals, silences and alarms in step with ``changes``, in the running transaction."""
    words: list[Word] = []
    for change in changes:
        is_silent = change.level == Level.SILENT
        since = change.last_received_at if is_silent else None
        Terminal.update(is_late=change.level == Level.LATE, is_silent=is_silent, silent_since=since).where(
            Terminal.id == change.terminal_id
        ).execute()
        if is_silent:
            words += _fell_silent(change, now)
        elif change.was_silent:
            words += _spoke(change, now)
    say(words, now)
    live.touch("alarms")


def _fell_silent(change: Change, now: datetime) -> list[Word]:
    silence = TerminalSilence.insert(terminal=change.terminal_id, from_at=change.last_received_at, noticed_at=now)
    if not silence.on_conflict_ignore().as_rowcount().execute() or change.machine_id is None:
        return []
    return [Word(change.machine_id, change.terminal_id, COMM_LOST, witness.began(now, witness.SILENCE))]


def _spoke(change: Change, now: datetime) -> list[Word]:
    running = TerminalSilence.get_or_none(TerminalSilence.terminal == change.terminal_id, TerminalSilence.ended_at.is_null())
    if running is None:
        return []
    is_heard = change.last_received_at > running.from_at  # else it was taken off its machine
    running.ended_at = max(change.last_received_at, running.noticed_at) if is_heard else now
    running.save(only=[TerminalSilence.ended_at])
    if change.machine_id is None:
        return []
    return [Word(change.machine_id, change.terminal_id, COMM_LOST, witness.ended(running.ended_at, witness.SILENCE))]
