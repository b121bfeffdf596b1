"""The schema is what the golden catalogues say, on both databases, and what the models say.

A wanted change is taken over with ``make golden``; read the difference before committing it.
"""

from pathlib import Path

import pytest
from peewee import Database, Model

from app.core import db
from tests.core import catalogue

GOLDEN = Path(__file__).parent / "golden"
# What only the migrations make: the runner's own table, and what models cannot say; the key of readings differs with their partitions.
NOT_IN_MODELS = (
    "schema_migration",
    " reading_other",
    " reading_pkey",
    " reading_terminal_id_at",
    *(f"{table}_search" for table in ("ticket", "customer", "site", "contact", "project", "machine")),
)


def text_of(database: Database) -> str:
    lines = catalogue.of_sqlite(database) if db.is_sqlite() else catalogue.of_postgresql(database)
    return "\n".join(lines) + "\n"


def all_models() -> list[type[Model]]:
    import app.accounts.models
    import app.analytics.quality_reports.models
    import app.billing.models
    import app.callbacks.models
    import app.contracts.models
    import app.core.files
    import app.core.history
    import app.core.import_runs
    import app.core.jobs
    import app.core.live
    import app.core.numbering
    import app.core.outbox
    import app.core.rate_limits
    import app.core.settings
    import app.core.submissions
    import app.customers.models
    import app.machines.models
    import app.monitoring.models
    import app.monitoring.shift_log.models
    import app.parts.models
    import app.returns.models
    import app.roster.models
    import app.service_reports.models
    import app.supply.models
    import app.tickets.models
    import app.work_orders.models  # noqa: F401

    return db.BaseModel.__subclasses__()


def test_it_works(database: Database, request: pytest.FixtureRequest) -> None:
    """The migrated schema equals the golden catalogue, to the letter."""
    golden = GOLDEN / ("sqlite.txt" if db.is_sqlite() else "postgresql.txt")
    found = text_of(database)
    if request.config.getoption("--golden"):
        golden.write_text(found, encoding="utf8")
    assert found == golden.read_text(encoding="utf8")


def test_the_models_say_what_the_migrations_made(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Tables, columns, constraints and indexes; triggers and functions stand only in migrations."""
    migrated = [line for line in text_of(database).splitlines() if is_of_models(line)]
    if db.is_sqlite():
        other = db.bind(f"sqlite:///{tmp_path / 'models.db'}")
    else:
        cluster = request.getfixturevalue("postgresql_cluster")
        name = f"models_{database.database}"
        cluster.drop(name)
        other = db.bind(cluster.create(name, template="template0"))
    models = all_models()
    for model in models:
        if getattr(model._meta, "without_rowid", False):
            model._meta.without_rowid = db.is_sqlite()
    other.connect()
    other.create_tables(models)
    made = [line for line in text_of(other).splitlines() if is_of_models(line)]
    other.close()
    assert migrated == made


def is_of_models(line: str) -> bool:
    """Whether models can say this line of a catalogue."""
    if line.lstrip().startswith(("trigger", "function")):
        return False
    return not any(name in line for name in NOT_IN_MODELS)
