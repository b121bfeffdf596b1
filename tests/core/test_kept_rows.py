"""What was signed and what happened stays as it was, whoever asks: each trigger of these tables refuses once, on both databases.

Report 1 and call-back 1 are signed, the second ones are not; every table has both rows (security §7).
"""

import os
from collections.abc import Iterator

import pytest
from peewee import Database, DatabaseError, Model

from app.callbacks.models import CallBack
from app.core import db
from app.service_reports.models import ReportPart, ReportPhoto, ReportReading, ServiceReport
from app.work_orders.models import OrderStep
from tests.core.test_constraints import found
from tests.core.whole_rows import KEPT_TRIGGERS, T, filled, model_of, rows

# trigger of SQLite, and its name on PostgreSQL where one trigger minds several things: what it refuses
REFUSED = {
    "service_report_is_signed_for_good": "UPDATE service_report SET finding = 'Nothing' WHERE id = 1",
    "service_report_is_never_a_draft_again": "UPDATE service_report SET status = 'draft' WHERE id = 1",
    "service_report_is_never_deleted": "DELETE FROM service_report WHERE id = 3",
    "report_part_is_signed_for_good_added": "INSERT INTO report_part (id, report_id, position, name, part_number, quantity, serial_off,"
    " serial_on, is_old_kept) VALUES (9, 1, 2, 'Pump', '', 1, '', '', FALSE)",
    "report_part_is_signed_for_good_changed": "UPDATE report_part SET quantity = 2 WHERE report_id = 1",
    "report_part_is_signed_for_good_removed": "DELETE FROM report_part WHERE report_id = 1",
    "report_reading_is_signed_for_good_added": "INSERT INTO report_reading (id, report_id, position, name, before, after, unit)"
    " VALUES (9, 1, 2, 'Level', '', '', '')",
    "report_reading_is_signed_for_good_changed": "UPDATE report_reading SET before = '5' WHERE report_id = 1",
    "report_reading_is_signed_for_good_removed": "DELETE FROM report_reading WHERE report_id = 1",
    "report_photo_is_signed_for_good_added": "INSERT INTO report_photo (id, report_id, file_id, kind, caption, at)"
    " VALUES (9, 1, 'file2', 'after', '', 0)",
    "report_photo_is_signed_for_good_changed": "UPDATE report_photo SET caption = 'x' WHERE report_id = 1",
    "report_photo_is_signed_for_good_removed": "DELETE FROM report_photo WHERE report_id = 1",
    "report_part_is_signed_for_good_moved": "UPDATE report_part SET report_id = 1, position = 7 WHERE report_id = 2",
    "report_reading_is_signed_for_good_moved": "UPDATE report_reading SET report_id = 1 WHERE report_id = 2",
    "report_photo_is_signed_for_good_moved": "UPDATE report_photo SET report_id = 1 WHERE report_id = 2",
    "service_report_is_filed_for_good": "UPDATE service_report SET status = 'signed' WHERE id = 4",
    "report_signature_is_never_changed": "UPDATE report_signature SET signer_name = 'Zhao' WHERE id = 1",
    "report_signature_is_never_deleted": "DELETE FROM report_signature WHERE id = 1",
    "report_amendment_is_never_changed": "UPDATE report_amendment SET reason = 'x' WHERE id = 1",
    "report_amendment_is_never_deleted": "DELETE FROM report_amendment WHERE id = 1",
    "order_step_is_never_changed": "UPDATE order_step SET at = 0 WHERE id = 1",
    "order_step_is_never_deleted": "DELETE FROM order_step WHERE id = 1",
    "call_back_is_signed_for_good": "UPDATE call_back SET text = 'x' WHERE id = 1",
    "call_back_is_never_deleted": "DELETE FROM call_back WHERE id = 1",
}
ON_POSTGRESQL = {
    **{
        f"{table}_is_signed_for_good_{verb}": f"{table}_is_signed_for_good"
        for table in ("report_part", "report_reading", "report_photo")
        for verb in ("added", "moved", "changed", "removed")
    },
    **{f"{table}_is_never_deleted": f"{table}_is_never_changed" for table in ("report_signature", "report_amendment", "order_step")},
}
# The same of what is not signed yet.
UNSIGNED = (
    "UPDATE service_report SET finding = 'Nothing' WHERE id = 2",
    "UPDATE report_part SET quantity = 2 WHERE report_id = 2",
    "DELETE FROM report_part WHERE report_id = 2",
    "INSERT INTO report_reading (id, report_id, position, name, before, after, unit) VALUES (9, 2, 2, 'Level', '', '', '')",
    "DELETE FROM report_photo WHERE report_id = 2",
    "UPDATE call_back SET text = 'x' WHERE id = 2",
)
# What still happens to what is signed: it is filed, its machine becomes known, the call-back is read and its follow-up done.
ALLOWED = (
    "UPDATE service_report SET status = 'filed', filed_at = 1, filed_by_name = 'Chen', version = 2, changed_at = 1 WHERE id = 1",
    "UPDATE service_report SET machine_id = 2 WHERE id = 1",
    "UPDATE report_part SET machine_id = 2 WHERE report_id = 1",
    "UPDATE order_step SET machine_id = 2 WHERE id = 1",
    "UPDATE call_back SET follow_up_done_at = 1, follow_up_result = 'Went again.', version = 2 WHERE id = 1",
    "UPDATE call_back SET status = 'archived', read_at = 1, read_by_id = 3, read_by_name = 'Liu', archived_at = 1 WHERE id = 1",
)
# A third report that nothing hangs on, a fourth that was filed, and a third person who may read.
MORE = (
    ("person", 3, {"username": "li3"}),
    ("work_order", 3, {"number": "D3"}),
    ("service_report", 3, {"number": "R3", "order_id": 3, "client_id": "c3", "sign_token": "k3"}),
    ("work_order", 4, {"number": "D4"}),
    ("service_report", 4, {"number": "R4", "order_id": 4, "client_id": "c4", "sign_token": "k4"}),
)
REPLACED = ("report_signature", "report_amendment", "order_step")
TRUNCATED = (*REPLACED, "service_report", "call_back")
KEPT_COLUMNS: dict[type[Model], str] = {
    ServiceReport: "number order_id client_id by_id finding cause cause_text action component labour_minutes travel_minutes distance_km"
    " money_fen assistant_name customer_remark is_solved created_at signed_at",
    ReportPart: "report_id position name part_number quantity serial_off serial_on is_old_kept",
    ReportReading: "report_id position name before after unit",
    ReportPhoto: "report_id file_id kind caption at",
    OrderStep: "order_id at recorded_at by_id by_name from_status to_status lead_id reason",
    CallBack: "order_id outcome call called_at contact_name contact_phone result_score attitude_score timeliness_score is_hotline_told"
    " is_poor text technician_id recorded_at recorded_by_id recorded_by_name follow_up signed_at signed_by_id signed_by_name"
    " signed_for_name",
}
COLUMNS = [(model, column) for model, columns in KEPT_COLUMNS.items() for column in columns.split()]


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with what is signed and what is not; every test puts back what it changed."""
    if request.param == "sqlite":
        yield from _signed(f"sqlite:///{tmp_path_factory.mktemp('kept') / 'centre.db'}")
        return
    cluster = request.getfixturevalue("postgresql_cluster")
    name = f"kept_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    cluster.drop(name)
    yield from _signed(cluster.create(name))
    cluster.drop(name)


def _signed(url: str) -> Iterator[Database]:
    """Sign the first call-back, the first report and the third one."""
    database = filled(url)
    for table, number, others in MORE:
        model_of(table).insert(**rows(2)[table] | {"id": number} | others).execute()
    ServiceReport.update(status="signed", signed_at=T).where(ServiceReport.id != 2).execute()
    ServiceReport.update(status="filed", filed_at=T).where(ServiceReport.id == 4).execute()
    CallBack.update(status="signed", signed_at=T, signed_by=2).where(CallBack.id == 1).execute()
    yield database
    database.close()


def said_by(trigger: str) -> str:
    return trigger.replace("_", " ") if db.is_sqlite() else f"{ON_POSTGRESQL.get(trigger, trigger)} refuses"


def drop(world: Database, trigger: str) -> None:
    table = REFUSED[trigger].replace("DELETE FROM", "UPDATE").replace("INSERT INTO", "UPDATE").split()[1]
    world.execute_sql(f"DROP TRIGGER {trigger}" if db.is_sqlite() else f"DROP TRIGGER {ON_POSTGRESQL.get(trigger, trigger)} ON {table}")


@pytest.mark.parametrize("trigger", REFUSED)
def test_it_works(world: Database, trigger: str) -> None:
    """Refused while the trigger stands, and done without it: nothing else would have refused."""
    with world.atomic() as transaction:
        with pytest.raises(DatabaseError, match=said_by(trigger)), world.atomic():
            world.execute_sql(REFUSED[trigger])
        drop(world, trigger)
        if trigger != "service_report_is_never_a_draft_again":  # that one a check refuses too
            world.execute_sql(REFUSED[trigger])
        transaction.rollback()


@pytest.mark.parametrize(("model", "column"), COLUMNS)
def test_no_column_of_what_was_signed_is_written_again(world: Database, model: type[Model], column: str) -> None:
    with pytest.raises(DatabaseError, match=r"signed|never"), world.atomic():
        world.execute_sql(f'UPDATE {model._meta.table_name} SET "{column}" = "{column}" WHERE id = 1')


@pytest.mark.parametrize("statement", UNSIGNED)
def test_what_is_not_signed_yet_changes_freely(world: Database, statement: str) -> None:
    with world.atomic() as transaction:
        assert world.execute_sql(statement).rowcount == 1
        transaction.rollback()


@pytest.mark.parametrize("statement", ALLOWED)
def test_signed_work_is_still_filed_read_and_followed_up(world: Database, statement: str) -> None:
    with world.atomic() as transaction:
        assert world.execute_sql(statement).rowcount == 1
        transaction.rollback()


@pytest.mark.parametrize("table", REPLACED)
def test_sqlite_replaces_no_kept_row(world: Database, table: str) -> None:
    if db.is_sqlite():
        with pytest.raises(DatabaseError, match="never replaced"), world.atomic():
            world.execute_sql(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} WHERE id = 1")


@pytest.mark.parametrize("table", TRUNCATED)
def test_postgresql_empties_no_table_of_kept_rows(world: Database, table: str) -> None:
    if not db.is_sqlite():
        with pytest.raises(DatabaseError, match="truncated refuses"), world.atomic():
            world.execute_sql(f"TRUNCATE {table} CASCADE")


def test_what_hangs_on_an_order_goes_along_to_its_machine(world: Database) -> None:
    hanging = ("order_step", "guidance", "service_report", "call_back")
    with world.atomic() as transaction:
        world.execute_sql("UPDATE work_order SET machine_id = 2 WHERE id = 1")
        for table in hanging:
            query = f"SELECT DISTINCT machine_id FROM {table} WHERE order_id = 1"
            assert world.execute_sql(query).fetchall() == [(2,)], table
        parts = "SELECT DISTINCT machine_id FROM report_part WHERE report_id = 1"
        assert world.execute_sql(parts).fetchall() == [(2,)]
        transaction.rollback()


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_every_such_trigger_of_the_golden_catalogue_refuses_here(backend: str) -> None:
    names = {name for (name,) in found(backend, r"trigger CREATE TRIGGER (\w+)") if KEPT_TRIGGERS.match(name)}
    triggers = {name for name in names if not name.endswith(("_replaced", "_truncated"))}
    assert {name.removesuffix("_is_never_replaced") for name in names - triggers if name.endswith("_replaced")} <= {*REPLACED}
    assert {name.removesuffix("_is_never_truncated") for name in names - triggers if name.endswith("_truncated")} <= {*TRUNCATED}
    assert triggers == ({*REFUSED} if backend == "sqlite" else {ON_POSTGRESQL.get(trigger, trigger) for trigger in REFUSED})
