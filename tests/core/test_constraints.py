"""What must never be, the database itself refuses: every named constraint and trigger is broken here once, on both databases.

Two whole rows of every table stand in a database; each case changes the second one, and only the constraint it names minds.
A constraint of the golden catalogue without a case fails.
"""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from peewee import Database, DatabaseError, IntegrityError

from app.core import db
from tests.core.money_rows import MONEY_ALLOWED, MONEY_BROKEN
from tests.core.test_catalogue import GOLDEN, NOT_IN_MODELS
from tests.core.whole_rows import KEPT_TRIGGERS, MONEY_TRIGGERS, T, filled, model_of, rows

NOWHERE = 999

# What signing a call-back sets, and what a customer who was not reached leaves open.
SIGNED = {"status": "signed", "signed_at": T, "signed_by_id": 2}
UNSCORED = {"result_score": None, "attitude_score": None, "timeliness_score": None}

# table.constraint: what the second row (the one head of the history) would have to become.
BROKEN: dict[str, dict[str, Any]] = {
    "alarm.alarm_machine_id_code": {"machine_id": 1},
    "alarm.condition_is_known": {"condition": "odd"},
    "alarm.severity_is_known": {"severity": "odd"},
    "alarm.alarm_is_gone_since": {"clearing_since": T},
    "alarm.alarm_is_pending_since": {"pending_since": T},
    "alarm.alarm_that_waits_has_a_timer": {"condition": "clearing", "clearing_since": T},
    "alarm.escalation_is_a_step": {"escalation": -1},
    "alarm_flood.flood_counts_a_clerk": {"clerks": 0},
    "alarm_flood.flood_ends_after_its_start": {"ended_at": T - 1},
    "alarm_flood.one_running_flood_per_desk": {"desk": "desk1"},
    "alarm_notice.alarm_notice_episode_id_kind_step": {"episode_id": 1},
    "alarm_notice.kind_is_known": {"kind": "odd"},
    "alarm_notice.notice_is_about_one_thing": {"storm_id": 2},
    "alarm_notice.notice_is_sent_or_withdrawn": {"sent_at": T, "withdrawn_at": T},
    "alarm_notice.severity_is_known": {"severity": "odd"},
    "alarm_reset.alarm_reset_alarm_id_at": {"alarm_id": 1},
    "alarm_reset.reset_has_a_reason": {"reason": ""},
    "alarm_shelving.one_running_shelving_per_alarm": {"alarm_id": 1},
    "alarm_shelving.shelving_ends_after_it_starts": {"until_at": T},
    "alarm_shelving.shelving_has_a_reason": {"reason": ""},
    "area.area_name": {"name": "Area 1"},
    "authority.authority_ends_after_it_starts": {"until_at": T},
    "authority.authority_goes_to_another": {"holder_id": 2},
    "calendar_day.calendar_day_pkey": {"day": "1900-01-01"},
    "calendar_day.source_is_known": {"source": "odd"},
    "calendar_year.calendar_year_pkey": {"year": 1901},
    "calendar_year.source_is_known": {"source": "odd"},
    "call_back.archived_call_back_has_its_time": {"archived_at": T},
    "call_back.attitude_score_is_known": {"attitude_score": 0},
    "call_back.attitude_score_when_reached": {"attitude_score": None},
    "call_back.call_back_is_no_longer_due": {"status": "due"},
    "call_back.call_back_order_id": {"order_id": 1},
    "call_back.outcome_is_known": {"outcome": "odd"} | UNSCORED,
    "call_back.poor_score_has_a_follow_up": SIGNED | {"is_poor": True, "follow_up": "Go again.", "follow_up_owner_id": 1},
    "call_back.read_call_back_has_reader": SIGNED | {"status": "read"},
    "call_back.reader_is_a_third_person": SIGNED | {"status": "read", "read_at": T, "read_by_id": 2},
    "call_back.result_score_is_known": {"result_score": 6},
    "call_back.result_score_when_reached": {"outcome": "refused", "attitude_score": None, "timeliness_score": None},
    "call_back.signed_call_back_has_signer": SIGNED | {"signed_by_id": None},
    "call_back.signer_is_not_who_called": SIGNED | {"signed_by_id": 1},
    "call_back.status_is_known": {"status": "odd"},
    "call_back.timeliness_score_is_known": {"timeliness_score": 6},
    "call_back.timeliness_score_when_reached": {"timeliness_score": None},
    "clock_target.clock_is_known": {"clock": "odd"},
    "clock_target.clock_target_pkey": {"clock": "answer"},
    "clock_target.priority_is_known": {"priority": "odd"},
    "clock_target.target_is_positive": {"minutes": 0},
    "clock_target.ticket_kind_is_known": {"ticket_kind": "odd"},
    "code_note.code_note_is_not_empty": {"text": ""},
    "code_note.code_note_profile_id_code": {"profile_id": 1},
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
    "customer_telling.customer_telling_episode_id": {"episode_id": 1},
    "customer_telling.telling_says_who_told": {"told_at": T},
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
    "feed_outage.one_running_outage_per_feed": {"feed": "evc1"},
    "feed_outage.outage_runs_forward": {"noticed_at": T - 1},
    "feed_position.feed_position_pkey": {"name": "p1"},
    "feed_status.feed_status_pkey": {"instance": "s1"},
    "form_submission.form_submission_pkey": {"token": "f1"},
    "gap.state_is_known": {"state": "odd"},
    "gate_override.gate_override_order_id": {"order_id": 1},
    "gate_override.override_is_read_by_another": {"read_by_id": 1},
    "gate_override.override_reason_is_given": {"reason": ""},
    "guidance.guidance_is_not_empty": {"text": ""},
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
    "message_choice.message_choice_pkey": {"user_id": 1},
    "message_key.message_key_pkey": {"key": b"1"},
    "notice.notice_key": {"key": "n1"},
    "order_step.to_status_is_known": {"to_status": "odd"},
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
    "proposal.proposal_is_decided_whole": {"decided_at": T},
    "proposal.proposal_says_something": {"text": ""},
    "qualification.qualification_pkey": {"user_id": 1, "model_id": 1},
    "quarantined_message.quarantined_message_key": {"key": b"1"},
    "reading_due.reading_due_pkey": {"terminal_id": 1},
    "reading_hour.reading_hour_pkey": {"terminal_id": 1},
    "reading_minute.reading_minute_pkey": {"terminal_id": 1},
    "reading_progress.reading_progress_pkey": {"name": "p1"},
    "report_amendment.amendment_reason_is_given": {"reason": ""},
    "report_amendment.amendment_signature_names_who_signed": {"strokes": "[]"},
    "report_amendment.report_amendment_report_id_number": {"report_id": 1},
    "report_part.part_name_is_given": {"name": ""},
    "report_part.part_quantity_is_positive": {"quantity": 0},
    "report_photo.kind_is_known": {"kind": "odd"},
    "report_photo.report_photo_client_id": {"client_id": "p1"},
    "report_reading.reading_name_is_given": {"name": ""},
    "report_signature.drawn_signature_has_strokes": {"strokes": ""},
    "report_signature.missing_signature_has_a_photo": {"way": "paper", "strokes": ""},
    "report_signature.missing_signature_has_a_reason": {"way": "refused", "strokes": "", "photo_id": 2},
    "report_signature.report_signature_report_id": {"report_id": 1},
    "report_signature.signature_names_who_signed": {"signer_name": ""},
    "report_signature.way_is_known": {"way": "odd", "strokes": ""},
    "return_visit.nobody_is_visited_twice_in_a_cycle": {"customer_id": 1},
    "return_visit.state_is_known": {"state": "odd"},
    "return_visit.swap_has_a_reason": {"state": "swapped"},
    "return_visit.visit_score_is_known": {"score": 6},
    "return_visit.visited_has_its_day": {"state": "visited"},
    "seq_range.range_runs_forward": {"last": 0},
    "seq_range.seq_range_terminal_id_boot_first": {"terminal_id": 1},
    "sequence.sequence_pkey": {"name": "s1"},
    "service_report.cause_is_known": {"cause": "odd"},
    "service_report.distance_is_not_negative": {"distance_km": -1},
    "service_report.labour_is_not_negative": {"labour_minutes": -1},
    "service_report.money_is_not_negative": {"money_fen": -1},
    "service_report.service_report_client_id": {"client_id": "c1"},
    "service_report.service_report_number": {"number": "R1"},
    "service_report.service_report_order_id": {"order_id": 1},
    "service_report.service_report_sign_token": {"sign_token": "k1"},
    "service_report.signed_report_has_its_time": {"status": "signed"},
    "service_report.status_is_known": {"status": "odd", "signed_at": T},
    "service_report.travel_is_not_negative": {"travel_minutes": -1},
    "setting.setting_pkey": {"name": "t1"},
    "site.site_customer_id_name": {"customer_id": 1},
    "station.station_name": {"name": "Station 1"},
    "station.station_name_is_given": {"name": ""},
    "stored_file.file_is_not_empty": {"size": 0},
    "technician_grade.grade_is_known": {"grade": 6},
    "technician_grade.technician_grade_pkey": {"user_id": 1},
    "technician_report.period_is_known": {"period": "odd"},
    "technician_report.technician_report_is_not_empty": {"text": ""},
    "technician_report.technician_report_user_id_period_starts_on": {"user_id": 1},
    "terminal.terminal_device": {"device": "dev1"},
    "terminal_silence.one_running_silence_per_terminal": {"terminal_id": 1, "from_at": T + 1},
    "terminal_silence.silence_runs_forward": {"ended_at": T - 1},
    "terminal_silence.terminal_silence_terminal_id_from_at": {"terminal_id": 1, "ended_at": T + 1},
    "ticket.kind_is_known": {"kind": "odd"},
    "ticket.merged_names_its_target": {"merged_into_id": 1},
    "ticket.orders_are_out_for_open_tickets": {"open_orders": 1, "is_open": False, "status": "closed"},
    "ticket.priority_is_known": {"priority": "odd"},
    "ticket.source_is_known": {"source": "odd"},
    "ticket.status_is_known": {"status": "odd", "is_open": False},
    "ticket.ticket_follow_token": {"follow_token": "f1"},
    "ticket.ticket_is_not_its_own_parent": {"parent_id": 2},
    "ticket.ticket_is_open_follows_status": {"is_open": False},
    "ticket.ticket_number": {"number": "T1"},
    "ticket_clock.clock_ends_one_way": {"met_at": T, "stopped_at": T},
    "ticket_clock.clock_target_is_positive": {"target_minutes": 0},
    "ticket_clock.kind_is_known": {"kind": "odd"},
    "ticket_clock.one_running_clock_of_a_kind": {"ticket_id": 1},
    "ticket_fault.one_open_ticket_per_family": {"machine_id": 1},
    "ticket_fault.ticket_fault_ticket_id_machine_id_family": {"ticket_id": 1, "machine_id": 1, "is_open": False},
    "ticket_note.note_is_not_empty": {"text": ""},
    "ticket_storm.cause_is_known": {"cause": "odd"},
    "ticket_storm.one_running_storm_of_a_cause": {"name": "1"},
    "ticket_storm.storm_runs_forward": {"last_at": T - 1},
    "ticket_transition.to_status_is_known": {"to_status": "odd"},
    "ticket_watch.ticket_watch_pkey": {"ticket_id": 1},
    "user_area.user_area_pkey": {"user_id": 1},
    "user_role.role_is_known": {"role": "odd"},
    "user_role.user_role_pkey": {"user_id": 1},
    "user_session.kind_is_known": {"kind": "odd"},
    "vehicle.plate_is_given": {"plate": ""},
    "vehicle.vehicle_plate": {"plate": "鲁B1"},
    "visit.arrival_follows_departure": {"departed_at": T + 1, "arrived_at": T},
    "visit.leaving_follows_arrival": {"left_at": T},
    "visit.one_visit_of_an_order_at_a_time": {"order_id": 1, "number": 2},
    "visit.visit_ends_after_it_starts": {"planned_until": T},
    "visit.visit_number_is_positive": {"number": 0},
    "visit.visit_order_id_number": {"order_id": 1, "dropped_at": T},
    "visit_assistant.visit_assistant_pkey": {"visit_id": 1},
    "visit_draw.quarter_is_known": {"quarter": 5},
    "visit_draw.seed_is_given": {"seed": ""},
    "visit_draw.turn_is_known": {"turn": 5},
    "visit_draw.visit_draw_area_id_cycle_turn": {"cycle": 8001},
    "visit_draw.visit_draw_area_id_year_quarter": {"year": 2001},
    "work_order.dispatch_is_ratified_by_another": {"ratified_by_id": 1, "dispatched_by_id": 1},
    "work_order.agreement_is_anothers": {"agreed_by_id": 1, "dispatched_by_id": 1},
    "work_order.done_order_has_its_time": {"finished_at": T},
    "work_order.kind_is_known": {"kind": "odd"},
    "work_order.no_order_rests_before_its_call_back": {"status": "archived", "is_out": False, "finished_at": T},
    "work_order.order_hangs_on_something": {"ticket_id": None, "machine_id": None, "project_id": None},
    "work_order.order_in_work_has_a_lead": {"lead_id": None},
    "work_order.order_is_out_follows_status": {"is_out": False},
    "work_order.order_title_is_given": {"title": ""},
    "work_order.priority_is_known": {"priority": "odd"},
    "work_order.status_is_known": {"status": "odd", "is_out": False},
    "work_order.warranty_is_known": {"warranty": "odd"},
    "work_order.work_order_number": {"number": "D1"},
    "work_slip.slip_is_not_empty": {"text": ""},
    "work_slip.work_slip_number": {"number": "W1"},
    **MONEY_BROKEN,
}

# The same again where the constraint must let it pass.
ALLOWED: dict[str, dict[str, Any]] = {
    "alarm.alarm_is_gone_since": {"condition": "latched", "clearing_since": T},
    "alarm.alarm_is_pending_since": {"condition": "pending", "pending_since": T, "due_at": T},
    "alarm.alarm_that_waits_has_a_timer": {"condition": "clearing", "clearing_since": T, "due_at": T},
    "alarm_shelving.one_running_shelving_per_alarm": {"alarm_id": 1, "ended_at": T + 9},
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
    "call_back.poor_score_has_a_follow_up": SIGNED
    | {"is_poor": True, "follow_up": "Go again.", "follow_up_owner_id": 1, "follow_up_due_on": "2026-11-30"},
    "call_back.result_score_when_reached": {"outcome": "refused"} | UNSCORED,
    "call_back.signed_call_back_has_signer": SIGNED,
    "gate_override.override_is_read_by_another": {"read_by_id": 2},
    "proposal.proposal_is_decided_whole": {"decided_at": T, "is_taken": False},
    "proposal.proposal_says_something": {"text": "", "planned_from": T},
    "qualification.qualification_pkey": {"model_id": 1},
    "report_amendment.amendment_signature_names_who_signed": {"strokes": "[]", "signer_name": "Wang"},
    "report_amendment.report_amendment_report_id_number": {"report_id": 1, "number": 2},
    "report_signature.missing_signature_has_a_photo": {"way": "paper", "strokes": "", "photo_id": 2},
    "report_signature.missing_signature_has_a_reason": {"way": "absent", "strokes": "", "photo_id": 2, "reason": "Nobody there."},
    "return_visit.nobody_is_visited_twice_in_a_cycle": {"customer_id": 1, "state": "swapped", "reason": "Closed for good."},
    "return_visit.visited_has_its_day": {"state": "visited", "visited_on": "2026-11-23"},
    "service_report.signed_report_has_its_time": {"status": "signed", "signed_at": T},
    "ticket.orders_are_out_for_open_tickets": {"open_orders": 2},
    "visit.arrival_follows_departure": {"departed_at": T, "arrived_at": T},
    "visit.leaving_follows_arrival": {"arrived_at": T, "left_at": T},
    "visit.one_visit_of_an_order_at_a_time": {"order_id": 1, "number": 2, "dropped_at": T},
    "visit_draw.visit_draw_area_id_cycle_turn": {"cycle": 8001, "turn": 2},
    "work_order.agreement_is_anothers": {"agreed_by_id": 1, "dispatched_by_id": 2},
    "work_order.done_order_has_its_time": {"finished_at": T, "status": "filed", "is_out": False},
    "work_order.no_order_rests_before_its_call_back": {
        "status": "archived",
        "is_out": False,
        "finished_at": T,
        "call_back_archived_at": T,
    },
    "work_order.order_hangs_on_something": {"ticket_id": None, "machine_id": None},
    "work_order.order_in_work_has_a_lead": {"lead_id": None, "status": "declined", "is_out": False},
    **MONEY_ALLOWED,
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
OTHER_TRIGGERS = re.compile(
    f"hotline_record_|ticket_(note|attachment|urging)_|ticket_takes_|work_order_takes_|{KEPT_TRIGGERS.pattern}|{MONEY_TRIGGERS.pattern}"
)


def golden(backend: str) -> list[str]:
    """The golden catalogue without what the migrations' own runner and the search keep."""
    lines = (GOLDEN / f"{backend}.txt").read_text(encoding="utf8").splitlines()
    return [line for line in lines if not any(name in line for name in NOT_IN_MODELS)]


def found(backend: str, pattern: str) -> list[tuple[str, ...]]:
    """The groups of every line of the catalogue that begins with ``pattern``."""
    return [match.groups() for line in golden(backend) if (match := re.match(pattern, line))]


def checks(backend: str) -> set[str]:
    """Every named check of the golden catalogue; a column of SQLite may have several on its line."""
    if backend == "postgresql":
        return {f"{table}.{name}" for table, name in found(backend, r"constraint (\w+): (\w+) CHECK")}
    return {
        f"{table}.{name}" for table, rest in found(backend, r"table (\w+): (.*)") for name in re.findall(r'CONSTRAINT "(\w+)" CHECK', rest)
    }


_UNIQUE_INDEX = r"index (\w+): CREATE UNIQUE INDEX (\w+) .*?\((.*?)\)"
# Keys that count upwards by themselves are left out.
UNIQUE_COLUMNS = {f"{table}.{name}": columns for table, name, columns in found("postgresql", _UNIQUE_INDEX) if columns != "id"}
POINTERS = found("postgresql", r"constraint (\w+): (\w+) FOREIGN KEY \((\w+)\)")
# What else has to change so that only the pointer is wrong.
WITH_POINTER: dict[str, dict[str, Any]] = {
    "ticket.merged_into_id": {"status": "merged", "is_open": False},
    "document.model_id": {"machine_id": None},
    "alarm_notice.outage_id": {"episode_id": None},
    "alarm_notice.storm_id": {"episode_id": None},
    "document.project_id": {"machine_id": None},
    "call_back.signed_by_id": {"status": "signed", "signed_at": T},
    "call_back.read_by_id": SIGNED | {"status": "read", "read_at": T},
    "invoice.red_of_id": {"amount": -100, "tax": -13, "total": -113},
    "part_unit.place_id": {"machine_id": None},
}
NEVER_CHANGED = ("order_step", "report_signature", "report_amendment", "stock_movement", "contract_step", "shift_note")
_TRIGGERS_OF = {
    "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal",
}


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database with two rows in every table; every test puts back what it changed."""
    if request.param == "sqlite":
        yield from _open(f"sqlite:///{tmp_path_factory.mktemp('constraints') / 'centre.db'}")
        return
    cluster = request.getfixturevalue("postgresql_cluster")
    name = f"constraints_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    cluster.drop(name)
    yield from _open(cluster.create(name))
    cluster.drop(name)


def _open(url: str) -> Iterator[Database]:
    """Without the triggers of tables whose rows never change, which would refuse every case before its constraint could."""
    database = filled(url)
    for name, table in database.execute_sql(_TRIGGERS_OF["sqlite" if db.is_sqlite() else "postgresql"]).fetchall():
        if table in NEVER_CHANGED:
            database.execute_sql(f"DROP TRIGGER {name}" + ("" if db.is_sqlite() else f" ON {table}"))
    yield database
    database.close()


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
    named = checks(backend)
    if backend == "sqlite":
        named |= {f"{table}.{name}" for name, table in found("sqlite", r'index CREATE UNIQUE INDEX "(\w+)" ON "(\w+)"')}
        named |= {constraint for constraint in UNIQUE_COLUMNS if constraint.endswith("_pkey")}
    else:
        named |= set(UNIQUE_COLUMNS)
    assert named == set(BROKEN)
    triggers = {name for (name,) in found(backend, r"trigger CREATE TRIGGER (\w+)")}
    assert {name for name in triggers if not OTHER_TRIGGERS.match(name)} == set(TRIGGERS[backend])
