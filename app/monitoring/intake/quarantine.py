"""Letting in what a device sent before its machine was registered (monitoring rule 5)."""

import msgspec

from app.core import clock, db, history, live
from app.core.types import Actor
from app.monitoring.intake.storing import count, write_stored
from app.monitoring.intake.terminals import load_terminals, save_terminals
from app.monitoring.messages import Usable
from app.monitoring.models import QuarantinedMessage

_decoder = msgspec.json.Decoder(Usable)


def release_quarantine(device: str, by: Actor) -> int:
    """Store what waits of ``device`` as if it came now, in the order it came; returns how many messages that was.

    The times of receipt are kept. To be called in the transaction that registers the machine; does nothing while
    the device has none.
    """
    with db.transaction():
        waiting = list(
            QuarantinedMessage.select(QuarantinedMessage.id, QuarantinedMessage.payload)
            .where((QuarantinedMessage.device == device) & QuarantinedMessage.released_at.is_null())
            .order_by(QuarantinedMessage.id)
        )
        terminal = load_terminals([device], clock.now_ms())[device] if waiting else None
        if terminal is None or not terminal.has_machine:
            return 0
        messages = [_decoder.decode(bytes(row.payload)) for row in waiting]
        write_stored([(message, terminal, *terminal.note(message, False)) for message in messages])
        save_terminals([terminal])
        last = waiting[-1].id
        QuarantinedMessage.update(released_at=clock.now()).where(
            (QuarantinedMessage.device == device) & QuarantinedMessage.released_at.is_null() & (QuarantinedMessage.id <= last)
        ).execute()
        count({"stored": len(messages), "quarantined": -len(messages)})
        history.record(by, "release", "quarantine", device, after={"messages": len(messages)})
        live.touch("feed")
    return len(messages)
