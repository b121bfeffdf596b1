"""Going through a whole file without writing: what each line would do, and every bad line with its reasons."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from app.core.errors import N_
from app.core.importing.headings import Mapping
from app.core.importing.kinds import Kind, Options
from app.core.importing.lines import Line, Reason, Reasons, refused
from app.core.importing.reading import Row, Table

BATCH = 500
# A file with more bad lines than this is the wrong file, or its columns are mapped wrongly.
MOST_BAD = 20_000
SHOWN_LINES = 10
_EXAMPLE: Reason = (N_("this is the example of the template; delete this line"), {})


@dataclass(slots=True)
class Outcome:
    """What an import did or would do; ``bad`` holds the reasons of each bad line, ``shown`` the first lines as they will stand."""

    lines: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: dict[int, Reasons] = field(default_factory=dict)
    shown: list[Line] = field(default_factory=list)


def batches(lines: Iterable[Line | Row], size: Callable[[], int]) -> Iterator[list[Line | Row]]:
    """The lines in lists of ``size()``, which may change on the way."""
    batch: list[Line | Row] = []
    for line in lines:
        batch.append(line)
        if len(batch) >= size():
            yield batch
            batch = []
    if batch:
        yield batch


def _is_example(line: Line, kind: Kind) -> bool:
    return all(line.get(column.code) == column.example for column in kind.columns)


def check(table: Table, mapping: Mapping, kind: Kind, options: Options, progress: Callable[[int], None] = lambda done: None) -> Outcome:
    """Judge every line; ``progress`` is told how many were. Raises ``InvalidFile`` for a file that cannot be read."""
    mapping.require(table.headings, kind.columns, table.heading_line)
    importer, outcome = kind.importer(options), Outcome()
    for batch in batches(table.lines(mapping), lambda: BATCH):
        outcome.lines += len(batch)
        outcome.bad.update((row.number, row.reasons) for row in batch if isinstance(row, Row))
        lines = [line for line in batch if isinstance(line, Line)]
        for line, judged in zip(lines, importer.plan(lines).judgements, strict=True):
            judgement = [_EXAMPLE] if _is_example(line, kind) else judged
            if isinstance(judgement, list):
                outcome.bad[line.number] = judgement
            else:
                setattr(outcome, judgement, getattr(outcome, judgement) + 1)
                if len(outcome.shown) < SHOWN_LINES:
                    outcome.shown.append(line)
        if len(outcome.bad) > MOST_BAD:
            raise refused([(min(outcome.bad), N_("More than %(n)d lines cannot be used; look at the columns first."), {"n": MOST_BAD})])
        progress(outcome.lines)
    return outcome
