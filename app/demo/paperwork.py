"""What followed the work in the demo world: the signed report, its filing, the call-back through three hands."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from app.accounts.models import User
from app.callbacks import follow_ups
from app.callbacks import operations as call_backs
from app.callbacks import signing as hands
from app.callbacks.models import CallBack, CallBackOutcome
from app.callbacks.operations import About, Call
from app.callbacks.scores import Scores
from app.callbacks.signing import FollowUp
from app.core import clock
from app.core.types import Actor
from app.demo.people import Staff, acting
from app.service_reports import content, filing, sheets, signing, writing
from app.service_reports.models import FaultCause, ServiceReport
from app.service_reports.signing import Drawn
from app.service_reports.steps import Step
from app.service_reports.writing import Page, PartLine, ReadingLine
from app.work_orders import gate
from app.work_orders.models import WorkOrder

if TYPE_CHECKING:
    from app.demo.past import Story

HOUR = timedelta(hours=1)
SIGNERS = ("张站长", "王班长", "李师傅", "赵主任")
# Three strokes of a hand on the sheet, 1000 wide.
STROKES = [
    [[150 + 20 * n, 220 + (n % 3) * 12, 40 * n] for n in range(16)],
    [[280, 120 + 30 * n, 800 + 40 * n] for n in range(14)],
    [[480 + 24 * n, 160 + (n * n) % 90 * 3, 1500 + 40 * n] for n in range(18)],
]


class Repair(NamedTuple):
    """How a fault was found and mended, and what it took; ``part`` is empty where none was changed."""

    finding: str
    cause: FaultCause
    action: str
    component: str
    part: str = ""
    part_number: str = ""


REPAIRS = (
    Repair("散热器翅片积灰，油温 68 °C。", FaultCause.MAINTENANCE, "清洗散热器，试机三个循环，油温 46 °C。", "液压站"),
    Repair("回油滤芯压差 0.36 MPa，滤芯堵塞。", FaultCause.WEAR, "更换回油滤芯，试机三个循环正常。", "液压站", "回油滤芯", "HX-250"),
    Repair(
        "油位 45%，回油接头渗油。", FaultCause.INSTALLATION, "紧固接头，补油 20 L，保压 10 分钟无渗漏。", "液压站", "O 形圈", "GB3452-28"
    ),
    Repair("后限位接近开关松动，信号时有时无。", FaultCause.INSTALLATION, "重新固定并校准接近开关。", "推板"),
    Repair("推板导轨卡有木块。", FaultCause.FOREIGN_MATTER, "清除异物，润滑导轨，试机正常。", "推板"),
    Repair("控制柜插头进水，绝缘下降。", FaultCause.ENVIRONMENT, "吹干插头，涂防水胶，更换密封垫。", "电控柜", "密封垫", "MF-12"),
    Repair("传感器线缆被鼠咬断。", FaultCause.ENVIRONMENT, "更换线缆一根，加装护套。", "举升", "传感器线缆 5 m", "XL-05"),
)
WORDS = ("来得快，修得好。", "师傅很耐心，讲得清楚。", "", "希望备件带全一点。", "操作工也学会了怎么清洗。")
POOR = 4  # every so many-th customer was not content


def follow(story: Story, order: WorkOrder, lead: User, finished_at: datetime) -> None:
    """Plan what follows a finished order; the youngest stay unfinished, as on any day."""
    number = story.dice.randrange(1_000)
    story.at(finished_at - HOUR / 6, partial(write_report, order, lead, number))
    story.at(finished_at + 3 * HOUR, partial(_file, story.staff, order))
    story.at(finished_at + 30 * HOUR, partial(_call, story.staff, order, number))
    story.at(finished_at + 54 * HOUR, partial(_sign, story.staff, order, number))
    story.at(finished_at + 76 * HOUR, partial(_read, story.staff, order))
    story.at(finished_at + 120 * HOUR, partial(_see_to, story.staff, order))


def write_report(order: WorkOrder, lead: User, number: int, at: datetime) -> None:
    """The technician writes the report of what was found, the ``number``-th kind of repair, and has it signed."""
    me, done = acting(lead), REPAIRS[number % len(REPAIRS)]
    present = WorkOrder.get_by_id(order.id)
    write = partial(_step, me, present, at)
    write(Step.FINDING, {"finding": done.finding, "component": done.component})
    write(Step.CAUSE, {"cause": done.cause})
    write(Step.ACTION, {"action": done.action, "is_solved": True})
    write(Step.TIMES, {"labour_minutes": 60 + 15 * (number % 7), "travel_minutes": 40 + 10 * (number % 5), "distance_km": 18 + number % 60})
    write(Step.REMARK, {"customer_remark": WORDS[number % len(WORDS)]})
    if done.part and gate.passage(present, at):
        part = PartLine(name=done.part, part_number=done.part_number)
        writing.save_parts(by=me, order=present, page=_page(present), parts=[part], at=at)
    if done.component == "液压站":
        reading = ReadingLine(name="油温", before=str(62 + number % 9), after=str(44 + number % 4), unit="°C")
        writing.save_readings(by=me, order=present, page=_page(present), readings=[reading], at=at)
    report = ServiceReport.get(ServiceReport.order == order)
    seen = content.digest(content.text_of(sheets.said_by(report)))
    drawn = Drawn(signer=SIGNERS[number % len(SIGNERS)], strokes=json.dumps(STROKES), seen=seen)
    signing.sign(by=me, order=present, drawn=drawn, at=at)


def _step(by: Actor, order: WorkOrder, at: datetime, step: Step, fields: dict[str, object]) -> None:
    writing.save(by=by, order=order, page=_page(order), step=step, fields=fields, at=at)


def _page(order: WorkOrder) -> Page:
    report = ServiceReport.get_or_none(ServiceReport.order == order)
    return Page(f"demo-{order.number}", report.version if report else 0)


def _file(staff: Staff, order: WorkOrder, at: datetime) -> None:
    filing.file(by=staff["clerk"], report=ServiceReport.get(ServiceReport.order == order), at=at)


def _call(staff: Staff, order: WorkOrder, number: int, at: datetime) -> None:
    scores = Scores(2, 4, 2) if number % POOR == 0 else Scores(5, 5, 4 + number % 2)
    words = "等了两天才来，希望快一些。" if scores.is_poor else "已修好，很满意。"
    call = Call(
        outcome=CallBackOutcome.REACHED, scores=scores, contact_name=SIGNERS[number % len(SIGNERS)], is_hotline_told=True, text=words
    )
    call_backs.save(by=staff["clerk"], abouts=[About(WorkOrder.get_by_id(order.id))], call=call, at=at)


def _sign(staff: Staff, order: WorkOrder, number: int, at: datetime) -> None:
    record = CallBack.get(CallBack.order == order)
    follow_up = None
    if record.is_poor:
        day = clock.day_of(at) + timedelta(days=3)
        owner = User.get_by_id(staff["clerk"].user_id)
        follow_up = FollowUp("致歉并说明排班，下次保养时优先安排。", owner, day)
    hands.sign(by=staff["deputy"], call_back=record, version=record.version, follow_up=follow_up, at=at)


def _read(staff: Staff, order: WorkOrder, at: datetime) -> None:
    record = CallBack.get(CallBack.order == order)
    hands.read(by=staff["manager"], call_back=record, version=record.version, at=at)


def _see_to(staff: Staff, order: WorkOrder, at: datetime) -> None:
    record = CallBack.get(CallBack.order == order)
    if record.is_poor:
        follow_ups.finish(by=staff["clerk"], call_back=record, result="已致电致歉，客户接受。", at=at)
