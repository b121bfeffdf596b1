"""From every state of a returned part, by every operation on it or on its report: only what the table of starts allows happens; all else
is refused in words and changes no row.
"""

from collections.abc import Callable

import pytest
from peewee import Database, Model

from app.accounts.notices import Notice
from app.core import clock, db
from app.core.errors import Conflict
from app.core.history import HistoryEntry
from app.core.types import system
from app.returns import nonconformities, returning, verdicts
from app.returns.models import DefectCause, DefectiveReturn, Disposition, Nonconformity, ReturnStatus
from app.returns.nonconformities import Described, Verdict
from app.returns.returning import STARTS, Parcel
from app.work_orders.models import WorkOrder
from tests import jumps, money_factories
from tests.personas import People, actor_of, people

S = ReturnStatus
WATCHED: tuple[type[Model], ...] = (DefectiveReturn, Nonconformity, WorkOrder, HistoryEntry, Notice)
VERDICT = Verdict(cause=DefectCause.MANUFACTURE, disposition=Disposition.SCRAP, quality_opinion="铸造缺陷")
PAIRS = [(present, target) for target, starts in STARTS.items() for present in S if present not in starts]


@pytest.fixture
def who(sqlite_database: Database) -> People:
    return people()


def report_of(one: DefectiveReturn) -> Nonconformity:
    report = verdicts.of_return(one)
    if report is None:
        raise Conflict("Nobody has prepared a report of it.")
    return report


def submit(who: People, one: DefectiveReturn) -> None:
    report = report_of(one)
    nonconformities.submit(by=actor_of(who.liu), report=report, version=report.version)


def decide(who: People, one: DefectiveReturn) -> None:
    report = report_of(one)
    nonconformities.decide(by=actor_of(who.sun), report=report, version=report.version, verdict=VERDICT)


def close(who: People, one: DefectiveReturn) -> None:
    report = report_of(one)
    nonconformities.close(by=actor_of(who.sun), report=report, version=report.version, check="x")


# Every operation and where it leads; from where it is open says ``STARTS``.
WAYS: dict[str, tuple[Callable[[People, DefectiveReturn], object], ReturnStatus]] = {
    "send": (lambda who, one: returning.send(by=actor_of(who.li), returns=[one], parcel=Parcel(carrier="x")), S.IN_TRANSIT),
    "receive": (lambda who, one: returning.receive(by=actor_of(who.chen), returned=one, version=one.version), S.RECEIVED),
    "waive": (lambda who, one: returning.waive(by=actor_of(who.zhao), returned=one, version=one.version, reason="x"), S.WAIVED),
    "prepare": (
        lambda who, one: nonconformities.prepare(by=actor_of(who.chen), returned=one, said=Described(description="x")),
        S.REPORTED,
    ),
    "decide": (decide, S.DECIDED),
    "close": (close, S.CLOSED),
}


def tagged(who: People, one: DefectiveReturn) -> None:
    returning.tag(by=actor_of(who.li), returns=[one])


PATHS: dict[ReturnStatus, tuple[Callable[[People, DefectiveReturn], object], ...]] = {
    S.DUE: (),
    S.TAGGED: (tagged,),
    S.IN_TRANSIT: (tagged, WAYS["send"][0]),
    S.RECEIVED: (tagged, WAYS["receive"][0]),
    S.REPORTED: (tagged, WAYS["receive"][0], WAYS["prepare"][0], submit),
    S.DECIDED: (tagged, WAYS["receive"][0], WAYS["prepare"][0], submit, decide),
    S.CLOSED: (tagged, WAYS["receive"][0], WAYS["prepare"][0], submit, decide, close),
    S.WAIVED: (WAYS["waive"][0],),
}


def brought_to(who: People, status: ReturnStatus) -> DefectiveReturn:
    """A part of Li's in ``status``, brought there the way people bring it; a report of it is submitted."""
    row = money_factories.returned(technician=who.li)
    for act in PATHS[status]:
        act(who, DefectiveReturn.get_by_id(row.id))
    found: DefectiveReturn = DefectiveReturn.get_by_id(row.id)
    assert found.status == status
    return found


def test_it_works() -> None:
    """Each state but the first has its operation and its path."""
    assert {target for _act, target in WAYS.values()} | {S.TAGGED, S.DUE} == set(S) == set(PATHS)


@pytest.mark.parametrize("present", S)
@pytest.mark.parametrize("name", WAYS)
def test_an_operation_does_what_the_table_allows_and_changes_nothing_else(who: People, present: ReturnStatus, name: str) -> None:
    one, (act, target) = brought_to(who, present), WAYS[name]
    if present in STARTS[target]:
        act(who, one)
        assert DefectiveReturn.get_by_id(one.id).status == target
    else:
        jumps.is_refused(WATCHED, lambda: act(who, one))


@pytest.mark.parametrize(("present", "target"), PAIRS)
def test_a_way_that_the_table_does_not_have_is_shut(who: People, present: ReturnStatus, target: ReturnStatus) -> None:
    one = brought_to(who, present)

    def jump() -> None:
        with db.transaction():
            returning.step(system("tests"), one, target, clock.now())

    jumps.is_refused(WATCHED, jump)


@pytest.mark.parametrize("present", [status for status in S if status != S.DUE])
def test_printing_a_tag_anew_changes_nothing(who: People, present: ReturnStatus) -> None:
    one = brought_to(who, present)
    before = jumps.rows(WATCHED)
    tagged(who, one)
    assert jumps.rows(WATCHED) == before
