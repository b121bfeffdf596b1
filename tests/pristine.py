"""Puts a PostgreSQL database back as it was made: a hundred times quicker than to copy the template again."""

from typing import Any, Self

import psycopg

# A table or an index that dead rows have swollen beyond this is not worth keeping: the database is copied anew.
_SWOLLEN_BYTES = 1_000_000
_CATALOGS = (
    "pg_attribute", "pg_class", "pg_constraint", "pg_db_role_setting", "pg_index", "pg_namespace", "pg_proc", "pg_statistic", "pg_trigger",
    "pg_type",
)  # fmt: skip
# Whoever changes a schema adds a row to one of these, takes one away, or writes one anew in a transaction later than any before.
_SCHEMA = " UNION ALL ".join(f"SELECT count(*), max(xmin::text::bigint) FROM {catalog}" for catalog in _CATALOGS)
_TABLES = "SELECT oid::regclass::text, pg_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
_LARGEST = "SELECT max(pg_relation_size(oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
_SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename), coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences"
_OTHERS = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class Pristine:
    """What a database held when it was made: the rows of its seeded tables, where its sequences stood, and its schema."""

    def __init__(self, schema: list[Any], seeds: dict[str, bytes], sequences: list[Any]) -> None:
        self._schema = schema
        self._seeds = seeds
        self._sequences = sequences

    @classmethod
    def of(cls, connection: psycopg.Connection[Any]) -> Self:
        """The state of the database of ``connection`` now."""
        seeds = {table: _rows(connection, table) for table in _filled(connection)}
        return cls(connection.execute(_SCHEMA).fetchall(), seeds, connection.execute(_SEQUENCES).fetchall())

    def restore(self, connection: psycopg.Connection[Any]) -> bool:
        """Whether the database of ``connection`` is again as it was; all others who are connected to it are thrown out.

        It cannot be put back when its schema was changed, and is not when it has grown large.
        """
        connection.execute(_OTHERS)
        if connection.execute(_SCHEMA).fetchall() != self._schema or _swollen(connection):
            return False
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")  # neither foreign keys nor rows that may never go
            for table in _filled(connection):
                connection.execute(f"DELETE FROM {table}")  # faster than TRUNCATE for a few rows
            for table, rows in self._seeds.items():
                with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                    copy.write(rows)
            names, values, called = map(list, zip(*self._sequences, strict=True))
            connection.execute(
                "SELECT setval(name::regclass, value, called) FROM unnest(%s::text[], %s::bigint[], %s::bool[]) AS a (name, value, called)",
                [names, values, called],
            )
        return True


def _filled(connection: psycopg.Connection[Any]) -> list[str]:
    """The tables that hold rows, or held some once."""
    return [table for table, size in connection.execute(_TABLES) if size]


def _rows(connection: psycopg.Connection[Any], table: str) -> bytes:
    with connection.cursor().copy(f"COPY {table} TO STDOUT") as copy:
        return b"".join(copy)


def _swollen(connection: psycopg.Connection[Any]) -> bool:
    largest = connection.execute(_LARGEST).fetchone()
    return largest is not None and largest[0] > _SWOLLEN_BYTES
