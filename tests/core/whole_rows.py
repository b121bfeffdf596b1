"""Two whole rows of every table, for the tests of what the database itself refuses."""

import re
from typing import Any

from peewee import Database, Model

from app.core import db, migrating
from tests.core.money_rows import money_rows
from tests.core.test_catalogue import all_models

# Triggers that keep what was signed and what happened; broken in test_kept_rows.
KEPT_TRIGGERS = re.compile("service_report_|report_|order_step_|call_back_")
# The same of parts, contracts, shifts and quality reports; broken in test_kept_money.
MONEY_TRIGGERS = re.compile("contract_line_|contract_step_|stock_movement_|shift_|quality_|frozen_|entry_of_")
T = 1_700_000_000_000  # a moment, in milliseconds


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
        "reading_minute": {"terminal_id": n, "at": T, "metrics": "{}"},
        "reading_hour": {"terminal_id": n, "at": T, "metrics": "{}"},
        "reading_due": {"at": T, "terminal_id": n},
        "reading_progress": {"name": f"p{n}", "value": 1},
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
        "alarm_reset": {"id": n, "alarm_id": n, "at": T, "by_id": 1, "reason": "Looked at."},
        "alarm_shelving": {"id": n, "alarm_id": n, "at": T, "until_at": T + 9, "by_id": 1, "reason": "Being repaired."},
        "terminal_silence": {"id": n, "terminal_id": n, "from_at": T, "noticed_at": T + 1},
        "feed_outage": {"id": n, "feed": f"evc{n}", "from_at": T, "noticed_at": T + 1},
        "code_note": {"id": n, "profile_id": n, "code": "E1", "text": "Ask for the key.", "at": T, "by_id": 1, "by_name": "Li"},
        "customer_telling": {"id": n, "episode_id": n, "machine_id": 1, "at": T},
        "ticket_storm": {"id": n, "cause": "customer", "name": f"{n}", "ticket_id": n, "started_at": T, "last_at": T},
        "alarm_notice": {
            "id": n, "episode_id": n, "kind": "raised", "severity": "high", "created_at": T, "due_at": T,
        },
        "alarm_flood": {"id": n, "desk": f"desk{n}", "started_at": T, "clerks": 1},
        "message_choice": {"user_id": n},
        "authority": {
            "id": n, "giver_id": n, "holder_id": 3 - n, "permission": "orders.dispatch", "from_at": T, "until_at": T + 1, "given_at": T,
        },
        "vehicle": {"id": n, "plate": f"鲁B{n}", "area_id": 1},
        "technician_grade": {"user_id": n, "grade": 3},
        "qualification": {"user_id": n, "model_id": n},
        "technician_report": {
            "id": n, "user_id": n, "period": "day", "starts_on": "2026-11-23", "text": "Two pumps.", "sent_at": T,
        },
        "work_order": stamped | {
            "number": f"D{n}", "kind": "repair", "status": "accepted", "is_out": True, "ticket_id": n, "machine_id": n, "project_id": n,
            "customer_id": n, "site_id": n, "contact_id": n, "area_id": 1, "priority": "high", "title": "Leak", "warranty": "in",
            "lead_id": n, "created_by_name": "Li", "changed_at": T,
        },
        "order_step": {"id": n, "order_id": n, "at": T, "recorded_at": T, "by_name": "Li", "to_status": "draft"},
        "visit": {
            "id": n, "order_id": n, "number": 1, "lead_id": n, "planned_from": T, "planned_until": T + 9,
        },
        "visit_assistant": {"visit_id": n, "user_id": 1},
        "guidance": {"id": n, "order_id": n, "at": T, "by_name": "Li", "is_question": True, "text": "Which valve?"},
        "gate_override": {"id": n, "order_id": n, "at": T, "by_id": 1, "by_name": "Li", "reason": "It smells."},
        "proposal": {"id": n, "order_id": n, "at": T, "by_id": 1, "by_name": "Li", "text": "Tomorrow."},
        "service_report": stamped | {
            "number": f"R{n}", "order_id": n, "client_id": f"c{n}", "status": "draft", "by_id": 1, "sign_token": f"k{n}", "changed_at": T,
        },
        "report_part": {"id": n, "report_id": n, "position": 1, "name": "Seal"},
        "report_reading": {"id": n, "report_id": n, "position": 1, "name": "Pressure"},
        "report_photo": {"id": n, "report_id": n, "file_id": f"file{n}", "kind": "site", "at": T, "client_id": f"p{n}"},
        "report_signature": {
            "id": n, "report_id": n, "way": "drawn", "signer_name": "Wang", "strokes": "[]", "content": "{}", "digest": f"{n:064}", "at": T,
            "by_name": "Li",
        },
        "report_amendment": {
            "id": n, "report_id": n, "number": 1, "at": T, "by_id": 1, "by_name": "Li", "reason": "Typo.", "content": "{}",
            "digest": f"{n:064}",
        },
        "call_try": {"id": n, "order_id": n, "at": T, "tried_on": "2026-11-23", "by_name": "Li"},
        "call_back": {
            "id": n, "order_id": n, "status": "recorded", "outcome": "reached", "call": f"b{n}", "called_at": T, "result_score": 5,
            "attitude_score": 5, "timeliness_score": 5, "recorded_at": T, "recorded_by_id": 1, "recorded_by_name": "Li",
        },
        "visit_draw": {
            "id": n, "area_id": 1, "year": 2000 + n, "quarter": 1, "cycle": 8000 + n, "turn": 1, "seed": "s", "active": 1, "pool": "[1]",
            "drawn": "[1]", "digest": f"{n:064}", "at": T, "by_name": "Li",
        },
        "return_visit": {"id": n, "draw_id": n, "customer_id": n, "area_id": 1, "cycle": 8001, "state": "planned"},
        **money_rows(n),
    }  # fmt: skip


def filled(url: str) -> Database:
    """The database of ``url``, migrated and connected, with both rows in every table."""
    database = db.bind(url)
    migrating.upgrade()
    database.connect(reuse_if_open=True)
    first, second = rows(1), rows(2)
    for table in first:
        for row in (first[table], second[table]):
            model_of(table).insert(**row).execute()
    return database


def model_of(table: str) -> type[Model]:
    return next(model for model in all_models() if model._meta.table_name == table)
