"""Old parts of the demo world on their way back, nonconformity reports in every state, a longer warranty."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from app.accounts.models import User
from app.contracts import warranty_operations
from app.core import clock, db
from app.core.types import Actor
from app.demo.people import Staff, acting
from app.machines.warranty import WarrantyState
from app.returns import nonconformities, opening, returning
from app.returns.models import DefectCause, DefectiveReturn, Disposition
from app.returns.nonconformities import Described, Verdict
from app.returns.opening import Removed
from app.returns.returning import Parcel
from app.work_orders.models import DONE_STATUSES, WorkOrder

PARTS = (
    ("齿轮泵", "CBG-2063", "24-1187", "泵体端面裂纹，漏油。"),
    ("接近开关", "NBN15-U1", "K0931", "感应距离缩短，时有时无。"),
    ("比例溢流阀", "DBE-10", "V5520", "阀芯卡滞，压力建立失败。"),
    ("油缸密封件", "YG-125", "", "唇口撕裂。"),
    ("温度变送器", "WZP-231", "T7719", "输出漂移 6 °C。"),
    ("齿轮泵", "CBG-2063", "24-1190", "异响，流量不足。"),
)


def bring_back(staff: Staff, now: datetime) -> None:
    """Send the old parts of the last repairs in warranty back, each a little further on its way."""
    in_warranty = (WorkOrder.warranty == WarrantyState.IN) & WorkOrder.machine.is_null(False) & WorkOrder.status.in_(DONE_STATUSES)
    orders = list(WorkOrder.select().where(in_warranty).order_by(WorkOrder.finished_at.desc()).limit(len(PARTS)))
    for number, (order, part) in enumerate(zip(orders, PARTS, strict=False)):
        _follow(staff, order, part, number, now)
    if orders:
        until = clock.day_of(now) + timedelta(days=540)
        warranty_operations.extend(by=staff["manager"], machine=orders[0].machine, until_on=until, reason="销售合同约定质保三年", at=now)


def _follow(staff: Staff, order: WorkOrder, part: tuple[str, str, str, str], number: int, now: datetime) -> None:
    name, part_number, serial, words = part
    opened_at = now - timedelta(days=(20, 4, 9, 12, 14, 18)[number])
    with db.transaction():
        removed = Removed(name=name, number=part_number, serial=serial, quantity=Decimal(1), is_kept=True)
        (one,) = opening.open_for(staff["clerk"], order, [removed], opened_at)
    if number == 0:
        return
    by = replace(acting(User.get_by_id(order.lead_id)), area_ids=None)
    returning.tag(by=by, returns=[one], at=opened_at + timedelta(days=1))
    if number > 1:
        returning.send(
            by=by, returns=[one], parcel=Parcel(carrier="顺丰速运", waybill=f"SF10{number}77{number}"), at=opened_at + timedelta(days=2)
        )
    if number > 2:
        returning.receive(by=staff["clerk"], returned=one, version=one.version, at=opened_at + timedelta(days=5))
    if number > 3:
        _report(staff, one, words, number, opened_at + timedelta(days=6))


def _report(staff: Staff, one: DefectiveReturn, words: str, number: int, at: datetime) -> None:
    clerk: Actor = staff["clerk"]
    report = nonconformities.prepare(
        by=clerk, returned=one, said=Described(description=words, found_where="使用现场", batch="2508B"), at=at
    )
    nonconformities.submit(by=staff["manager"], report=report, version=report.version, at=at + timedelta(hours=3))
    if number > 4:
        verdict = Verdict(
            cause=DefectCause.MANUFACTURE, disposition=Disposition.RETURN_TO_SUPPLIER, quality_opinion="端面加工超差，同批抽检。",
            responsibility="供应商", cost=Decimal("860.00"),
        )  # fmt: skip
        nonconformities.decide(by=staff["quality"], report=report, version=report.version, verdict=verdict, at=at + timedelta(days=1))
