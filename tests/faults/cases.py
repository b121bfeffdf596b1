"""The cases of fault injection: what is injected, what must hold then, and which tests show it.

A test belongs to the case that its name begins with (``test_fi_07_…``), wherever it stands; ``ELSEWHERE`` names the others.
Everywhere hold besides: **A** nothing lost, **B** nothing doubled, **C** episodes as an independent reference, tickets within their
invariants, **D** database and chain of the history whole, **E** one open ticket at most for each family of a machine.
"""

import ast
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]
PREFIX = "test_fi_"


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the table."""

    number: int
    injected: str
    holds: str

    @property
    def name(self) -> str:
        """As it stands in the table."""
        return f"FI-{self.number:02}"


CASES = [
    Case(1, "subscriber killed (-9) at every step of intake and evaluation", "A-E; first new row 10 s after the restart"),
    Case(2, "subscriber restarted with SIGTERM under load, 50 times", "A-E; drains and stops within 5 s"),
    Case(3, "broker killed (-9), shipped configuration", "A-E by the receipts, with sending again; gaps show, then close"),
    Case(4, "broker killed without its persistence", "possible gap from … to … within 5 s"),
    Case(
        5,
        "broker stopped; away 10 min and 8 h by a moved clock",
        "told above the pages; one alarm of the feed, none of machines; back by itself",
    ),
    Case(6, "subscriber away, 100,000 messages queued", "A-E; under 256 MB; pages answer meanwhile; over and done opens no ticket"),
    Case(7, "each message one to five times, and once more afterwards", "A-E"),
    Case(8, "order of arrival shuffled, reversed", "A-E"),
    Case(9, "messages one hour to seven days late", "A-E; marked late; no ticket for what is over"),
    Case(10, "the same identity with another body", "refused as key_conflict, the first unchanged"),
    Case(
        11,
        "device clocks a day off, of 1970 and 2099, ms and s, jumps back, no zone",
        "one alarm of the clock, no negative duration, last seen is sane",
    ),
    Case(12, "leap second, 29 February, change of zone, end of year", "read or refused, order kept"),
    Case(
        13,
        "poison of every kind, a bomb of 300 MB, a packet of 255 MB, formulas",
        "one refusal or one row each, the packet stops at the broker; the next good message within 1 s",
    ),
    Case(14, "an exception in a rule", "its message is marked, the rest of the batch commits"),
    Case(15, "more poison in a row than the Receive Maximum", "the feed goes on, no slot leaks"),
    Case(16, "database locked for 30 s", "no receipt, no loss; pages answer or say in words that it is busy"),
    Case(17, "disk full: below the limit, and to the last byte", "no receipt, pages can be read, a banner; goes on without a restart"),
    Case(18, "I/O errors, database read-only", "no receipt, no loss; goes on without a restart"),
    Case(
        19, "power cut: every write, sync and send of the subscriber on record", "each PUBACK after the sync of its commit; fails without"
    ),
    Case(20, "network: dropped, 2 s late, stalls of 30 %, peer gone", "A-E; back within 2 x keepalive + 5 s"),
    Case(21, "two subscribers of one client id", "exactly one active, no takeover"),
    Case(22, "holder of the lease frozen, another takes over, resumed", "the old one writes nothing; A-E"),
    Case(23, "last will, reboot in the middle of a fault", "late at once; fault stands; a birth reconciles; no second ticket"),
    Case(24, "birth lost, death lost, death after a newer birth", "the old death is ignored; what is said makes the others good"),
    Case(25, "hole in the numbers, filled or never", "one gap row, closed or open; the contract knows no request for a birth"),
    Case(26, "faults and births that the broker kept, told again", "no alarm, no ticket"),
    Case(27, "chatter at 2 Hz for an hour", "one episode, one ticket, one notice; rows bounded"),
    Case(28, "500 machines with 3 faults within 60 s", "at most 500 tickets, parents, one digest a minute"),
    Case(29, "faults that come and go at their delays ± 1 ms, through the real evaluation", "C to the millisecond"),
    Case(30, "restart while pending, clearing, shelved, latched", "timers go on from stored times; C"),
    Case(31, "a clerk closes while a raise comes", "one of two legal results; E"),
    Case(32, "two clerks dispatch one ticket", "one wins, one is told who"),
    Case(33, "messenger slow, refusing, away", "order kept, retried, intake never waits"),
    Case(34, "report sent three times", "one report, its signature intact"),
    Case(36, "migration killed midway, two at once", "old or new schema, never half"),
    Case(37, "processor and memory taken by others; no more address space", "A-E"),
    Case(38, "host clock steps by an hour, ahead and back", "delays and silence at most a tick and a second off; nothing negative"),
    Case(39, "unknown device, wrong topic, no right", "quarantine, no machine made; nothing reaches the portal"),
    Case(40, "history altered, deleted, cut off", "the check names the first bad row"),
]

# Cases that no test shows; their rows in the table say so.
NOT_COVERED: frozenset[int] = frozenset()

ELSEWHERE: dict[int, list[str]] = {
    7: ["monitoring/test_evaluation.py::test_any_order_of_arrival_and_any_batches_give_the_reference_episodes"],
    8: ["monitoring/test_timers.py::test_readings_in_any_order_and_any_batches_make_the_same_episodes"],
    9: ["monitoring/test_evaluation.py::test_what_is_already_over_opens_no_ticket"],
    11: [
        "mqtt/test_payloads.py::test_every_way_to_write_a_time_with_a_zone_is_read",
        "mqtt/test_payloads.py::test_a_time_without_a_zone_or_outside_the_calendar_is_refused",
    ],
    12: ["mqtt/test_payloads.py::test_messages_around_a_leap_second_and_a_change_of_zone_keep_their_order"],
    13: [
        "mqtt/test_payloads.py::test_poison_becomes_exactly_one_refusal_with_its_reason",
        "mqtt/test_payloads.py::test_no_bytes_whatever_raise",
    ],
    14: ["monitoring/test_evaluation.py::test_a_rule_that_raises_marks_its_message_and_the_rest_commits"],
    23: [
        "monitoring/test_evaluation.py::test_a_live_birth_ends_what_it_does_not_name_and_raises_what_it_names",
        "monitoring/test_evaluation.py::test_a_reboot_in_the_middle_of_a_fault_opens_nothing_twice",
    ],
    24: ["monitoring/test_evaluation.py::test_an_old_will_after_a_newer_birth_is_ignored"],
    26: ["monitoring/test_evaluation.py::test_a_retained_birth_told_again_opens_nothing_twice"],
    27: [
        "monitoring/test_timers.py::test_an_hour_of_chatter_is_one_episode_and_one_ticket",
        "monitoring/alarm_machine/test_transitions.py::test_chatter_for_an_hour_is_one_episode",
    ],
    25: [
        "monitoring/test_intake.py::test_numbers_in_order_make_one_range_and_no_gap",
        "monitoring/test_intake.py::test_a_hole_becomes_a_gap_and_late_data_fills_it_piece_by_piece",
        "monitoring/test_intake.py::test_numbers_that_come_in_disorder_in_one_batch_leave_no_gap",
    ],
    28: ["monitoring/announcing/test_sending.py::test_a_quarter_of_an_hour_of_critical_alarms_leaves_in_twenty_messages_a_minute"],
    29: [
        "monitoring/alarm_machine/test_transitions.py::test_what_is_held_for_its_delay_to_the_millisecond_is_an_alarm",
        "monitoring/alarm_machine/test_transitions.py::test_what_comes_back_before_the_off_delay_is_over_is_the_same_episode",
    ],
    30: [
        "monitoring/alarm_machine/test_transitions.py::test_in_pieces_with_the_state_kept_between_is_the_same_as_in_one_go",
        "monitoring/test_timers.py::test_a_restart_at_any_moment_changes_nothing",
    ],
    31: ["tickets/test_faults.py::test_raises_of_one_family_at_once_open_one_ticket"],
    32: [
        "work_orders/test_races.py::test_it_works",
        "work_orders/test_dispatching.py::test_of_two_who_dispatch_one_ticket_the_second_is_told_who_was_first",
    ],
    34: ["service_reports/test_writing.py::test_a_report_that_is_sent_three_times_is_stored_once"],
    36: [
        "core/test_migrating.py::test_killed_midway_it_is_old_and_the_next_run_makes_it_new",
        "core/test_migrating.py::test_two_at_once_do_it_once",
        "core/test_migrating.py::test_killed_in_a_later_migration_the_rows_stay",
    ],
    40: [
        "core/test_history.py::test_an_altered_entry_is_named",
        "core/test_history.py::test_a_deleted_entry_is_named",
        "core/test_history.py::test_a_cut_tail_shows_against_the_head_row",
        "core/test_history.py::test_a_cut_tail_with_a_cut_head_row_shows_against_the_stored_heads",
        "core/test_history.py::test_a_chain_written_anew_shows_against_the_stored_heads",
    ],
}  # fmt: skip


def covering() -> dict[int, list[str]]:
    """Every test of each case, as ``folder/file.py::function``."""
    found: dict[int, list[str]] = defaultdict(list)
    for number, tests in ELSEWHERE.items():
        found[number] += tests
    for path in sorted(TESTS.rglob("test_*.py")):
        for function in functions(path):
            if function.startswith(PREFIX):
                found[int(function.removeprefix(PREFIX)[:2])].append(f"{path.relative_to(TESTS)}::{function}")
    return found


def functions(path: Path) -> list[str]:
    """The functions at the top of a file."""
    if PREFIX not in (text := path.read_text(encoding="utf8")) and not _is_named(path):
        return []
    return [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]


def _is_named(path: Path) -> bool:
    return any(test.startswith(f"{path.relative_to(TESTS)}::") for tests in ELSEWHERE.values() for test in tests)
