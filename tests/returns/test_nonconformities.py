"""Nonconformity reports: prepared by the clerk, submitted by somebody else, decided by quality; 8D reports and what verdicts add up to."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from peewee import Database, IntegrityError

from app.accounts.models import Notice
from app.core import db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.returns import eight_d, nonconformities, verdicts
from app.returns.models import DefectCause, DefectiveReturn, Disposition, EightD, Nonconformity
from app.returns.nonconformities import Described, Verdict
from tests import money_factories
from tests.personas import People, actor_of, people

VERDICT = Verdict(cause=DefectCause.MANUFACTURE, disposition=Disposition.SCRAP, quality_opinion="铸造缺陷", cost=Decimal("120.50"))


@pytest.fixture
def who(database: Database) -> People:
    return people()


def submitted(who: People, **values: Any) -> Nonconformity:
    returned = money_factories.returned(status="reported", **values)
    report = money_factories.nonconformity(returned=returned, prepared_by=who.chen)
    EightD.delete().where(EightD.nonconformity == report).execute()
    nonconformities.submit(by=actor_of(who.liu), report=report, version=1)
    return report


def decided(who: People, **values: Any) -> Nonconformity:
    report = submitted(who, **values)
    nonconformities.decide(by=actor_of(who.sun), report=report, version=2, verdict=VERDICT)
    return report


def test_it_works(who: People) -> None:
    returned = money_factories.returned(status="received")
    said = Described(description="泵体裂纹", found_where="使用现场", batch="2607A")
    report = nonconformities.prepare(by=actor_of(who.chen), returned=returned, said=said)
    nonconformities.submit(by=actor_of(who.liu), report=report, version=1)
    assert Notice.select().where(Notice.user == who.sun).count() == 1
    nonconformities.decide(by=actor_of(who.sun), report=report, version=2, verdict=VERDICT)
    assert "decided" in Notice.get(Notice.user == who.chen).message
    nonconformities.close(by=actor_of(who.sun), report=report, version=3, check="已报废，见照片")
    row = DefectiveReturn.get()
    assert (row.status, row.batch, Nonconformity.get().cost) == ("closed", "2607A", Decimal("120.50"))


def test_only_a_part_that_is_back_gets_a_report_and_only_one(who: People) -> None:
    out = money_factories.returned(status="in_transit")
    with pytest.raises(Conflict):
        nonconformities.prepare(by=actor_of(who.chen), returned=out, said=Described(description="x"))
    back = money_factories.returned(status="received")
    nonconformities.prepare(by=actor_of(who.chen), returned=DefectiveReturn.get_by_id(back.id), said=Described(description="x"))
    with pytest.raises(Conflict):
        nonconformities.prepare(by=actor_of(who.chen), returned=back, said=Described(description="x"))


def test_nobody_submits_an_own_report(who: People) -> None:
    report = money_factories.nonconformity(prepared_by=who.liu)
    with pytest.raises(NotAllowed):
        nonconformities.submit(by=actor_of(who.liu), report=report, version=1)
    with pytest.raises(IntegrityError), db.transaction():
        Nonconformity.update(submitted_by=who.liu).where(Nonconformity.id == report.id).execute()


def test_each_step_belongs_to_its_role(who: People) -> None:
    report = money_factories.nonconformity(prepared_by=who.chen)
    for user in (who.chen, who.zhao, who.sun, who.li):
        with pytest.raises(NotAllowed):
            nonconformities.submit(by=actor_of(user), report=report, version=1)
    for user in (who.chen, who.zhao, who.liu, who.li):
        with pytest.raises(NotAllowed):
            nonconformities.decide(by=actor_of(user), report=report, version=1, verdict=VERDICT)


def test_no_verdict_before_the_report_is_submitted(who: People) -> None:
    report = money_factories.nonconformity(prepared_by=who.chen)
    with pytest.raises(Conflict):
        nonconformities.decide(by=actor_of(who.sun), report=report, version=1, verdict=VERDICT)


def test_a_verdict_is_whole(who: People) -> None:
    report = submitted(who)
    with pytest.raises(Invalid) as refused:
        nonconformities.decide(by=actor_of(who.sun), report=report, version=2, verdict=Verdict(cause=None, disposition=None))
    assert set(refused.value.fields) == {"cause", "disposition", "quality_opinion"}


def test_the_second_verdict_is_refused(who: People) -> None:
    report = decided(who)
    with pytest.raises(Conflict):
        nonconformities.decide(by=actor_of(who.sun), report=report, version=2, verdict=VERDICT)


def test_a_submitted_report_is_not_rewritten(who: People) -> None:
    with pytest.raises(Conflict):
        nonconformities.revise(by=actor_of(who.chen), report=submitted(who), version=2, said=Described(description="anders"))


def test_three_verdicts_on_a_part_within_90_days_call_for_an_8d_report(who: People) -> None:
    first, second, third = (decided(who, part_number="P-77") for _ in range(3))
    assert verdicts.calls_for_eight_d(third)
    assert not verdicts.calls_for_eight_d(second)
    late = third.decided_at - timedelta(days=91)
    Nonconformity.update(decided_at=late).where(Nonconformity.id == first.id).execute()
    assert not verdicts.calls_for_eight_d(third)


def test_a_part_without_a_number_is_never_the_same(who: People) -> None:
    assert not any(verdicts.calls_for_eight_d(decided(who, part_number="")) for _ in range(3))


def test_an_8d_report_is_opened_once_written_and_closed_when_whole(who: People) -> None:
    report, sun = decided(who), actor_of(who.sun)
    one = eight_d.open_one(by=sun, report=report)
    assert eight_d.open_one(by=sun, report=report) == one
    words = {"d4": "铸造气孔", "d6": "改模具"}
    eight_d.write(by=sun, eight_d=one, version=1, said=eight_d.Written(words=words, owner=who.zhao))
    assert Notice.select().where(Notice.user == who.zhao).count() == 1
    with pytest.raises(Invalid) as refused:
        eight_d.close(by=sun, eight_d=EightD.get_by_id(one.id), version=2)
    assert set(refused.value.fields) == {"d8"}
    eight_d.write(by=sun, eight_d=EightD.get_by_id(one.id), version=2, said=eight_d.Written(words=words | {"d8": "完成"}))
    eight_d.close(by=sun, eight_d=EightD.get_by_id(one.id), version=3)
    with pytest.raises(Conflict):
        eight_d.write(by=sun, eight_d=EightD.get_by_id(one.id), version=4, said=eight_d.Written(words=words))


def test_verdicts_are_counted_by_part_batch_supplier_and_cause(who: People) -> None:
    for batch in ("A", "A", "B"):
        decided(who, part_number="P-1", batch=batch)
    submitted(who, part_number="P-1", batch="B")
    assert [(one.key, one.number) for one in verdicts.groups("part")] == [("P-1", 3)]
    assert [(one.key, one.number) for one in verdicts.groups("batch")] == [("A", 2), ("B", 1)]
    assert [(one.key, one.number) for one in verdicts.groups("cause")] == [("manufacture", 3)]
    assert [(one.key, one.number) for one in verdicts.groups("supplier")] == [("", 3)]
