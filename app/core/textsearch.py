"""Full text search that reads Chinese: pairs of neighbouring characters, words and numbers in lower case.

A text becomes tokens here and nowhere else, so that SQLite (FTS5) and PostgreSQL (tsvector) find the same.
A document may also carry *marks*: tokens that no text can contain, such as "of machine 12".
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from peewee import Cast, Column, Expression, Table, Value

from app.core import db

_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+(?:[-_./][^\W_{_HAN}]+)*")
_INNER = re.compile(r"[-_./]")
_HAN_CHARACTER = re.compile(f"[{_HAN}]")
_MARK = "\ue000"  # private use: never left in a text by ``_plain``
_NOT_IN_TOKENS = re.compile(r"[\W_]")
_MAX_TOKEN = 60
MAX_WORDS = 8


def mark(kind: str, key: object) -> str:
    """A token that says "of this ``kind`` and ``key``"; only letters and digits of the key count."""
    return f"{_MARK}{kind}{_NOT_IN_TOKENS.sub('', str(key))}"


def tokens(text: str) -> set[str]:
    """What ``text`` is found by: Han pairs and the last character of each run, words, their parts."""
    found: set[str] = set()
    for run in _RUN.findall(_plain(text)):
        if _HAN_CHARACTER.match(run):
            found.update(run[i : i + 2] for i in range(len(run)))
        else:
            parts = _INNER.split(run)
            found.update(part[:_MAX_TOKEN] for part in parts)
            found.add("".join(parts)[:_MAX_TOKEN])
    return found


def words(query: str) -> list[str]:
    """The words of what somebody typed, at most ``MAX_WORDS``; blanks part them."""
    return _plain(query).split()[:MAX_WORDS]


@dataclass(frozen=True, slots=True)
class Term:
    """A token that must be there, whole or (``is_prefix``) as a beginning."""

    token: str
    is_prefix: bool = False


def terms(word: str) -> list[Term]:
    """What a document must contain to be found by ``word``; empty when nothing in it can be searched."""
    needed: dict[str, Term] = {}
    for run in _RUN.findall(_plain(word)):
        if _HAN_CHARACTER.match(run):
            pairs = [run[i : i + 2] for i in range(len(run) - 1)]
            needed.update((pair, Term(pair)) for pair in pairs)
            if not pairs:
                needed[run] = Term(run, is_prefix=True)
        else:
            joined = "".join(_INNER.split(run))[:_MAX_TOKEN]
            needed[joined] = Term(joined, is_prefix=len(joined) > 1)
    return list(needed.values())


# A query is a list of clauses that must all hold; a clause holds when one of its alternatives does.
Clause = list[list[Term]]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower().replace(_MARK, " ")


def write(table: str, key: int, found: Iterable[str]) -> None:
    """Put the tokens of document ``key`` into ``table``, in place of what stood there; part of the running transaction."""
    ordered = sorted(found)
    if db.is_sqlite():
        db.database.execute_sql(f"INSERT OR REPLACE INTO {table} (rowid, tokens) VALUES (?, ?)", (key, " ".join(ordered)))
        return
    db.database.execute_sql(
        f"INSERT INTO {table} ({_key_column(table)}, tokens) VALUES (%s, array_to_tsvector(%s::text[]))"
        f" ON CONFLICT ({_key_column(table)}) DO UPDATE SET tokens = excluded.tokens",
        (key, ordered),
    )


def source(table: str) -> Table:
    """``table`` for a join: ``key`` is the document's key. Newest documents come first at no cost when ordered by it."""
    return Table(table, ("rowid" if db.is_sqlite() else _key_column(table), "tokens"))


def key_of(search: Table) -> Column:
    """The document's key in a joined ``source``."""
    return Column(search, search._columns[0])


def matches(search: Table, clauses: list[Clause]) -> Expression:
    """The condition that a document of ``source`` meets every clause."""
    if db.is_sqlite():  # the hidden column with the table's name stands for the whole document
        return Expression(Column(search, search.__name__), "MATCH", Value(_Grammar(_fts5, " AND ", " OR ").of(clauses)))
    query = Cast(Value(_Grammar(_tsquery, " & ", " | ").of(clauses)), "tsquery")
    return Expression(Column(search, "tokens"), "@@", query)


def _key_column(table: str) -> str:
    return f"{table.removesuffix('_search')}_id"


@dataclass(frozen=True, slots=True)
class _Grammar:
    """How a backend writes a query."""

    term: Callable[[Term], str]
    all_of: str
    any_of: str

    def of(self, clauses: list[Clause]) -> str:
        return self.all_of.join(f"({self._clause(clause)})" for clause in clauses)

    def _clause(self, clause: Clause) -> str:
        return self.any_of.join(f"({self.all_of.join(map(self.term, alternative))})" for alternative in clause)


def _fts5(term: Term) -> str:
    return '"' + term.token.replace('"', '""') + '"' + ("*" if term.is_prefix else "")


def _tsquery(term: Term) -> str:
    return "'" + term.token.replace("\\", "\\\\").replace("'", "''") + "'" + (":*" if term.is_prefix else "")
