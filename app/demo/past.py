"""Four weeks of the demo world: what the machines reported, who called, what became of it. In order, as it happened."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from itertools import count

from app.customers.models import Contact
from app.demo import field_work
from app.demo.feed import Feed, readings
from app.demo.people import Staff
from app.machines.models import Machine
from app.machines.queries import profile_of
from app.monitoring.evaluation import Evaluator
from app.monitoring.models import Alarm, Condition
from app.monitoring.operations import acknowledge
from app.monitoring.resetting import reset
from app.tickets import moving
from app.tickets import operations as tickets
from app.tickets.models import Priority, Ticket, TicketKind, TicketSource, TicketStatus

DAYS = 28
LONG_HISTORY, SHORT_HISTORY = timedelta(hours=36), timedelta(hours=3)
WITH_LONG_HISTORY = 5
INTERVAL = timedelta(seconds=60)
SILENT = 7  # this machine's terminal has said nothing for hours


@dataclass(frozen=True, slots=True)
class Standing:
    """A fault that stands today: which machine, since how many hours, what the terminal wrote, whether the clerk has acknowledged it."""

    machine: int
    code: str
    hours: float
    text: str
    is_acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A ticket that people opened: which machine, how many days ago, by which way, what for, and its state today."""

    machine: int
    days: float
    source: TicketSource
    kind: TicketKind
    title: str
    text: str
    ends: TicketStatus


STANDING = (
    Standing(0, "E05", 0.7, "oil temperature 78.2, stopped"),
    Standing(3, "E04", 2.2, "oil temperature high", is_acknowledged=True),
    Standing(12, "E19", 0.4, "pit water 310 mm"),
    Standing(5, "E07", 5.5, "filter dp 0.36", is_acknowledged=True),
    Standing(21, "E23", 26, "sensor wire broken: lift left", is_acknowledged=True),
    Standing(30, "E18", 3, "bin full"),
    Standing(2, "E77", 1.5, "unknown fault 77"),
)
DRIFTS = {0: {"oil_temp": 78.2}, 3: {"oil_temp": 67.0}, 12: {"pit_water": 310.0}, 5: {"filter_dp": 0.36}, 30: {"bin_fill": 100.0}}
USUAL = ("E04", "E04", "E06", "E07", "E07", "E10", "E11", "E13", "E17", "E18", "E18", "E20", "E23", "E25", "E02", "E08")
ANSWERS = ("已电话答复站长。", "技术中心已书面答复，客户满意。")
HOTLINE, FAULT_REPORT = TicketSource.HOTLINE, TicketKind.FAULT_REPORT
ENQUIRY, COMPLAINT, PARTS_ORDER, SUGGESTION = TicketKind.ENQUIRY, TicketKind.COMPLAINT, TicketKind.PARTS_ORDER, TicketKind.SUGGESTION
CALLS = (
    Call(8, 24.3, HOTLINE, FAULT_REPORT, "推板动作慢", "操作工说最近一周推板比以前慢一半。", TicketStatus.CLOSED),
    Call(15, 19.6, TicketSource.WECHAT, ENQUIRY, "液压油多久更换一次", "站长问换油周期和油品牌号。", TicketStatus.CLOSED),
    Call(22, 15.2, HOTLINE, COMPLAINT, "上次维修后仍有异响", "上周修过，举升时还是有异响，客户不满意。", TicketStatus.RESOLVED),
    Call(55, 12.4, HOTLINE, FAULT_REPORT, "急停按钮损坏", "急停按钮按下后不能弹起。", TicketStatus.CLOSED),
    Call(33, 9.1, TicketSource.EMAIL, PARTS_ORDER, "购买密封条两套", "请报价并注明到货时间。", TicketStatus.WAITING_CUSTOMER),
    Call(9, 6.7, HOTLINE, SUGGESTION, "建议加装夜间照明", "夜班操作看不清料口。", TicketStatus.TRIAGED),
    Call(18, 3.3, TicketSource.WALK_IN, FAULT_REPORT, "箱门锁不紧", "关门后仍有一指宽缝隙，有渗液。", TicketStatus.IN_WORK),
    Call(57, 1.2, HOTLINE, FAULT_REPORT, "设备无法启动", "早班按启动没有反应，指示灯不亮。", TicketStatus.WAITING_DISPATCH),
    Call(26, 0.2, HOTLINE, FAULT_REPORT, "举升到一半停止", "举升约一半自动停，重复三次。", TicketStatus.NEW),
)
WAY = (TicketStatus.TRIAGED, TicketStatus.WAITING_DISPATCH, TicketStatus.IN_WORK, TicketStatus.RESOLVED, TicketStatus.CLOSED)
# How long after its opening a ticket usually reached each step, in hours.
PACE = dict(zip(WAY, (0.3, 0.8, 3.5, 8.0, 30.0), strict=True))
AT_THE_DESK = (TicketStatus.TRIAGED, TicketStatus.RESOLVED, TicketStatus.CLOSED)


@dataclass
class Story:
    """The happenings, each with its time; told in order at the end."""

    staff: Staff
    machines: list[Machine]
    now: datetime
    dice: random.Random = field(default_factory=lambda: random.Random(41))
    feed: Feed = field(default_factory=Feed)
    order: Iterator[int] = field(default_factory=count)
    happenings: list[tuple[datetime, int, Callable[[datetime], object]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.present = self.now
        self.evaluator = Evaluator(now=lambda: self.present)

    def at(self, at: datetime, happen: Callable[[datetime], object]) -> None:
        """Let ``happen(at)`` take place, unless it lies in the future."""
        if at <= self.now:
            heappush(self.happenings, (at, next(self.order), happen))

    def tell(self) -> None:
        """Let everything happen; what happens may lead to more."""
        while self.happenings:
            at, _order, happen = heappop(self.happenings)
            happen(at)
        self.feed.store(self.now)
        self.evaluate(self.now)

    def fault(self, machine: Machine, at: datetime, code: str, is_active: bool, text: str = "") -> None:
        """A fault comes or goes and is evaluated at once."""
        self.feed.fault(machine.device, at, code, is_active, text)
        self.feed.store(at)
        self.evaluate(at)

    def evaluate(self, at: datetime) -> None:
        """Everything that was said by ``at``, and the timers that are due by then."""
        self.present = at
        while self.evaluator.evaluate_pending():
            pass
        self.evaluator.run_timers(at)


def live_through(staff: Staff, machines: list[Machine], now: datetime) -> None:
    """Let the past happen."""
    story = Story(staff, machines, now)
    for number, machine in enumerate(machines):
        if machine.device:
            _terminal(story, number, machine)
    _finished_faults(story)
    for standing in STANDING:
        _standing_fault(story, standing)
    for call in CALLS:
        _call(story, call)
    story.tell()


def _terminal(story: Story, number: int, machine: Machine) -> None:
    start = story.now - timedelta(days=DAYS, minutes=number)
    story.at(start, lambda at: story.feed.birth(machine.device, at))
    quiet = timedelta(hours=5) if number == SILENT else timedelta()
    if quiet:
        story.at(story.now - quiet + INTERVAL, lambda at: story.feed.will(machine.device, at))
    _readings(story, number, machine, story.now - quiet)


def _readings(story: Story, number: int, machine: Machine, until: datetime) -> None:
    profile = profile_of(machine)
    assert profile is not None
    length = LONG_HISTORY if number < WITH_LONG_HISTORY else SHORT_HISTORY
    first = until - length + timedelta(seconds=number % 60)
    times = [first + INTERVAL * step for step in range(length // INTERVAL)]
    for at, metrics in zip(times, readings(profile, story.dice, times, DRIFTS.get(number, {})), strict=True):
        story.at(at, partial(story.feed.reading, machine.device, metrics=metrics))


def _finished_faults(story: Story) -> None:
    with_terminal = [machine for machine in story.machines if machine.device]
    for _number in range(26):
        machine, code = story.dice.choice(with_terminal), story.dice.choice(USUAL)
        came_at = story.now - timedelta(hours=story.dice.uniform(40, DAYS * 24 - 24))
        went_at = came_at + timedelta(minutes=story.dice.uniform(8, 240))
        _finished_fault(story, machine, code, came_at, went_at)


def _finished_fault(story: Story, machine: Machine, code: str, came_at: datetime, went_at: datetime) -> None:
    def come(at: datetime) -> None:
        story.fault(machine, at, code, True)
        _work_on_new(story, machine, at, TicketStatus.CLOSED)

    story.at(came_at, come)
    story.at(came_at + timedelta(minutes=7), lambda at: _acknowledge(story, machine, code, at))
    story.at(went_at, lambda at: story.fault(machine, at, code, False))
    story.at(went_at + timedelta(minutes=9), lambda at: _reset(story, machine, code, at))


def _standing_fault(story: Story, fault: Standing) -> None:
    machine, came_at = story.machines[fault.machine], story.now - timedelta(hours=fault.hours)
    ends = TicketStatus.WAITING_DISPATCH if fault.is_acknowledged else TicketStatus.TO_VERIFY

    def come(at: datetime) -> None:
        story.fault(machine, at, fault.code, True, fault.text)
        _work_on_new(story, machine, at, ends)

    story.at(came_at, come)
    if fault.is_acknowledged:
        story.at(came_at + timedelta(minutes=6), lambda at: _acknowledge(story, machine, fault.code, at))


def _work_on_new(story: Story, machine: Machine, at: datetime, ends: TicketStatus) -> None:
    """Plan the work on the ticket that a fault opened at ``at``, if it opened one."""
    opened = Ticket.get_or_none(Ticket.machine == machine, Ticket.opened_at == at)
    if opened is not None:
        _work_on(story, opened, ends)


def _acknowledge(story: Story, machine: Machine, code: str, at: datetime) -> None:
    alarm = Alarm.get_or_none(Alarm.machine == machine, Alarm.code == code)
    if alarm is not None and not alarm.is_acknowledged:
        acknowledge(by=story.staff["clerk"], alarm=alarm, version=alarm.version, at=at)


def _reset(story: Story, machine: Machine, code: str, at: datetime) -> None:
    """What latches is reset by the clerk once it has gone."""
    story.evaluate(at)
    alarm = Alarm.get_or_none(Alarm.machine == machine, Alarm.code == code)
    if alarm is not None and alarm.condition == Condition.LATCHED:
        reset(by=story.staff["clerk"], alarm=alarm, version=alarm.version, reason="现场已查看，正常。", at=at)


def _call(story: Story, call: Call) -> None:
    machine = story.machines[call.machine]

    def ring(at: datetime) -> None:
        opened = tickets.open_ticket(
            by=story.staff["clerk"],
            source=call.source,
            kind=call.kind,
            priority=Priority.HIGH if call.kind in (FAULT_REPORT, COMPLAINT) else Priority.LOW,
            title=call.title,
            text=call.text,
            machine=machine,
            contact=Contact.select().where(Contact.customer == machine.customer).order_by(Contact.id).first(),
            at=at,
        )
        _work_on(story, opened, call.ends)

    story.at(story.now - timedelta(days=call.days), ring)


def _work_on(story: Story, ticket: Ticket, ends: TicketStatus) -> None:
    """Plan the steps of ``ticket`` up to ``ends``, with the words people leave on the way; somebody goes there for a repair."""
    if ends is TicketStatus.WAITING_CUSTOMER:
        story.at(ticket.opened_at + timedelta(hours=1), lambda at: _move(story, ticket.id, ends, at))
    steps = WAY if ticket.kind == FAULT_REPORT else AT_THE_DESK
    for step in steps[: steps.index(ends) + 1] if ends in steps else ():
        at = ticket.opened_at + timedelta(hours=PACE[step] * story.dice.uniform(0.7, 1.4))
        if step is TicketStatus.IN_WORK:
            story.at(at, partial(field_work.send_somebody, story, ticket.id, ends))
            return
        story.at(at, partial(_move, story, ticket.id, step))


def _move(story: Story, ticket_id: int, to: TicketStatus, at: datetime) -> None:
    ticket = Ticket.get_by_id(ticket_id)
    if to is TicketStatus.TRIAGED:
        tickets.add_note(by=story.staff["clerk"], ticket=ticket, text="已电话联系站长，情况属实，设备已停用等待检修。", at=at)
    solution = story.dice.choice(ANSWERS) if to is TicketStatus.RESOLVED else None
    moving.change_status(by=story.staff["deputy"], ticket=ticket, to=to, version=ticket.version, solution=solution, at=at)
