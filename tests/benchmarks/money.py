"""Receivables, a customer's account and the stock of a store beside one year of books and beside ten; every answer is checked."""

from collections.abc import Callable, Mapping
from contextlib import closing
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import cysqlite

from tests.benchmarks import http, money_world, processes
from tests.personas import PASSWORD

ROWS = 50  # of a page
A_CUSTOMER, A_VAN = 920, money_world.FIRST_VAN
LAST_TEN = 10
Rows = Mapping[str, tuple[str, Callable[[http.Answer], None]]]


def measure(folder: Path) -> dict[str, Any]:
    """The figures beside each size of the books, and how much slower the large ones are."""
    figures: dict[str, Any] = {}
    for size in money_world.SIZES:
        with processes.portal(folder / "run", money_world.ensure(folder, size)) as port:
            figures[str(size)] = _at(port, processes.running_database(folder / "run"))
    small, large = (figures[str(size)] for size in money_world.SIZES)
    figures["growth"] = {name: round(large[name] / small[name], 2) for name in small}
    return figures


def _at(port: int, database: Path) -> dict[str, float]:
    with closing(cysqlite.connect(str(database), timeout=5)) as connection:
        ask = partial(_number, connection)
        pages = {"clerk": _of_the_desk(ask), "technician": _of_a_technician(ask)}
    figures: dict[str, float] = {}
    for username, rows in pages.items():
        connection = http.Connection(port, http.sign_in(port, username, PASSWORD))
        for name, (path, check) in rows.items():
            figures[f"{name}_p50_ms"] = http.p50_ms(lambda path=path, check=check, one=connection: check(one.get(path)))
        connection.close()
    return figures


def _of_the_desk(ask: Callable[[str], int]) -> Rows:
    """Addresses with what must stand in the answer, as the tables themselves say it."""
    left = "SELECT SUM(amount - paid) FROM receivable WHERE is_open"
    overdue = f"{left} AND due_on < date('now', '+8 hours')"
    owed, late = _money(ask(left)), _money(ask(left) - ask(overdue))
    his = _money(ask(f"{left} AND customer_id = {A_CUSTOMER}"))
    held = ask("SELECT quantity FROM stock_balance WHERE place_id = 1 AND part_id = 1") // 1_000
    ahead = _money(ask("SELECT amount - allocated FROM payment WHERE allocated < amount ORDER BY received_on DESC, id DESC LIMIT 1"))
    newest = ask("SELECT MAX(id) FROM invoice")
    return {
        "receivables": ("/receivables", partial(_has, words=(owed, late), rows=('<tr id="receivable-', ROWS))),
        "receivables_overdue": ("/receivables?age=y2", partial(_has, words=(owed,))),
        "receivables_summary": ("/receivables/summary?by=customer", partial(_has, words=(owed,))),
        "account": (f"/customers/{A_CUSTOMER}/account", partial(_has, words=(his,))),
        "invoices": ("/invoices", partial(_has, words=(f"26{newest:018d}",))),
        "payments_left_over": ("/payments?state=left", partial(_has, words=(ahead,))),
        "debtors": ("/dunning", partial(_has, words=("环卫有限公司",))),
        "stock_of_a_store": ("/stock?place=1", partial(_has, words=(f">{held} 件<",), rows=('<tr id="balance-1-', ROWS))),
        "store": ("/stock/1", partial(_has, words=(f">{held} 件<",), rows=('<tr id="movement-', LAST_TEN))),
        "below_minimum": ("/stock?only=below", partial(_has, words=("P00100",))),
        "movements": ("/stock/movements", partial(_has, rows=('<tr id="movement-', ROWS))),
        "movements_of_a_van": (f"/stock/movements?place={A_VAN}", partial(_has, rows=('<tr id="movement-', ROWS))),
        "part": ("/parts/P00001", partial(_has, words=("密封件0001",))),
    }


def _of_a_technician(ask: Callable[[str], int]) -> Rows:
    """Who is bound to an area reads the money of that one, and the own van."""
    near = ask("SELECT SUM(amount - paid) FROM receivable WHERE is_open AND area_id = 1")
    return {
        "receivables_of_an_area": ("/receivables", partial(_has, words=(_money(near),), rows=('<tr id="receivable-', ROWS))),
        "my_van": ("/my/van", partial(_has, words=("P00001",))),
    }


def _number(connection: Any, query: str) -> int:
    return int(next(iter(connection.execute(query)))[0])


def _money(fen: int) -> str:
    return f"¥{Decimal(fen) / 100:,.2f}"


def _has(answer: http.Answer, *, words: tuple[str, ...] = (), rows: tuple[str, int] = ("", 0)) -> None:
    assert answer.status == 200, answer.head
    for word in words:
        assert word in answer.text, word
    assert not rows[0] or answer.text.count(rows[0]) == rows[1], (rows, answer.text.count(rows[0]))
