"""Broadcasts: seen before sent, each address once, nobody against their will, a double click sends nothing twice."""

import re

import pytest
from flask.testing import FlaskClient

from app.accounts.models import Role
from app.core.outbox import OutboxMessage
from app.customers.models import BroadcastMessage, Contact, Customer
from tests import factories
from tests.personas import make_area, make_user, sign_in

FORM = {"subject": "雨季保养提示", "text": "请检查排水泵。", "area": "", "kind": "", "model": "", "form_token": "t1"}


@pytest.fixture
def clerk(client: FlaskClient) -> FlaskClient:
    return sign_in(client, make_user(Role.CLERK))


def preview(client: FlaskClient, **values: object) -> tuple[str, dict[str, object]]:
    """The page with the recipients, and the form as its button would send it."""
    page = client.post("/broadcasts/new", data=FORM | values)
    assert page.status_code == 200
    seen = re.search(r'name="seen"[^>]*value="([^"]*)"', page.text)
    return page.text, FORM | values | {"seen": seen[1] if seen else ""}


def recipients() -> list[str]:
    return sorted(row.recipient.lower() for row in OutboxMessage.select())


def test_it_works(clerk: FlaskClient) -> None:
    contact = factories.contact(email="head@example.com")
    page, form = preview(clerk)
    assert "1 位收件人" in page
    assert "head@example.com" in page
    assert not OutboxMessage.select().exists(), "looking sends nothing"
    answer = clerk.post("/broadcasts", data=form)
    sent = BroadcastMessage.get()
    assert (answer.status_code, answer.location) == (303, f"/broadcasts/{sent.id}")
    mail = OutboxMessage.get()
    assert (mail.recipient, mail.subject, mail.about) == (contact.email, "雨季保养提示", f"broadcast:{sent.id}")
    assert "请检查排水泵。" in mail.body
    assert "不希望再收到" in mail.body
    assert "客户中心" in mail.body


def test_a_double_click_sends_once(clerk: FlaskClient) -> None:
    factories.contact(email="head@example.com")
    _page, form = preview(clerk)
    first, second = clerk.post("/broadcasts", data=form), clerk.post("/broadcasts", data=form)
    assert first.location == second.location
    assert (BroadcastMessage.select().count(), OutboxMessage.select().count()) == (1, 1)


def test_each_address_gets_it_once_and_nobody_who_refused_under_any_name(clerk: FlaskClient) -> None:
    factories.contact(email="shared@example.com")
    factories.contact(email="Shared@example.com")
    factories.contact(email="")
    factories.contact(email="no@example.com", takes_no_broadcasts=True)
    factories.contact(email="NO@example.com")
    _page, form = preview(clerk)
    clerk.post("/broadcasts", data=form)
    assert recipients() == ["shared@example.com"]


def test_customers_are_chosen_by_area_kind_and_model(clerk: FlaskClient) -> None:
    north, south = make_area("北"), make_area("南")
    model = factories.machine_model()
    for name, area, kind in (("a", north, "company"), ("b", north, "public_body"), ("c", south, "company")):
        customer = factories.customer(area=area, kind=kind)
        factories.contact(customer=customer, email=f"{name}@example.com")
        if name != "b":
            factories.machine(customer=customer, model=model)
    expected = {
        (("area", north.id),): "ab",
        (("kind", "company"),): "ac",
        (("model", model.id),): "ac",
        (("area", north.id), ("model", model.id)): "a",
    }
    for chosen, names in expected.items():
        page, _form = preview(clerk, **dict(chosen))
        assert [name for name in "abc" if f"{name}@example.com" in page] == list(names)


def test_a_list_that_changed_since_it_was_looked_at_is_shown_again(clerk: FlaskClient) -> None:
    factories.contact(email="head@example.com")
    _page, form = preview(clerk)
    factories.contact(email="later@example.com")
    answer = clerk.post("/broadcasts", data=form)
    assert answer.status_code == 409
    assert "later@example.com" in answer.text
    assert "请检查排水泵。" in answer.text
    assert not OutboxMessage.select().exists()


def test_without_any_address_nothing_is_sent_and_the_page_says_why(clerk: FlaskClient) -> None:
    factories.contact(email="")
    page, form = preview(clerk)
    assert "没有人会收到" in page
    assert "有 1 个客户没有带邮箱的联系人" in page
    assert clerk.post("/broadcasts", data=form).status_code == 422
    assert not BroadcastMessage.select().exists()


@pytest.mark.parametrize(
    ("field", "value"), [("subject", ""), ("text", ""), ("subject", "a\nBcc: x@example.com"), ("kind", "shop"), ("area", "99")]
)
def test_a_bad_notice_comes_back_with_all_that_was_typed(clerk: FlaskClient, field: str, value: str) -> None:
    answer = clerk.post("/broadcasts/new", data=FORM | {field: value})
    assert answer.status_code == 422
    assert 'class="error"' in answer.text
    assert (FORM["text"] if field != "text" else FORM["subject"]) in answer.text


def test_what_was_written_stays_when_one_goes_back_to_change_it(clerk: FlaskClient) -> None:
    answer = clerk.post("/broadcasts/new", data=FORM | {"step": "change"})
    assert answer.status_code == 200
    assert "请检查排水泵。" in answer.text
    assert 'value="雨季保养提示"' in answer.text


def test_progress_is_counted_from_the_outbox(clerk: FlaskClient) -> None:
    for name in "abc":
        factories.contact(email=f"{name}@example.com")
    _page, form = preview(clerk)
    address = clerk.post("/broadcasts", data=form).location
    OutboxMessage.update(sent_at=1).where(OutboxMessage.recipient == "a@example.com").execute()
    OutboxMessage.update(failed_at=1, last_error="unknown user").where(OutboxMessage.recipient == "b@example.com").execute()
    page = clerk.get(address).text
    assert "已发送 1，失败 1，等待 1" in page
    assert "unknown user" in page
    assert (
        clerk.get("/broadcasts.csv")
        .data.decode("utf-8-sig")
        .splitlines()[1]
        .endswith(",雨季保养提示,3,1,1," + BroadcastMessage.get().by_name)
    )
    assert "雨季保养提示" in clerk.get("/broadcasts").text
    assert "雨季保养提示" not in clerk.get("/broadcasts?q=冬季").text


def test_htmx_gets_the_parts_alone(clerk: FlaskClient) -> None:
    for address, part in (("/broadcasts", "broadcast-list"),):
        answer = clerk.get(address, headers={"HX-Request": "true"})
        assert "<html" not in answer.text
        assert f'id="{part}"' in answer.text


def test_many_recipients_are_queued_in_one_go(clerk: FlaskClient) -> None:
    customer = factories.customer()
    Contact.insert_many([{"customer": customer.id, "name": f"N{n}", "email": f"n{n}@example.com"} for n in range(1_500)]).execute()
    _page, form = preview(clerk)
    assert clerk.post("/broadcasts", data=form).status_code == 303
    assert OutboxMessage.select().count() == 1_500
    assert Customer.select().count() == 1
