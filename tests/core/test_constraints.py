"""What must never be, the database itself refuses: every named constraint and trigger is broken here once, on both databases.

Two whole rows of every table stand in a database; each case changes the second one, and only the constraint it names minds.
A constraint of the golden catalogue without a case fails.
"""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from peewee import Database, DatabaseError, IntegrityError, Model

from app.core import db, migrating
from tests.core.test_catalogue import GOLDEN, NOT_IN_MODELS, all_models

T = 1_700_000_000_000  # a moment, in milliseconds
NOWHERE = 999


def rows(n: int) -> dict[str, dict[str, Any]]:
    """One valid row for every table that has constraints, parents first; rows 1 and 2 collide in nothing."""
    stamped = {"id": n, "created_at": T}
    fault = {"machine_id": n, "code": "E1", "severity": "high"}
    return {
        "history_entry": {
            "id": n, "at": T, "actor_name": "Li", "role": "clerk", "action": "made", "object_type": "thing", "object_id": "1",
            "prev_hash": b"0", "hash": b"1",
        },
        "history_personal": {"entry_id": n, "field": "phone", "value": "138"},
        "sequence": {"name": f"s{n}", "value": 1},
        "live_version": {"name": f"l{n}", "value": 1},
        "job_run": {"name": f"j{n}", "next_at": T},
        "form_submission": {"token": f"f{n}", "at": T},
        "setting": {"name": f"t{n}", "value": "1", "changed_at": T},
        "outbox_message": stamped | {"channel": "email", "recipient": "a@b", "body": "Hello", "key": f"o{n}", "next_try_at": T},
        "stored_file": {"id": f"file{n}", "digest": "0" * 64, "name": "leak.jpg", "media_type": "image/jpeg", "size": 9, "created_at": T},
        "import_run": stamped | {
            "kind": "history", "state": "done", "file_id": f"file{n}", "file_name": "old.csv", "created_by_name": "Li",
        },
        "imported_row": {
            "id": n, "run_id": 1, "line": n, "object_type": "ticket", "object_id": n, "is_added": True, "digest": f"{n:064}",
        },
        "area": {"id": n, "name": f"Area {n}"},
        "station": {"id": n, "name": f"Station {n}", "area_id": 1},
        "department": {"id": n, "name": f"Department {n}"},
        "person": stamped | {"username": f"li{n}", "name": "Li", "password_hash": "x", "station_id": 1},
        "notice": {"id": n, "user_id": 1, "at": T, "message": "Look.", "key": f"n{n}"},
        "calendar_year": {"year": 1900 + n, "source": "hand", "known_at": T},
        "calendar_day": {"day": f"1900-01-0{n}", "is_working": False, "source": "hand"},
        "duty_shift": {"id": n, "user_id": 1, "role": "clerk", "starts_at": T, "ends_at": T + 1},
        "presence": {"id": n, "user_id": n, "state": "leave", "from_at": T, "by_name": "Li"},
        "user_role": {"user_id": n, "role": "clerk"},
        "user_area": {"user_id": n, "area_id": 1},
        "user_session": {
            "id": f"{n:064}", "user_id": n, "kind": "desk", "created_at": T, "last_seen_at": T, "expires_at": T, "ip": "::1",
            "user_agent": "",
        },
        "customer": stamped | {"name": f"Customer {n}", "tax_number": f"tax{n}", "kind": "company", "area_id": 1},
        "site": {"id": n, "customer_id": n, "name": "North", "area_id": 1, "station_id": 1},
        "project": stamped | {"contract_number": f"XS{n}", "name": "Transfer station", "customer_id": n, "site_id": n},
        "contact": {"id": n, "customer_id": n, "site_id": n, "name": "Wang", "phone": "139", "role": "operator"},
        "machine_model": {"id": n, "name": f"Model {n}"},
        "device_profile": {"id": n, "name": f"profile{n}", "title_zh": "泵", "title_en": "Pump", "document": "", "updated_at": T},
        "device_profile_version": stamped | {"profile_id": n, "version": 1, "document": "", "created_by_id": 1},
        "machine": stamped | {
            "serial": f"SN{n}", "device": f"dev{n}", "model_id": 1, "profile_id": 1, "customer_id": n, "site_id": n, "area_id": 1,
            "warranty_months": 12, "project_id": n, "qr_token": f"q{n}", "photo_id": f"file{n}",
        },
        "machine_move": {
            "id": n, "machine_id": n, "at": T, "from_customer_id": 1, "from_site_id": 1, "to_customer_id": 1, "to_site_id": 1, "by_id": 1,
            "by_name": "Li",
        },
        "terminal_change": {"id": n, "machine_id": n, "at": T, "new_device": f"dev{n}", "by_id": 1, "by_name": "Li"},
        "document": stamped | {"machine_id": n, "form_type": "photo", "file_id": f"file{n}", "by_id": 1, "by_name": "Li"},
        "document_request": {
            "id": n, "machine_id": n, "form_type": "inspection", "technician_id": 1, "asked_at": T, "asked_by_name": "Li",
        },
        "intake_channel": {"id": 100 + n, "name_zh": f"渠道{n}", "name_en": "Channel", "source": "online"},
        "ticket": {
            "id": n, "number": f"T{n}", "opened_at": T, "changed_at": T, "source": "hotline", "kind": "complaint", "status": "new",
            "is_open": True, "priority": "high", "title": "Leak", "machine_id": n, "customer_id": n, "contact_id": n, "area_id": 1,
            "opened_by_id": 1, "channel_id": 101, "follow_token": f"f{n}",
        },
        "ticket_fault": {"id": n, "ticket_id": n, "machine_id": n, "family": "pump", "is_open": True},
        "ticket_transition": {"id": n, "ticket_id": n, "at": T, "by_id": 1, "by_name": "Li", "to_status": "new"},
        "ticket_note": {"id": n, "ticket_id": n, "at": T, "by_id": 1, "by_name": "Li", "text": "Called."},
        "ticket_attachment": {"id": n, "ticket_id": n, "file_id": f"file{n}", "note_id": n, "at": T, "by_id": 1, "by_name": "Li"},
        "ticket_watch": {"ticket_id": n, "user_id": 1},
        "ticket_urging": {"id": n, "ticket_id": n, "at": T, "by_id": 1, "by_name": "Li"},
        "hotline_record": {
            "id": n, "ticket_id": n, "called_at": T, "taken_by_name": "Li",
        },
        "past_work": {"id": n, "ticket_id": n},
        "intake_draft": stamped | {"id": f"d{n}", "user_id": 1, "content": "{}", "updated_at": T},
        "intake_draft_file": {"id": n, "draft_id": f"d{n}", "file_id": f"file{n}", "at": T},
        "inbound_mail": {"id": n, "message_id": f"m{n}", "from_address": "a@b", "received_at": T, "state": "new", "ticket_id": n},
        "inbound_mail_file": {"id": n, "mail_id": n, "file_id": f"file{n}", "name": "leak.jpg"},
        "clock_target": {
            "ticket_kind": "complaint", "priority": "high", "clock": ("answer", "repair")[n - 1], "minutes": 5, "is_round_the_clock": True,
        },
        "ticket_clock": {
            "id": n, "ticket_id": n, "kind": "answer", "started_at": T, "target_minutes": 5, "is_round_the_clock": True,
        },
        "complaint": {"id": n, "ticket_id": n, "responsible_id": 1, "cause": "attitude", "measure_owner_id": 1},
        "complaint_reply": {"id": n, "complaint_id": n, "reply_to": "centre", "at": T, "by_id": 1, "by_name": "Li", "text": "Done."},
        "work_slip": {
            "id": n, "number": f"W{n}", "ticket_id": n, "department_id": 1, "text": "Check.", "due_at": T, "sent_at": T, "by_id": 1,
            "by_name": "Li",
        },
        "intake_lease": {"name": f"i{n}", "holder": "a", "number": 1, "renewed_at": T},
        "feed_position": {"name": f"p{n}", "value": 1},
        "terminal": {"id": n, "device": f"dev{n}", "first_seen_at": T, "last_received_at": T},
        "inbox_message": {
            "position": n, "terminal_id": n, "kind": "fault", "at": T, "received_at": T, "has_device_time": True, "code": "E1",
            "is_active": True, "payload": "{}",
        },
        "reading": {"position": n, "terminal_id": n, "at": T, "received_at": T, "metrics": "{}"},
        "message_key": {"key": b"%d" % n, "content": b"0", "received_at": T},
        "seq_range": {"id": n, "terminal_id": n, "boot": "b", "first": 1, "last": 5},
        "gap": {"id": n, "terminal_id": n, "from_at": T, "state": "open"},
        "quarantined_message": {"id": n, "device": "dev", "topic": "t", "payload": b"0", "key": b"%d" % n, "received_at": T},
        "feed_counter": {"name": f"c{n}", "value": 1},
        "feed_status": {"instance": f"s{n}", "heartbeat_at": T, "is_connected": True, "delivery": "full"},
        "device_credential": stamped | {"device": f"dev{n}", "state": "active", "changed_at": T},
        "evaluation_cursor": {"name": f"e{n}", "position": 1},
        "alarm": fault | {"id": n, "condition": "active", "last_event_at": T},
        "episode": fault | {"id": n, "alarm_id": n, "started_at": T + n, "last_raised_at": T + n, "ticket_id": n, "acknowledged_by_id": 1},
    }  # fmt: skip


# table.constraint: what the second row (the one head of the history) would have to become.
BROKEN: dict[str, dict[str, Any]] = {
    "alarm.alarm_machine_id_code": {"machine_id": 1},
    "alarm.condition_is_known": {"condition": "odd"},
    "alarm.severity_is_known": {"severity": "odd"},
    "area.area_name": {"name": "Area 1"},
    "calendar_day.calendar_day_pkey": {"day": "1900-01-01"},
    "calendar_day.source_is_known": {"source": "odd"},
    "calendar_year.calendar_year_pkey": {"year": 1901},
    "calendar_year.source_is_known": {"source": "odd"},
    "clock_target.clock_is_known": {"clock": "odd"},
    "clock_target.clock_target_pkey": {"clock": "answer"},
    "clock_target.priority_is_known": {"priority": "odd"},
    "clock_target.target_is_positive": {"minutes": 0},
    "clock_target.ticket_kind_is_known": {"ticket_kind": "odd"},
    "complaint.cause_is_known": {"cause": "odd"},
    "complaint.complaint_ticket_id": {"ticket_id": 1},
    "complaint_reply.reply_is_not_empty": {"text": ""},
    "complaint_reply.reply_to_is_known": {"reply_to": "odd"},
    "contact.contact_customer_id_name_phone": {"customer_id": 1},
    "contact.role_is_known": {"role": "odd"},
    "customer.customer_name": {"name": "Customer 1"},
    "customer.customer_name_is_given": {"name": ""},
    "customer.customer_tax_number": {"tax_number": "tax1"},
    "customer.kind_is_known": {"kind": "odd"},
    "department.department_name": {"name": "Department 1"},
    "department.department_name_is_given": {"name": ""},
    "device_credential.device_credential_device": {"device": "dev1"},
    "device_credential.state_is_known": {"state": "odd"},
    "device_profile.device_profile_name": {"name": "profile1"},
    "device_profile_version.device_profile_version_profile_id_version": {"profile_id": 1},
    "document.document_hangs_on_one_thing": {"model_id": 1},
    "document.document_is_a_file_or_paper": {"file_id": None},
    "document.form_type_is_known": {"form_type": "odd"},
    "document_request.form_type_is_known": {"form_type": "odd"},
    "document_request.one_open_request_per_form": {"machine_id": 1},
    "document_request.request_is_met_or_waived": {"document_id": 1, "waived_at": T},
    "duty_shift.role_is_known": {"role": "odd"},
    "duty_shift.shift_ends_after_it_starts": {"ends_at": T},
    "episode.episode_alarm_id_started_at": {"alarm_id": 1, "started_at": T + 1, "ended_at": T + 9},
    "episode.episode_ends_after_its_start": {"ended_at": T},
    "episode.episode_was_raised": {"count": 0},
    "episode.one_open_episode_per_alarm": {"alarm_id": 1},
    "episode.severity_is_known": {"severity": "odd"},
    "evaluation_cursor.evaluation_cursor_pkey": {"name": "e1"},
    "feed_counter.feed_counter_pkey": {"name": "c1"},
    "feed_position.feed_position_pkey": {"name": "p1"},
    "feed_status.feed_status_pkey": {"instance": "s1"},
    "form_submission.form_submission_pkey": {"token": "f1"},
    "gap.state_is_known": {"state": "odd"},
    "history_head.only_one_head": {"id": 2},
    "history_personal.history_personal_pkey": {"entry_id": 1},
    "hotline_record.hotline_record_ticket_id": {"ticket_id": 1},
    "hotline_record.signature_has_time_and_name": {"signed_by_name": "Zhao"},
    "import_run.kind_is_known": {"kind": "odd"},
    "import_run.state_is_known": {"state": "odd"},
    "imported_row.a_line_of_history_is_imported_once": {"digest": f"{1:064}"},
    "inbound_mail.inbound_mail_message_id": {"message_id": "m1"},
    "inbound_mail.state_is_known": {"state": "odd"},
    "inbox_message.fault_has_code_and_direction": {"code": None},
    "inbox_message.inbox_message_pkey": {"position": 1},
    "inbox_message.kind_is_known": {"kind": "odd"},
    "intake_channel.intake_channel_name_zh": {"name_zh": "渠道1"},
    "intake_channel.source_is_known": {"source": "odd"},
    "intake_lease.intake_lease_pkey": {"name": "i1"},
    "job_run.job_run_pkey": {"name": "j1"},
    "live_version.live_version_pkey": {"name": "l1"},
    "machine.machine_device": {"device": "dev1"},
    "machine.machine_qr_token": {"qr_token": "q1"},
    "machine.machine_serial": {"serial": "SN1"},
    "machine.serial_is_given": {"serial": ""},
    "machine.warranty_is_not_negative": {"warranty_months": -1},
    "machine_model.machine_model_name": {"name": "Model 1"},
    "machine_model.model_warranty_is_not_negative": {"warranty_months": -1},
    "message_key.message_key_pkey": {"key": b"1"},
    "notice.notice_key": {"key": "n1"},
    "outbox_message.channel_is_known": {"channel": "odd"},
    "outbox_message.outbox_message_key": {"key": "o1"},
    "past_work.past_work_ticket_id": {"ticket_id": 1},
    "person.person_username": {"username": "li1"},
    "person.username_is_lower_case": {"username": "Li2"},
    "presence.one_open_presence_per_person": {"user_id": 1},
    "presence.presence_ends_after_it_starts": {"until_at": T},
    "presence.state_is_known": {"state": "odd"},
    "project.contract_number_is_given": {"contract_number": ""},
    "project.project_contract_number": {"contract_number": "XS1"},
    "quarantined_message.quarantined_message_key": {"key": b"1"},
    "reading.reading_pkey": {"position": 1},
    "seq_range.range_runs_forward": {"last": 0},
    "seq_range.seq_range_terminal_id_boot_first": {"terminal_id": 1},
    "sequence.sequence_pkey": {"name": "s1"},
    "setting.setting_pkey": {"name": "t1"},
    "site.site_customer_id_name": {"customer_id": 1},
    "station.station_name": {"name": "Station 1"},
    "station.station_name_is_given": {"name": ""},
    "stored_file.file_is_not_empty": {"size": 0},
    "terminal.terminal_device": {"device": "dev1"},
    "ticket.kind_is_known": {"kind": "odd"},
    "ticket.merged_names_its_target": {"merged_into_id": 1},
    "ticket.priority_is_known": {"priority": "odd"},
    "ticket.source_is_known": {"source": "odd"},
    "ticket.status_is_known": {"status": "odd", "is_open": False},
    "ticket.ticket_follow_token": {"follow_token": "f1"},
    "ticket.ticket_is_open_follows_status": {"is_open": False},
    "ticket.ticket_number": {"number": "T1"},
    "ticket_clock.clock_ends_one_way": {"met_at": T, "stopped_at": T},
    "ticket_clock.clock_target_is_positive": {"target_minutes": 0},
    "ticket_clock.kind_is_known": {"kind": "odd"},
    "ticket_clock.one_running_clock_of_a_kind": {"ticket_id": 1},
    "ticket_fault.one_open_ticket_per_family": {"machine_id": 1},
    "ticket_fault.ticket_fault_ticket_id_machine_id_family": {"ticket_id": 1, "machine_id": 1, "is_open": False},
    "ticket_note.note_is_not_empty": {"text": ""},
    "ticket_transition.to_status_is_known": {"to_status": "odd"},
    "ticket_watch.ticket_watch_pkey": {"ticket_id": 1},
    "user_area.user_area_pkey": {"user_id": 1},
    "user_role.role_is_known": {"role": "odd"},
    "user_role.user_role_pkey": {"user_id": 1},
    "user_session.kind_is_known": {"kind": "odd"},
    "work_slip.slip_is_not_empty": {"text": ""},
    "work_slip.work_slip_number": {"number": "W1"},
}

# The same again where the constraint must let it pass.
ALLOWED: dict[str, dict[str, Any]] = {
    "document.document_hangs_on_one_thing": {"machine_id": None, "model_id": 1},
    "document.document_is_a_file_or_paper": {"file_id": None, "has_paper": True},
    "document_request.one_open_request_per_form": {"machine_id": 1, "waived_at": T},
    "hotline_record.signature_has_time_and_name": {"signed_at": T, "signed_by_name": "Zhao"},
    "presence.one_open_presence_per_person": {"user_id": 1, "until_at": T + 1},
    "ticket_clock.one_running_clock_of_a_kind": {"ticket_id": 1, "met_at": T},
    "contact.contact_customer_id_name_phone": {"customer_id": 1, "phone": "137"},
    "episode.one_open_episode_per_alarm": {"alarm_id": 1, "ended_at": T + 9},
    "inbox_message.fault_has_code_and_direction": {"kind": "state", "code": None, "is_active": None},
    "ticket.merged_names_its_target": {"merged_into_id": 1, "status": "merged", "is_open": False},
    "ticket.ticket_is_open_follows_status": {"is_open": False, "status": "closed"},
    "ticket_fault.one_open_ticket_per_family": {"machine_id": 1, "is_open": False},
}

# trigger: its table, and what it refuses
TRIGGERS = {
    "sqlite": {
        "history_entry_is_never_deleted": ("history_entry", "DELETE FROM history_entry"),
        "history_entry_is_never_replaced": ("history_entry", "INSERT OR REPLACE INTO history_entry SELECT * FROM history_entry"),
        "history_entry_is_never_updated": ("history_entry", "UPDATE history_entry SET action = 'x'"),
        "history_head_is_never_deleted": ("history_head", "DELETE FROM history_head"),
        "history_head_is_never_replaced": ("history_head", "INSERT OR REPLACE INTO history_head SELECT * FROM history_head"),
    },
    "postgresql": {
        "history_entry_is_never_changed": ("history_entry", "UPDATE history_entry SET action = 'x'"),
        "history_entry_is_never_truncated": ("history_entry", "TRUNCATE history_entry CASCADE"),
        "history_head_is_never_deleted": ("history_head", "DELETE FROM history_head"),
        "history_head_is_never_truncated": ("history_head", "TRUNCATE history_head"),
    },
}
# These are tested with their capability.
OTHER_TRIGGERS = re.compile("hotline_record_|ticket_(note|attachment|urging)_|ticket_takes_")


def golden(backend: str) -> list[str]:
    """The golden catalogue without what the migrations' own runner and the search keep."""
    lines = (GOLDEN / f"{backend}.txt").read_text(encoding="utf8").splitlines()
    return [line for line in lines if not any(name in line for name in NOT_IN_MODELS)]


def found(backend: str, pattern: str) -> list[tuple[str, ...]]:
    """The groups of every line of the catalogue that begins with ``pattern``."""
    return [match.groups() for line in golden(backend) if (match := re.match(pattern, line))]


CHECKS = {
    "sqlite": r'table (\w+): .*\bCONSTRAINT "(\w+)" CHECK',
    "postgresql": r"constraint (\w+): (\w+) CHECK",
}
_UNIQUE_INDEX = r"index (\w+): CREATE UNIQUE INDEX (\w+) .*?\((.*?)\)"
# Keys that count upwards by themselves are left out.
UNIQUE_COLUMNS = {f"{table}.{name}": columns for table, name, columns in found("postgresql", _UNIQUE_INDEX) if columns != "id"}
POINTERS = found("postgresql", r"constraint (\w+): (\w+) FOREIGN KEY \((\w+)\)")
# What else has to change so that only the pointer is wrong.
WITH_POINTER: dict[str, dict[str, Any]] = {
    "ticket.merged_into_id": {"status": "merged", "is_open": False},
    "document.model_id": {"machine_id": None},
    "document.project_id": {"machine_id": None},
}


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with two rows in every table; every test puts back what it changed."""
    if request.param == "sqlite":
        yield from _filled(f"sqlite:///{tmp_path_factory.mktemp('constraints') / 'centre.db'}")
        return
    cluster = request.getfixturevalue("postgresql_cluster")
    name = f"constraints_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    cluster.drop(name)
    yield from _filled(cluster.create(name))
    cluster.drop(name)


def _filled(url: str) -> Iterator[Database]:
    database = db.bind(url)
    migrating.upgrade()
    database.connect(reuse_if_open=True)
    for n in (1, 2):
        for table, row in rows(n).items():
            model_of(table).insert(**row).execute()
    yield database
    database.close()


def model_of(table: str) -> type[Model]:
    return next(model for model in all_models() if model._meta.table_name == table)


def change(table: str, changes: dict[str, Any]) -> int:
    """Make ``changes`` to the second row of ``table``, or the only one; returns how many rows that was."""
    model = model_of(table)
    row = rows(2).get(table, {"id": 1})
    keys = [key.column_name for key in model._meta.get_primary_keys()]
    return model.update(**changes).where(*(model._meta.combined[key] == row[key] for key in keys)).execute()


def words_of(constraint: str) -> str:
    """How the database names ``constraint`` when it refuses."""
    table, name = constraint.split(".")
    if not db.is_sqlite():
        return f'constraint "{name}"'
    columns = UNIQUE_COLUMNS.get(constraint)
    if columns is None:
        return f"CHECK constraint failed: {name}"
    return "UNIQUE constraint failed: " + ", ".join(f"{table}.{column}" for column in columns.replace('"', "").split(", "))


def test_it_works(world: Database) -> None:
    """All tables that have constraints hold their two rows (some more, by a migration), so that every case finds what it changes."""
    tables = {constraint.split(".")[0] for constraint in BROKEN} - {"history_head"}
    assert [table for table in tables if model_of(table).select().count() < 2] == []


@pytest.mark.parametrize("constraint", BROKEN)
def test_the_database_refuses_what_breaks_a_constraint(world: Database, constraint: str) -> None:
    with pytest.raises(IntegrityError) as refusal, world.atomic():
        change(constraint.split(".", maxsplit=1)[0], BROKEN[constraint])
    assert words_of(constraint) in str(refusal.value)


@pytest.mark.parametrize("constraint", ALLOWED)
def test_a_constraint_refuses_no_more_than_it_says(world: Database, constraint: str) -> None:
    with world.atomic() as transaction:
        assert change(constraint.split(".", maxsplit=1)[0], ALLOWED[constraint]) == 1
        transaction.rollback()


@pytest.mark.parametrize(("table", "column"), [("customer", "tax_number"), ("machine", "device")])
def test_what_is_not_known_may_be_unknown_more_than_once(world: Database, table: str, column: str) -> None:
    with world.atomic() as transaction:
        assert model_of(table).update(**{column: None}).execute() == 2
        transaction.rollback()


@pytest.mark.parametrize(("table", "name", "column"), POINTERS)
def test_no_row_points_to_a_row_that_is_not_there(world: Database, table: str, name: str, column: str) -> None:
    changes = {column: NOWHERE} | WITH_POINTER.get(f"{table}.{column}", {})
    with pytest.raises(IntegrityError) as refusal, world.atomic():
        change(table, changes)
    assert ("FOREIGN KEY constraint failed" if db.is_sqlite() else f'constraint "{name}"') in str(refusal.value)


@pytest.mark.parametrize(
    ("world", "backend", "trigger"),
    [(backend, backend, trigger) for backend, triggers in TRIGGERS.items() for trigger in triggers],
    indirect=["world"],
)
def test_a_trigger_guards_the_history(world: Database, backend: str, trigger: str) -> None:
    """Refused while the trigger stands, and done without it: nothing else would have refused."""
    table, statement = TRIGGERS[backend][trigger]
    with world.atomic() as transaction:
        world.execute_sql("DELETE FROM history_personal")
        with pytest.raises(DatabaseError, match="history"), world.atomic():
            world.execute_sql(statement)
        world.execute_sql(f"DROP TRIGGER {trigger}" + ("" if db.is_sqlite() else f" ON {table}"))
        world.execute_sql(statement)
        transaction.rollback()


@pytest.mark.parametrize("backend", TRIGGERS)
def test_every_constraint_of_the_golden_catalogue_is_broken_here(backend: str) -> None:
    named = {f"{table}.{name}" for table, name in found(backend, CHECKS[backend])}
    if backend == "sqlite":
        named |= {f"{table}.{name}" for name, table in found("sqlite", r'index CREATE UNIQUE INDEX "(\w+)" ON "(\w+)"')}
        named |= {constraint for constraint in UNIQUE_COLUMNS if constraint.endswith("_pkey")}
    else:
        named |= set(UNIQUE_COLUMNS)
    assert named == set(BROKEN)
    triggers = {name for (name,) in found(backend, r"trigger CREATE TRIGGER (\w+)")}
    assert {name for name in triggers if not OTHER_TRIGGERS.match(name)} == set(TRIGGERS[backend])
