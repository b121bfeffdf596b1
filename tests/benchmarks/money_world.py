"""The books of the benchmarks: one year or ten years of 2,000 customers, 20,000 invoices, 40,000 payments and 200,000 movements a year.

Written by SQL as ``world`` says. An invoice is paid in two halves, but for what is younger than the term of payment and one in fifty
that nobody ever paid; parts come in, go to a van or the small store, and are fitted. Receivables, accounts and balances are the sums of
what was written, and the books prove it when they are built.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from app.accounts.models import Role
from app.billing import accounts
from app.core import clock
from app.parts import ledger
from tests import personas
from tests.benchmarks import world

SIZES = (20_000, 200_000)
CUSTOMERS, MACHINES, PARTS, VANS = 2_000, 2_000, 3_000, 60
TERM_DAYS, NEVER_PAID = 60, 50
MAIN, SMALL, SUPPLIER, CUSTOMER, FIRST_VAN = 1, 2, 3, 4, 9
FIRST_TECHNICIAN = 2
DAY_MS = 86_400_000

Statement = tuple[str, tuple[object, ...]]


def path_of(folder: Path, size: int) -> Path:
    """Where the books with ``size`` invoices stand for this schema."""
    parts = (world._schema().encode(), Path(__file__).read_bytes())
    return folder / f"money-{size}-{sha256(b''.join(parts)).hexdigest()[:12]}.db"


def ensure(folder: Path, size: int) -> Path:
    """Build the books with ``size`` invoices unless they are there."""
    return world._ensure(path_of(folder, size), f"money-{size}-*", lambda: _fill(size))


def _fill(size: int) -> None:
    for number in range(1, VANS):
        personas.make_user(Role.TECHNICIAN, username=f"technician{number}", name=f"技术员{number:02}")
    personas.make_user(Role.MANAGER, username="manager", name="刘经理")
    world._fill(_statements(size))
    assert not accounts.differences()
    assert not ledger.differences()


def _statements(size: int) -> Iterator[Statement]:
    now = clock.now_ms()
    yield from _registers(now)
    yield from _invoices(size, now)
    yield from _payments(size)
    yield from _movements(size * 10, now)


def _registers(now: int) -> Iterator[Statement]:
    yield "INSERT INTO area (id, name) SELECT n + 1, '区域' || n FROM (" + world._counting(5) + " SELECT n FROM counted)", ()
    yield "INSERT INTO machine_model (id, name) VALUES (1, 'YZ-20'), (2, 'YZ-30')", ()
    yield (
        world._counting(CUSTOMERS) + " INSERT INTO customer (id, name, short_name, kind, area_id, version, created_at)"
        f" SELECT n, printf('第%d环卫有限公司', n), printf('客户%04d', n), 'company', n % 5 + 1, 1, {now} FROM counted",
        (),
    )
    yield (
        world._counting(MACHINES) + " INSERT INTO machine (id, serial, device, model_id, customer_id, area_id, gateway, accepted_on,"
        " warranty_months, batch, version, created_at)"
        f" SELECT n, printf('YZ-%05d', n), printf('EVC%05d', n), n % 2 + 1, n, n % 5 + 1, '', '2025-03-01', 12, '', 1, {now} FROM counted",
        (),
    )
    yield (
        world._counting(PARTS)
        + " INSERT INTO part (id, number, name, drawing_number, unit, is_wear, is_returned, has_serials, price, cost,"
        f" is_active, created_at, version) SELECT n, printf('P%05d', n), printf('密封件%04d', n), '', '件', 0, 0, 0, n * 100, n * 60, 1,"
        f" {now}, 1 FROM counted",
        (),
    )
    yield (
        world._counting(VANS) + " INSERT INTO stock_place (id, name, kind, is_store, keeper_id, is_active, version)"
        f" SELECT n + {FIRST_VAN - 1}, '服务车' || n, 'van', 1, n + {FIRST_TECHNICIAN - 1}, 1, 1 FROM counted",
        (),
    )


def _invoices(size: int, now: int) -> Iterator[Statement]:
    """Invoice n is ``age`` days old and its receivable has its number; of what is open one in eight paid an eighth."""
    age = f"(({size} - n) * 365 / {SIZES[0]})"
    issued = f"date({now} / 1000, 'unixepoch', '+8 hours', '-' || {age} || ' days')"
    total = "(n * 7919 % 9000 + 1000) * 80"
    yield (
        world._counting(size) + " INSERT INTO invoice (id, code, number, kind, status, issued_on, customer_id, area_id, buyer_name,"
        " buyer_tax_number, tax_number_reason, seller_name, seller_tax_number, amount, tax, total, remark, issuer, registered_at, by_name,"
        " void_reason, version)"
        f" SELECT n, '', printf('26%018d', n), 'digital_special', 'received', {issued}, n * 7919 % {CUSTOMERS} + 1,"
        f" (n * 7919 % {CUSTOMERS} + 1) % 5 + 1, '环卫有限公司', '', '', '', '', {total} * 100 / 113, {total} - {total} * 100 / 113,"
        f" {total}, '', '', {now} - {age} * {DAY_MS}, '陈文员', '', 1 FROM counted",
        (),
    )
    yield (
        "INSERT INTO invoice_line (invoice_id, position, name, model, unit, quantity, price, amount, tax_rate, tax)"
        " SELECT id, 1, '*修理修配劳务*维修费', '', '次', 1000, amount, amount, 1300, tax FROM invoice",
        (),
    )
    is_open = f"({age} < {TERM_DAYS} OR n % {NEVER_PAID} = 0)"
    paid = f"CASE WHEN NOT {is_open} THEN total WHEN n % 8 = 0 THEN total / 8 ELSE 0 END"
    yield (
        "INSERT INTO receivable (id, kind, customer_id, area_id, invoice_id, about, amount, paid, since_on, due_on, is_open,"
        " written_off_reason, created_at, version)"
        f" SELECT n, 'invoice', customer_id, area_id, n, number, total, {paid}, issued_on, date(issued_on, '+{TERM_DAYS} days'), {is_open},"
        " '', registered_at, 1 FROM (SELECT invoice.id AS n, invoice.* FROM invoice)",
        (),
    )


def _payments(size: int) -> Iterator[Statement]:
    """Two for every invoice; of what is still open the second one is paid ahead, and the first one is unless it pays an eighth."""
    yield (
        world._counting(size * 2) + " INSERT INTO payment (id, number, customer_id, area_id, way, amount, allocated, received_on,"
        " payer_name, bill_number, remark, recorded_at, by_name, confirmed_at, confirmed_by_name, settled_by_name, void_reason, version)"
        " SELECT n, printf('S26%08d', n), customer_id, area_id, 'transfer', CASE WHEN NOT is_open THEN amount / 2 WHEN n % 2 AND paid"
        " THEN paid ELSE 10000 END, CASE WHEN NOT is_open THEN amount / 2 WHEN n % 2 THEN paid ELSE 0 END,"
        " date(since_on, CASE WHEN is_open THEN '0 days' WHEN n % 2 THEN '20 days' ELSE '50 days' END), '环卫有限公司', '', '', created_at,"
        " '陈文员', created_at, '陈文员', '', '', 1 FROM counted JOIN receivable ON receivable.id = (n + 1) / 2",
        (),
    )
    yield (
        "INSERT INTO allocation (payment_id, receivable_id, amount, at, by_name)"
        " SELECT id, (id + 1) / 2, allocated, recorded_at, '陈文员' FROM payment WHERE allocated > 0",
        (),
    )
    yield (
        "INSERT INTO account_balance (customer_id, owed, ahead)"
        " SELECT id, (SELECT COALESCE(SUM(amount - paid), 0) FROM receivable WHERE customer_id = customer.id AND is_open),"
        " (SELECT SUM(amount - allocated) FROM payment WHERE customer_id = customer.id) FROM customer",
        (),
    )


def _movements(count: int, now: int) -> Iterator[Statement]:
    """Lap after lap over all parts: four come in, two go to a van, one of them is fitted, one goes to the small store."""
    lap, van = f"(n - 1) / {PARTS} % 4", f"n * 31 % {PARTS} % {VANS} + {FIRST_VAN}"
    by_lap = "CASE {lap} WHEN 0 THEN {0} WHEN 1 THEN {1} WHEN 2 THEN {2} ELSE {3} END"
    kind = by_lap.format("'receipt'", "'issue'", "'used'", "'transfer'", lap=lap)
    quantity = by_lap.format(4_000, 2_000, 1_000, 1_000, lap=lap)
    source, goal = by_lap.format(SUPPLIER, MAIN, van, MAIN, lap=lap), by_lap.format(MAIN, van, CUSTOMER, SMALL, lap=lap)
    yield (
        world._counting(count) + " INSERT INTO stock_movement (id, at, recorded_at, kind, part_id, quantity, from_place_id, to_place_id,"
        f" machine_id, about, remark, by_name) SELECT n, at, at, {kind}, n * 31 % {PARTS} + 1, {quantity}, {source}, {goal},"
        f" CASE WHEN {lap} = 2 THEN n / 7 % {MACHINES} + 1 END, printf('L26%07d', n / 5), '', '陈文员'"
        f" FROM (SELECT n, {now} - ({count} - n) * {365 * DAY_MS // (SIZES[0] * 10)} AS at FROM counted)",
        (),
    )
    yield (
        "INSERT INTO stock_balance (place_id, part_id, is_store, quantity, minimum)"
        " SELECT place, part, is_store, SUM(quantity), CASE WHEN place = 1 AND part % 100 = 0 THEN 9000000 ELSE 0 END FROM"
        " (SELECT from_place_id AS place, part_id AS part, -quantity AS quantity FROM stock_movement"
        " UNION ALL SELECT to_place_id, part_id, quantity FROM stock_movement) JOIN stock_place ON stock_place.id = place GROUP BY 1, 2",
        (),
    )
