"""Search over everything and in the list of tickets at both sizes, and what is meant while a clerk types; every answer is checked."""

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import cysqlite

from tests.benchmarks import http, processes, world
from tests.personas import PASSWORD

# What is typed, and what must be in the answer; both screens link what they show.
SEARCHES = {
    "number": ("T2611-0000777", 'href="/tickets/T2611-0000777"'),
    "serial": ("YZ-01234", 'href="/machines/YZ-01234"'),
    "part_of_serial": ("1234", 'href="/tickets/T2611-'),
    "phone": ("13800007919", "客户002"),
    "words": ("漏油", "：液压站漏油"),
    "two_words": ("卡料 E04", "E04 油温高：料斗卡料"),
    "customer": ("客户077", 'href="/tickets/T2611-'),
    "pinyin": ("kh077", "客户077"),
}
MATCHES = {
    "serial": ("YZ-001234", 'match-title">YZ-001234<'),
    "end_of_serial": ("1234", 'match-title">YZ-001234<'),
    "beginning": ("yz-0", 'match-title">YZ-0'),
    "phone": ("13800007919", 'match-title">王工'),
    "end_of_phone": ("7919", 'match-title">王工'),
    "customer": ("中山", 'match-title">中山第'),
    "pinyin": ("cqd", 'match-title">重庆第'),
    "narrowed": ("中山 1234", 'match-title">YZ-'),
    "mistyped": ("YZ-00l234", 'match-title">YZ-001234<'),
}


def measure(folder: Path) -> dict[str, Any]:
    """Search at each size and how much slower it is in the large one; nothing is kept from another reader."""
    figures: dict[str, Any] = {}
    for size in world.SIZES:
        with processes.portal(folder / "run", world.ensure(folder, size)) as port:
            figures[str(size)] = _at(port, processes.running_database(folder / "run"))
    small, large = (figures[str(size)] for size in world.SIZES)
    figures["ratio"] = {name: round(large[name] / small[name], 2) for name in small}
    return figures


def intake_matches(folder: Path) -> dict[str, Any]:
    """What is meant while a clerk types, among 50,000 machines of 20,000 customers."""
    with processes.portal(folder / "run", world.ensure_registers(folder)) as port:
        connection = http.Connection(port, http.sign_in(port, "clerk", PASSWORD))
        figures = {
            f"{name}_p50_ms": http.p50_ms(partial(_finds, connection, f"/tickets/new/matches?q={quote(typed)}", expected))
            for name, (typed, expected) in MATCHES.items()
        }
        connection.close()
    return figures


def _at(port: int, database: Path) -> dict[str, Any]:
    connection = http.Connection(port, http.sign_in(port, "clerk", PASSWORD))
    figures = {}
    for name, (typed, expected) in SEARCHES.items():
        for where in ("search", "tickets"):
            ask = partial(_finds, connection, f"/{where}?q={quote(typed)}", expected)
            figures[f"{where}_{name}_p50_ms"] = http.p50_ms(ask, before=partial(_change, database))
    connection.close()
    return figures


def _finds(connection: http.Connection, path: str, expected: str) -> None:
    answer = connection.get(path, HX_Request="true")
    assert answer.status == 200, answer.head
    assert expected in answer.text, (path, answer.text)


def _change(database: Path) -> None:
    with closing(cysqlite.connect(str(database), timeout=5)) as connection:
        connection.execute("UPDATE live_version SET value = value + 1 WHERE name = 'tickets'")
