"""Why a ticket exists, as values that are put into words when they are read; pure.

``Ticket.reason`` is a JSON list of these: the alarm that opened the ticket and those that joined it.
"""

from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct
from msgspec.json import Decoder, Encoder

from app.core.clock import from_ms, to_ms

MANY_FAILED, GATEWAY_SILENT, AREA_SILENT = "多台设备同时故障", "同一网关多台设备失联", "同一区域多台设备失联"
# Titles that the program gives to the parent of many tickets, in English.
OF_PARENTS = {
    MANY_FAILED: "Many machines failed at once",
    GATEWAY_SILENT: "Several machines of one gateway fell silent",
    AREA_SILENT: "Several machines of one area fell silent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmReason:
    """An alarm as the clerk is told of it; ``count`` says the how manieth occurrence on this machine it was."""

    code: str
    name_zh: str
    name_en: str
    at: datetime
    count: int = 1
    device: str = ""
    severity: str = ""
    text: str = ""

    def name(self, locale: str) -> str:
        """The name of the code in the reader's language."""
        return self.name_zh if locale.startswith("zh") else self.name_en


class _Kept(Struct, kw_only=True):
    """A reason as ``Ticket.reason`` keeps it: the same, with its time in milliseconds."""

    code: str
    name_zh: str
    name_en: str
    at: int
    count: int = 1
    device: str = ""
    severity: str = ""
    text: str = ""


_encode = Encoder().encode
_decode = Decoder(list[_Kept]).decode


def to_json(reasons: list[AlarmReason]) -> str:
    """The text kept in ``Ticket.reason``; empty for a ticket that nobody's alarm opened."""
    return extended("", reasons)


def extended(text: str, joined: list[AlarmReason]) -> str:
    """``text`` as ``to_json`` wrote it with what has ``joined``."""
    if not joined:
        return text
    before = _decode(text) if text else []
    return _encode([*before, *(_kept(one) for one in joined)]).decode()


def _kept(one: AlarmReason) -> _Kept:
    return _Kept(
        code=one.code, name_zh=one.name_zh, name_en=one.name_en, at=to_ms(one.at), count=one.count, device=one.device,
        severity=one.severity, text=one.text,
    )  # fmt: skip


def from_json(text: str) -> list[AlarmReason]:
    """The reasons that ``to_json`` wrote."""
    if not text:
        return []
    return [
        AlarmReason(
            code=one.code, name_zh=one.name_zh, name_en=one.name_en, at=from_ms(one.at), count=one.count, device=one.device,
            severity=one.severity, text=one.text,
        )
        for one in _decode(text)
    ]  # fmt: skip


def title_in(title: str, text: str, locale: str) -> str:
    """The title for a reader of ``locale``: the one that an alarm gave names the code in Chinese, changed titles stay as they are."""
    if locale.startswith("zh") or title in OF_PARENTS or not text:
        return title if locale.startswith("zh") else OF_PARENTS.get(title, title)
    first = from_json(text)[0]
    return f"{first.code} {first.name_en}" if title == f"{first.code} {first.name_zh}" else title


def codes(text: str) -> list[str]:
    """The alarm codes of ``Ticket.reason``, each once, in the order they came."""
    return list(dict.fromkeys(kept.code for kept in _decode(text))) if text else []
