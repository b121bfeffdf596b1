"""The parts of an alarm beside its condition: whether somebody has seen it, and whether it may announce anything (T6, T11, T13, T14).

An inhibited alarm is evaluated and logged like any other; only its notices and tickets wait.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.monitoring.alarm_machine.state import STANDING, Condition

LONGEST_SHELVING = timedelta(hours=8)
LONGEST_SHELVING_BY_MANAGER = timedelta(hours=72)


class Inhibition(StrEnum):
    """Why an alarm announces nothing."""

    NONE = "none"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Parts:
    """The three independent parts of an alarm (ISA-18.2)."""

    condition: Condition
    is_acknowledged: bool = True
    shelved_until: datetime | None = None
    suppressed_by: str | None = None
    is_chattering: bool = False

    def inhibition(self, now: datetime) -> Inhibition:
        """Why it announces nothing at ``now``; a shelf is over at the very moment it lasts until."""
        if self.shelved_until is not None and now < self.shelved_until:
            return Inhibition.SHELVED
        return Inhibition.SUPPRESSED if self.suppressed_by else Inhibition.NONE

    def may_open_ticket(self, now: datetime) -> bool:
        """Whether its episode may have a ticket opened, joined or raised at ``now``; a suppressed one is listed on its parent's."""
        return self.condition in STANDING and self.inhibition(now) != Inhibition.SHELVED

    def may_notify(self, now: datetime) -> bool:
        """Whether a notice may go out at ``now``: nobody has seen it, it does not chatter, and nothing inhibits it."""
        is_news = self.condition in STANDING and not self.is_acknowledged and not self.is_chattering
        return is_news and self.inhibition(now) == Inhibition.NONE

    @property
    def is_shown(self) -> bool:
        """Whether it stays on the board: it stands, or it has gone and nobody has acknowledged it."""
        return self.condition in STANDING or not self.is_acknowledged


def longest_shelving(*, is_manager: bool) -> timedelta:
    """How long somebody may lay an alarm aside at once (monitoring §3)."""
    return LONGEST_SHELVING_BY_MANAGER if is_manager else LONGEST_SHELVING
