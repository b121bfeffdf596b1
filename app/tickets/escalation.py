"""What is said of clocks that run on: a warning, then the deadline that passed, then up the line clerk, deputy, manager by roster.

A step is said in the transaction that writes it down as said, for a batch of clocks at a time: a worker that is killed
says it again never and skips it never, and two workers share the batches.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from peewee import ModelSelect

from app.accounts.models import Role, User
from app.accounts.notices import notify
from app.core import clock, db, live, spoken
from app.core.clock import to_ms
from app.core.errors import N_
from app.roster import telling
from app.roster.queries import on_duty
from app.roster.telling import Words
from app.tickets import clocks, parents, sla
from app.tickets.models import ClockKind, Complaint, Ticket, TicketClock
from app.tickets.sla import Step

BATCH = 50
LASTS_AT_MOST = timedelta(seconds=20)
ROLES = {Step.WARNED: Role.CLERK, Step.LATE: Role.CLERK, Step.DEPUTY: Role.DEPUTY, Step.MANAGER: Role.MANAGER}
WORDS = {
    Step.WARNED: N_("%(number)s: %(clock)s is due at %(due_at)s."),
    Step.LATE: N_("%(number)s: %(clock)s is overdue since %(due_at)s."),
    Step.DEPUTY: N_("%(number)s: %(clock)s is overdue since %(due_at)s and was not dealt with; it comes to the deputy."),
    Step.MANAGER: N_("%(number)s: %(clock)s is overdue since %(due_at)s and was not dealt with; it comes to the manager."),
}
# The words of ``app.web.labels``, for mails, which are written without Flask.
CLOCK_WORDS = {
    ClockKind.ANSWER: N_("First answer"),
    ClockKind.DISPATCH: N_("Dispatch"),
    ClockKind.ARRIVAL: N_("Arrival on site"),
    ClockKind.REPAIR: N_("Repair"),
    ClockKind.INTERNAL_ANSWER: N_("Answer of the responsible person"),
    ClockKind.CUSTOMER_ANSWER: N_("Answer to the customer"),
}
SUBJECT = N_("Overdue: %(numbers)s")
MORE_THAN_ONE = N_("%(number)s and %(n)d more")


class Said(NamedTuple):
    """One step that is due for one clock of one ticket."""

    step: Step
    row: TicketClock
    ticket: Ticket


@dataclass(slots=True)
class _Recipients:
    """Who is told, found once per batch."""

    at: datetime
    _by_role: dict[Role, list[User]]
    _responsible: dict[int, User]

    @classmethod
    def of(cls, tickets: Iterable[Ticket], at: datetime) -> "_Recipients":
        ids = [ticket.id for ticket in tickets]
        named = Complaint.select(Complaint.ticket, User).join(User, on=Complaint.responsible == User.id).where(Complaint.ticket.in_(ids))
        return cls(at, {}, {row.ticket_id: row.responsible for row in named})

    def of_step(self, said: Said) -> list[User]:
        role = ROLES[said.step]
        if role not in self._by_role:
            self._by_role[role] = on_duty(role, self.at)
        users = self._by_role[role]
        responsible = self._responsible.get(said.ticket.id)
        if said.row.kind != ClockKind.INTERNAL_ANSWER or responsible is None or not responsible.is_active or responsible in users:
            return users
        return [*users, responsible]


def look(at: datetime, *, present: Callable[[], datetime] = clock.now) -> int:
    """Say everything that is due at ``at``, in short transactions; returns how many clocks something was said of.

    Stops after ``LASTS_AT_MOST``, measured by ``present``; the rest waits for the next look.
    """
    said, began_at = 0, present()
    while True:
        found = _look_at_batch(at)
        said += found
        if found < BATCH or present() - began_at > LASTS_AT_MOST:
            return said


def _look_at_batch(at: datetime) -> int:
    if not _due(at).exists():  # most of the time nothing is due: no write transaction then
        return 0
    with db.transaction():
        rows = _locked(_due(at).order_by(TicketClock.next_look_at, TicketClock.id).limit(BATCH))
        if rows:
            _say(rows, at)
    return len(rows)


def _due(at: datetime) -> ModelSelect:
    running = TicketClock.met_at.is_null() & TicketClock.stopped_at.is_null()
    return TicketClock.select().where(running, TicketClock.next_look_at.is_null(False), TicketClock.next_look_at <= at)


def _locked(query: ModelSelect) -> list[TicketClock]:
    return list(query if db.is_sqlite() else query.for_update("FOR UPDATE SKIP LOCKED"))


def _say(rows: list[TicketClock], at: datetime) -> None:
    ids = [row.ticket_id for row in rows]
    tickets = {ticket.id: ticket for ticket in Ticket.select().where(Ticket.id.in_(ids))}
    waits, by = clocks.waits_of(ids), clocks.rules()
    told: list[Said] = []
    for row in rows:
        course = sla.course(row.kind, is_round_the_clock=row.is_round_the_clock, calendar=by.calendar, waits=waits.get(row.ticket_id, ()))
        told += [Said(step, row, tickets[row.ticket_id]) for step in _steps(row, course, by.step_minutes, at)]
        row.next_look_at = clocks.next_look(row, course, by.step_minutes)
    clocks.store_timing(rows)
    recipients = _Recipients.of(tickets.values(), at)
    _tell(_spoken_for_by_none(told), recipients, at)
    live.touch("tickets")


def _spoken_for_by_none(told: list[Said]) -> list[Said]:
    """Without what stands under an open parent, whose own clocks say the same once for all."""
    ids = {said.ticket.id for said in told if said.ticket.parent_id is not None}
    below = {one.id for one in Ticket.select(Ticket.id).where(Ticket.id.in_(ids), parents.spoken_for())} if ids else set()
    return [said for said in told if said.ticket.id not in below]


def _steps(row: TicketClock, course: sla.Course, step_minutes: int, at: datetime) -> list[Step]:
    """The steps that are due, written into ``row``; a warning that comes after its deadline is left out."""
    due = []
    for step in Step:
        moment = course.after(row.started_at, sla.moment_of(step, row.target_minutes, step_minutes))
        if step > clocks.said_of(row) and moment is not None and moment <= at:
            _write_down(row, step, at)
            due.append(step)
    return [step for step in due if step != Step.WARNED or Step.LATE not in due]


def _write_down(row: TicketClock, step: Step, at: datetime) -> None:
    if step == Step.WARNED:
        row.warned_at = at
    elif step == Step.LATE:
        row.breached_at = at
    else:
        row.escalated = step - Step.LATE


def _tell(told: list[Said], recipients: _Recipients, at: datetime) -> None:
    late: dict[tuple[Step, int], list[Said]] = defaultdict(list)
    for said in told:
        users = recipients.of_step(said)
        notify(
            [user.id for user in users],
            WORDS[said.step],
            href=f"/tickets/{said.ticket.number}",
            is_urgent=said.step >= Step.LATE,
            key=_key(said),
            at=at,
            **_params(said),
        )
        for user in users if said.step >= Step.LATE else ():
            late[said.step, user.id].append(said)
    _send_out(late, at)


def _send_out(late: dict[tuple[Step, int], list[Said]], at: datetime) -> None:
    """What is late also goes out by mail and messenger: one a person and batch, those who are told the same together."""
    same: dict[tuple[Said, ...], list[int]] = defaultdict(list)
    for (_step, user_id), several in late.items():
        same[tuple(several)].append(user_id)
    for several, user_ids in same.items():
        telling.send_out(
            user_ids, partial(_words, several), about=several[0].ticket.number, key=_key(several[0]), at=at, is_urgent=True
        )  # fmt: skip


def _key(said: Said) -> str:
    """Once per step and deadline: a deadline that moved may be missed anew."""
    return f"clock:{said.row.id}:{said.step.value}:{to_ms(said.row.due_at) // 1000 if said.row.due_at else 0}"


def _params(said: Said) -> dict[str, object]:
    return {"number": said.ticket.number, "clock": said.row.kind, "due_at": said.row.due_at}


def _words(several: Sequence[Said], locale: str | None) -> Words:
    lines = [f"{_line(locale, one)}\n{one.ticket.title}" for one in several]
    first = several[0].ticket.number
    numbers = first if len(several) == 1 else spoken.say(locale, MORE_THAN_ONE, number=first, n=len(several) - 1)
    return Words(spoken.say(locale, SUBJECT, numbers=numbers), "\n\n".join(lines))


def _line(locale: str | None, said: Said) -> str:
    due_at = said.row.due_at.astimezone(clock.zone()).strftime("%Y-%m-%d %H:%M") if said.row.due_at else ""
    words = spoken.say(locale, CLOCK_WORDS[ClockKind(said.row.kind)])
    return spoken.say(locale, WORDS[said.step], number=said.ticket.number, clock=words, due_at=due_at)
