"""One thing that waits for somebody, whatever it is: what it is about, since when, and the one button that moves it on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.tickets.queries import TicketRow

# Where an item stands: what is overdue on top, then what was urged or is urgent, then the rest; what sleeps until later below.
LATE, URGENT, USUAL, SLEEPING = -1, 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The one button: ``label`` is a message id; a link, or with ``is_post`` a form with ``fields``."""

    label: str
    href: str
    is_post: bool = False
    fields: Mapping[str, object] = field(default_factory=dict)
    icon: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A word beside the title: a message id, how often, and its kind."""

    label: str
    kind: str
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """``key`` is the id of its row. ``title`` is plain words, unless ``ticket`` or ``names`` (Chinese, English) give them by language.

    ``label`` names the thing where it has no ``number``; ``state`` is a coded value or None, ``state_text`` a message id instead.
    """

    key: str
    rank: int
    since: datetime
    href: str
    step: Step
    number: str = ""
    label: str = ""
    label_count: int = 0
    priority: str = ""
    is_acknowledged: bool = True
    serial: str = ""
    customer: str = ""
    title: str = ""
    ticket: TicketRow | None = None
    names: tuple[str, str] | None = None
    marks: tuple[Mark, ...] = ()
    state: StrEnum | None = None
    state_text: str = ""
    due_at: datetime | None = None
    again_at: datetime | None = None

    @property
    def place(self) -> tuple[int, datetime]:
        """Where it stands among the others."""
        return self.rank, self.since if self.rank != SLEEPING or self.again_at is None else self.again_at
