"""What those see and do who scan the code on a machine, without an account."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.accounts.models import Notice, Role
from app.core import clock, db
from app.core.rate_limits import RateHit
from app.desk import scanned
from app.machines import qr
from app.machines.models import Machine
from app.tickets import moving
from app.tickets.models import Priority, Ticket, TicketAttachment, TicketKind, TicketNote, TicketSource, TicketStatus, TicketUrging
from tests import factories
from tests import filemakers as make
from tests.personas import actor_of, make_user

GIVEN = {"kind": "fault_report", "text": "油缸漏油", "phone": "138 0000 1234", "name": "王站长", "form_token": "t1"}


@pytest.fixture
def machine(client: FlaskClient) -> Machine:
    return factories.machine()


def sending(machine: Machine, client: FlaskClient, **changes: Any) -> Any:
    files = changes.pop("files", [])
    data = {**GIVEN, **changes, "files": [(io.BytesIO(content), name) for content, name in files]}
    return client.post(f"/m/{machine.qr_token}", data=data)


def following(answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].partition("?")[0]


def test_it_works(client: FlaskClient, machine: Machine) -> None:
    page = client.get(f"/m/{machine.qr_token}")
    assert page.status_code == 200
    assert machine.serial in page.text
    answer = sending(machine, client, files=[(make.jpeg(place=True), "a.jpg"), (make.film(), "b.mp4")], stands_still="1")
    ticket = Ticket.get()
    assert (ticket.source, ticket.kind, ticket.priority) == (TicketSource.QR, TicketKind.FAULT_REPORT, Priority.HIGH)
    assert (ticket.caller_name, ticket.caller_phone, ticket.machine_id) == ("王站长", "138 0000 1234", machine.id)
    assert ticket.title == "油缸漏油"
    assert ticket.text == "设备已停机。\n油缸漏油"
    assert TicketAttachment.select().count() == 2
    followed = client.get(answer.headers["Location"])
    assert ticket.number in followed.text
    assert "已收到您的报修" in followed.text


def test_nothing_personal_and_nothing_from_inside_stands_on_the_pages(client: FlaskClient, machine: Machine) -> None:
    factories.contact(customer=machine.customer, name="李联系人", phone="13900009999")
    path = following(sending(machine, client))
    ticket, clerk = Ticket.get(), actor_of(make_user(Role.CLERK, name="陈文员"))
    moving.change_status(by=clerk, ticket=ticket, to=TicketStatus.TRIAGED, version=ticket.version)
    with db.transaction():
        TicketNote.create(ticket=ticket, at=clock.now(), by=clerk.user_id, by_name=clerk.name, text="客户很难缠")
        TicketNote.create(ticket=ticket, at=clock.now(), by_name="monitoring", text="监控写的话")
    for page in (client.get(path).text, client.get(f"/m/{machine.qr_token}").text):
        for secret in (
            "13900009999",
            "1380000",
            "138 0000",
            "王站长",
            "李联系人",
            "陈文员",
            "客户很难缠",
            "监控写的话",
            machine.customer.name,
        ):
            assert secret not in page
    assert "您的报修已受理" in client.get(path).text


def test_the_same_form_sent_twice_opens_one_ticket(client: FlaskClient, machine: Machine) -> None:
    answers = [sending(machine, client, files=[(make.png(), "a.png")]) for _ in range(2)]
    assert following(answers[0]) == following(answers[1])
    assert Ticket.select().count() == TicketAttachment.select().count() == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": ""}, "请简单说明哪里不正常"),
        ({"phone": ""}, "请填写电话"),
        ({"phone": "call me"}, "请填写电话"),
        ({"name": "x" * 61}, "姓名太长"),
        ({"kind": "nonsense"}, ""),
    ],
)
def test_a_mistake_is_said_and_nothing_typed_is_lost(client: FlaskClient, machine: Machine, changes: dict[str, str], words: str) -> None:
    good = [(make.png(), "good.png")] if "text" not in changes else []
    answer = sending(machine, client, **changes, files=[*good, (b"MZ", "bad.png")])
    assert answer.status_code == 422
    assert words in answer.text
    assert "“bad.png”是程序" in answer.text
    if good:
        assert "油缸漏油" in answer.text
        assert "good.png" in answer.text
    assert Ticket.select().count() == 0


def test_a_photo_alone_is_a_report(client: FlaskClient, machine: Machine) -> None:
    following(sending(machine, client, text="", files=[(make.jpeg(), "a.jpg")]))
    assert Ticket.get().title == "扫码报修（见照片）"


def test_documents_are_not_taken_from_strangers(client: FlaskClient, machine: Machine) -> None:
    answer = sending(machine, client, files=[(make.pdf(), "a.pdf")])
    assert answer.status_code == 422
    assert "不是照片也不是视频" in answer.text


def test_a_retired_machine_says_so_and_takes_no_report(client: FlaskClient, machine: Machine) -> None:
    Machine.update(retired_on=clock.now().date() - timedelta(days=1)).execute()
    page = client.get(f"/m/{machine.qr_token}").text
    assert "已停用" in page
    assert 'name="phone"' not in page
    assert sending(machine, client).status_code == 409
    assert Ticket.select().count() == 0


def test_an_open_report_is_shown_first_and_can_be_followed(client: FlaskClient, machine: Machine) -> None:
    ticket = factories.ticket(machine=machine, status=TicketStatus.IN_WORK)
    page = client.get(f"/m/{machine.qr_token}").text
    assert "无需重复报修" in page
    path = following(client.post(f"/m/{machine.qr_token}/following"))
    assert ticket.number in client.get(path).text
    assert path == following(client.post(f"/m/{machine.qr_token}/following")), "one address for one report"


def test_a_complaint_is_nobody_elses_business_who_scans_the_code(client: FlaskClient, machine: Machine) -> None:
    factories.ticket(machine=machine, kind=TicketKind.COMPLAINT)
    assert "无需重复报修" not in client.get(f"/m/{machine.qr_token}").text
    assert client.post(f"/m/{machine.qr_token}/following").headers["Location"].startswith("/m/")


def test_words_and_photos_are_added_and_the_clerk_on_duty_is_told(client: FlaskClient, machine: Machine) -> None:
    clerk = make_user(Role.CLERK)
    path = following(sending(machine, client))
    for _ in range(2):
        data = {"text": "现在更严重了", "form_token": "w1", "files": [(io.BytesIO(make.jpeg()), "c.jpg")]}
        assert following(client.post(f"{path}/words", data=data)) == path
    assert TicketNote.get().text == "现在更严重了"
    assert TicketAttachment.select().count() == 1
    assert Notice.select().where(Notice.user == clerk, Notice.message.contains("added to")).count() == 1
    assert "现在更严重了" in client.get(path).text
    empty = client.post(f"{path}/words", data={"text": " "})
    assert empty.status_code == 422


def test_urging_is_counted_once_for_a_form_and_refused_when_all_is_done(client: FlaskClient, machine: Machine) -> None:
    path = following(sending(machine, client))
    for _ in range(2):
        assert client.post(f"{path}/urging", data={"form_token": "u1"}).status_code == 303
    assert TicketUrging.select().count() == 1
    assert "已催 1 次" in client.get(path).text
    ticket, clerk = Ticket.get(), actor_of(make_user(Role.CLERK))
    moving.change_status(by=clerk, ticket=ticket, to=TicketStatus.RESOLVED, version=ticket.version, solution="换阀")
    assert client.post(f"{path}/urging", data={"form_token": "u2"}).status_code == 409
    assert "换阀" not in client.get(path).text


def test_a_report_that_ended_long_ago_is_only_looked_at(client: FlaskClient, machine: Machine) -> None:
    path = following(sending(machine, client))
    long_ago = clock.now() - timedelta(days=31)
    Ticket.update(status=TicketStatus.CLOSED, is_open=False, resolved_at=long_ago, closed_at=long_ago).execute()
    assert "本次报修已办结" in client.get(path).text
    assert client.post(f"{path}/words", data={"text": "again"}).status_code == 409


def test_a_merged_report_is_followed_to_where_it_went(client: FlaskClient, machine: Machine) -> None:
    path = following(sending(machine, client))
    other = factories.ticket(machine=machine, status=TicketStatus.IN_WORK)
    Ticket.update(status=TicketStatus.MERGED, is_open=False, merged_into=other).where(Ticket.source == "qr").execute()
    page = client.get(path).text
    assert other.number in page


def test_a_wrong_address_says_nothing_and_guessing_is_slowed_down(client: FlaskClient, machine: Machine) -> None:
    words = set()
    for number in range(scanned.WRONG_BY_ADDRESS):
        answer = client.get(f"/{'mf'[number % 2]}/{qr.made_up()}")
        assert answer.status_code == 404
        words.add(re.sub(r'value="[^"]*"|\{[^}]*\}', "", answer.text))
    assert len(words) == 1, "a machine's and a report's wrong address read the same"
    refused = client.get(f"/m/{qr.made_up()}")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert client.get(f"/m/{machine.qr_token}").status_code == 200, "who stands at the machine is not locked out by a neighbour who guesses"


def test_a_whole_sites_staff_behind_one_address_is_not_locked_out(client: FlaskClient) -> None:
    machines = [factories.machine() for _ in range(3)]
    for number in range(30):
        machine = machines[number % 3]
        assert client.get(f"/m/{machine.qr_token}").status_code == 200
        assert sending(machine, client, form_token=f"t{number}").status_code == 303


def test_one_machines_code_cannot_flood_the_desk(client: FlaskClient, machine: Machine) -> None:
    for number in range(scanned.SENT_BY_TOKEN):
        assert sending(machine, client, form_token=f"t{number}").status_code == 303
    assert sending(machine, client, form_token="one more").status_code == 429
    assert Ticket.select().count() == scanned.SENT_BY_TOKEN
    assert sending(factories.machine(), client, form_token="other machine").status_code == 303


def test_the_address_goes_to_no_other_site_and_no_search_engine(client: FlaskClient, machine: Machine) -> None:
    for path in (f"/m/{machine.qr_token}", following(sending(machine, client)), "/m/wrong"):
        headers = client.get(path).headers
        assert headers["Referrer-Policy"] in ("same-origin", "no-referrer")
        assert "noindex" in headers["X-Robots-Tag"]
        assert headers["Cache-Control"] == "no-store"


def test_the_pages_speak_the_language_of_the_phone(client: FlaskClient, machine: Machine) -> None:
    path = f"/m/{machine.qr_token}"
    assert "Report a fault" in client.get(path, headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert "设备报修" in client.get(path, headers={"Accept-Language": "zh-HK,zh;q=0.9,en;q=0.5"}).text
    assert "设备报修" in client.get(path, headers={"Accept-Language": "de"}).text
    client.set_cookie("locale", "zh_CN")
    assert "设备报修" in client.get(path, headers={"Accept-Language": "en"}).text


def test_a_phone_without_cookies_can_report(app: Flask, machine: Machine) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert sending(machine, app.test_client(use_cookies=False)).status_code == 303
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_a_renewed_code_makes_the_old_label_lead_nowhere(client: FlaskClient, machine: Machine) -> None:
    old = machine.qr_token
    qr.new_token(by=actor_of(make_user(Role.CLERK)), machine=machine, present=old)
    assert client.get(f"/m/{old}").status_code == 404
    assert client.get(f"/m/{machine.qr_token}").status_code == 200


def test_only_what_was_asked_is_counted(client: FlaskClient, machine: Machine) -> None:
    client.get(f"/m/{machine.qr_token}")
    assert {row.key for row in RateHit.select()} == {f"seen:m:{machine.id}", "seen:127.0.0.1"}
