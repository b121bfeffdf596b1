"""The world of the board: 5,000 machines of 250 customers in 8 areas, 400 standing alarms, some machines silent or late."""

from collections.abc import Iterator

from app.core import clock

MACHINES, AREAS, CUSTOMERS, STANDING = 5_000, 8, 250, 400
SILENT_EVERY, LATE_EVERY = 50, 80


def statements() -> Iterator[tuple[str, tuple[object, ...]]]:
    """What fills it, once the shipped profile is there."""
    now = clock.now_ms()
    yield _counting(AREAS) + " INSERT INTO area (id, name) SELECT n + 1, '片区' || n FROM counted", ()
    yield "INSERT INTO machine_model (id, name) VALUES (1, 'YZ-20'), (2, 'YZ-30')", ()
    yield (
        _counting(CUSTOMERS) + " INSERT INTO customer (id, name, short_name, kind, area_id, version, created_at)"
        f" SELECT n, printf('第%d环卫有限公司', n), printf('环卫%03d', n), 'company', n % {AREAS} + 2, 1, {now} FROM counted",
        (),
    )
    yield (
        _counting(MACHINES) + " INSERT INTO machine (id, serial, device, model_id, customer_id, area_id, gateway, batch, accepted_on,"
        " warranty_months, version, created_at, profile_id) SELECT n, printf('YZ-%05d', n), printf('EVC%05d', n), n % 2 + 1,"
        f" n % {CUSTOMERS} + 1, n % {CUSTOMERS} % {AREAS} + 2, '', '', '2025-03-01', 12, 1, {now}, (SELECT MIN(id) FROM device_profile)"
        " FROM counted",
        (),
    )
    yield (
        _counting(MACHINES) + " INSERT INTO terminal (device, first_seen_at, last_received_at, last_seen_at, is_online,"
        " is_clock_trusted, is_noisy, is_silent, is_late)"
        f" SELECT printf('EVC%05d', n), {now} - 86400000, {now}, {now}, 1, 1, 0, n % {SILENT_EVERY} = 0, n % {LATE_EVERY} = 1 FROM counted",
        (),
    )
    severity = "CASE WHEN n % 20 = 0 THEN 'critical' WHEN n % 5 = 0 THEN 'high' ELSE 'low' END"
    code = "CASE n % 4 WHEN 0 THEN 'E04' WHEN 1 THEN 'E06' WHEN 2 THEN 'E12' ELSE 'E16' END"
    yield (
        _counting(STANDING) + " INSERT INTO alarm (id, machine_id, code, condition, is_acknowledged, severity, last_event_at, version)"
        f" SELECT n, n * 12 + 1, {code}, 'active', n % 3 = 0, {severity}, {now} - n * 60000, 1 FROM counted",
        (),
    )
    yield (
        "INSERT INTO episode (alarm_id, machine_id, code, severity, started_at, last_raised_at, count, text, is_late)"
        " SELECT id, machine_id, code, severity, last_event_at, last_event_at, 1, '', 0 FROM alarm",
        (),
    )
    yield "INSERT INTO live_version (name, value) VALUES ('alarms', 1) ON CONFLICT (name) DO NOTHING", ()
    yield "ANALYZE", ()


def _counting(count: int) -> str:
    return f"WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {count})"
