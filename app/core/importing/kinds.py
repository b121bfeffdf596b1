"""What a capability says of the tables it takes in: their columns, and how lines become rows of ours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from app.core.importing.headings import Column
from app.core.importing.lines import Effect, Line, Reasons
from app.core.types import Actor


@dataclass(frozen=True, slots=True)
class Options:
    """What a person decided beside the file; ``source`` parts the records of one book from equal ones of another."""

    creates_machines: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A row that a line added, or changed (``changes``: field to its value before and after, as the database keeps them)."""

    line: int
    object_type: str
    object_id: int
    changes: dict[str, tuple[Any, Any]] | None = None
    digest: str | None = None


class Plan(Protocol):
    """What a batch of lines asks for, compared with what is there: nothing is written yet.

    ``judgements`` has one entry per line: what it does, or why it is bad.
    """

    @property
    def judgements(self) -> Sequence[Effect | Reasons]: ...

    def write(self, by: Actor) -> list[Made]:
        """Write what the good lines ask for in the running transaction, in the order in which rows depend on each other.

        Raises ``IntegrityError`` or ``Conflict`` when somebody else changed what the plan was made from: then make it anew.
        """


class Importer(Protocol):
    """Goes through the lines of one file in their order and remembers what later lines must not contradict."""

    def plan(self, lines: Sequence[Line]) -> Plan:
        """What these next lines ask for."""

    def skip(self, lines: Sequence[Line]) -> None:
        """These next lines were good and have been written already."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of table; ``batch`` is how many lines are written together at first."""

    name: str
    columns: tuple[Column, ...]
    importer: Callable[[Options], Importer]
    batch: int = 100

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its columns."""
        return tuple(column.code for column in self.columns)
