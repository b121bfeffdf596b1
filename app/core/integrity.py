"""Whether the database is sound: nothing torn, nothing dangling, nothing pending, everything findable."""

from app.core import db, indexing, migrating


def problems() -> list[str]:
    """What is wrong, one line each; empty when the database is sound. Raises ``Unavailable`` when it does not answer."""
    with db.available():
        db.connect()
        found = [f"migration {name} is pending" for name in migrating.pending()]
        found += _on_sqlite() if db.is_sqlite() else _on_postgresql()
        return found or indexing.problems()


def _on_sqlite() -> list[str]:
    torn = [row[0] for row in db.database.execute_sql("PRAGMA integrity_check").fetchall() if row[0] != "ok"]
    dangling = db.database.execute_sql("PRAGMA foreign_key_check").fetchall()
    return torn + [f"{table} row {row}: its {parent} is missing" for table, row, parent, _key in dangling]


def _on_postgresql() -> list[str]:
    """PostgreSQL checks pages and keys itself; what can be wrong is a constraint or index that was never validated."""
    invalid = "SELECT conrelid::regclass || ': ' || conname || ' is not validated' FROM pg_constraint WHERE NOT convalidated"
    broken = "SELECT indexrelid::regclass || ': the index is not valid' FROM pg_index WHERE NOT indisvalid"
    return [row[0] for query in (invalid, broken) for row in db.database.execute_sql(query).fetchall()]
