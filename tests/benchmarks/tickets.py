"""Ticket list, ticket page and opening, at both sizes; every answer is checked to be the right one."""

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
    figures["list_after_change_p50_ms"] = http.p50_ms(
        lambda: _check(connection.get("/tickets?status=any"), newest), before=partial(_change, database)
    )
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
