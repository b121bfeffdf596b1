"""Two people at one call-back at the same moment: recorded, signed and read once; the other is told by whom."""

import os
from collections.abc import Callable

import pytest

from app.accounts.models import Role, User
from app.callbacks import operations, signing
from app.callbacks.models import CallBack, CallBackOutcome, CallBackStatus
from app.callbacks.operations import About, Call
from app.callbacks.scores import Scores
from app.core import history
from app.core.errors import Conflict
from app.core.types import Actor
from app.work_orders import progress
from app.work_orders.models import OrderStatus, WorkOrder
from tests import factories
from tests.personas import actor_of, make_user
from tests.tickets.test_faults import at_once

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("database")]

ROUNDS = 100 if os.environ.get("FAULTS") == "long" else 12
GOOD = Call(outcome=CallBackOutcome.REACHED, scores=Scores(5, 5, 5), is_hotline_told=True, text="满意")
Work = Callable[[], object]


@pytest.fixture
def li() -> User:
    return make_user(Role.TECHNICIAN, name="李工")


def clerks() -> tuple[Actor, Actor]:
    return actor_of(make_user(Role.CLERK, name="陈文员")), actor_of(make_user(Role.CLERK, name="周文员"))


def run_off(*works: Work) -> tuple[int, str]:
    """Run both at once; gives which one did it, and what the other was told."""
    results = at_once(*works)
    told = [result for result in results if isinstance(result, Exception)]
    assert len(told) == 1, results
    assert isinstance(told[0], Conflict), results
    return next(number for number, result in enumerate(results) if not isinstance(result, Exception)), str(told[0])


def test_it_works(li: User) -> None:
    """Two record one call-back: one record, and the second one reads who was first."""
    both = clerks()
    for _round in range(ROUNDS):
        order = factories.work_order(status=OrderStatus.FINISHED, lead=li)
        first, told = run_off(
            *(lambda by=by, order=WorkOrder.get_by_id(order.id): operations.save(by=by, abouts=[About(order)], call=GOOD) for by in both)
        )
        assert CallBack.get(CallBack.order == order).recorded_by_name == both[first].name
        assert both[first].name in told
    assert history.verify().problem is None


def test_signing_against_correcting(li: User) -> None:
    (chen, _other), zhao = clerks(), actor_of(make_user(Role.DEPUTY, name="赵副经理"))
    for _round in range(ROUNDS):
        order = factories.work_order(status=OrderStatus.FINISHED, lead=li)
        made = operations.save(by=chen, abouts=[About(order)], call=GOOD)[0]
        one, two = CallBack.get_by_id(made.id), CallBack.get_by_id(made.id)
        first, told = run_off(
            lambda one=one: signing.sign(by=zhao, call_back=one, version=one.version),
            lambda two=two: operations.correct(by=chen, call_back=two, version=two.version, call=GOOD),
        )
        assert CallBack.get_by_id(made.id).status == (CallBackStatus.SIGNED, CallBackStatus.RECORDED)[first]
        assert (zhao, chen)[first].name in told


def test_recording_against_taking_back_the_finish(li: User) -> None:
    """Either the customer was called, or the technician is on site again; never both."""
    (chen, _other), me = clerks(), actor_of(li)
    for _round in range(ROUNDS):
        order = factories.work_order(status=OrderStatus.FINISHED, lead=li)
        one, two = WorkOrder.get_by_id(order.id), WorkOrder.get_by_id(order.id)
        first, _told = run_off(
            lambda one=one: operations.save(by=chen, abouts=[About(one)], call=GOOD),
            lambda two=two: progress.take_back_finish(by=me, order=two, version=two.version),
        )
        present = WorkOrder.get_by_id(order.id)
        assert present.status == (OrderStatus.FINISHED, OrderStatus.ON_SITE)[first]
        assert (present.called_back_at is None) == (first == 1)
        assert CallBack.select().where(CallBack.order == order).count() == (1, 0)[first]
