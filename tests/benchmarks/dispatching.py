"""Dispatch, jobs and call-backs: 60 technicians with three visits a day for two weeks, a queue, and 20,000 or 200,000 call-backs.

The world of the tickets goes along. Written by SQL as ``world`` says; every answer is checked to be the right one.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import cysqlite

from app.accounts.models import Role
from app.core import clock
from tests import personas
from tests.benchmarks import http, processes, world

SIZES = (20_000, 200_000)
TICKETS = 20_000
TECHNICIANS, DAYS, VISITS_A_DAY = 60, 14, 3
OUT = TECHNICIANS * DAYS * VISITS_A_DAY
QUEUED, DUE, TO_SIGN, TO_READ = 200, 300, 60, 60
ROWS = 50
CLERK, FIRST_TECHNICIAN = 1, 2
DEPUTY = FIRST_TECHNICIAN + TECHNICIANS
MANAGER = DEPUTY + 1
HOUR_MS = 3_600_000
SPAN_MS = 2 * 365 * 24 * HOUR_MS

_ORDER = (
    "INSERT INTO work_order (id, number, kind, status, is_out, machine_id, customer_id, site_id, area_id, priority, title, instructions,"
    " bring, component, warranty, warranty_reason, is_pit, is_stop, lead_id, accept_by, dispatched_at, dispatched_by_id,"
    " dispatched_by_name, ratified_by_name, filed_by_name, created_at, created_by_name, changed_at, version, finished_at, filed_at,"
    " archived_at, call_back_due_at, called_back_at, call_back_archived_at)"
)
# What every order has of the machine n * 7919: see ``world``.
_ABOUT = (
    f"n * 7919 % {world.MACHINES} + 1, n * 7919 % {world.MACHINES} % {world.CUSTOMERS} + 1,"
    f" n * 7919 % {world.MACHINES} % {world.CUSTOMERS} + 1, (n * 7919 % {world.MACHINES} + 1) % 5 + 1,"
    " CASE WHEN n % 20 = 0 THEN 'critical' WHEN n % 7 = 0 THEN 'high' ELSE 'low' END, '液压站漏油', '请尽快安排', '密封件', 'hydraulics',"
    " 'in', '', 1, 0"
)


def path_of(folder: Path, size: int) -> Path:
    """Where the world with ``size`` call-backs stands for this schema."""
    parts = (world._schema().encode(), Path(__file__).read_bytes())
    return folder / f"dispatch-{size}-{sha256(b''.join(parts)).hexdigest()[:12]}.db"


def ensure(folder: Path, size: int) -> Path:
    """Build the world with ``size`` call-backs unless it is there."""
    return world._ensure(path_of(folder, size), f"dispatch-{size}-*", lambda: _fill(size))


def _fill(size: int) -> None:
    """After the clerk and the technician of every world: the other technicians, who sign and who read."""
    for number in range(1, TECHNICIANS):
        personas.make_user(Role.TECHNICIAN, username=f"technician{number}", name=f"技术员{number:02}")
    personas.make_user(Role.DEPUTY, username="deputy", name="赵副经理")
    personas.make_user(Role.MANAGER, username="manager", name="刘经理")
    world._fill(_statements(size))


def _statements(size: int) -> Iterator[tuple[str, tuple[object, ...]]]:
    now = clock.now_ms()
    yield from world._statements(TICKETS)
    yield (
        "INSERT INTO user_area (user_id, area_id) SELECT id, id % 5 + 2 FROM person"
        f" WHERE id BETWEEN {FIRST_TECHNICIAN + 1} AND {DEPUTY - 1}",
        (),
    )
    yield f"INSERT INTO technician_grade SELECT id, id % 5 + 1 FROM person WHERE id BETWEEN {FIRST_TECHNICIAN} AND {DEPUTY - 1}", ()
    yield "UPDATE ticket SET status = 'waiting_dispatch' WHERE status = 'triaged'", ()
    yield from _done(size, now)
    yield from _out(size + DUE, now)
    yield from _queued(size + DUE + OUT, now)
    for name in ("orders", "call_backs"):
        yield "INSERT INTO live_version (name, value) VALUES (?, 1)", (name,)


def _done(size: int, now: int) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Orders that are done with their visit and step, all called back but the last ones."""
    count = size + DUE
    done_at = f"{now} - ({count} - n) * {SPAN_MS // count} - {HOUR_MS}"
    is_called, is_at_rest = f"n <= {size}", f"n <= {size - TO_SIGN - TO_READ}"
    yield (
        world._counting(count) + f" {_ORDER} SELECT n, printf('D2611-%07d', n), 'repair', CASE WHEN {is_at_rest} THEN 'archived' ELSE"
        f" 'filed' END, 0, {_ABOUT}, n % {TECHNICIANS} + {FIRST_TECHNICIAN}, NULL, {done_at} - 9000000, {DEPUTY}, '赵副经理', '', '陈文员',"
        f" {done_at} - 10000000, '陈文员', {done_at}, 6, {done_at}, {done_at} + 900000,"
        f" CASE WHEN {is_at_rest} THEN {done_at} + 99000000 END, {done_at} + 172800000,"
        f" CASE WHEN {is_called} THEN {done_at} + 86400000 END, CASE WHEN {is_at_rest} THEN {done_at} + 99000000 END FROM counted",
        (),
    )
    yield (
        "INSERT INTO visit (order_id, number, lead_id, planned_from, planned_until, departed_at, arrived_at, left_at, is_entered_later,"
        " watcher, gas_reading) SELECT id, 1, lead_id, finished_at - 7200000, finished_at, finished_at - 7200000, finished_at - 3600000,"
        " finished_at, 0, '王', 'O2' FROM work_order WHERE finished_at IS NOT NULL",
        (),
    )
    yield _STEPS + " FROM work_order WHERE finished_at IS NOT NULL", ()
    status = f"CASE WHEN {is_at_rest.replace('n', 'id', 1)} THEN 'archived' WHEN id <= {size - TO_SIGN} THEN 'signed' ELSE 'recorded' END"
    is_signed, is_read = f"id <= {size - TO_SIGN}", f"id <= {size - TO_SIGN - TO_READ}"
    yield (
        "INSERT INTO call_back (id, order_id, status, outcome, call, called_at, contact_name, contact_phone, result_score, attitude_score,"
        " timeliness_score, is_hotline_told, is_poor, text, technician_id, customer_id, area_id, machine_id, recorded_at, recorded_by_id,"
        " recorded_by_name, follow_up, follow_up_result, signed_at, signed_by_id, signed_by_name, signed_for_name, read_at, read_by_id,"
        " read_by_name, read_for_name, archived_at, version)"
        f" SELECT id, id, {status}, 'reached', printf('%032d', id), called_back_at, '王工', '13800001234', 5, id % 2 + 4, 5, 1, 0, '满意',"
        f" lead_id, customer_id, area_id, machine_id, called_back_at, {CLERK}, '陈文员', '', '',"
        f" CASE WHEN {is_signed} THEN called_back_at + 60000 END, CASE WHEN {is_signed} THEN {DEPUTY} END, '赵副经理', '',"
        f" CASE WHEN {is_read} THEN called_back_at + 90000 END, CASE WHEN {is_read} THEN {MANAGER} END, '刘经理', '',"
        f" CASE WHEN {is_read} THEN called_back_at + 90000 END, 3 FROM work_order WHERE called_back_at IS NOT NULL",
        (),
    )


_STEPS = (
    "INSERT INTO order_step (order_id, at, recorded_at, by_name, from_status, to_status, lead_id, reason, machine_id)"
    " SELECT id, created_at, created_at, '赵副经理', 'draft', 'dispatched', lead_id, '', machine_id"
)


def _out(first: int, now: int) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Three visits a day of every technician from today on: the first one of today is under way, the others are to come."""
    midnight = datetime.combine(clock.today(), time(), clock.zone()).astimezone(UTC)
    place = f"(n - 1) / {TECHNICIANS}"  # which of their visits it is
    status = f"CASE WHEN {place} = 0 THEN 'on_site' WHEN {place} = 2 THEN 'dispatched' ELSE 'accepted' END"
    yield (
        world._counting(OUT) + f" {_ORDER} SELECT n + {first}, printf('D2611-%07d', n + {first}), 'repair', {status}, 1, {_ABOUT},"
        f" n % {TECHNICIANS} + {FIRST_TECHNICIAN}, CASE WHEN {place} = 2 THEN {now} + 2700000 END, {now} - {HOUR_MS}, {DEPUTY}, '赵副经理',"
        f" '', '', {now} - 2 * {HOUR_MS}, '陈文员', {now}, 3, NULL, NULL, NULL, NULL, NULL, NULL FROM counted",
        (),
    )
    starts = (
        f"{int(midnight.timestamp() * 1000)} + (order_place / {VISITS_A_DAY}) * {24 * HOUR_MS}"
        f" + (8 + order_place % {VISITS_A_DAY} * 3) * {HOUR_MS}"
    )
    yield (
        "INSERT INTO visit (order_id, number, lead_id, planned_from, planned_until, departed_at, arrived_at, is_entered_later, watcher,"
        f" gas_reading) SELECT id, 1, lead_id, {starts}, {starts} + 2 * {HOUR_MS},"
        f" CASE WHEN status = 'on_site' THEN {now} - {HOUR_MS} END, CASE WHEN status = 'on_site' THEN {now} END, 0, '', ''"
        f" FROM (SELECT *, (id - {first} - 1) / {TECHNICIANS} AS order_place FROM work_order WHERE is_out)",
        (),
    )
    yield _STEPS + " FROM work_order WHERE is_out", ()


def _queued(first: int, now: int) -> Iterator[tuple[str, tuple[object, ...]]]:
    yield (
        world._counting(QUEUED) + f" {_ORDER} SELECT n + {first}, printf('D2611-%07d', n + {first}), 'inspection', 'draft', 0, {_ABOUT},"
        f" NULL, NULL, NULL, NULL, '', '', '', {now} - n * 60000, '陈文员', {now} - n * 60000, 1, NULL, NULL, NULL, NULL, NULL, NULL"
        " FROM counted",
        (),
    )


def measure(folder: Path) -> dict[str, Any]:
    """The screens of dispatch and of a technician beside the larger number of call-backs; their list at both sizes, and its growth."""
    figures: dict[str, Any] = {}
    for size in SIZES:
        path = ensure(folder, size)
        with processes.portal(folder / "run", path) as port:
            change = partial(_change, processes.running_database(folder / "run"))
            figures[f"call_backs_{size}"] = _call_backs(port, size, change)
            if size == SIZES[-1]:
                figures["dispatch"] = _dispatch(port, _first_day(path), size, change)
                figures["jobs"] = _jobs(port, size, change)
    small, large = (figures[f"call_backs_{size}"] for size in SIZES)
    figures["growth"] = {name: round(large[name] / small[name], 2) for name in small}
    return figures


def _dispatch(port: int, first_day: str, size: int, change: partial[None]) -> dict[str, Any]:
    connection = http.Connection(port, http.sign_in(port, "deputy", personas.PASSWORD))
    board = f"/dispatch?days={DAYS}&from={first_day}"
    waiting = QUEUED + _waiting_tickets(connection)
    figures: dict[str, Any] = {
        "board_14_days_p50_ms": http.p50_ms(lambda: _is_board(connection.get(board), waiting)),
        # The portal keeps the cells of a line: here each one is the first after a change.
        "board_after_change_p50_ms": http.p50_ms(lambda: _is_board(connection.get(board), waiting), before=change),
        "board_html_gz_bytes": connection.get(board).sent_bytes,
        "queue_p50_ms": http.p50_ms(lambda: _has(connection.get("/work-orders?status=queue"), "<tr", ROWS)),
        "queue_after_change_p50_ms": http.p50_ms(lambda: _has(connection.get("/work-orders?status=queue"), "<tr", ROWS), before=change),
    }
    newest = f"D2611-{size + DUE + OUT:07d}"
    figures["order_page_p50_ms"] = http.p50_ms(lambda: _has(connection.get(f"/work-orders/{newest}"), newest, 1))
    connection.close()
    return figures


def _jobs(port: int, size: int, change: partial[None]) -> dict[str, Any]:
    connection = http.Connection(port, http.sign_in(port, "technician", personas.PASSWORD))
    mine = f"D2611-{size + DUE + TECHNICIANS:07d}"  # the first of the technician's orders that are out: they are on site
    figures: dict[str, Any] = {}
    jobs = DAYS * VISITS_A_DAY
    for name, before in (("my_jobs_p50_ms", lambda: None), ("my_jobs_after_change_p50_ms", change)):
        figures[name] = http.p50_ms(lambda: _has(connection.get("/my/jobs"), '<article class="card job"', jobs), before=before)
    figures["job_page_p50_ms"] = http.p50_ms(lambda: _has(connection.get(f"/my/jobs/{mine}"), mine, 1))
    figures["my_jobs_html_gz_bytes"] = connection.get("/my/jobs").sent_bytes
    figures["job_page_html_gz_bytes"] = connection.get(f"/my/jobs/{mine}").sent_bytes
    connection.close()
    return figures


def _call_backs(port: int, size: int, change: partial[None]) -> dict[str, Any]:
    connection = http.Connection(port, http.sign_in(port, "clerk", personas.PASSWORD))
    figures: dict[str, Any] = {}
    for name, path, row, rows in (
        ("due", "/call-backs?tab=due", '<tr id="due-', ROWS),
        ("all", "/call-backs?tab=all", '<tr id="call-back-', ROWS),
        ("of_technician", f"/call-backs?tab=all&technician={FIRST_TECHNICIAN}", '<tr id="call-back-', ROWS),
        ("to_sign", "/call-backs?tab=to-sign", '<tr id="call-back-', ROWS),
    ):
        read = partial(_lists, connection, path, row, rows)
        figures[f"{name}_p50_ms"] = http.p50_ms(read)
        figures[f"{name}_after_change_p50_ms"] = http.p50_ms(read, before=change)
    connection.close()
    return figures


def _lists(connection: http.Connection, path: str, row: str, rows: int) -> None:
    _has(connection.get(path), row, rows)


def _is_board(answer: http.Answer, waiting: int) -> None:
    """Every technician, every visit, and how many wait."""
    _has(answer, '<tr id="person-', TECHNICIANS)
    _has(answer, '<div class="visit', OUT)
    assert f'<span class="count">{waiting}</span>' in answer.text


def _has(answer: http.Answer, words: str, times: int) -> None:
    assert answer.status == 200, answer.head
    assert answer.text.count(words) >= times, (words, answer.text.count(words))


def _waiting_tickets(connection: http.Connection) -> int:
    text = connection.get("/dispatch").text.partition('<span class="count">')[2].partition("<")[0]
    assert int(text) > QUEUED
    return int(text) - QUEUED


def _first_day(database: Path) -> str:
    """The first day of the board: the world may have been built some days ago."""
    with closing(cysqlite.connect(str(database), timeout=5)) as connection:
        query = "SELECT MIN(planned_from) FROM visit JOIN work_order ON work_order.id = order_id WHERE is_out"
        first = next(iter(connection.execute(query)))[0]
    return (datetime.fromtimestamp(first / 1000, UTC) + timedelta(hours=8)).date().isoformat()


def _change(database: Path) -> None:
    with closing(cysqlite.connect(str(database), timeout=5)) as connection:
        connection.execute("UPDATE live_version SET value = value + 1 WHERE name IN ('orders', 'tickets', 'call_backs')")
