"""The worlds of the benchmarks: 2,000 machines with 20,000 or 1,000,000 tickets, three updates each, 100,000 episodes;
and the registers alone: 50,000 machines of 20,000 customers with 30,000 contacts.

Written straight into the tables by SQL, because a million operations would take an hour; what the screens read is the same.
Each world is built once and kept in ``build/bench``; it is built again when the schema has changed.
"""

import random
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

from app.accounts.models import Role
from app.core import clock, db, indexing, migrating, textsearch
from app.customers import searching as customers
from app.machines.operations import seed_profiles
from app.tickets import reasons, searching
from tests import personas

SIZES = (20_000, 1_000_000)
MACHINES = 2_000
CUSTOMERS = 200
EPISODES = 100_000
SPAN_MS = 5 * 365 * 86_400_000
OPEN_SHARE = 66  # every so-manieth of the newest tickets is open
CODES = (("E04", "油温高"), ("E06", "油位低"), ("E01", "主电源缺相"), ("E12", "压头超时"), ("E16", "急停按下"))
TOWNS = (
    "中山",
    "重庆",
    "长沙",
    "厦门",
    "广州",
    "北京",
    "上海",
    "南京",
    "武汉",
    "成都",
    "西安",
    "杭州",
    "宁波",
    "青岛",
    "济南",
    "郑州",
    "合肥",
)
# What the number of a ticket is found by; see ``textsearch.parts``.
_PARTS = " || ' ' || ".join(f"substr('t2611' || substr(number, 7), {start})" for start in range(1, 12))
WORDS = ("液压站漏油", "压缩头动作缓慢", "门锁不到位", "显示屏黑屏", "料斗卡料", "客户要求检查油管", "更换滤芯后仍报警", "现场异响")


def path_of(folder: Path, size: int) -> Path:
    """Where the world of ``size`` tickets stands for this schema."""
    return folder / f"tickets-{size}-{_schema()}.db"


def _schema() -> str:
    files = [*sorted(migrating.MIGRATIONS.glob("*.py")), Path(textsearch.__file__), Path(__file__)]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def ensure(folder: Path, size: int) -> Path:
    """Build the world of ``size`` tickets unless it is there."""
    return _ensure(path_of(folder, size), f"tickets-{size}-*", lambda: _fill(_statements(size)))


def ensure_registers(folder: Path) -> Path:
    """Build the world of the registers unless it is there."""
    return _ensure(path_of(folder, 0).with_stem(f"registers-{_schema()}"), "registers-*", lambda: _fill(_registers()))


def ensure_board(folder: Path) -> Path:
    """Build the world of the board unless it is there."""
    from tests.benchmarks import board_world

    def fill() -> None:
        seed_profiles()
        _fill(board_world.statements())

    digest = sha256(Path(board_world.__file__).read_bytes()).hexdigest()[:6]
    return _ensure(path_of(folder, 0).with_stem(f"board-{digest}-{_schema()}"), "board-*", fill)


def _ensure(path: Path, pattern: str, fill: Callable[[], None]) -> Path:
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(pattern):
        old.unlink()
    scratch = path.with_suffix(".building")
    db.bind(f"sqlite:///{scratch}")
    migrating.upgrade()
    _people()
    fill()
    for index in indexing.all_indexes():
        if index.table != searching.TABLE:
            sum(indexing.rebuild(index))
    db.database.close()
    scratch.rename(path)
    return path


def _people() -> None:
    personas.make_user(Role.CLERK, username="clerk", name="陈文员")
    personas.make_user(Role.TECHNICIAN, username="technician", name="李师傅", areas=(personas.make_area("北区"),))


def _fill(statements: Iterator[tuple[str, tuple[object, ...]]]) -> None:
    run = db.database.execute_sql
    for pragma in ("journal_mode = off", "synchronous = off", "cache_size = -200000", "foreign_keys = off"):
        run(f"PRAGMA {pragma}")
    indexes = list(run("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
    for name, _sql in indexes:
        run(f'DROP INDEX "{name}"')
    run("BEGIN")
    for statement, values in statements:
        run(statement, values)
    run("COMMIT")
    for _name, sql in indexes:
        run(sql)
    run("PRAGMA foreign_keys = on")
    run("PRAGMA journal_mode = wal")


def _counting(count: int) -> str:
    return f"WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < {count})"


def _statements(size: int) -> Iterator[tuple[str, tuple[object, ...]]]:
    now = clock.now_ms()
    yield "INSERT INTO area (id, name) SELECT n + 1, '区域' || n FROM (" + _counting(5) + " SELECT n FROM counted)", ()
    yield "INSERT INTO machine_model (id, name) VALUES (1, 'YZ-20'), (2, 'YZ-30')", ()
    yield (
        _counting(CUSTOMERS) + " INSERT INTO customer (id, name, short_name, kind, area_id, version, created_at)"
        " SELECT n, printf('第%d环卫有限公司', n), printf('客户%03d', n), 'company', n % 5 + 1, 1, ? FROM counted",
        (now,),
    )
    yield (
        _counting(CUSTOMERS) + " INSERT INTO site (id, customer_id, name, address, area_id)"
        " SELECT n, n, '中转站', '人民路' || n || '号', n % 5 + 1 FROM counted",
        (),
    )
    yield (
        _counting(MACHINES) + " INSERT INTO machine (id, serial, device, model_id, customer_id, site_id, area_id, gateway, accepted_on,"
        " warranty_months, batch, version, created_at)"
        f" SELECT n, printf('YZ-%05d', n), printf('EVC%05d', n), n % 2 + 1, n % {CUSTOMERS} + 1, n % {CUSTOMERS} + 1, n % 5 + 1, '',"
        " '2025-03-01', 12, '', 1, ? FROM counted",
        (now,),
    )
    yield (
        _counting(CUSTOMERS * 2) + f" INSERT INTO contact (customer_id, name, phone, email, role) SELECT n % {CUSTOMERS} + 1, '王工' || n,"
        " printf('138%08d', n * 7919), '', 'operator' FROM counted",
        (),
    )
    yield from _tickets(size, now)
    yield from _alarms(size, now)


def _tickets(size: int, now: int) -> Iterator[tuple[str, tuple[object, ...]]]:
    yield "CREATE TEMP TABLE words (id INTEGER PRIMARY KEY, title TEXT, tokens TEXT, reason TEXT)", ()
    pairs = [(code, name, words) for code, name in CODES for words in WORDS]
    random.Random(1).shuffle(pairs)
    for number, (code, name, words) in enumerate(pairs):
        title = f"{code} {name}：{words}"
        reason = reasons.to_json([reasons.AlarmReason(code=code, name_zh=name, name_en=code, at=clock.now(), severity="high")])
        yield "INSERT INTO words VALUES (?, ?, ?, ?)", (number, title, " ".join(sorted(textsearch.tokens(title))), reason)
    step = SPAN_MS // size
    is_open = f"(n % {OPEN_SHARE} = 0 AND n > {size} / 20)"
    open_state = "CASE n % 5 WHEN 0 THEN 'new' WHEN 1 THEN 'to_verify' WHEN 2 THEN 'in_work' ELSE 'triaged' END"
    state = f"CASE WHEN {is_open} THEN {open_state} ELSE 'closed' END"
    yield (
        _counting(size) + " INSERT INTO ticket (id, number, opened_at, source, kind, status, is_open, priority, title, text, machine_id,"
        " customer_id, area_id, reason, is_recurring, changed_at, resolved_at, closed_at, version)"
        f" SELECT n, printf('T2611-%07d', n), {now} - ({size} - n) * {step}, CASE n % 3 WHEN 0 THEN 'hotline' ELSE 'monitoring' END,"
        f" CASE n % 17 WHEN 0 THEN 'complaint' WHEN 1 THEN 'enquiry' ELSE 'fault_report' END, {state}, {is_open},"
        " CASE WHEN n % 20 = 0 THEN 'critical' WHEN n % 7 = 0 THEN 'high' ELSE 'low' END, words.title, '请尽快安排', n * 7919 % 2000 + 1,"
        f" n * 7919 % 2000 % {CUSTOMERS} + 1, (n * 7919 % 2000 + 1) % 5 + 1, words.reason, 0, {now} - ({size} - n) * {step} + 3600000,"
        f" CASE WHEN {is_open} THEN NULL ELSE {now} - ({size} - n) * {step} + 3000000 END,"
        f" CASE WHEN {is_open} THEN NULL ELSE {now} - ({size} - n) * {step} + 3600000 END, 4"
        f" FROM counted JOIN words ON words.id = n * 31 % {len(pairs)}",
        (),
    )
    for at, present, target in ((0, "NULL", "'new'"), (600_000, "'new'", "'triaged'")):
        yield (
            "INSERT INTO ticket_transition (ticket_id, at, by_name, from_status, to_status, reason)"
            f" SELECT id, opened_at + {at}, '陈文员', {present}, {target}, '' FROM ticket",
            (),
        )
    yield "INSERT INTO ticket_note (ticket_id, at, by_name, text) SELECT id, opened_at + 900000, '李师傅', '已与客户联系' FROM ticket", ()
    yield (
        "INSERT INTO ticket_fault (ticket_id, machine_id, family, is_open)"
        " SELECT id, machine_id, 'f' || id, is_open FROM ticket WHERE source = 'monitoring'",
        (),
    )
    marks = " || ".join(
        f"' {textsearch.mark(name, '')}' || replace({column}, '_', '')"
        for name, column in (
            (searching.MACHINE, "machine_id"),
            (searching.CUSTOMER, "customer_id"),
            (searching.AREA, "area_id"),
            (searching.KIND, "kind"),
            (searching.SOURCE, "source"),
            (searching.PRIORITY, "priority"),
        )
    )
    is_marked = f"CASE WHEN is_open THEN ' {textsearch.mark(searching.OPEN, '')}' ELSE '' END"
    yield (
        "INSERT INTO ticket_search (rowid, tokens)"
        f" SELECT ticket.id, words.tokens || ' ' || {_PARTS} || {marks} || {is_marked}"
        f" || ' {textsearch.mark(customers.WHOLE, '')}t2611' || substr(number, 7)"
        f" FROM ticket JOIN words ON words.id = ticket.id * 31 % {len(pairs)}",
        (),
    )
    yield "INSERT INTO live_version (name, value) VALUES ('tickets', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (size,)


def _registers() -> Iterator[tuple[str, tuple[object, ...]]]:
    """20,000 customers of twenty towns, each with a site, 30,000 contacts of whom some share a phone, 50,000 machines."""
    now = clock.now_ms()
    yield "CREATE TEMP TABLE town (id INTEGER PRIMARY KEY, name TEXT)", ()
    for number, name in enumerate(TOWNS):
        yield "INSERT INTO town VALUES (?, ?)", (number, name)
    yield "INSERT INTO area (id, name) SELECT n + 1, '区域' || n FROM (" + _counting(5) + " SELECT n FROM counted)", ()
    yield "INSERT INTO machine_model (id, name) VALUES (1, 'YZ-20'), (2, 'YZ-30')", ()
    yield (
        _counting(20_000) + " INSERT INTO customer (id, name, short_name, kind, area_id, version, created_at)"
        f" SELECT n, printf('%s第%d环卫有限公司', name, n), printf('%s%05d', name, n), 'company', n % 5 + 1, 1, {now}"
        f" FROM counted JOIN town ON town.id = n % {len(TOWNS)}",
        (),
    )
    yield (
        "INSERT INTO site (id, customer_id, name, address, area_id) SELECT id, id, short_name || '中转站', '人民路' || id || '号', area_id"
        " FROM customer",
        (),
    )
    yield (
        _counting(30_000) + " INSERT INTO contact (customer_id, name, phone, email, role)"
        " SELECT n % 20000 + 1, printf('王工%d', n % 500), printf('138%08d', n * 7919 % 29000), '', 'operator' FROM counted",
        (),
    )
    yield (
        _counting(50_000) + " INSERT INTO machine (serial, device, model_id, customer_id, site_id, area_id, gateway, batch, accepted_on,"
        f" warranty_months, version, created_at) SELECT printf('YZ-%06d', n), printf('EVC%06d', n), n % 2 + 1, n % 20000 + 1,"
        " n % 20000 + 1, n % 5 + 1,"
        f" '', '', '2025-03-01', 12, 1, {now} FROM counted",
        (),
    )


def _alarms(size: int, now: int) -> Iterator[tuple[str, tuple[object, ...]]]:
    yield (
        _counting(MACHINES * 5) + " INSERT INTO alarm (id, machine_id, code, condition, is_acknowledged, severity, last_event_at, version)"
        " SELECT n, (n - 1) / 5 + 1, printf('E%02d', n % 5), CASE WHEN n % 200 = 0 THEN 'active' ELSE 'normal' END,"
        f" n % 400 > 0, 'low', {now}, 1"
        " FROM counted",
        (),
    )
    each = EPISODES // (MACHINES * 5)
    yield (
        _counting(EPISODES) + " INSERT INTO episode (alarm_id, machine_id, code, severity,"
        " started_at, ended_at, last_raised_at, count, text, is_late, ticket_id)"
        f" SELECT (n - 1) / {each} + 1, (n - 1) / {each} / 5 + 1, 'E04', 'low', {now} - n % {each} * 86400000 - 60000,"
        f" CASE WHEN n % {each} = 0 AND ((n - 1) / {each} + 1) % 200 = 0 THEN NULL ELSE {now} - n % {each} * 86400000 END,"
        f" {now}, 1, '', 0, CASE WHEN n <= {size} THEN {size} + 1 - n END FROM counted",
        (),
    )
