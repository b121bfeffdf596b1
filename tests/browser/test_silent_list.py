"""The list of silent machines, full of long names: nothing is cut off, and what is exported is what is shown."""

from datetime import timedelta
from typing import Any

import pytest

from app.accounts.models import Role
from app.core import clock, db
from app.monitoring.models import Terminal
from tests import factories
from tests.browser.conftest import DESK, PHONE, TABLET, Browse, serious_problems, sideways_scroll
from tests.personas import make_area, make_user

NAMES = (
    ("云台市石桥区城市管理和综合行政执法局环境卫生服务中心第二所", "南浦大道与滨江东路交叉口地埋式垃圾压缩中转站二号站"),
    ("Yuntai Shiqiao District Urban Management and Sanitation Centre", "Nanpu Avenue underground compaction transfer station"),
)
CUT_OFF = "() => [...document.querySelectorAll('.table-wrap')].map((box) => box.scrollWidth - box.clientWidth)"


def fill(count: int) -> None:
    """So many silent machines, their serial numbers and names long, their SIM cards expired, good or unknown."""
    sites = [factories.site(customer=factories.customer(name=owner), name=site) for owner, site in NAMES]
    area, today, now = make_area("东部区域"), clock.today(), clock.now()
    for number in range(count):
        site = sites[number % 2]
        card = (f"8986{number:016}", today + timedelta(days=(-40, 9, 400)[number % 3])) if number % 4 else ("", None)
        machine = factories.machine(
            serial=f"YJ20S-2026-石桥-{number:05}-LONG", device=f"YJ-20S-2026-SHIQIAO-{number:05}", customer=site.customer, site=site,
            area=area, gateway="GW-南浦滨江东路交叉口-0001" if number % 2 else "", sim_number=card[0], sim_expires_on=card[1],
        )  # fmt: skip
        at = now - timedelta(hours=1 + number)
        with db.transaction():
            Terminal.create(
                device=machine.device, first_seen_at=at, last_received_at=at, is_silent=True, silent_since=at, is_online=number % 3 != 0
            )


@pytest.fixture
def clerk(browse: Browse) -> Any:
    """The account of a clerk, when the list is full."""
    fill(120)
    return make_user(Role.CLERK)


@pytest.mark.parametrize("locale", ["zh_CN", "en"])
@pytest.mark.parametrize("size", [DESK, TABLET, PHONE])
def test_it_works(browse: Browse, clerk: Any, size: tuple[int, int], locale: str) -> None:
    page = browse("/monitoring/silent", size, locale, user=clerk)
    assert page.locator("#silent tbody tr").count() == 50
    assert sideways_scroll(page) <= 0
    assert max(page.evaluate(CUT_OFF)) <= 0
    assert serious_problems(page) == []


def test_it_is_sorted_turned_and_narrowed_without_javascript(browse: Browse, clerk: Any) -> None:
    page = browse("/monitoring/silent", user=clerk, javascript=False)
    page.click("thead a:has-text('SIM 卡')")
    page.click(".pager [rel=next]")
    assert page.locator("#silent tbody tr").count() == 50
    page.fill(".filters [name=q]", "Nanpu Avenue")
    page.click(".filters-buttons button")
    page.locator(".count-line", has_text="共 60 条").wait_for()
    page.click(".list-head a")
    page.wait_for_url("**sim=expired**")
    page.fill(".filters [name=q]", "nobody")
    page.click(".filters-buttons button")
    page.locator("#silent .empty").wait_for()


def test_what_is_exported_is_what_is_shown_while_one_types(browse: Browse, clerk: Any) -> None:
    page = browse("/monitoring/silent?sort=customer", user=clerk)
    page.fill(".filters [name=q]", "YJ20S-2026-石桥-0000")
    page.locator(".count-line", has_text="共 10 条").wait_for()
    with page.expect_download() as download:
        page.click(".exports a:has-text('CSV')")
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert (len(lines), all("石桥-0000" in line for line in lines[1:])) == (11, True)
