"""A clerk brings in a table of the office: choose, name the columns, look, import, take back; by keyboard, and on the tablet."""

from pathlib import Path

import pytest

from app.accounts.models import Role
from app.core.import_runs import ImportKind
from app.imports.work import Worker, work_off
from app.machines.models import Machine
from tests.browser.conftest import DESK, TABLET, Browse, serious_problems
from tests.personas import make_user
from tests.taking_in import hand_in

TABLE = "Asset,规格,备注\n" + "".join(f"S{n},YJ-10,二楼\n" for n in range(20)) + ",YJ-10,没有编号\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "台账.csv"
    path.write_bytes(TABLE.encode("gb18030"))
    return path


def test_it_works(browse: Browse, table: Path) -> None:
    page = browse("/imports", user=make_user(Role.CLERK))
    page.get_by_role("link", name="新建导入").first.press("Enter")
    page.get_by_label("设备", exact=True).press("Space")
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_role("button", name="上传并预览").press("Enter")
    page.get_by_label("规格").select_option("model")
    page.get_by_label("备注").select_option("-")
    page.get_by_role("button", name="检查文件").press("Enter")
    page.get_by_text("请填写序列号").first.wait_for()
    assert not Machine.select().exists()
    page.get_by_role("button", name="导入 20 行，略过 1 行").press("Enter")
    page.get_by_text("导入结果").wait_for()
    assert Machine.select().count() == 20
    page.get_by_role("button", name="撤回本次导入").press("Enter")
    page.get_by_text("已撤回", exact=True).first.wait_for()
    assert not Machine.select().exists()


def test_the_journey_needs_no_javascript(browse: Browse, table: Path) -> None:
    page = browse("/imports/new?kind=machines", user=make_user(Role.CLERK), javascript=False)
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_role("button", name="上传并预览").click()
    page.get_by_label("规格").select_option("model")
    page.get_by_label("备注").select_option("-")
    page.get_by_role("button", name="检查文件").click()
    page.get_by_role("button", name="导入 20 行，略过 1 行").click()
    page.get_by_text("导入结果").wait_for()
    assert Machine.select().count() == 20


def test_progress_keeps_itself_up_to_date(browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.imports.views.AT_ONCE_S", -1.0)
    run = hand_in(ImportKind.MACHINES, "serial,model\nS1,M\n")
    page = browse(f"/imports/{run.id}", user=make_user(Role.CLERK))
    page.get_by_role("button", name="导入 1 行").click()
    page.get_by_text("正在导入").first.wait_for()
    work_off(Worker("tests"))
    page.get_by_text("导入结果").wait_for(timeout=8_000)


@pytest.mark.parametrize("size", [DESK, TABLET])
def test_every_step_can_be_used_by_everyone(browse: Browse, size: tuple[int, int], table: Path) -> None:
    page = browse("/imports/new?kind=history", size=size, user=make_user(Role.CLERK))
    assert serious_problems(page) == []
    page.get_by_label("设备", exact=True).check()
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_role("button", name="上传并预览").click()
    assert serious_problems(page) == []
    page.get_by_role("button", name="检查文件").click()
    page.get_by_text("请选择含义").first.wait_for()
    assert serious_problems(page) == []
    page.get_by_label("规格").select_option("model")
    page.get_by_label("备注").select_option("-")
    page.get_by_role("button", name="检查文件").click()
    page.get_by_text("请填写序列号").first.wait_for()
    assert serious_problems(page) == []
