"""The table of monitoring §3, T1 to T10 and T5, with its timers, all in event time.

A timer that is due at the moment of a signal runs before it: what was held for its delay counts, to the millisecond. A delay of 0 is a
timer due at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from app.monitoring.alarm_machine.parameters import Parameters
from app.monitoring.alarm_machine.state import GONE, Condition, Held, Occurrence, Signal, SignalKind, State


@dataclass(frozen=True, slots=True)
class Course:
    """What a run of signals made: where the machine stands, and every episode it went through, the one it began in included."""

    state: State
    occurrences: list[Occurrence]


def fold(signals: Iterable[Signal], parameters: Parameters, start: State | None = None, until: datetime | None = None) -> Course:
    """What ``signals`` (in any order) make of the machine, with every timer due by the last of them or by ``until`` run."""
    state = start or State()
    found = [state.occurrence] if state.occurrence is not None and state.is_standing else []
    for signal in sorted(signals, key=lambda signal: signal.order):
        state = _pass(state, parameters, signal.at, found)
        state = _noted(step(state, signal, parameters), found)
        state = _pass(state, parameters, signal.at, found)
    return Course(state if until is None else _pass(state, parameters, until, found), found)


def _noted(state: State, found: list[Occurrence]) -> State:
    """``state``, with its episode in ``found``."""
    one = state.occurrence
    if one is None or state.condition == Condition.PENDING:
        return state
    if found and found[-1].started_at == one.started_at:
        found[-1] = one
    else:
        found.append(one)
    return state


# --- signals --------------------------------------------------------------


def step(state: State, signal: Signal, parameters: Parameters) -> State:
    """The state after ``signal``, which must not be earlier than what ``state`` has seen; timers are not run here."""
    if signal.kind == SignalKind.RESET:
        return _reset(state, signal.at)
    if signal.kind in GONE:
        return _gone(state, signal, parameters)
    state = replace(state, held=_hold(state.held, signal))
    if state.condition == Condition.NORMAL:
        return _begin(state, signal, parameters)
    if state.condition in (Condition.CLEARING, Condition.LATCHED):
        return _come_back(state, signal, parameters)
    if signal.kind == SignalKind.PRESENT or state.occurrence is None:
        return state
    return replace(state, occurrence=_said_again(state.occurrence, signal))


def _hold(held: tuple[Held, ...], signal: Signal) -> tuple[Held, ...]:
    """The levels up to that of ``signal`` are true; those that were keep their time."""
    kept = tuple(one for one in held if one.source != signal.source or one.level <= signal.level)
    levels = {one.level for one in kept if one.source == signal.source}
    return (*kept, *(Held(signal.source, level, signal.at) for level in range(signal.level + 1) if level not in levels))


def _begin(state: State, signal: Signal, parameters: Parameters) -> State:
    """T1; and raised, gone and raised within one millisecond is still the same occurrence."""
    last = state.occurrence
    if last is not None and last.started_at == signal.at:
        again = replace(last, count=last.count + 1, ended_at=None)
        return _raised(replace(state, condition=Condition.ACTIVE, occurrence=again), signal.at, parameters)
    return replace(state, condition=Condition.PENDING, occurrence=Occurrence(signal.at, signal.at, text=signal.text))


def _said_again(one: Occurrence, signal: Signal) -> Occurrence:
    """T4."""
    return replace(one, count=one.count + 1, last_raised_at=signal.at)


def _come_back(state: State, signal: Signal, parameters: Parameters) -> State:
    """T8, and T10 when what is latched comes true again: at once, the same episode."""
    assert state.occurrence is not None
    chatter = state.occurrence.chatter + (state.condition == Condition.CLEARING)
    one = replace(_said_again(state.occurrence, signal), chatter=chatter)
    return _raised(replace(state, condition=Condition.ACTIVE, occurrence=one, gone_at=None, clears_at=None), signal.at, parameters)


def _gone(state: State, signal: Signal, parameters: Parameters) -> State:
    """T2 and T7, once no source says that it is there."""
    held = tuple(one for one in state.held if one.source != signal.source)
    was_held = len(held) < len(state.held)
    state = replace(state, held=held)
    if held or not was_held:
        return state
    if state.condition == Condition.PENDING:
        return replace(state, condition=Condition.NORMAL, occurrence=None, fleeting=state.fleeting + 1)
    factor = parameters.chatter.factor if state.is_chattering else 1
    clears_at = signal.at + parameters.of(signal.source).off_delay * factor
    return replace(state, condition=Condition.CLEARING, gone_at=signal.at, clears_at=clears_at)


def _reset(state: State, at: datetime) -> State:
    if state.condition != Condition.LATCHED or state.occurrence is None:
        return state
    return replace(state, condition=Condition.NORMAL, occurrence=replace(state.occurrence, ended_at=at), gone_at=None)


# --- timers ---------------------------------------------------------------


def due_at(state: State, parameters: Parameters) -> datetime | None:
    """When the next timer of ``state`` is due; None when it waits for nothing."""
    waiting = [at for at, _rank in _unconfirmed(state, parameters)]
    if state.clears_at is not None:
        waiting.append(state.clears_at)
    if state.is_chattering:
        waiting.append(state.raises[-1] + parameters.chatter.quiet)
    return min(waiting, default=None)


def _pass(state: State, parameters: Parameters, until: datetime, found: list[Occurrence]) -> State:
    """The state after every timer that is due by ``until``."""
    while (at := due_at(state, parameters)) is not None and at <= until:
        state = _noted(replace(_run(state, parameters, at), timed_at=at), found)
    return state


def _run(state: State, parameters: Parameters, at: datetime) -> State:
    if state.is_chattering and state.raises[-1] + parameters.chatter.quiet <= at:
        return replace(state, is_chattering=False)
    if state.clears_at is not None and state.clears_at <= at:
        return _cleared(state, parameters)
    return _confirm(state, parameters, at)


def _cleared(state: State, parameters: Parameters) -> State:
    """T9 and T10: the off-delay is over."""
    if parameters.latching:
        return replace(state, condition=Condition.LATCHED, clears_at=None)
    assert state.occurrence is not None
    over = replace(state.occurrence, ended_at=state.gone_at)
    return replace(state, condition=Condition.NORMAL, occurrence=over, gone_at=None, clears_at=None)


def _unconfirmed(state: State, parameters: Parameters) -> list[tuple[datetime, int]]:
    """When each level that is true and says more than the episode knows will have been held for its delay, and its rank."""
    if state.occurrence is None or state.condition not in (Condition.PENDING, Condition.ACTIVE):
        return []
    known = -1 if state.condition == Condition.PENDING else state.occurrence.rank
    steps = [(one.since, parameters.of(one.source).step(one.level)) for one in state.held]
    return [(since + step.on_delay, step.rank) for since, step in steps if step.rank > known]


def _confirm(state: State, parameters: Parameters, at: datetime) -> State:
    """T3 from pending, T5 from active."""
    assert state.occurrence is not None
    rank = max(rank for due, rank in _unconfirmed(state, parameters) if due <= at)
    one = replace(state.occurrence, rank=rank)
    if state.condition == Condition.ACTIVE:
        return replace(state, occurrence=one)
    return _raised(replace(state, condition=Condition.ACTIVE, occurrence=one), at, parameters)


def _raised(state: State, at: datetime, parameters: Parameters) -> State:
    """A raise (T3, T8, T10): remembered, and together with those before it perhaps chattering."""
    chatter = parameters.chatter
    raises = (*state.raises, at)[-max(chatter.few, chatter.many) :]
    is_chattering = state.is_chattering or any(
        len(raises) >= number and at - raises[-number] <= within
        for number, within in ((chatter.few, chatter.few_within), (chatter.many, chatter.many_within))
    )
    assert state.occurrence is not None
    one = replace(state.occurrence, is_chattering=state.occurrence.is_chattering or is_chattering)
    return replace(state, raises=raises, is_chattering=is_chattering, occurrence=one)
