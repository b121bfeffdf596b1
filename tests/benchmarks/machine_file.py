"""The file of a machine: its first screen with 10 and with 10,000 entries, a search in it, and its PDF with what that costs others."""

import io
import random
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from app.accounts.models import Role
from app.core import bulk, clock, db, migrating
from app.machine_files.timeline import SHOWN
from app.machines.models import Document, Machine
from app.monitoring.models import Alarm, Condition, Episode
from app.tickets import searching
from app.tickets.models import Ticket, TicketNote, TicketStatus, TicketUrging
from tests import factories, personas
from tests.benchmarks import http, processes, tickets

# Name of the machine: how many entries its timeline has.
SIZES = {"FEW-10": 10, "PAPER-500": 500, "MANY-10000": 10_000}
SPAN_MS = 5 * 365 * 86_400_000
WORDS = ("液压站漏油", "压缩头动作缓慢", "门锁不到位", "显示屏黑屏", "料斗卡料", "更换滤芯后仍报警", "现场异响")
PDF_TRIALS = 2


def ensure(folder: Path) -> Path:
    """Build the world unless it is there for this schema."""
    parts = [*sorted(file.read_bytes() for file in migrating.MIGRATIONS.glob("*.py")), Path(__file__).read_bytes()]
    path = folder / f"machine-file-{sha256(b''.join(parts)).hexdigest()[:12]}.db"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("machine-file-*"):
        old.unlink()
    scratch = path.with_suffix(".building")
    db.bind(f"sqlite:///{scratch}")
    migrating.upgrade()
    personas.make_user(Role.CLERK, username="clerk", name="陈文员")
    for serial, entries in SIZES.items():
        _live_through(factories.machine(serial=serial, device=f"EVC-{serial}"), entries)
    db.database.close()
    scratch.rename(path)
    return path


def _live_through(machine: Machine, entries: int) -> None:
    """Give ``machine`` so many entries with its registration: three tenths tickets' (three each), the rest of the other kinds."""
    dice, now = random.Random(entries), clock.now_ms()
    moments = sorted(now - dice.randrange(1_000, SPAN_MS) for _ in range(entries))
    tickets = max(1, entries // 6)
    rest = entries - 3 * tickets - 1
    first = (Ticket.select(Ticket.id).order_by(Ticket.id.desc()).limit(1).scalar() or 0) + 1
    with db.transaction():
        bulk.insert(Ticket, _TICKET, list(_tickets(machine, moments[:: max(1, entries // tickets)][:tickets], first)))
        for ticket in Ticket.select().where(Ticket.machine == machine):
            searching.index(ticket)
        ids = range(first, first + tickets)
        chosen = [dice.choice(moments) for _ in range(rest)]
        notes, episodes, documents = rest // 2, rest // 4, rest // 8
        texts = [(dice.choice(ids), at, "李师傅", dice.choice(WORDS)) for at in chosen[:notes]]
        bulk.insert(TicketNote, ("ticket", "at", "by_name", "text"), texts)
        _episodes(machine, sorted(set(chosen[notes : notes + episodes])))
        scans = chosen[notes + episodes : notes + episodes + documents]
        papers = [(machine.id, "service_report", "签名反馈表", "", at, "陈文员", True, "1", "2", at, 1, "", "") for at in scans]
        bulk.insert(Document, _DOCUMENT, papers)
        left = entries - 1 - 3 * tickets - notes - len(set(chosen[notes : notes + episodes])) - len(scans)
        urged = [(dice.choice(ids), at, "陈文员", "请尽快") for at in (chosen + moments)[-left:]]
        bulk.insert(TicketUrging, ("ticket", "at", "by_name", "text"), urged)


_TICKET = (
    "number", "opened_at", "source", "kind", "status", "is_open", "priority", "title", "text", "machine", "customer", "area",
    "reason", "is_recurring", "changed_at", "resolved_at", "closed_at", "version",
)  # fmt: skip
_DOCUMENT = (
    "machine", "form_type", "title", "about", "created_at", "by_name", "has_paper", "cabinet", "box", "filed_at", "version",
    "removed_by_name", "removal_reason",
)  # fmt: skip


def _tickets(machine: Machine, moments: list[int], first: int) -> Iterator[tuple[Any, ...]]:
    for number, at in enumerate(moments, start=first):
        yield (
            f"T2611-{number:06d}", at, "hotline", "fault_report", TicketStatus.CLOSED, False, "high", WORDS[number % len(WORDS)],
            "请尽快安排", machine.id, machine.customer_id, machine.area_id, "", False, at, at + 3_600_000, at + 7_200_000, 1,
        )  # fmt: skip


def _episodes(machine: Machine, moments: list[int]) -> None:
    alarm = Alarm.create(
        machine=machine, code="E04", condition=Condition.NORMAL, is_acknowledged=True, severity="high", last_event_at=clock.now()
    )
    rows = [(alarm.id, machine.id, "E04", "high", at, at + 500, at, 1, "", False) for at in moments]
    names = ("alarm", "machine", "code", "severity", "started_at", "ended_at", "last_raised_at", "count", "text", "is_late")
    bulk.insert(Episode, names, rows)


def measure(folder: Path) -> dict[str, Any]:
    """p50 of the first screen at both sizes, its growth, an earlier page, a search, and what a reader of another machine waits."""
    with processes.portal(folder / "run", ensure(folder)) as port:
        connection = http.Connection(port, http.sign_in(port, "clerk", personas.PASSWORD))
        change = partial(tickets._change, processes.running_database(folder / "run"))
        small, large = (_first_screen(connection, serial) for serial in ("FEW-10", "MANY-10000"))
        earlier = _earlier(connection, "/machines/MANY-10000")
        figures = {
            "entries_10_p50_ms": small,
            "entries_10000_p50_ms": large,
            "growth": round(large / small, 2),
            # The portal keeps a timeline for all readers of one version: here each one is the first after a change.
            "entries_10_after_change_p50_ms": _first_screen(connection, "FEW-10", change),
            "entries_10000_after_change_p50_ms": _first_screen(connection, "MANY-10000", change),
            "earlier_page_p50_ms": http.p50_ms(lambda: _check(connection, earlier, SHOWN)),
            "search_p50_ms": http.p50_ms(lambda: _check(connection, "/machines/MANY-10000?q=%E6%BC%8F%E6%B2%B9", SHOWN)),
        }
        connection.close()
    return figures


def _first_screen(connection: http.Connection, serial: str, before: Callable[[], None] = lambda: None) -> float:
    shown = min(SHOWN, SIZES[serial])
    return http.p50_ms(lambda: _check(connection, f"/machines/{serial}", shown), before=before)


def _check(connection: http.Connection, path: str, entries: int) -> http.Answer:
    answer = connection.get(path)
    assert answer.status == 200, answer.head
    assert answer.text.count('<li class="entry ') == entries, answer.text.count('<li class="entry ')
    return answer


def _earlier(connection: http.Connection, path: str) -> str:
    return connection.get(path).text.partition('rel="next" href="')[2].partition("#")[0].replace("&amp;", "&")


def measure_pdf(folder: Path) -> dict[str, Any]:
    """Seconds for a PDF of 500 entries, and the p50 of another page meanwhile beside that without."""
    with processes.portal(folder / "run", ensure(folder)) as port:
        cookie = http.sign_in(port, "clerk", personas.PASSWORD)
        connection, other = http.Connection(port, cookie), http.Connection(port, cookie)
        alone = http.p50_ms(lambda: _check(other, "/machines/FEW-10", 10))
        seconds, meanwhile = zip(*(_pdf(connection, other) for _ in range(PDF_TRIALS)), strict=True)
        connection.close()
        other.close()
    return {"pdf_500_entries_s": min(seconds), "page_alone_p50_ms": alone, "page_meanwhile_p50_ms": min(meanwhile)}


def _pdf(connection: http.Connection, other: http.Connection) -> tuple[float, float]:
    times: list[float] = []
    is_done = threading.Event()

    def look() -> None:
        while not is_done.is_set():
            began = time.perf_counter()
            _check(other, "/machines/FEW-10", 10)
            times.append(time.perf_counter() - began)
            is_done.wait(0.02)

    looking = threading.Thread(target=look)
    looking.start()
    began = time.perf_counter()
    answer = connection.get("/machines/PAPER-500.pdf")
    took = time.perf_counter() - began
    is_done.set()
    looking.join()
    assert answer.status == 200, answer.head
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.body)).pages)
    assert text.count("T2611-") >= 3 * (500 // 6), "every ticket three times"
    return round(took, 2), round(sorted(times)[len(times) // 2] * 1_000, 2)
