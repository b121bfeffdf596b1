"""Old records that become finished tickets, many at once: no clock runs for them, nobody is told, nothing waits for anybody."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from app.core import bulk, clock, history, live, numbering, textsearch
from app.core.types import Actor
from app.machines.models import Machine
from app.tickets import reasons, searching
from app.tickets.models import PastWork, Priority, Ticket, TicketKind, TicketSource, TicketStatus, TicketTransition
from app.tickets.operations import MAX_TITLE, NUMBER_PREFIX

IMPORTED = "imported from old records"
_TICKET = (
    "number", "opened_at", "source", "kind", "status", "is_open", "priority", "title", "text", "machine", "customer", "area", "reason",
    "is_recurring", "opened_by", "changed_at", "closed_at", "version",
)  # fmt: skip
_NO_REASONS = reasons.to_json([])


@dataclass(frozen=True, slots=True)
class PastTicket:
    """One old record; ``cost_fen`` is in hundredths of a yuan. Whose machine it was then nobody knows: its present customer stands."""

    on: date
    machine: Machine
    kind: TicketKind
    text: str
    work_type: str = ""
    cost_fen: int | None = None
    technician: str = ""

    @property
    def opened_at(self) -> datetime:
        """The beginning of its day."""
        return datetime.combine(self.on, time(), clock.zone())


def enter(*, by: Actor, past: Sequence[PastTicket], at: datetime | None = None) -> list[int]:
    """Write closed tickets in the running transaction; returns their ids in the same order. The caller checked what they say."""
    if not past:
        return []
    entered_at = clock.to_ms(at or clock.now())
    numbers = _numbers(past)
    rows = [_row(by, one, number, entered_at) for one, number in zip(past, numbers, strict=True)]
    bulk.insert(Ticket, _TICKET, rows)
    found: list[Any] = bulk.lookup(Ticket, ("number", "id"), "number", numbers)
    id_of: dict[str, int] = dict(found)
    ids = [id_of[number] for number in numbers]
    details = [(key, one.work_type, one.cost_fen, one.technician) for key, one in zip(ids, past, strict=True)]
    bulk.insert(PastWork, ("ticket", "work_type", "cost_fen", "technician_name"), details)
    closed = str(TicketStatus.CLOSED)  # on the day of the record, by whom it names
    moved = [
        (key, clock.to_ms(one.opened_at), None, one.technician or by.name, None, closed, IMPORTED)
        for key, one in zip(ids, past, strict=True)
    ]
    bulk.insert(TicketTransition, ("ticket", "at", "by", "by_name", "from_status", "to_status", "reason"), moved)
    textsearch.write_all(searching.TABLE, list(_documents(ids, numbers, rows)))
    for number, one in zip(numbers, past, strict=True):
        shown = {"on": str(one.on), "machine_id": one.machine.id, "kind": str(one.kind), "text": one.text}
        history.record(by, "ticket.imported", "ticket", number, after=shown)
    live.touch("tickets")
    return ids


def of_ticket(ticket: Ticket) -> PastWork | None:
    """What the old record of ``ticket`` tells beyond its words; None for every other ticket."""
    return PastWork.get_or_none(PastWork.ticket == ticket) if ticket.source == TicketSource.IMPORT else None


def remove(*, by: Actor, ids: Sequence[int]) -> None:
    """Remove tickets that ``enter`` wrote, in the running transaction. Raises ``IntegrityError`` when something refers to one."""
    tickets = list(Ticket.select(Ticket.id, Ticket.number).where(Ticket.id.in_(ids)))
    textsearch.remove(searching.TABLE, list(ids))
    for model in (PastWork, TicketTransition):
        model.delete().where(model.ticket.in_(ids)).execute()
    Ticket.delete().where(Ticket.id.in_(ids)).execute()
    for ticket in tickets:
        history.record(by, "ticket.import_undone", "ticket", ticket.number)
    live.touch("tickets")


def _numbers(past: Sequence[PastTicket]) -> list[str]:
    """Numbers in the month of each record; months in one order for all writers, so that none waits in a circle."""
    months: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, one in enumerate(past):
        months[(one.on.year, one.on.month)].append(place)
    numbers = [""] * len(past)
    for month in sorted(months):
        places = months[month]
        for place, number in zip(places, numbering.next_numbers(NUMBER_PREFIX, past[places[0]].opened_at, len(places)), strict=True):
            numbers[place] = number
    return numbers


def _row(by: Actor, one: PastTicket, number: str, entered_at: int) -> tuple[Any, ...]:
    opened_at = clock.to_ms(one.opened_at)
    title = one.text.split("\n", 1)[0].strip()[:MAX_TITLE]
    text = "" if title == one.text else one.text
    machine, customer = one.machine, one.machine.customer
    area = machine.area_id or (customer.area_id if customer else None)
    return (
        number, opened_at, "import", str(one.kind), "closed", False, "low", title, text, machine.id, machine.customer_id, area,
        _NO_REASONS, False, by.user_id, entered_at, opened_at, 1,
    )  # fmt: skip


def _documents(ids: Sequence[int], numbers: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> Iterable[tuple[int, set[str]]]:
    marks: dict[tuple[Any, ...], set[str]] = {}
    for key, number, row in zip(ids, numbers, rows, strict=True):
        about = (row[9], row[10], row[11], row[3])
        if about not in marks:
            machine, customer, area, kind = about
            known = {"source": TicketSource.IMPORT, "priority": Priority.LOW, "is_open": False}
            marks[about] = searching.marks(Ticket(machine=machine, customer=customer, area=area, kind=kind, **known))
        yield key, textsearch.tokens(f"{number} {row[7]} {row[8]}") | marks[about]
