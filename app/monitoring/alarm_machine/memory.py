"""How a state is kept between runs: the part of it that is not in columns, as JSON. Times are milliseconds since 1970."""

import json
from datetime import datetime
from typing import Any

from app.core.clock import from_ms, to_ms
from app.monitoring.alarm_machine.state import DEVICE, Condition, Held, Occurrence, State


def written(state: State) -> str:
    """Everything of ``state`` but its standing episode and its condition, which have rows and columns of their own."""
    kept: dict[str, Any] = {
        "held": [[one.source, one.level, to_ms(one.since)] for one in state.held],
        "raises": [to_ms(at) for at in state.raises],
        "is_chattering": state.is_chattering,
        "fleeting": state.fleeting,
        "gone_at": _ms(state.gone_at),
        "clears_at": _ms(state.clears_at),
        "timed_at": _ms(state.timed_at),
    }
    if state.condition == Condition.PENDING and state.occurrence is not None:
        one = state.occurrence
        kept["pending"] = [to_ms(one.started_at), to_ms(one.last_raised_at), one.count, one.text]
    return json.dumps({key: value for key, value in kept.items() if value}, ensure_ascii=False, separators=(",", ":"))


def read(text: str, condition: Condition, standing: Occurrence | None) -> State:
    """The state that ``written`` wrote; ``standing`` is the episode that has not ended.

    An active alarm without anything written is one of the time before delays: the device has held it since its episode began.
    """
    kept = json.loads(text) if text else {}
    held = [Held(source, level, from_ms(since)) for source, level, since in kept.get("held", ())]
    if not text and standing is not None:
        held = [Held(DEVICE, 0, standing.started_at)]
    return State(
        condition=condition,
        occurrence=_pending(kept["pending"]) if condition == Condition.PENDING else standing,
        held=tuple(held),
        gone_at=_at(kept.get("gone_at")),
        clears_at=_at(kept.get("clears_at")),
        raises=tuple(from_ms(at) for at in kept.get("raises", ())),
        is_chattering=kept.get("is_chattering", False),
        fleeting=kept.get("fleeting", 0),
        timed_at=_at(kept.get("timed_at")),
    )


def _pending(kept: list[Any]) -> Occurrence:
    started_ms, last_raised_ms, count, text = kept
    return Occurrence(from_ms(started_ms), from_ms(last_raised_ms), count, text)


def _ms(at: datetime | None) -> int | None:
    return None if at is None else to_ms(at)


def _at(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)
