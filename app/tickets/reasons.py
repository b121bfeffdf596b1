"""Why a ticket exists, as values that are put into words when they are read; pure.

``Ticket.reason`` is a JSON list of these: the alarm that opened the ticket and those that joined it.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

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


def to_json(reasons: list[AlarmReason]) -> str:
    """The text kept in ``Ticket.reason``; empty for a ticket that nobody's alarm opened."""
    if not reasons:
        return ""
    rows = [asdict(reason) | {"at": to_ms(reason.at)} for reason in reasons]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> list[AlarmReason]:
    """The reasons that ``to_json`` wrote."""
    rows: list[dict[str, Any]] = json.loads(text) if text else []
    return [AlarmReason(**row | {"at": from_ms(row["at"])}) for row in rows]


def title_in(title: str, text: str, locale: str) -> str:
    """The title for a reader of ``locale``: the one that an alarm gave names the code in Chinese, changed titles stay as they are."""
    if locale.startswith("zh") or title in OF_PARENTS or not text:
        return title if locale.startswith("zh") else OF_PARENTS.get(title, title)
    first = from_json(text)[0]
    return f"{first.code} {first.name_en}" if title == f"{first.code} {first.name_zh}" else title


def codes(text: str) -> list[str]:
    """The alarm codes of ``Ticket.reason``, each once, in the order they came."""
    return list(dict.fromkeys(reason.code for reason in from_json(text)))
