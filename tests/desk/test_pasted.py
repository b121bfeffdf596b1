"""What is recognised in a pasted message: phone numbers however they are written, serial numbers, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.desk.pasted import MAX_EACH, is_message, phone_in, recognised

MOBILE = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
CHINESE = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=12)


def test_it_works() -> None:
    found = recognised(
        "我是中山环卫张站长，电话 138 0013-8000，座机(0760)88234567，机器 YZ-0012 漏油，今天14:05开始，11-23也坏过，花了1,200.50元"
    )
    assert found.phones == ("13800138000", "076088234567")
    assert found.identifiers == ("YZ-0012",)


@given(
    before=CHINESE, number=MOBILE, after=CHINESE, prefix=st.sampled_from(["", "+86", "86-", "+86 "]), gap=st.sampled_from(["", " ", "-"])
)
def test_a_mobile_number_is_found_wherever_and_however_it_stands(before: str, number: str, after: str, prefix: str, gap: str) -> None:
    written = prefix + gap.join((number[:3], number[3:7], number[7:]))
    assert recognised(before + written + after).phones == (number,)
    assert phone_in(written) == number


@given(text=st.text(max_size=300))
def test_whatever_is_pasted_is_read_without_harm(text: str) -> None:
    found = recognised(text)
    assert len(found.phones) <= MAX_EACH
    assert len(found.identifiers) <= MAX_EACH
    assert all(phone.isascii() and phone.isdigit() for phone in found.phones)


@pytest.mark.parametrize("written", ["ＹＺ－００１２", "yz-0012", "YJ2603-001", "SN00012", "evc-1002", "88001234"])
def test_serial_numbers_are_found_as_written(written: str) -> None:
    assert len(recognised(f"机器{written}坏了").identifiers) == 1


@pytest.mark.parametrize("written", ["2026-11-23", "14:05", "3.5", "100", "1/2", "E4", "E04"])
def test_dates_times_amounts_and_codes_are_no_serial_numbers(written: str) -> None:
    assert recognised(f"从 {written} 开始").identifiers == ()


def test_a_number_longer_than_a_phone_number_holds_none() -> None:
    assert recognised("订单 138001380001234").phones == ()


@pytest.mark.parametrize("typed", ["13800", "138001380001", "张 13800138000", ""])
def test_only_a_whole_phone_number_alone_is_one(typed: str) -> None:
    assert phone_in(typed) == ""


def test_a_long_or_broken_text_is_a_message() -> None:
    assert is_message("第一行\n第二行")
    assert is_message("字" * 41)
    assert not is_message("中山 003\n")
