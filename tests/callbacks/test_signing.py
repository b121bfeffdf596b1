"""Three different persons: who recorded does not sign, who did either does not read, in whatever role and in whose place."""

import contextlib
import itertools
from datetime import timedelta

import pytest
from peewee import Database, IntegrityError

from app.accounts.models import Authority, Notice, Role, User, UserRole
from app.callbacks import operations, signing
from app.callbacks.models import CallBack, CallBackStatus
from app.callbacks.operations import About, Call
from app.callbacks.scores import Scores
from app.callbacks.signing import FollowUp
from app.core import clock, db
from app.core.errors import Conflict, Invalid, NotAllowed
from app.tickets.models import Ticket, TicketStatus
from app.work_orders import progress
from app.work_orders.models import OrderStatus, WorkOrder
from tests import factories
from tests.callbacks.desk import GOOD, POOR, Desk, desk, finished, lend, recorded
from tests.personas import actor_of, make_user

TODAY = clock.today() + timedelta(days=1)
ROLES = (Role.CLERK, Role.DEPUTY, Role.MANAGER)


def follow_up(owner: User) -> FollowUp:
    return FollowUp("再上门一次", owner, TODAY)


def again(call_back: CallBack) -> CallBack:
    return CallBack.get_by_id(call_back.id)


def signed(centre: Desk, scores: Scores = GOOD, order: WorkOrder | None = None) -> CallBack:
    made = recorded(centre, scores, order)
    signing.sign(by=centre.deputy, call_back=made, version=1, follow_up=follow_up(centre.who.li) if scores is POOR else None)
    return again(made)


def test_it_works(database: Database) -> None:
    centre = desk()
    made = signed(centre)
    assert (made.status, made.signed_by, made.signed_by_name, made.signed_for_name) == ("signed", centre.who.zhao, "赵副经理", "")
    signing.read(by=centre.manager, call_back=made, version=made.version)
    made = again(made)
    assert (made.status, made.read_by, made.read_at) == (CallBackStatus.ARCHIVED, centre.who.liu, made.archived_at)
    assert made.order.call_back_archived_at == made.archived_at
    assert [hand.name for hand in signing.hands(made)] == ["陈文员", "赵副经理", "刘经理"]


def test_reading_lets_a_filed_order_and_its_ticket_rest(database: Database) -> None:
    centre = desk()
    ticket = factories.ticket(status=TicketStatus.RESOLVED, resolved_at=clock.now())
    order = finished(centre.who.li, status=OrderStatus.FILED, ticket=ticket, filed_at=clock.now())
    made = signed(centre, order=order)
    signing.read(by=centre.manager, call_back=made, version=made.version)
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.ARCHIVED
    assert Ticket.get_by_id(ticket.id).status == TicketStatus.CLOSED


def test_an_order_that_is_not_filed_does_not_rest_with_its_call_back(sqlite_database: Database) -> None:
    centre = desk()
    made = signed(centre)
    signing.read(by=centre.manager, call_back=made, version=made.version)
    order = WorkOrder.get_by_id(made.order_id)
    assert order.status == OrderStatus.FINISHED
    progress.file(by=centre.clerk, order=order, version=order.version)
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.ARCHIVED


@pytest.mark.parametrize("missing", ["follow_up", "owner", "due_on"])
def test_a_poor_score_is_not_signed_without_what_is_done_about_it(sqlite_database: Database, missing: str) -> None:
    centre = desk()
    made = recorded(centre, POOR)
    given = {"text": "再上门", "owner": centre.who.li, "due_on": TODAY} | {
        {"follow_up": "text"}.get(missing, missing): {"follow_up": " "}.get(missing)
    }
    with pytest.raises(Invalid) as refusal:
        signing.sign(by=centre.deputy, call_back=made, version=1, follow_up=FollowUp(**given))
    assert list(refusal.value.fields) == [missing]
    assert again(made).status == CallBackStatus.RECORDED


def test_a_poor_score_is_not_signed_without_a_word(sqlite_database: Database) -> None:
    centre = desk()
    with pytest.raises(Invalid) as refusal:
        signing.sign(by=centre.deputy, call_back=recorded(centre, POOR), version=1)
    assert list(refusal.value.fields) == ["follow_up", "owner", "due_on"]


def test_the_database_refuses_a_poor_score_without_follow_up_too(database: Database) -> None:
    centre = desk()
    made = recorded(centre, POOR)
    values = {"status": "signed", "signed_at": clock.now(), "signed_by": centre.who.zhao, "signed_by_name": "赵副经理"}
    with pytest.raises(IntegrityError), db.database.atomic():
        CallBack.update(values).where(CallBack.id == made.id).execute()


@pytest.mark.parametrize("owner", ["gone", "li"])
def test_a_follow_up_is_somebodys_who_works_here_and_not_due_in_the_past(sqlite_database: Database, owner: str) -> None:
    centre = desk()
    wanted = FollowUp("x", centre.who.disabled, TODAY) if owner == "gone" else FollowUp("x", centre.who.li, TODAY - timedelta(days=30))
    with pytest.raises(Invalid):
        signing.sign(by=centre.deputy, call_back=recorded(centre, POOR), version=1, follow_up=wanted)


def test_the_owner_of_a_follow_up_is_told(sqlite_database: Database) -> None:
    centre = desk()
    signed(centre, POOR)
    assert Notice.select().where(Notice.user == centre.who.li, Notice.href == "/call-backs/follow-ups").count() == 1


def test_a_good_score_may_have_a_follow_up(sqlite_database: Database) -> None:
    centre = desk()
    made = recorded(centre)
    signing.sign(by=centre.deputy, call_back=made, version=1, follow_up=follow_up(centre.who.li))
    assert again(made).follow_up_owner == centre.who.li


def test_what_was_corrected_after_the_page_was_read_is_not_signed(sqlite_database: Database) -> None:
    centre = desk()
    made, page = recorded(centre), None
    page = again(made)
    operations.correct(by=centre.clerk, call_back=made, version=1, call=Call(outcome=made.outcome, scores=Scores(5, 5, 3)))
    with pytest.raises(Conflict):
        signing.sign(by=centre.deputy, call_back=page, version=1)
    with pytest.raises(Conflict):
        signing.sign(by=centre.deputy, call_back=again(made), version=1)
    assert signing.sign_shown(by=centre.deputy, shown=[(made.id, 1)]) == 0


# --- many at once -------------------------------------------------------------


def test_good_ones_are_signed_and_read_together_and_poor_ones_stay(database: Database) -> None:
    centre = desk()
    good, other, poor = recorded(centre), recorded(centre), recorded(centre, POOR)
    shown = [(one.id, 1) for one in (good, other, poor)]
    assert signing.sign_shown(by=centre.deputy, shown=shown) == 2
    assert again(poor).status == CallBackStatus.RECORDED
    signing.sign(by=centre.deputy, call_back=poor, version=1, follow_up=follow_up(centre.who.li))
    shown = [(one.id, 2) for one in (good, other, poor)]
    assert signing.read_shown(by=centre.manager, shown=shown) == 2
    assert again(good).status == CallBackStatus.ARCHIVED
    assert again(poor).status == CallBackStatus.SIGNED


def test_many_are_signed_and_read_only_by_who_may(sqlite_database: Database) -> None:
    centre = desk()
    made = recorded(centre)
    for act, by in ((signing.sign_shown, centre.clerk), (signing.sign_shown, centre.manager), (signing.read_shown, centre.deputy)):
        with pytest.raises(NotAllowed):
            act(by=by, shown=[(made.id, 1)])


# --- three different persons --------------------------------------------------


@pytest.mark.parametrize("roles", [roles for size in (1, 2, 3) for roles in itertools.combinations(ROLES, size)])
@pytest.mark.parametrize("lent", [(), ("call_backs.sign",), ("call_backs.read",), ("call_backs.sign", "call_backs.read")])
@pytest.mark.parametrize("hands", [("record", "sign"), ("record", "read"), ("sign", "read")])
def test_nobody_is_two_of_the_three(
    sqlite_database: Database, roles: tuple[Role, ...], lent: tuple[str, ...], hands: tuple[str, str]
) -> None:
    centre = desk()
    one = make_user(*roles)
    for permission in lent:
        lend(centre.who.zhao if permission.endswith("sign") else centre.who.liu, one, permission)
    if "record" in hands and Role.CLERK not in roles:
        return
    if hands[0] == "sign" and Role.DEPUTY not in roles and "call_backs.sign" not in lent:
        return
    by, order = actor_of(one), finished(centre.who.li)
    recorder = by if hands[0] == "record" else centre.clerk
    (made,) = operations.save(by=recorder, abouts=[About(order)], call=Call(outcome="reached", scores=GOOD))
    made = again(made)
    if hands[1] == "read":
        signing.sign(by=by if hands[0] == "sign" else centre.deputy, call_back=made, version=1)
        made = again(made)
    act, many = (signing.sign, signing.sign_shown) if hands[1] == "sign" else (signing.read, signing.read_shown)
    with pytest.raises(NotAllowed):
        act(by=by, call_back=made, version=made.version)
    before = again(made).status
    with contextlib.suppress(NotAllowed):
        assert many(by=by, shown=[(made.id, made.version)]) == 0
    assert again(made).status == before
    assert signing.what_hinders(by, made, clock.now()) is not None


def test_the_database_refuses_the_same_person_too(database: Database) -> None:
    centre = desk()
    made = recorded(centre)
    values = {"status": "signed", "signed_at": clock.now(), "signed_by": centre.who.chen, "signed_by_name": "陈文员"}
    with pytest.raises(IntegrityError), db.database.atomic():
        CallBack.update(values).where(CallBack.id == made.id).execute()


def test_who_signs_in_anothers_place_is_named_with_it(sqlite_database: Database) -> None:
    centre = desk()
    other, third = make_user(Role.CLERK, name="林文员"), make_user(Role.CLERK, name="高文员")
    lend(centre.who.zhao, other, "call_backs.sign")
    lend(centre.who.liu, third, "call_backs.read")
    made = recorded(centre)
    signing.sign(by=actor_of(other), call_back=made, version=1)
    signing.read(by=actor_of(third), call_back=again(made), version=2)
    made = again(made)
    assert (made.signed_by_name, made.signed_for_name) == ("林文员", "赵副经理")
    assert (made.read_by_name, made.read_for_name) == ("高文员", "刘经理")


def test_nobody_signs_in_the_place_of_who_recorded(sqlite_database: Database) -> None:
    centre = desk()
    both, other = make_user(Role.CLERK, Role.DEPUTY, name="周两职"), make_user(Role.MANAGER)
    (made,) = operations.save(by=actor_of(both), abouts=[About(finished(centre.who.li))], call=Call(outcome="reached", scores=GOOD))
    lend(both, other, "call_backs.sign")
    with pytest.raises(NotAllowed, match="周两职"):
        signing.sign(by=actor_of(other), call_back=again(made), version=1)
    assert signing.sign_shown(by=actor_of(other), shown=[(made.id, 1)]) == 0


def test_an_authority_that_was_revoked_or_is_over_signs_nothing(sqlite_database: Database) -> None:
    centre = desk()
    other = make_user(Role.CLERK)
    lend(centre.who.zhao, other, "call_backs.sign")
    made = recorded(centre)
    with pytest.raises(NotAllowed):
        signing.sign(by=actor_of(other), call_back=made, version=1, at=clock.now() + timedelta(days=3))
    Authority.update(revoked_at=clock.now()).execute()
    with pytest.raises(NotAllowed):
        signing.sign(by=actor_of(other), call_back=made, version=1)


def test_roles_other_than_these_neither_sign_nor_read(sqlite_database: Database) -> None:
    centre = desk()
    made, ready = recorded(centre), signed(centre)
    for user in (centre.who.li, centre.who.area_manager, centre.who.sun, centre.who.admin):
        assert UserRole.select().where(UserRole.user == user).exists()
        with pytest.raises(NotAllowed):
            signing.sign(by=actor_of(user), call_back=made, version=1)
        with pytest.raises(NotAllowed):
            signing.read(by=actor_of(user), call_back=ready, version=2)
