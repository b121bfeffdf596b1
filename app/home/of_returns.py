"""Returned parts and nonconformity reports that wait for somebody (2A-17)."""

from collections.abc import Iterator
from datetime import datetime

from app.core import clock
from app.core.errors import N_
from app.core.types import Actor
from app.home.items import LATE, URGENT, USUAL, Item, Step
from app.returns import nonconformities, queries, returning, verdicts
from app.returns.models import DefectiveReturn, Nonconformity, NonconformityStatus, ReturnStatus
from app.returns.queries import ReturnFilter


def of_returns(actor: Actor, now: datetime, limit: int) -> list[Item]:
    """What waits for ``actor``: a part to be reported on, a report to be submitted or decided, parts that are overdue."""
    return [*_to_report(actor, limit), *_to_submit(actor, limit), *_to_decide(actor, limit), *_overdue(actor, now)]


def _to_report(actor: Actor, limit: int) -> Iterator[Item]:
    if not actor.may(nonconformities.PREPARE):
        return
    back = queries.visible(actor).where(DefectiveReturn.status == ReturnStatus.RECEIVED).order_by(DefectiveReturn.received_at).limit(limit)
    for one in back:
        step = Step(label=N_("Prepare the report"), href=f"/returns/{one.number}/nonconformity", icon="pencil")
        yield Item(
            key=f"return-{one.id}", rank=USUAL, since=one.received_at, href=f"/returns/{one.number}", number=one.number, step=step,
            serial=one.machine.serial, title=one.part_name, state=ReturnStatus(one.status),
        )  # fmt: skip


def _to_submit(actor: Actor, limit: int) -> Iterator[Item]:
    if not actor.may(nonconformities.SUBMIT):
        return
    prepared = (Nonconformity.status == NonconformityStatus.PREPARED) & (Nonconformity.prepared_by != actor.user_id)
    for one in verdicts.joined().where(prepared).order_by(Nonconformity.prepared_at).limit(limit):
        yield _item(one, Step(label=N_("Submit to quality"), href=nonconformities.href(one), icon="send"), one.prepared_at, USUAL)


def _to_decide(actor: Actor, limit: int) -> Iterator[Item]:
    if not actor.may(nonconformities.DECIDE):
        return
    submitted = Nonconformity.status == NonconformityStatus.SUBMITTED
    for one in verdicts.joined().where(submitted).order_by(Nonconformity.submitted_at).limit(limit):
        yield _item(one, Step(label=N_("Give the verdict"), href=nonconformities.href(one), icon="check"), one.submitted_at, URGENT)


def _overdue(actor: Actor, now: datetime) -> Iterator[Item]:
    """One line for all parts that are late: whoever may waive them presses or lets go."""
    if not actor.may(returning.WAIVE):
        return
    late = queries.listed(actor, ReturnFilter(state=queries.LATE), clock.today())
    number = late.select(DefectiveReturn.id).count()
    if number:
        step = Step(label=N_("Look at them"), href="/returns?state=late", icon="refresh")
        yield Item(
            key="returns-late", rank=LATE, since=now, href="/returns?state=late", label=N_("%(count)d old parts"), label_count=number,
            step=step, title="", state_text=N_("Overdue"),
        )  # fmt: skip


def _item(report: Nonconformity, step: Step, since: datetime, rank: int) -> Item:
    part = report.returned
    return Item(
        key=f"nonconformity-{report.id}", rank=rank, since=since, href=nonconformities.href(report), number=report.number, step=step,
        serial=part.machine.serial, title=f"{part.part_name}: {report.description[:80]}", state=NonconformityStatus(report.status),
    )  # fmt: skip
