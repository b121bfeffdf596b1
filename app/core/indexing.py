"""Search documents that follow their rows.

Whoever changes a row says that its document is *stale*; what is stale is read and written once, as the transaction's last
statements before its history, so that a document can neither be forgotten by an import nor be written twice. A package
registers how the documents of its tables are read. A deleted row's document is removed the same way.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from peewee import Model, chunked, fn

from app.core import db, settings, textsearch
from app.core.types import system

Document = tuple[int, Iterable[str]]
Read = Callable[[Sequence[int]], Iterable[Document]]
# So many documents are read and written at a time.
STEP = 1_000
# Grows with what documents are found by: an older installation's are built anew by its upgrade.
VERSION = 2


@dataclass(frozen=True, slots=True)
class Index:
    """The documents in ``table``, one for each row of ``model``; ``read`` makes those of given keys."""

    table: str
    model: type[Model]
    read: Read


_indexes: dict[str, Index] = {}


def register(table: str, model: type[Model], read: Read) -> None:
    """Say how the documents of ``table`` are made of the rows of ``model``."""
    _indexes[table] = Index(table, model, read)


def all_indexes() -> list[Index]:
    """What is registered, by name."""
    return [_indexes[name] for name in sorted(_indexes)]


def stale(table: str, keys: Iterable[int]) -> None:
    """Write the documents of ``keys`` anew when the running transaction commits."""
    running, index = db.current(), _indexes[table]
    waiting = running.stale_documents.setdefault(table, set())
    waiting.update(keys)
    # The name puts it before the history's, whose head row no writer should hold for long.
    running.before_commit(f"documents:{table}", lambda: _write(index, waiting))


def _write(index: Index, keys: set[int]) -> None:
    for some in chunked(sorted(keys), STEP):
        found = list(index.read(some))
        textsearch.write_all(index.table, found)
        textsearch.remove(index.table, sorted(set(some) - {key for key, _tokens in found}))


def rebuild(index: Index) -> Iterator[int]:
    """Write every document of ``index`` anew in short transactions, while the product runs; yields how many each step wrote."""
    last = 0
    while keys := _keys_after(index, last):
        with db.transaction():
            _write(index, set(keys))
        last = keys[-1]
        yield len(keys)
    with db.transaction():
        for some in chunked(orphans(index), STEP):
            textsearch.remove(index.table, some)
        textsearch.tidy(index.table)


def _keys_after(index: Index, last: int) -> list[int]:
    key = index.model._meta.primary_key
    return [value for (value,) in index.model.select(key).where(key > last).order_by(key).limit(STEP).tuples()]


def bring_up_to_date() -> list[str]:
    """Build the indexes that an earlier version of the product wrote, or that it had not yet; returns what was built, in words."""
    done = []
    for index in all_indexes():
        name = f"documents.{index.table}"
        if settings.get(name, 0) == VERSION and not _is_empty(index):
            continue
        written = sum(rebuild(index))
        settings.put(by=system("upgrade"), name=name, value=VERSION)
        if written:
            done.append(f"built {index.table}: {written} documents")
    return done


def _is_empty(index: Index) -> bool:
    return not _count(f"SELECT COUNT(*) FROM (SELECT 1 FROM {index.table} LIMIT 1) AS found") and index.model.select().exists()


def missing(index: Index) -> int:
    """How many rows have no document."""
    rows = index.model.select(fn.COUNT(1)).scalar()
    both = f"SELECT COUNT(*) FROM {index.table} WHERE {_is_row(index, 'IN')}"
    return int(rows) - _count(both)


def orphans(index: Index) -> list[int]:
    """The documents of rows that are no more."""
    name = textsearch.key_name(index.table)
    rows = db.database.execute_sql(f"SELECT {name} FROM {index.table} WHERE {_is_row(index, 'NOT IN')}").fetchall()
    return [int(row[0]) for row in rows]


def problems() -> list[str]:
    """What is wrong with the indexes, one line each."""
    found = []
    for index in all_indexes():
        lost, left = missing(index), len(orphans(index))
        if lost or left:
            found.append(f"{index.table}: {lost} rows cannot be found, {left} documents are left over; run search rebuild")
    return found


def _is_row(index: Index, relation: str) -> str:
    return f'{textsearch.key_name(index.table)} {relation} (SELECT id FROM "{index.model._meta.table_name}")'


def _count(sql: str) -> int:
    return int(db.database.execute_sql(sql).fetchone()[0])
