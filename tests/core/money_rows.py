"""Two whole rows of every table of parts, contracts, money, the shift log and the quality reports, and how each constraint is broken."""

from datetime import date
from typing import Any

T = 1_700_000_000_000
DAY = date(2026, 11, 23)
BY = {"by_id": 1, "by_name": "Li"}
# What an approved and then a signed contract has besides.
APPROVED = {"status": "approved", "decided_at": T, "decided_by_id": 2, "digest": "0" * 64}
SIGNED = APPROVED | {"status": "signed", "signed_at": T, "strokes": "[]"}
DECIDED = {"status": "decided", "cause": "design", "disposition": "scrap", "decided_at": T}
RED = {"red_of_id": 1, "amount": -100, "tax": -13, "total": -113}
ENDED = {"ended_at": T + 1, "handover": "{}"}


def money_rows(n: int) -> dict[str, dict[str, Any]]:
    """One valid row for each of these tables, parents first; rows 1 and 2 collide in nothing. Ids below 100 are taken by the migration."""
    place, made = 100 + n, {"id": n, "created_at": T}
    # The first invoice is a red one, which points to itself for want of a third.
    printed = RED if n == 1 else {"amount": 100, "tax": 13, "total": 113}
    return {
        "supplier": {"id": n, "name": f"Supplier {n}"},
        "part": made | {"number": f"P{n}", "name": "Seal", "supplier_id": n},
        "part_model": {"part_id": n, "model_id": n},
        "stock_place": {"id": place, "name": f"Store {n}", "kind": "van", "is_store": True, "keeper_id": n, "area_id": 1},
        "stock_balance": {"place_id": place, "part_id": n, "is_store": True, "quantity": 5},
        "part_unit": {"id": n, "part_id": n, "serial": f"u{n}", "machine_id": n, "changed_at": T},
        "stock_movement": {
            "id": n, "at": T, "recorded_at": T, "kind": "receipt", "part_id": n, "quantity": 1, "from_place_id": place, "to_place_id": 3,
            "unit_id": n, "machine_id": n, **BY,
        },
        "stock_count": {"id": n, "number": f"K{n}", "place_id": place, "status": "counting", "started_at": T, **BY},
        "stock_count_line": {"id": n, "count_id": n, "part_id": n, "booked": 1},
        "requisition": {
            "id": n, "number": f"L{n}", "status": "requested", "technician_id": n, "order_id": n, "from_place_id": 1, "to_place_id": place,
            "requested_at": T, "requested_by_id": 1, "requested_by_name": "Li",
        },
        "requisition_line": {"id": n, "requisition_id": n, "part_id": n, "asked": 2},
        "purchase_request": made | {"number": f"G{n}", "status": "draft", "department_id": 1, "to_place_id": 1, "order_id": n, **BY},
        "purchase_line": {"id": n, "request_id": n, "part_id": n, "asked": 2},
        "parts_order": made | {
            "number": f"PO{n}", "status": "quote", "customer_id": n, "contact_id": n, "machine_id": n, "ticket_id": n, "area_id": 1, **BY,
        },
        "parts_order_line": {"id": n, "order_id": n, "part_id": n, "quantity": 1, "price": 10},
        "shipment": {
            "id": n, "number": f"F{n}", "parts_order_id": n, "order_id": n, "from_place_id": 1, "to_place_id": 4, "customer_id": n,
            "route": "inside", "sent_at": T, **BY,
        },
        "shipment_line": {"id": n, "shipment_id": n, "part_id": n, "quantity": 1, "unit_id": n},
        "defective_return": {
            "id": n, "number": f"RT{n}", "qr_token": f"rt{n}", "status": "due", "part_id": n, "part_name": "Seal", "quantity": 1,
            "machine_id": n, "order_id": n, "technician_id": n, "opened_at": T, "due_on": DAY,
        },
        "nonconformity": {
            "id": n, "number": f"N{n}", "returned_id": n, "status": "prepared", "on_date": DAY, "description": "Worn.", "prepared_at": T,
            "prepared_by_id": 1, "prepared_by_name": "Li",
        },
        "nonconformity_photo": {"id": n, "nonconformity_id": n, "file_id": f"file{n}", "at": T},
        "eight_d": {"id": n, "nonconformity_id": n, "opened_at": T, "owner_id": 1},
        "tax_rate": {"id": 100 + n, "name_zh": f"税率{n}", "name_en": "Rate", "rate": 0, "valid_from": DAY},
        "contract_template": {"id": 100 + n, "kind": "repair", "name": f"Template {n}", "text": "x"},
        "contract": made | {
            "number": f"H{n}", "kind": "repair", "status": "draft", "customer_id": n, "contact_id": n, "machine_id": n, "ticket_id": n,
            "order_id": n, "area_id": 1, "title": "Repair", "author_id": 1, "author_name": "Li", "changed_at": T,
        },
        "contract_line": {"id": n, "contract_id": n, "position": 1, "text": "Pump", "part_id": n, "quantity": 1, "price": 10, "amount": 10},
        "contract_machine": {"contract_id": n, "machine_id": n},
        "contract_step": {"id": n, "contract_id": n, "at": T, "to_status": "draft", **BY},
        "warranty_extension": {"id": n, "machine_id": n, "until_on": DAY, "reason": "Goodwill.", "contract_id": n, "at": T, **BY},
        "warranty_ruling": {"id": n, "order_id": n, "state": "off", "reason": "Misuse.", "at": T, **BY},
        "customer_billing_data": {"id": n, "customer_id": n, "title": "Customer", "changed_at": T, "by_name": "Li"},
        "invoice": {
            "id": n, "number": f"{n:020}", "kind": "digital_special", "status": "issued", "issued_on": DAY, "customer_id": n, "area_id": 1,
            "buyer_name": "Customer", **printed, "person_id": 1, "contract_id": n, "order_id": n,
            "parts_order_id": n, "shipment_id": n, "registered_at": T, **BY,
        },
        "invoice_line": {"id": n, "invoice_id": n, "position": 1, "name": "Repair", "amount": 100},
        "invoice_delivery": {"id": n, "invoice_id": n, "way": "handed", "at": T, **BY},
        "invoice_file": {"id": n, "invoice_id": n, "file_id": f"file{n}", "at": T},
        "receivable": made | {
            "kind": "invoice", "customer_id": n, "area_id": 1, "person_id": 1, "invoice_id": n, "order_id": n, "contract_id": n,
            "amount": 113, "since_on": DAY, "due_on": DAY,
        },
        "account_balance": {"customer_id": n, "owed": 113},
        "payment": {
            "id": n, "number": f"S{n}", "customer_id": n, "area_id": 1, "way": "transfer", "amount": 50, "received_on": DAY,
            "bank_reference": f"ref{n}", "proof_id": f"file{n}", "order_id": n, "technician_id": n, "recorded_at": T, **BY,
        },
        "allocation": {"id": n, "payment_id": n, "receivable_id": n, "amount": 10, "at": T, "by_name": "Li"},
        "dunning_step": {"id": 100 + n, "days": 200 + n, "act": "call", "name_zh": "电话", "name_en": "Call"},
        "dunning_record": {
            "id": n, "customer_id": n, "receivable_id": n, "step_id": 100 + n, "act": "call", "at": T, "letter_id": f"file{n}", **BY,
        },
        "service_stop": {"id": n, "customer_id": n, "at": T, "reason": "Owes much.", **BY},
        "job_cost": {"id": n, "order_id": n, "kind": "labour", "amount": 10, "on_date": DAY, "is_computed": True, "at": T, "by_name": "Li"},
        "shift_log": {"id": n, "user_id": n, "user_name": "Li", "started_at": T},
        "shift_note": {"id": n, "log_id": n, "at": T, "text": "Called.", **BY},
        "quality_report": made | {"kind": "daily", "day": date(2026, 11, n), "changed_at": T},
        "quality_entry": {
            "id": n, "report_id": n, "episode_number": n, "serial": f"SN{n}", "code": "E1", "severity": "high", "started_at": T,
            "drafted_class": "other", "fault_class": "other",
        },
    }  # fmt: skip


_ODD = {
    **dict.fromkeys(("contract.kind", "contract_template.kind", "invoice.kind", "invoice.status", "receivable.kind", "job_cost.kind")),
    **dict.fromkeys(("dunning_record.act", "dunning_step.act", "invoice_delivery.way", "shipment.route", "stock_movement.kind")),
    **dict.fromkeys(("requisition.status", "purchase_request.status", "stock_count.status", "warranty_ruling.state")),
    **dict.fromkeys(("quality_entry.drafted_class", "quality_entry.fault_class", "quality_entry.severity", "quality_report.kind")),
    **dict.fromkeys(("contract.status", "contract_step.to_status", "parts_order.status", "defective_return.status")),
    **dict.fromkeys(("nonconformity.status", "payment.way")),
}
_EMPTY = {
    "contract.contract_title_is_given": "title", "contract_line.contract_line_is_named": "text",
    "customer_billing_data.invoice_title_is_given": "title", "defective_return.returned_part_is_named": "part_name",
    "invoice.invoice_number_is_given": "number", "invoice_line.invoice_line_is_named": "name",
    "nonconformity.nonconformity_is_described": "description", "part.catalogue_name_is_given": "name",
    "part.part_number_is_given": "number", "part_unit.unit_serial_is_given": "serial", "service_stop.stop_has_a_reason": "reason",
    "shift_note.shift_note_says_something": "text", "stock_place.place_name_is_given": "name", "supplier.supplier_name_is_given": "name",
    "warranty_extension.extension_has_a_reason": "reason", "warranty_ruling.ruling_has_a_reason": "reason",
}  # fmt: skip
_NEGATIVE = {
    "account_balance.ahead_is_not_negative": "ahead", "account_balance.owed_is_not_negative": "owed",
    "contract.contract_total_is_not_negative": "total", "contract.payment_days_are_not_negative": "payment_days",
    "contract_line.contract_price_is_not_negative": "price", "job_cost.cost_is_not_negative": "amount",
    "part.part_cost_is_not_negative": "cost", "part.part_price_is_not_negative": "price",
    "part.part_warranty_is_not_negative": "warranty_months", "parts_order_line.ordered_price_is_not_negative": "price",
    "purchase_line.received_is_not_negative": "received", "stock_balance.minimum_is_not_negative": "minimum",
    "stock_balance.no_store_holds_less_than_nothing": "quantity", "stock_count_line.counted_is_not_negative": "counted",
    "tax_rate.tax_rate_is_not_negative": "rate",
}  # fmt: skip
_NOTHING = {
    "allocation.allocation_is_positive": "amount", "contract_line.contract_quantity_is_positive": "quantity",
    "defective_return.returned_is_positive": "quantity", "parts_order_line.ordered_is_positive": "quantity",
    "purchase_line.purchase_is_positive": "asked", "shipment_line.shipped_is_positive": "quantity",
    "stock_movement.movement_is_positive": "quantity", "requisition_line.asked_is_positive": "asked",
}  # fmt: skip
# Unique columns: what the second row would have to share with the first.
_SHARED: dict[str, dict[str, Any]] = {
    "account_balance.account_balance_pkey": {"customer_id": 1},
    "allocation.allocation_payment_id_receivable_id": {"payment_id": 1, "receivable_id": 1},
    "contract.contract_number": {"number": "H1"},
    "contract_line.contract_line_contract_id_position": {"contract_id": 1},
    "contract_machine.contract_machine_pkey": {"contract_id": 1, "machine_id": 1},
    "contract_template.contract_template_name": {"name": "Template 1"},
    "customer_billing_data.customer_billing_data_customer_id": {"customer_id": 1},
    "defective_return.defective_return_number": {"number": "RT1"},
    "defective_return.defective_return_qr_token": {"qr_token": "rt1"},
    "dunning_step.dunning_step_days": {"days": 201},
    "eight_d.eight_d_nonconformity_id": {"nonconformity_id": 1},
    "invoice.invoice_code_number": {"number": f"{1:020}"},
    "invoice_line.invoice_line_invoice_id_position": {"invoice_id": 1},
    "job_cost.one_computed_cost_of_a_kind": {"order_id": 1},
    "nonconformity.nonconformity_number": {"number": "N1"},
    "nonconformity.nonconformity_returned_id": {"returned_id": 1},
    "part.part_number": {"number": "P1"},
    "part_model.part_model_pkey": {"part_id": 1, "model_id": 1},
    "part_unit.part_unit_part_id_serial": {"part_id": 1, "serial": "u1"},
    "parts_order.parts_order_number": {"number": "PO1"},
    "parts_order_line.parts_order_line_order_id_part_id": {"order_id": 1, "part_id": 1},
    "payment.payment_bank_reference": {"bank_reference": "ref1"},
    "payment.payment_number": {"number": "S1"},
    "purchase_line.purchase_line_request_id_part_id": {"request_id": 1, "part_id": 1},
    "purchase_request.purchase_request_number": {"number": "G1"},
    "quality_entry.quality_entry_episode_number": {"episode_number": 1},
    "quality_report.quality_report_kind_day": {"day": date(2026, 11, 1)},
    "receivable.receivable_invoice_id": {"invoice_id": 1},
    "requisition.requisition_number": {"number": "L1"},
    "requisition_line.requisition_line_requisition_id_part_id": {"requisition_id": 1, "part_id": 1},
    "service_stop.one_stop_of_a_customer": {"customer_id": 1},
    "shift_log.one_open_shift_of_a_user": {"user_id": 1},
    "shipment.shipment_number": {"number": "F1"},
    "stock_balance.stock_balance_pkey": {"place_id": 101, "part_id": 1},
    "stock_count.one_open_count_of_a_store": {"place_id": 101},
    "stock_count.stock_count_number": {"number": "K1"},
    "stock_count_line.stock_count_line_count_id_part_id": {"count_id": 1, "part_id": 1},
    "stock_place.stock_place_name": {"name": "Store 1"},
    "supplier.supplier_name": {"name": "Supplier 1"},
    "tax_rate.tax_rate_name_zh_valid_from": {"name_zh": "税率1"},
}
MONEY_BROKEN: dict[str, dict[str, Any]] = {
    **{f"{column.split('.')[0]}.{column.split('.')[1]}_is_known": {column.split(".")[1]: "odd"} for column in _ODD},
    **{name: {column: ""} for name, column in _EMPTY.items()},
    **{name: {column: -1} for name, column in _NEGATIVE.items()},
    **{name: {column: 0} for name, column in _NOTHING.items()},
    **_SHARED,
    "dunning_step.role_is_known": {"role": "odd"},
    "invoice.invoice_red_of_id": RED,
    "contract.agreement_has_its_term": {"kind": "agreement", "valid_from": DAY, "valid_until": date(2026, 11, 22)},
    "contract.approved_contract_has_its_content": APPROVED | {"digest": None},
    "contract.contract_is_approved_by_another": APPROVED | {"decided_by_id": 1},
    "contract.retention_is_a_share": {"retention_rate": 2},
    "contract.signed_contract_has_its_signature": SIGNED | {"strokes": ""},
    "contract.void_contract_has_a_reason": {"status": "void"},
    "contract_line.discount_is_a_share": {"discount": 2},
    "contract_line.warranty_line_costs_nothing": {"is_in_warranty": True},
    "defective_return.waived_return_has_a_reason": {"status": "waived"},
    "invoice.invoice_sums_up": {"total": 112},
    "invoice.red_invoice_takes_back": {"red_of_id": 1},
    "invoice.void_invoice_has_a_reason": {"status": "void"},
    "invoice_delivery.posted_invoice_has_its_waybill": {"way": "courier"},
    "nonconformity.cause_is_known": DECIDED | {"cause": "odd"},
    "nonconformity.disposition_is_known": DECIDED | {"disposition": "odd"},
    "nonconformity.nonconformity_is_submitted_by_another": {"submitted_by_id": 1},
    "nonconformity.verdict_is_whole": DECIDED | {"cause": None},
    "part_unit.a_part_is_in_one_place": {"place_id": 101},
    "parts_order.credit_is_approved_by_another": {"status": "credit_approved", "released_at": T, "released_by_id": 1},
    "parts_order.nothing_ships_unreleased": {"status": "shipped"},
    "payment.acceptance_bill_has_its_date": {"way": "acceptance"},
    "payment.cash_is_confirmed_by_another": {"confirmed_by_id": 2},
    "payment.no_more_is_allocated_than_paid": {"allocated": 51},
    "payment.payment_is_positive": {"amount": 0},
    "payment.void_payment_has_a_reason": {"void_at": T},
    "payment.void_payment_pays_nothing": {"void_at": T, "void_reason": "Twice.", "allocated": 1},
    "quality_report.frozen_report_has_its_content": {"frozen_at": T, "digest": "0" * 64},
    "quality_report.frozen_report_has_its_digest": {"frozen_at": T, "content": "{}"},
    "receivable.no_more_is_paid_than_owed": {"paid": -1},
    "receivable.receivable_is_open_until_paid": {"paid": 113},
    "receivable.receivable_is_positive": {"amount": 0, "is_open": False},
    "receivable.write_off_has_a_reason": {"written_off_reason": "Bankrupt."},
    "requisition.requisition_is_decided_by_another": {"decided_by_id": 1},
    "requisition_line.no_more_is_issued_than_asked": {"issued": 3},
    "requisition_line.no_more_is_used_than_issued": {"issued": 1, "used": 1, "returned": 1},
    "shift_log.shift_ends_after_its_start": ENDED | {"ended_at": T - 1},
    "shift_log.shift_ends_with_its_handover": {"ended_at": T},
    "shift_log.shift_is_taken_over_by_another": ENDED | {"countersigned_at": T, "countersigned_by_id": 2},
    "shipment.shipment_passed_the_gate": {"parts_order_id": None, "is_chargeable": True},
    "stock_count.count_is_approved_by_another": {"decided_by_id": 1},
    "stock_movement.movement_goes_somewhere": {"to_place_id": 102},
    "stock_place.kind_is_known": {"kind": "odd", "is_store": False, "keeper_id": None},
    "stock_place.place_is_store_follows_kind": {"is_store": False},
    "stock_place.van_has_its_technician": {"keeper_id": None},
}
# What the same constraints let pass.
MONEY_ALLOWED: dict[str, dict[str, Any]] = {
    "contract.contract_is_approved_by_another": APPROVED | {"decided_by_id": 1, "single_reason": "Nobody else is there."},
    "contract.signed_contract_has_its_signature": SIGNED | {"strokes": "", "scan_id": "file2"},
    "contract.agreement_has_its_term": {"kind": "agreement", "valid_from": DAY, "valid_until": DAY},
    "contract.void_contract_has_a_reason": {"status": "void", "void_reason": "Wrong customer."},
    "contract_line.warranty_line_costs_nothing": {"is_in_warranty": True, "amount": 0},
    "defective_return.waived_return_has_a_reason": {"status": "waived", "waived_reason": "Lost."},
    "invoice_delivery.posted_invoice_has_its_waybill": {"way": "courier", "waybill": "SF1"},
    "job_cost.one_computed_cost_of_a_kind": {"order_id": 1, "is_computed": False},
    "nonconformity.verdict_is_whole": DECIDED,
    "part_unit.a_part_is_in_one_place": {"place_id": 101, "machine_id": None},
    "parts_order.nothing_ships_unreleased": {"status": "shipped", "released_at": T},
    "parts_order.credit_is_approved_by_another": {"status": "credit_approved", "released_at": T, "released_by_id": 2},
    "payment.no_more_is_allocated_than_paid": {"allocated": 50},
    "payment.void_payment_has_a_reason": {"void_at": T, "void_reason": "Twice."},
    "payment.cash_is_confirmed_by_another": {"confirmed_by_id": 1},
    "quality_report.frozen_report_has_its_content": {"frozen_at": T, "digest": "0" * 64, "content": "{}"},
    "receivable.receivable_is_open_until_paid": {"paid": 113, "is_open": False},
    "receivable.write_off_has_a_reason": {"written_off_at": T, "written_off_reason": "Bankrupt.", "is_open": False},
    "requisition.requisition_is_decided_by_another": {"decided_by_id": 2},
    "requisition_line.no_more_is_used_than_issued": {"issued": 2, "used": 1, "returned": 1},
    "service_stop.one_stop_of_a_customer": {"customer_id": 1, "lifted_at": T},
    "shift_log.shift_is_taken_over_by_another": ENDED | {"countersigned_at": T, "countersigned_by_id": 1},
    "shipment.shipment_passed_the_gate": {"parts_order_id": None, "is_chargeable": True, "gate_way": "contract"},
    "stock_balance.no_store_holds_less_than_nothing": {"quantity": -1, "is_store": False},
    "stock_count.one_open_count_of_a_store": {"place_id": 101, "status": "approved"},
}
