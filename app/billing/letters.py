"""Letters of demand (催款函): the text of a step with its placeholders filled, and the letter kept with its record as the proof."""

import io
from datetime import date, datetime, timedelta
from decimal import Decimal

from app.billing import debtors, dunning, ladder
from app.billing.dunning import Demand
from app.billing.models import DunningAct, DunningRecord, DunningStep, Receivable
from app.core import clock, db, files, known_settings
from app.core.errors import N_, Conflict
from app.core.file_kinds import ANY
from app.core.money import ZERO, capitals
from app.core.types import Actor
from app.customers.models import Customer

PAY_WITHIN = timedelta(days=7)
# What a letter says while its step has no text of its own. Letters go to customers in China: they are written in Chinese.
TEXTS = {
    DunningAct.REMINDER: (
        "{customer}：\n\n感谢贵单位一直以来的支持。下列款项即将到期，合计人民币 {overdue} 元（大写：{capitals}）。"
        "烦请安排付款；如已付款，请忽略本函。"
    ),
    DunningAct.LETTER: (
        "{customer}：\n\n截至 {today}，贵单位尚有下列服务款项逾期未付，合计人民币 {overdue} 元（大写：{capitals}），"
        "最长已逾期 {days} 天。\n\n请于 {deadline} 前付清上述款项。"
        "如对金额有异议，请在收函后 3 个工作日内书面告知；如已付款，请提供付款凭证。"
    ),
    DunningAct.LAWYER: (
        "{customer}：\n\n截至 {today}，贵单位拖欠下列服务款项合计人民币 {overdue} 元（大写：{capitals}），最长已逾期 {days} 天，"
        "经多次催告仍未支付。\n\n请于 {deadline} 前一次付清。逾期不付，{company}将委托律师依法追索，并主张逾期利息及实现债权的费用。"
    ),
}


def items(actor: Actor, customer: Customer, today: date, *, is_ahead: bool = False) -> list[Receivable]:
    """What a letter lists: what ``actor`` sees overdue, oldest first; with ``is_ahead`` also what is not due yet (a reminder)."""
    return [row for row in debtors.open_items(actor, customer) if is_ahead or row.due_on < today]


def total(rows: list[Receivable]) -> Decimal:
    """What is still owed of ``rows``."""
    return sum((row.amount - row.paid for row in rows), ZERO)


def text_of(step: DunningStep, customer: Customer, rows: list[Receivable], today: date) -> str:
    """The words of the letter."""
    text = step.letter.strip() or TEXTS.get(DunningAct(step.act), TEXTS[DunningAct.LETTER])
    owed = total(rows)
    return text.format(
        customer=customer.name,
        company=known_settings.letterhead().company,
        today=chinese_day(today),
        overdue=f"{owed:,.2f}",
        capitals=capitals(owed),
        days=max((today - row.due_on).days for row in rows),
        deadline=chinese_day(today + PAY_WITHIN),
    )


def chinese_day(on: date) -> str:
    """2026年11月23日."""
    return f"{on.year}年{on.month}月{on.day}日"


def send(
    *,
    by: Actor,
    customer: Customer,
    step: DunningStep,
    pdf: bytes,
    result: str = "",
    form_token: str | None = None,
    at: datetime | None = None,
) -> DunningRecord:
    """Keep the letter and write the demand down; its day interrupts the limitation. Raises ``Conflict`` when nothing is overdue."""
    by.require(dunning.RECORD)
    done_at = at or clock.now()
    today = clock.day_of(done_at)
    if not items(by, customer, today, is_ahead=step.days < 0):
        raise Conflict(N_("Nothing is owed any more that this letter could ask for."))
    incoming = files.take_in(name=f"letter-{today:%Y%m%d}-{customer.id}.pdf", stream=io.BytesIO(pdf), kinds=ANY)
    with db.transaction():
        kept = files.keep(by=by, incoming=incoming, at=done_at)
        wanted = Demand(act=step.act, step=step, letter=kept, result=result, next_on=None)
        return dunning.demand(by=by, customer=customer, wanted=wanted, form_token=form_token, at=done_at)


def steps_with_letters() -> list[DunningStep]:
    """The steps of the ladder that are letters."""
    return [step for step in ladder.steps() if step.act in TEXTS]


def usual(steps: list[DunningStep], days: int) -> DunningStep | None:
    """Of ``steps`` the letter that fits a debt ``days`` overdue: the last one due, else the next; nothing overdue is called due soon."""
    fitting = [step for step in steps if (step.days > 0) == (days > 0)]
    return next((step for step in reversed(fitting) if step.days <= days), fitting[0] if fitting else None)
