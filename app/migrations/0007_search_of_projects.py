"""Projects are found like customers and machines: by their contract number, name and customer."""

from peewee import Database, SqliteDatabase
from playhouse.migrations import SchemaMigrator

SQLITE = "CREATE VIRTUAL TABLE project_search USING fts5(tokens, content='', contentless_delete=1, detail=none, prefix='1 2 3 4 5')"
POSTGRESQL = (
    "CREATE TABLE project_search (project_id INTEGER PRIMARY KEY REFERENCES project (id) ON DELETE CASCADE, tokens tsvector NOT NULL)",
    "CREATE INDEX project_search_tokens ON project_search USING gin (tokens)",
)


def up(migrator: SchemaMigrator, db: Database) -> None:
    for statement in (SQLITE,) if isinstance(db, SqliteDatabase) else POSTGRESQL:
        db.execute_sql(statement)
