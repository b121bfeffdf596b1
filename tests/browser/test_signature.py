"""A signature drawn with the pointer: hashed on the device, taken by the centre, shown; on the tablet and on a customer's phone."""

import json
from typing import Any

import pytest
from peewee import Database

from app.service_reports.models import ReportSignature, ReportStatus, ServiceReport
from tests import factories
from tests.browser.conftest import PHONE, TABLET, Browse, serious_problems
from tests.personas import People, people


@pytest.fixture
def who(sqlite_database: Database) -> People:
    return people()


def draw(page: Any) -> None:
    """Three lines, as a hand would."""
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    for lines in (((0.2, 0.2), (0.4, 0.3), (0.3, 0.7)), ((0.5, 0.2), (0.5, 0.8)), ((0.6, 0.5), (0.8, 0.4))):
        (x, y), *rest = [(box["x"] + box["width"] * across, box["y"] + box["height"] * down) for across, down in lines]
        page.mouse.move(x, y)
        page.mouse.down()
        for to in rest:
            page.mouse.move(*to, steps=8)
        page.mouse.up()


def test_it_works(browse: Browse, who: People) -> None:
    report = factories.service_report(lead=who.li, status=ReportStatus.DRAFT)
    page = browse(f"/my/jobs/{report.order.number}/report/signature", size=TABLET, user=who.li)
    assert serious_problems(page) == []
    page.get_by_label("签字人姓名").fill("王 站长　“甲”")
    page.get_by_role("button", name="签字").click()
    assert page.get_by_text("还没有签名").is_visible()
    assert not ReportSignature.select().exists()
    draw(page)
    page.get_by_role("button", name="签字").click()
    page.get_by_text("反馈表已签名").wait_for()
    signature = ReportSignature.get()
    assert signature.signer_name == "王 站长 “甲”"
    assert json.loads(signature.content)["signature"]["hashed_by"] == "device"
    assert len(json.loads(signature.strokes)) == 3
    assert page.get_by_text(signature.digest).is_visible()
    assert serious_problems(page) == []


def test_the_customer_signs_on_their_own_phone(browse: Browse, who: People) -> None:
    report = factories.service_report(lead=who.li, status=ReportStatus.DRAFT)
    page = browse(f"/my/jobs/{report.order.number}/report/signature", size=TABLET, user=who.li)
    page.get_by_role("button", name="客户用自己的手机签").click()
    page.get_by_alt_text("签名链接的二维码").wait_for()
    phone = browse(f"/sign/{ServiceReport.get().sign_token}", size=PHONE)
    assert serious_problems(phone) == []
    phone.get_by_label("签字人姓名").fill("王站长")
    draw(phone)
    phone.get_by_role("button", name="签字").click()
    phone.get_by_text("已签名，谢谢").wait_for()
    assert (ReportSignature.get().way, json.loads(ReportSignature.get().content)["signature"]["hashed_by"]) == ("remote", "device")


def test_what_one_types_is_saved_by_itself(browse: Browse, who: People) -> None:
    order = factories.work_order(lead=who.li, status="on_site")
    page = browse(f"/my/jobs/{order.number}/report", size=PHONE, user=who.li)
    page.get_by_label("故障现象与检查").fill("油封漏油")
    page.get_by_text("已存到中心").wait_for()
    assert ServiceReport.get().finding == "油封漏油"
    page.get_by_label("故障现象与检查").fill("油封漏油，压力低")
    page.get_by_role("button", name="下一步").click()
    page.get_by_text("为什么会坏").wait_for()
    assert ServiceReport.get().finding == "油封漏油，压力低"
    assert serious_problems(page) == []
