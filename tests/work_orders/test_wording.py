"""The dispatch text has every line of the trade, leaves out what is not known, and never loses its safety words."""

from datetime import UTC, datetime

import pytest

from app.web import i18n
from app.work_orders import visits
from app.work_orders.models import WorkOrder
from app.work_orders.wording import dispatch_text
from tests import factories
from tests.personas import make_user

pytestmark = pytest.mark.usefixtures("sqlite_database")
AT = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai
CHINESE, ENGLISH = "zh_CN", "en"


@pytest.fixture(scope="module", autouse=True)
def _words() -> None:
    i18n.compile_catalogues(i18n.TRANSLATIONS)


def order(**values: object) -> WorkOrder:
    return factories.work_order(**{"lead": make_user("technician"), "is_pit": True} | values)


def lines(one: WorkOrder, locale: str = CHINESE) -> list[str]:
    return dispatch_text(one, visits.present(one), locale).splitlines()


def names(one: WorkOrder) -> list[str]:
    return [line.partition("：")[0] for line in lines(one)]


def test_it_works() -> None:
    customer = factories.customer(name="青山环卫所")
    site = factories.site(customer=customer, name="北门站", address="北门路 3 号")
    contact = factories.contact(customer=customer, name="王站长", phone="13800001111")
    machine = factories.machine(customer=customer, site=site)
    one = order(machine=machine, contact=contact, title="油泵不启动", bring="油泵 1 台", wanted_at=AT, is_stop=True)
    found = lines(one)
    assert [line.partition("：")[0] for line in found] == [
        "【派工】单号", "客户", "地址", "联系人电话", "设备", "故障", "保内外", "要求到场", "带件", "安全",
    ]  # fmt: skip
    assert found[0] == f"【派工】单号：{one.number}"
    assert found[1:4] == ["客户：青山环卫所", "地址：北门站 北门路 3 号", "联系人电话：王站长 13800001111"]
    assert found[5:7] == ["故障：油泵不启动", "保内外：保内"]
    assert found[7].startswith("要求到场：11-26 10:00 前（计划 ")
    assert "先通风、再检测、后作业" in found[9]
    assert "严禁单人下坑" in found[9]
    assert "停机确认" in found[9]


def test_what_is_not_known_has_no_line() -> None:
    one = order(is_pit=False)
    assert not {"联系人电话", "带件", "安全"} & set(names(one))


def test_a_job_outside_a_pit_with_a_stop_code_still_asks_for_the_stop() -> None:
    assert lines(order(is_pit=False, is_stop=True))[-1].startswith("安全：停机确认")


def test_it_is_complete_in_english() -> None:
    text = "\n".join(lines(order(is_stop=True, wanted_at=AT), ENGLISH))
    assert "Safety: Confined space" in text
    assert "by 11-26 10:00 (planned" in text


def test_long_words_are_shortened_before_the_safety_words_are() -> None:
    one = order(title="泵" * 200, instructions="很长的说明" * 400, bring="密封圈" * 300)
    text = dispatch_text(one, visits.present(one), CHINESE, most_bytes=1900)
    assert len(text.encode()) <= 1900
    assert text.splitlines()[-1].endswith("严禁单人下坑。")
    assert "…" in text
