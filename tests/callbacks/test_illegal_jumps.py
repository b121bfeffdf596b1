"""From every state, by every operation and every screen: only what the table of states allows happens, everything else is refused."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.callbacks import follow_ups, operations, signing, states, tries
from app.callbacks.models import CallBack, CallBackStatus
from app.callbacks.operations import About, Call
from app.core.errors import DomainError
from app.work_orders import progress
from app.work_orders.models import OrderStatus, WorkOrder
from tests import factories
from tests.callbacks.desk import GOOD, Desk, desk, finished
from tests.personas import sign_in

S = CallBackStatus
CALL = Call(outcome="reached", scores=GOOD)
# Each way: who goes it, and how; it is given the order and its record, None while there is none.
Way = Callable[[Desk, WorkOrder, CallBack], object]
WAYS: dict[str, tuple[CallBackStatus, Way]] = {
    "save": (S.RECORDED, lambda centre, order, _one: operations.save(by=centre.clerk, abouts=[About(order)], call=CALL)),
    "sign": (S.SIGNED, lambda centre, _order, one: signing.sign(by=centre.deputy, call_back=one, version=one.version)),
    "sign_shown": (S.SIGNED, lambda centre, _order, one: signing.sign_shown(by=centre.deputy, shown=[(one.id, one.version)])),
    "read": (S.ARCHIVED, lambda centre, _order, one: signing.read(by=centre.manager, call_back=one, version=one.version)),
    "read_shown": (S.ARCHIVED, lambda centre, _order, one: signing.read_shown(by=centre.manager, shown=[(one.id, one.version)])),
}
SCREENS = {
    "save": ("chen", "/call-backs/new?order={number}", {"outcome": "reached", "result": "5", "attitude": "5", "timeliness": "5"}),
    "sign": ("zhao", "/call-backs/{id}/signature", {"version": "{version}"}),
    "sign_shown": ("zhao", "/call-backs/signatures", {"record": "{id}.{version}"}),
    "read": ("liu", "/call-backs/{id}/reading", {"version": "{version}"}),
    "read_shown": ("liu", "/call-backs/readings", {"record": "{id}.{version}"}),
}


def expected(present: CallBackStatus, way: str) -> CallBackStatus:
    """The state afterwards; the present one where the way is not open. Reading goes two steps at once."""
    target = WAYS[way][0]
    first = S.READ if target is S.ARCHIVED else target
    return target if first in states.TRANSITIONS[present] else present


def in_state(centre: Desk, state: CallBackStatus) -> tuple[WorkOrder, CallBack | None]:
    order = finished(centre.who.li)
    if state is S.DUE:
        return order, None
    hands = {"recorded_by": factories.make_user("clerk"), "signed_by": factories.make_user("deputy")}
    made = factories.call_back(order=order, status=state, **(hands if state is not S.RECORDED else {"recorded_by": hands["recorded_by"]}))
    return WorkOrder.get_by_id(order.id), CallBack.get_by_id(made.id)


def state_of(order: WorkOrder) -> str:
    found = CallBack.get_or_none(CallBack.order == order)
    return found.status if found else S.DUE


def test_it_works() -> None:
    """Every state but the last leads to one other, and every record comes to the archive."""
    assert set(states.TRANSITIONS) == set(S)
    state, seen = S.DUE, [S.DUE]
    while states.TRANSITIONS[state]:
        (state,) = states.TRANSITIONS[state]
        seen.append(state)
    assert seen == list(S)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("present", list(S))
def test_every_operation_keeps_to_the_table(sqlite_database: Database, present: CallBackStatus, way: str) -> None:
    centre = desk()
    order, made = in_state(centre, present)
    if made is None and way != "save":
        return
    with suppress(DomainError):
        WAYS[way][1](centre, order, made)  # type: ignore[arg-type]
    assert state_of(order) == expected(present, way)


@pytest.mark.parametrize("way", SCREENS)
@pytest.mark.parametrize("present", list(S))
def test_every_screen_keeps_to_the_table(sqlite_database: Database, client: FlaskClient, present: CallBackStatus, way: str) -> None:
    centre = desk()
    order, made = in_state(centre, present)
    who, path, data = SCREENS[way]
    if made is None and way != "save":
        return
    words = {"number": order.number, "id": made and made.id, "version": made and made.version}
    sign_in(client, getattr(centre.who, who))
    answer = client.post(path.format(**words), data={name: value.format(**words) for name, value in data.items()})
    assert state_of(order) == expected(present, way)
    is_refused = expected(present, way) == present and "shown" not in way
    assert answer.status_code == (409 if is_refused else 303)


@pytest.mark.parametrize("present", [S.SIGNED, S.ARCHIVED])
def test_what_is_signed_is_neither_corrected_nor_tried_again(sqlite_database: Database, present: CallBackStatus) -> None:
    centre = desk()
    order = finished(centre.who.li)
    made = factories.call_back(order=order, status=present, recorded_by=centre.who.chen)
    for act in (
        lambda: operations.correct(by=centre.clerk, call_back=made, version=made.version, call=CALL),
        lambda: tries.note(by=centre.clerk, orders=[order]),
    ):
        with pytest.raises(DomainError):
            act()


def test_a_follow_up_is_ended_once(sqlite_database: Database) -> None:
    centre = desk()
    made = factories.call_back(order=finished(centre.who.li), status=S.SIGNED)
    follow_ups.finish(by=centre.clerk, call_back=made, result="好了")
    with pytest.raises(DomainError):
        follow_ups.finish(by=centre.clerk, call_back=made, result="又好了")
    assert CallBack.get().follow_up_result == "好了"


@pytest.mark.parametrize("present", [S.DUE, S.RECORDED, S.SIGNED])
def test_no_order_rests_before_its_call_back_does(database: Database, present: CallBackStatus) -> None:
    centre = desk()
    order, _made = in_state(centre, present)
    progress.file(by=centre.clerk, order=order, version=order.version)
    assert WorkOrder.get_by_id(order.id).status == OrderStatus.FILED
