"""An invoice goes out once in a way that is noted, and is received when somebody signed or said so (2E-10, 2C-14, F-23)."""

import pytest
from peewee import Database

from app.accounts.models import Role
from app.billing import deliveries, taking_back
from app.billing.deliveries import Sending
from app.billing.models import DeliveryWay, Invoice, InvoiceDelivery, InvoiceStatus
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.outbox import OutboxMessage
from app.core.types import Actor
from tests import money_factories
from tests.factories import STROKES
from tests.personas import actor_of, make_user

COURIER = Sending(way=DeliveryWay.COURIER, carrier="顺丰", waybill="SF100", receiver="财务科")


@pytest.fixture
def clerk(database: Database) -> Actor:
    return actor_of(make_user(Role.CLERK, name="陈文员"))


def test_it_works(clerk: Actor) -> None:
    invoice = money_factories.invoice()
    row = deliveries.send(by=clerk, invoice=invoice, version=1, sending=COURIER)
    assert (Invoice.get().status, row.waybill, row.confirmed_at) == (InvoiceStatus.POSTED, "SF100", None)
    deliveries.confirm(by=clerk, invoice=Invoice.get(), version=2, name="张会计")
    found = InvoiceDelivery.get()
    assert (Invoice.get().status, found.receiver, found.confirmed_by_name) == (InvoiceStatus.RECEIVED, "张会计", "陈文员")


def test_a_mail_tells_number_and_amount(clerk: Actor) -> None:
    invoice = money_factories.invoice()
    sending = Sending(way=DeliveryWay.EMAIL, address="finance@customer.example")
    deliveries.send(by=clerk, invoice=invoice, version=1, sending=sending)
    mail = OutboxMessage.get(OutboxMessage.recipient == "finance@customer.example")
    assert invoice.number in mail.body
    assert "113.00" in mail.body
    assert Invoice.get().status == InvoiceStatus.DELIVERED


@pytest.mark.parametrize(
    ("sending", "field"),
    [
        (Sending(way=DeliveryWay.COURIER, carrier="顺丰"), "waybill"),
        (Sending(way=DeliveryWay.COURIER, waybill="SF1"), "carrier"),
        (Sending(way=DeliveryWay.EMAIL, address="nobody"), "address"),
        (Sending(way=DeliveryWay.HANDED, receiver="张"), "way"),
        (Sending(way=DeliveryWay.WECHAT, address="x" * 201), "address"),
    ],
)
def test_what_a_sending_lacks_stands_beside_its_field(clerk: Actor, sending: Sending, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        deliveries.send(by=clerk, invoice=money_factories.invoice(), version=1, sending=sending)
    assert field in refused.value.fields
    assert Invoice.get().status == InvoiceStatus.ISSUED


def test_the_receiver_signs_on_the_technicians_phone(database: Database) -> None:
    technician = actor_of(make_user(Role.TECHNICIAN, name="李师傅"))
    invoice = money_factories.invoice()
    for receiver, strokes in (("", STROKES), ("张会计", "[]")):
        with pytest.raises(Invalid):
            deliveries.hand_over(by=technician, invoice=invoice, version=1, receiver=receiver, strokes=strokes)
    row = deliveries.hand_over(by=technician, invoice=invoice, version=1, receiver=" 张  会计 ", strokes=STROKES)
    assert (row.receiver, row.by_name, Invoice.get().status) == ("张 会计", "李师傅", InvoiceStatus.RECEIVED)
    with pytest.raises(Conflict):
        deliveries.hand_over(by=technician, invoice=Invoice.get(), version=2, receiver="张会计", strokes=STROKES)


def test_who_may_not_send_does_not(database: Database) -> None:
    invoice = money_factories.invoice()
    with pytest.raises(NotAllowed):
        deliveries.send(by=actor_of(make_user(Role.TECHNICIAN)), invoice=invoice, version=1, sending=COURIER)
    with pytest.raises(NotAllowed):
        deliveries.hand_over(by=actor_of(make_user(Role.QUALITY)), invoice=invoice, version=1, receiver="张", strokes=STROKES)


def test_nothing_is_sent_or_confirmed_out_of_turn(clerk: Actor) -> None:
    invoice = money_factories.invoice()
    with pytest.raises(Conflict):
        deliveries.confirm(by=clerk, invoice=invoice, version=1)
    with pytest.raises(Conflict):
        deliveries.send(by=clerk, invoice=invoice, version=9, sending=COURIER)
    taking_back.void(by=clerk, invoice=invoice, version=1, reason="开错")
    with pytest.raises(Conflict):
        deliveries.send(by=clerk, invoice=Invoice.get(), version=2, sending=COURIER)
    assert not InvoiceDelivery.select().exists()
