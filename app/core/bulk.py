"""Many rows in one statement, for the paths where building a query per row would cost more than the row."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from peewee import BigIntegerField, BlobField, BooleanField, DateField, Field, ForeignKeyField, IntegerField, Model
from peewee import __exception_wrapper__ as driver_errors

from app.core import db

Row = Sequence[Any]
LARGE_CACHE_KB = 64 * 1024
MOST_ROUNDED = 1024


def insert(model: type[Model], names: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert ``rows`` (database values in the order of the fields ``names``) in the running transaction.

    Raises peewee's ``IntegrityError`` when a constraint refuses one of them.
    """
    if not rows:
        return
    fields = [model._meta.fields[name] for name in names]
    columns = ", ".join(f'"{field.column_name}"' for field in fields)
    table = f'"{model._meta.table_name}"'
    if db.is_sqlite():
        _executemany(f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(fields))})", rows)
    else:
        db.database.execute_sql(f"INSERT INTO {table} ({columns}) SELECT * FROM unnest({_arrays(fields)})", _columns(rows))


def update(model: type[Model], names: Sequence[str], rows: Sequence[Row]) -> None:
    """Set the fields ``names`` of the rows of ``model``; each of ``rows`` ends with the primary key."""
    if not rows:
        return
    fields = [model._meta.fields[name] for name in names]
    key = model._meta.primary_key
    table = f'"{model._meta.table_name}"'
    if db.is_sqlite():
        changes = ", ".join(f'"{field.column_name}" = ?' for field in fields)
        _executemany(f'UPDATE {table} SET {changes} WHERE "{key.column_name}" = ?', rows)
        return
    values = [f"v{number}" for number in range(len(fields))]
    changes = ", ".join(f'"{field.column_name}" = rows.{value}' for field, value in zip(fields, values, strict=True))
    source = f"unnest({_arrays([*fields, key])}) AS rows ({', '.join(values)}, key)"
    db.database.execute_sql(f'UPDATE {table} SET {changes} FROM {source} WHERE {table}."{key.column_name}" = rows.key', _columns(rows))


@contextmanager
def large_cache() -> Iterator[None]:
    """Give this thread's SQLite connection a cache for work that touches pages all over the database, while it lasts."""
    if not db.is_sqlite():
        yield
        return
    db.connect()
    before = db.database.execute_sql("PRAGMA cache_size").fetchone()[0]
    db.database.execute_sql(f"PRAGMA cache_size = -{LARGE_CACHE_KB}")
    try:
        yield
    finally:
        db.database.execute_sql(f"PRAGMA cache_size = {before}")
        db.database.execute_sql("PRAGMA shrink_memory")


def _executemany(sql: str, rows: Sequence[Row]) -> None:
    with driver_errors:
        db.database.connection().executemany(sql, rows)


def _columns(rows: Sequence[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _arrays(fields: Sequence[Field]) -> str:
    return ", ".join(f"%s::{_array_type(field)}[]" for field in fields)


_ARRAY_TYPES = (
    (BigIntegerField, "bigint"),
    (IntegerField, "integer"),
    (BlobField, "bytea"),
    (BooleanField, "boolean"),
    (DateField, "date"),
)


def _array_type(field: Field) -> str:
    if isinstance(field, ForeignKeyField):
        return _array_type(field.rel_field)
    for kind, name in _ARRAY_TYPES:
        if isinstance(field, kind):
            return name
    return "text"


def lookup(model: type[Model], names: Sequence[str], by: str, values: Sequence[Any]) -> list[Row]:
    """The fields ``names`` of the rows whose field ``by`` is one of ``values``, as the database keeps them."""
    if not values:
        return []
    fields = model._meta.fields
    columns = ", ".join(f'"{fields[name].column_name}"' for name in names)
    table, column = model._meta.table_name, fields[by].column_name
    if db.is_sqlite():
        params: tuple[Any, ...] = (*values, *[values[-1]] * (_round(len(values)) - len(values)))
        sql = f"IN ({', '.join('?' * len(params))})"
    else:
        params = (list(values),)
        sql = f"= ANY(%s::{_array_type(fields[by])}[])"
    return db.database.execute_sql(f'SELECT {columns} FROM "{table}" WHERE "{column}" {sql}', params).fetchall()


def _round(number: int) -> int:
    """The next power of two for small numbers: few statements, which SQLite keeps ready, instead of one for each number."""
    return 1 << (number - 1).bit_length() if number <= MOST_ROUNDED else number


def table(columns: Sequence[str], rows: Sequence[Row]) -> tuple[str, tuple[Any, ...]]:
    """A table expression named ``wanted`` of ``rows`` (numbers and texts), with its parameters.

    ``columns`` are declarations such as ``terminal bigint``.
    """
    names = [column.split()[0] for column in columns]
    if db.is_sqlite():
        values = ", ".join(f"value ->> {number} AS {name}" for number, name in enumerate(names))
        return f"(SELECT {values} FROM json_each(?)) AS wanted", (json.dumps(rows),)
    arrays = ", ".join(f"%s::{column.split()[1]}[]" for column in columns)
    return f"unnest({arrays}) AS wanted ({', '.join(names)})", tuple(_columns(rows))
