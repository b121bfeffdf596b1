"""A database's schema as text, one fact a line, the same text for the same schema."""

import re
from collections.abc import Iterator

from peewee import Database

_BLANKS = re.compile(r"\s+")
# What SQLite keeps of a search index beside it.
_OF_SEARCH = re.compile(r"[a-z]+_search_")

_POSTGRESQL = {
    "column": """
        SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
            || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraint": """
        SELECT c.relname || ': ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public'""",
    "index": "SELECT tablename || ': ' || indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "trigger": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "function": """
        SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public'""",
}


def of_postgresql(database: Database) -> Iterator[str]:
    """Columns with type, NULL and default; constraints; indexes; triggers; functions."""
    for kind, query in _POSTGRESQL.items():
        for (text,) in sorted(database.execute_sql(query).fetchall()):
            yield f"{kind} {_BLANKS.sub(' ', text)}"


def of_sqlite(database: Database) -> Iterator[str]:
    """The statement that made each table, index, trigger and virtual table; tables one column or constraint a line."""
    rows = database.execute_sql("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name").fetchall()
    for kind, name, sql in rows:
        text = _BLANKS.sub(" ", sql)
        if kind != "table" or text.startswith("CREATE VIRTUAL"):
            if not _OF_SEARCH.match(name):
                yield f"{kind} {text}"
            continue
        body, _, options = text.partition("(")[2].rpartition(")")
        yield f"table {name}{options}"
        yield from (f"table {name}: {part}" for part in _parts(body))


def _parts(body: str) -> Iterator[str]:
    depth, start = 0, 0
    for position, character in enumerate(body):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            yield body[start:position].strip()
            start = position + 1
    yield body[start:].strip()
