"""The ledger of parts, the steps and lines of contracts, shifts that are over and frozen quality reports stay as they were.

Each trigger refuses once, on both databases. Contract 1 is submitted, shift 1 has ended and is taken over, report 1 is frozen; the second
ones are not.
"""

import os
from collections.abc import Iterator

import pytest
from peewee import Database, DatabaseError

from app.analytics.quality_reports.models import QualityReport
from app.contracts.models import Contract
from app.core import db
from app.monitoring.shift_log.models import ShiftLog
from tests.core.test_constraints import found
from tests.core.whole_rows import MONEY_TRIGGERS, T, filled

_LINE = (
    "INSERT INTO contract_line (id, contract_id, position, text, quantity, unit, price, discount, tax_rate, amount, tax, is_in_warranty)"
)
_ENTRY = (
    "INSERT INTO quality_entry (id, report_id, episode_number, serial, model, batch, customer, code, name_zh, name_en, severity,"
    " started_at, count, ticket, cause, drafted_class, fault_class, remark, corrected_by_name)"
)
_NOTE = "INSERT INTO shift_note (id, log_id, at, by_name, text)"
# trigger of SQLite: what it refuses, and its name on PostgreSQL
REFUSED = {
    "stock_movement_is_never_changed": ("UPDATE stock_movement SET quantity = 2 WHERE id = 1", "stock_movement_is_never_changed"),
    "stock_movement_is_never_deleted": ("DELETE FROM stock_movement WHERE id = 1", "stock_movement_is_never_changed"),
    "contract_step_is_never_changed": ("UPDATE contract_step SET remark = 'x' WHERE id = 1", "contract_step_is_never_changed"),
    "contract_step_is_never_deleted": ("DELETE FROM contract_step WHERE id = 1", "contract_step_is_never_changed"),
    "contract_line_of_a_submitted_one_is_not_added": (
        f"{_LINE} VALUES (9, 1, 2, 'Seal', 1, '', 1, 0, 0, 1, 0, FALSE)", "contract_line_of_a_submitted_one_is_kept",
    ),
    "contract_line_of_a_submitted_one_is_not_changed": (
        "UPDATE contract_line SET price = 2 WHERE contract_id = 1", "contract_line_of_a_submitted_one_is_kept",
    ),
    "contract_line_of_a_submitted_one_is_not_removed": (
        "DELETE FROM contract_line WHERE contract_id = 1", "contract_line_of_a_submitted_one_is_kept",
    ),
    "shift_is_ended_for_good": ("UPDATE shift_log SET handover = '[]' WHERE id = 3", "shift_is_ended_for_good"),
    "shift_is_taken_over_for_good": ("UPDATE shift_log SET version = 9 WHERE id = 1", "shift_is_taken_over_for_good"),
    "shift_is_never_deleted": ("DELETE FROM shift_log WHERE id = 3", "shift_is_never_deleted"),
    "shift_note_is_never_changed": ("UPDATE shift_note SET text = 'x' WHERE id = 1", "shift_note_is_kept"),
    "shift_note_is_never_deleted": ("DELETE FROM shift_note WHERE id = 1", "shift_note_is_kept"),
    "shift_that_is_over_takes_no_note": (f"{_NOTE} VALUES (9, 1, 0, 'Li', 'Late.')", "shift_that_is_over_takes_no_note"),
    "quality_report_is_frozen_for_good": ("UPDATE quality_report SET remark = 'x' WHERE id = 1", "quality_report_is_frozen_for_good"),
    "frozen_quality_report_is_never_deleted": ("DELETE FROM quality_report WHERE id = 3", "quality_report_is_frozen_for_good"),
    "entry_of_a_frozen_report_is_not_added": (
        f"{_ENTRY} VALUES (9, 1, 9, 'S', '', '', '', 'E1', '', '', 'low', 0, 1, '', '', 'other', 'other', '', '')",
        "entry_of_a_frozen_report_is_kept",
    ),
    "entry_of_a_frozen_report_is_not_changed": (
        "UPDATE quality_entry SET fault_class = 'safety' WHERE report_id = 1", "entry_of_a_frozen_report_is_kept",
    ),
    "entry_of_a_frozen_report_is_not_removed": (
        "DELETE FROM quality_entry WHERE report_id = 1", "entry_of_a_frozen_report_is_kept",
    ),
}  # fmt: skip
# The same of what is still open.
ALLOWED = (
    "UPDATE contract_line SET price = 2 WHERE contract_id = 2",
    "DELETE FROM contract_line WHERE contract_id = 2",
    f"{_NOTE} VALUES (9, 2, 0, 'Li', 'In time.')",
    "UPDATE shift_log SET countersigned_at = 9, countersigned_by_id = 1, countersigned_by_name = 'Li', version = 2 WHERE id = 3",
    "UPDATE quality_entry SET fault_class = 'safety' WHERE report_id = 2",
    "UPDATE quality_report SET remark = 'x' WHERE id = 2",
)
KEPT = ("stock_movement", "contract_step", "shift_note")


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with what is closed and what is open; every test puts back what it changed."""
    if request.param == "sqlite":
        yield from _closed(f"sqlite:///{tmp_path_factory.mktemp('kept_money') / 'centre.db'}")
        return
    cluster = request.getfixturevalue("postgresql_cluster")
    name = f"kept_money_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    cluster.drop(name)
    yield from _closed(cluster.create(name))
    cluster.drop(name)


def _closed(url: str) -> Iterator[Database]:
    database = filled(url)
    ended = {"ended_at": T + 1, "handover": "{}"}
    Contract.update(status="submitted").where(Contract.id == 1).execute()
    ShiftLog.update(**ended, countersigned_at=T + 2, countersigned_by=2).where(ShiftLog.id == 1).execute()
    ShiftLog.insert(id=3, user=2, user_name="Li", started_at=T, **ended).execute()
    frozen = {"frozen_at": T, "digest": "0" * 64, "content": "{}"}
    QualityReport.update(**frozen).where(QualityReport.id == 1).execute()
    QualityReport.insert(id=3, kind="daily", day="2026-11-20", created_at=T, changed_at=T, **frozen).execute()
    yield database
    database.close()


@pytest.mark.parametrize("trigger", REFUSED)
def test_it_works(world: Database, trigger: str) -> None:
    """Refused while the trigger stands, and done without it: nothing else would have refused."""
    statement, named = REFUSED[trigger]
    words = trigger.replace("_", " ") if db.is_sqlite() else f"{named} refuses"
    table = statement.replace("DELETE FROM", "UPDATE").replace("INSERT INTO", "UPDATE").split()[1]
    with world.atomic() as transaction:
        with pytest.raises(DatabaseError, match=words), world.atomic():
            world.execute_sql(statement)
        world.execute_sql(f"DROP TRIGGER {trigger}" if db.is_sqlite() else f"DROP TRIGGER {named} ON {table}")
        world.execute_sql(statement)
        transaction.rollback()


@pytest.mark.parametrize("statement", ALLOWED)
def test_what_is_open_changes_freely(world: Database, statement: str) -> None:
    with world.atomic() as transaction:
        assert world.execute_sql(statement).rowcount == 1
        transaction.rollback()


@pytest.mark.parametrize("table", KEPT)
def test_no_kept_row_is_replaced_and_no_table_of_them_emptied(world: Database, table: str) -> None:
    statement = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE id = 2" if db.is_sqlite() else f"TRUNCATE {table} CASCADE"
    with pytest.raises(DatabaseError, match="never replaced" if db.is_sqlite() else "truncated refuses"), world.atomic():
        world.execute_sql(statement)


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_every_such_trigger_of_the_golden_catalogue_refuses_here(backend: str) -> None:
    names = {name for (name,) in found(backend, r"trigger CREATE TRIGGER (\w+)") if MONEY_TRIGGERS.match(name)}
    all_rows = {name for name in names if name.endswith(("_replaced", "_truncated"))}
    assert {name.partition("_is_never")[0] for name in all_rows} == {*KEPT}
    assert names - all_rows == ({*REFUSED} if backend == "sqlite" else {named for _statement, named in REFUSED.values()})
