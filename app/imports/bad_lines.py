"""The lines that could not be used, as a table to correct and hand in again."""

from collections.abc import Callable, Iterator

from app.core.import_runs import ImportRun
from app.core.importing import Reason, Row
from app.imports.runs import bad_lines_of, table_of

Words = Callable[[Reason], str]


def headings(run: ImportRun) -> list[str]:
    """The headings: the line, those of the file, the reason."""
    with table_of(run) as table:
        return ["line", *table.headings, "reason"]


def rows(run: ImportRun, words: Words) -> Iterator[list[str | int]]:
    """Each bad line: its number, its cells as they came, the reasons in ``words``."""
    bad = bad_lines_of(run)
    with table_of(run) as table:
        width = len(table.headings)
        for row in table.rows():
            if row.number in bad:
                yield [row.number, *_filled(row, width), "; ".join(words(reason) for reason in bad[row.number])]


def _filled(row: Row, width: int) -> list[str]:
    return [*row.cells, *[""] * width][:width]
