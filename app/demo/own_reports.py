"""What technicians of the demo world wrote themselves: daily reports with two missing, a call for help and an answered one."""

from datetime import datetime, timedelta

from app.accounts.models import User, UserRole
from app.core import clock
from app.demo.field_work import acting
from app.demo.people import Staff
from app.desk import day_text
from app.roster import calendars
from app.work_orders import guidance, technician_reports
from app.work_orders.models import OrderStatus, ReportPeriod, WorkOrder

DAYS = 6
LOCALE = "zh_CN"
SENT_AFTER = timedelta(hours=18, minutes=20)
# Which technician has not sent the report of how many days ago.
MISSING = ((1, 2), (3, 1))
ASKED = "推板后退到一半停住，压力只有 8 MPa。换过滤芯，电磁阀能听到吸合声，油缸不漏。"
HARDER = "油缸内漏，拆开看到活塞密封已磨平，库里没有同型号密封件。"
SAID = "先把回路短接，确认不是溢流阀卡住；密封件我让技术中心今天发 B 型，可以代用。"


def write(staff: Staff, now: datetime) -> None:
    """Send the reports of the last days, and ask for help where somebody is on site."""
    held = UserRole.select(UserRole.user).where(UserRole.role == "technician")
    technicians = list(User.select().where(User.id.in_(held)).order_by(User.id))
    today = clock.day_of(now)
    for number, user in enumerate(technicians):
        for back in range(1, DAYS + 1):
            day = today - timedelta(days=back)
            if (number, back) in MISSING or not calendars.present().is_working_day(day):
                continue
            text, at = day_text.day_text(user, day, LOCALE), technician_reports.start_of(day) + SENT_AFTER
            technician_reports.send(by=acting(user), period=ReportPeriod.DAY, starts_on=day, text=text, at=at)
    _ask(staff, now)


def _ask(staff: Staff, now: datetime) -> None:
    there = WorkOrder.get_or_none(WorkOrder.status == OrderStatus.ON_SITE)
    if there is not None:
        guidance.ask(by=acting(there.lead), order=there, question=ASKED, at=now - timedelta(minutes=12))
    waiting = WorkOrder.get_or_none(WorkOrder.status == OrderStatus.WAITING_PARTS)
    if waiting is not None:
        guidance.ask(by=acting(waiting.lead), order=waiting, question=HARDER, at=now - timedelta(hours=3))
        guidance.give(by=staff["deputy"], order=waiting, text=SAID, at=now - timedelta(hours=2))
