"""The shift log of yesterday evening, taken over this morning, and the shift of today."""

from datetime import datetime, timedelta

from app.demo.people import Staff
from app.monitoring.shift_log import operations

NIGHT = timedelta(hours=12)


def keep(staff: Staff, now: datetime) -> None:
    """The deputy watched at night; the clerk took over and is on shift."""
    deputy, clerk, morning = staff["deputy"], staff["clerk"], now - timedelta(hours=3)
    night = operations.sign_on(by=deputy, at=morning - NIGHT)
    operations.note(by=deputy, log=night, text="滨河压缩站 22 点后无人值守，如有急停报警先联系夜班保安。", at=morning - NIGHT / 2)
    operations.sign_off(by=deputy, log=night, version=night.version, remark="滤芯压差报警的客户约好上午换滤芯。", at=morning)
    operations.take_over(by=clerk, log=type(night).get_by_id(night.id), version=night.version + 1, remark="已阅。", at=morning)
    operations.sign_on(by=clerk, at=morning)
