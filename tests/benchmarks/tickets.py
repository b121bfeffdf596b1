"""Ticket list, ticket page, search and opening, at both sizes; every answer is checked to be the right one."""

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import cysqlite

from tests.benchmarks import http, processes, world
from tests.personas import PASSWORD

HTML_LIMIT = 50  # rows of a page


def measure(folder: Path) -> dict[str, Any]:
    """The figures at each size and how much slower the large one is."""
    figures: dict[str, Any] = {}
    for size in world.SIZES:
        with processes.portal(folder / "run", world.ensure(folder, size)) as port:
            figures[str(size)] = _at(port, size, processes.running_database(folder / "run"))
    small, large = (figures[str(size)] for size in world.SIZES)
    figures["ratio"] = {name: round(large[name] / small[name], 2) for name in small if name.endswith("p50_ms")}
    return figures


def _at(port: int, size: int, database: Path) -> dict[str, Any]:
    cookie = http.sign_in(port, "clerk", PASSWORD)
    connection = http.Connection(port, cookie)
    newest = f"T2611-{size:07d}"
    searches = {
        "search_number": ("/tickets?q=T2611-0000777", "T2611-0000777"),
        "search_serial": ("/tickets?q=YZ-01234", "YZ-01234"),
        "search_words": ("/tickets?q=%E6%BC%8F%E6%B2%B9", "漏油"),
        "search_two_words": ("/tickets?q=%E5%8D%A1%E6%96%99+E04", "卡料"),
        "search_customer": ("/tickets?q=%E5%AE%A2%E6%88%B7077", "客户077"),
    }
    pages = {
        "list": ("/tickets?status=any", newest),
        "open_list": ("/tickets", "T2611-"),
        "filtered_list": ("/tickets?kind=complaint&priority=critical&status=any", "T2611-"),
        "page": (f"/tickets/{newest}", newest),
        "start": ("/", "T2611-"),
    }
    figures: dict[str, Any] = {}
    for name, (path, expected) in pages.items():
        figures[f"{name}_p50_ms"] = http.p50_ms(lambda path=path, expected=expected: _check(connection.get(path), expected))
    # The portal keeps a list for all readers of one version: here each one is the first after a change.
    for name, (path, expected) in ({"list_after_change": pages["list"]} | searches).items():
        ask = partial(lambda path, expected: _check(connection.get(path), expected), path, expected)
        figures[f"{name}_p50_ms"] = http.p50_ms(ask, before=partial(_change, database))
    listed = connection.get("/tickets?status=any")
    assert listed.text.count('<tr id="ticket-') == HTML_LIMIT
    tag = connection.get("/tickets", HX_Request="true").header("HX-PTag") or ""
    figures["unchanged_poll_p50_ms"] = http.p50_ms(lambda: _is_unchanged(connection, tag))
    figures["list_per_second_at_16"] = http.per_second(port, cookie, lambda one: _check(one.get("/tickets?status=any"), newest))
    figures["opened_per_second_at_16"] = _opened_per_second(port, cookie, connection)
    figures["list_html_gz_bytes"] = listed.sent_bytes
    connection.close()
    return figures


def _change(database: Path) -> None:
    with closing(cysqlite.connect(str(database), timeout=5)) as connection:
        connection.execute("UPDATE live_version SET value = value + 1 WHERE name = 'tickets'")


def _check(answer: http.Answer, expected: str) -> None:
    assert answer.status == 200, answer.head
    assert expected in answer.text


def _is_unchanged(connection: http.Connection, tag: str) -> None:
    answer = connection.get("/tickets", HX_Request="true", HX_PTag=tag)
    # Once a minute the ages on the page change, and the answer with them.
    assert answer.status in (200, 304), answer.head


def _opened_per_second(port: int, cookie: str, connection: http.Connection) -> float:
    token = http.token_in(connection.get("/tickets/new").text)
    form = {"csrf_token": token, "source": "hotline", "kind": "fault_report", "priority": "low", "machine": "YZ-00042", "title": "漏油"}
    before = _last_number(connection)
    rate = http.per_second(port, cookie, lambda one: _is_opened(one.post("/tickets", form)))
    assert _last_number(connection) > before
    return rate


def _is_opened(answer: http.Answer) -> None:
    assert answer.status == 303, answer.head


def _last_number(connection: http.Connection) -> int:
    return int(connection.get("/tickets?machine=YZ-00042&status=any").text.partition('<tr id="ticket-')[2].partition('"')[0])
