"""Full text search that reads Chinese: pairs of neighbouring characters, words and numbers in lower case, names by their pinyin.

A text becomes tokens here and nowhere else, so that SQLite (FTS5) and PostgreSQL (tsvector) find the same. Words, numbers and
identifiers are kept with all their endings: the beginning of one of these is any part of the word, and beginnings have an index.
A document may also carry *marks*: tokens that no text can contain, such as "of machine 12", and *related* tokens: words of what
it belongs to, which are told from its own.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from peewee import Cast, Column, Expression, Select, Table, Value, chunked
from peewee import __exception_wrapper__ as driver_errors

from app.core import db, pinyin

_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+(?:[-_./][^\W_{_HAN}]+)*")
_INNER = re.compile(r"[-_./]")
_HAN_CHARACTER = re.compile(f"[{_HAN}]")
_MARK = "\ue000"  # private use: never left in a text by ``_plain``
_RELATED = "\ue001"
# Private use, and the few letters that SQLite takes for signs: it would part a word there and refuse the query.
_NOT_IN_TEXT = re.compile(f"[{_MARK}{_RELATED}\u19b0-\u19c9\u1cf2\u1cf3]")
_NOT_IN_TOKENS = re.compile(r"[\W_]")
_MAX_TOKEN = 60
# Longer words are found from their beginning only, and of a text's words only so many by any part.
_MAX_PARTED, _MAX_PARTED_WORDS = 40, 150
MAX_WORDS = 8
_MAX_QUERY = 400


def mark(kind: str, key: object) -> str:
    """A token that says "of this ``kind`` and ``key``"; only letters and digits of the key count."""
    return f"{_MARK}{kind}{_NOT_IN_TOKENS.sub('', str(key))}"


def tokens(text: str) -> set[str]:
    """What ``text`` is found by: Han pairs and the last character of each run, words and numbers by any part of two letters."""
    found: set[str] = set()
    parted = 0
    for run in _RUN.findall(_plain(text)):
        if _HAN_CHARACTER.match(run):
            found.update(run[i : i + 2] for i in range(len(run)))
            continue
        pieces = _INNER.split(run)
        joined = "".join(pieces)[:_MAX_TOKEN]
        if joined not in found and len(joined) <= _MAX_PARTED and parted < _MAX_PARTED_WORDS:
            found.update(_endings(joined))
            parted += 1
        found.update(piece[:_MAX_TOKEN] for piece in pieces)
        found.add(joined)
    return found


def parts(identifier: str) -> set[str]:
    """What an identifier (serial, phone, tax number) is found by: any part of two characters, whatever signs stand between."""
    joined = normal(identifier)
    return tokens(identifier) | _endings(joined) | ({joined} if joined else set())


@lru_cache(maxsize=8192)
def name_tokens(name: str) -> frozenset[str]:
    """What a name is found by: its characters and words, and the pinyin of any part of it."""
    return frozenset(tokens(name) | pinyin.initials(name) | pinyin.spellings(name))


@lru_cache(maxsize=8192)
def related(name: str) -> frozenset[str]:
    """The tokens of the name of what the document belongs to: its characters, words and initials."""
    return frozenset(belonging(tokens(name) | pinyin.initials(name)))


def belonging(found: Iterable[str]) -> set[str]:
    """``found`` as tokens of what a document belongs to."""
    return {_RELATED + token for token in found}


@lru_cache(maxsize=8192)
def normal(identifier: str) -> str:
    """An identifier without signs and blanks, in lower case."""
    return _NOT_IN_TOKENS.sub("", _plain(identifier))[:_MAX_TOKEN]


def _endings(joined: str) -> set[str]:
    return {joined[start:] for start in range(len(joined) - 1)}


def words(query: str) -> list[str]:
    """The words of what somebody typed, at most ``MAX_WORDS``; blanks part them."""
    return _plain(query[:_MAX_QUERY]).split()[:MAX_WORDS]


@dataclass(frozen=True, slots=True)
class Term:
    """A token that must be there, whole or (``is_prefix``) as a beginning."""

    token: str
    is_prefix: bool = False

    def of_related(self) -> "Term":
        """The same in the words of what the document belongs to."""
        return replace(self, token=f"{_RELATED}{self.token}")

    def is_in(self, found: Iterable[str]) -> bool:
        """Whether the tokens of a text hold it."""
        return any(token.startswith(self.token) if self.is_prefix else token == self.token for token in found)


def terms(word: str) -> list[Term]:
    """What a document must contain to be found by ``word``; empty when nothing in it can be searched."""
    needed: dict[str, Term] = {}
    runs = _RUN.findall(_plain(word))
    for run in runs:
        if _HAN_CHARACTER.match(run):
            pairs = [run[i : i + 2] for i in range(len(run) - 1)]
            needed.update((pair, Term(pair)) for pair in pairs)
            if not pairs:
                needed[run] = Term(run, is_prefix=True)
        else:
            joined = "".join(_INNER.split(run))[:_MAX_TOKEN]
            needed[joined] = Term(joined, is_prefix=len(joined) > 1 or len(runs) > 1)  # one letter alone is itself
    return list(needed.values())


# A query is a list of clauses that must all hold; a clause holds when one of its alternatives does.
Clause = list[list[Term]]


def _plain(text: str) -> str:
    return _NOT_IN_TEXT.sub(" ", unicodedata.normalize("NFKC", text).lower())


def write(table: str, key: int, found: Iterable[str]) -> None:
    """Put the tokens of document ``key`` into ``table``, in place of what stood there; part of the running transaction."""
    write_all(table, [(key, found)])


def write_all(table: str, documents: Sequence[tuple[int, Iterable[str]]]) -> None:
    """Put many documents (key, tokens) into ``table``, in place of what stood there; part of the running transaction."""
    rows = [(key, " ".join(sorted(found))) for key, found in documents]
    if db.is_sqlite():
        with driver_errors:
            db.database.connection().executemany(f"INSERT OR REPLACE INTO {table} (rowid, tokens) VALUES (?, ?)", rows)
        return
    column = _key_column(table)
    db.database.execute_sql(
        f"INSERT INTO {table} ({column}, tokens) SELECT key, array_to_tsvector(array_remove(string_to_array(words, ' '), ''))"
        " FROM unnest(%s::integer[], %s::text[]) AS document (key, words)"
        f" ON CONFLICT ({column}) DO UPDATE SET tokens = excluded.tokens",
        ([key for key, _words in rows], [words for _key, words in rows]),
    )


def remove(table: str, keys: Sequence[int]) -> None:
    """Take documents out of ``table``; part of the running transaction."""
    for some in chunked(keys, 1_000):
        places = ", ".join([db.database.param] * len(some))
        db.database.execute_sql(f"DELETE FROM {table} WHERE {key_name(table)} IN ({places})", tuple(some))


def tidy(table: str) -> None:
    """Bring what many writings left behind into one piece."""
    if db.is_sqlite():
        db.database.execute_sql(f"INSERT INTO {table} ({table}) VALUES ('optimize')")


def source(table: str) -> Table:
    """``table`` for a join: ``key`` is the document's key. Newest documents come first at no cost when ordered by it."""
    return Table(table, (key_name(table), "tokens"))


def key_of(search: Table) -> Column:
    """The document's key in a joined ``source``."""
    return Column(search, search._columns[0])


def matches(search: Table, clauses: list[Clause]) -> Expression:
    """The condition that a document of ``source`` meets every clause."""
    return meets(search, Value(expression(clauses)))


def meets(search: Table, query: Any) -> Expression:
    """The condition that a document of ``source`` meets ``query``: an ``expression``, or the place of one in a prepared query."""
    if db.is_sqlite():  # the hidden column with the table's name stands for the whole document
        return Expression(Column(search, search.__name__), "MATCH", query)
    return Expression(Column(search, "tokens"), "@@", Cast(query, "tsquery"))


def expression(clauses: Iterable[Clause]) -> str:
    """``clauses`` in the query language of the database."""
    grammar = _Grammar(_fts5, " AND ", " OR ") if db.is_sqlite() else _Grammar(_tsquery, " & ", " | ")
    return grammar.of(clauses)


def keys(table: str, clauses: Iterable[Clause], limit: int) -> list[int]:
    """The newest documents of ``table`` that meet every clause, at most ``limit``."""
    name = key_name(table)
    sql = f"SELECT {name} FROM {table} WHERE {_condition(table)} ORDER BY {name} DESC LIMIT {int(limit)}"
    return [int(row[0]) for row in db.database.execute_sql(sql, (expression(clauses),)).fetchall()]


def documents(table: str, clauses: Iterable[Clause]) -> Select:
    """The keys of the documents of ``table`` that meet every clause, for ``IN``."""
    search = source(table)
    return search.select(key_of(search)).where(meets(search, Value(expression(clauses)))).bind(db.database)


def own(query: str) -> list[Clause]:
    """The clauses that a document has every word of ``query`` itself; empty without words."""
    return [[needed] for word in words(query) if (needed := terms(word))]


def own_or_related(query: str) -> list[Clause]:
    """The clauses that every word of ``query`` stands in a document or in what it belongs to, and one of them in itself."""
    needed = [needed for word in words(query) if (needed := terms(word))]
    either = [[word, [term.of_related() for term in word]] for word in needed]
    return [*either, needed] if needed else []


def capped_count(table: str, clauses: Iterable[Clause], cap: int = 1_000) -> tuple[int, bool]:
    """How many documents of ``table`` meet every clause, counting no further than ``cap``, and whether there are more."""
    sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM {table} WHERE {_condition(table)} LIMIT {cap + 1}) AS found"
    counted = int(db.database.execute_sql(sql, (expression(clauses),)).fetchone()[0])
    return min(counted, cap), counted > cap


def _condition(table: str) -> str:
    return f"{table} MATCH {db.database.param}" if db.is_sqlite() else "tokens @@ CAST(%s AS tsquery)"


def one_of(marks: Iterable[str]) -> str:
    """The expression that a document carries one of ``marks``: many of them, put together faster than clauses are."""
    grammar = (_fts5, " OR ") if db.is_sqlite() else (_tsquery, " | ")
    return grammar[1].join(grammar[0](Term(token)) for token in marks)


def key_name(table: str) -> str:
    """The column of ``table`` that holds the documents' keys."""
    return "rowid" if db.is_sqlite() else _key_column(table)


def _key_column(table: str) -> str:
    return f"{table.removesuffix('_search')}_id"


@dataclass(frozen=True, slots=True)
class _Grammar:
    """How a backend writes a query."""

    term: Callable[[Term], str]
    all_of: str
    any_of: str

    def of(self, clauses: Iterable[Clause]) -> str:
        return self.all_of.join(f"({self._clause(clause)})" for clause in clauses)

    def _clause(self, clause: Clause) -> str:
        return self.any_of.join(f"({self.all_of.join(map(self.term, alternative))})" for alternative in clause)


def _fts5(term: Term) -> str:
    return '"' + term.token.replace('"', '""') + '"' + ("*" if term.is_prefix else "")


def _tsquery(term: Term) -> str:
    return "'" + term.token.replace("\\", "\\\\").replace("'", "''") + "'" + (":*" if term.is_prefix else "")
