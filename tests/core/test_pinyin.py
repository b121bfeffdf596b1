"""Names as people type them without a Chinese keyboard."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import pinyin
from tests.core import make_pinyin


def test_it_works() -> None:
    assert pinyin.initials("中山机械") == {"zsjx", "sjx", "jx"}
    assert pinyin.spellings("中山机械") == {"zhongshanjixie", "shanjixie", "jixie", "xie"}


@pytest.mark.parametrize(
    ("name", "initials", "spelled"),
    [
        ("重庆", "cq", "chongqing"),
        ("重型机械", "zxjx", "zhongxingjixie"),
        ("长沙", "cs", "changsha"),
        ("长者之家", "zzzj", "zhangzhezhijia"),
        ("厦门", "xm", "xiamen"),
        ("大厦", "ds", "dasha"),
        ("六安", "la", "luan"),
        ("东莞", "dg", "dongguan"),
        ("单县", "sx", "shanxian"),
        ("曾工", "zg", "zenggong"),
        ("银行", "yh", "yinhang"),
    ],
)
def test_a_character_of_several_readings_is_found_by_the_one_that_is_meant(name: str, initials: str, spelled: str) -> None:
    assert initials in pinyin.initials(name)
    assert spelled in pinyin.spellings(name)


def test_letters_and_digits_of_a_name_stand_for_themselves() -> None:
    assert "bjyzjx" in pinyin.initials("北京YZ（机械）")
    assert "d3hwc" in pinyin.initials("第3环卫厂")


@pytest.mark.parametrize("name", ["", "Acme Ltd", "12", "！？", "한국"])
def test_a_name_without_a_chinese_character_has_none(name: str) -> None:
    assert pinyin.initials(name) == pinyin.spellings(name) == set()


def test_every_character_of_the_table_has_the_readings_that_are_known_of_it() -> None:
    known = make_pinyin.readings()
    assert len(known) > 20_000
    assert all(list(pinyin.readings(character)) == spelled for character, spelled in known.items())


@given(st.text(max_size=200))
def test_a_long_name_costs_no_more_than_it_should(name: str) -> None:
    assert all(1 < len(ending) <= 24 for ending in pinyin.initials(name) | pinyin.spellings(name))


def test_the_table_is_the_one_that_its_maker_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_pinyin, "TARGET", tmp_path / "pinyin.txt")
    make_pinyin.main()
    assert (tmp_path / "pinyin.txt").read_bytes() == pinyin._TABLE.read_bytes()
