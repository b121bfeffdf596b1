"""The canonical text and its digest: vectors computed by hand with other programs, strokes that are none, a signature as a picture."""

import json
from base64 import b64decode

import pytest

from app.core.errors import Invalid
from app.service_reports import content

NAME = [[[100, 100, 0], [180, 120, 40], [260, 300, 90]], [[300, 100, 200], [300, 320, 260]]]


def test_it_works() -> None:
    assert content.text_of({"b": 1, "a": "油\n“x”\u2028", "c": [True, None]}) == '{"a":"油\\n“x”\u2028","b":1,"c":[true,null]}'


def test_the_whole_text_is_the_canonical_text_of_both_parts() -> None:
    report, signature = {"number": "R1", "fields": {}}, {"way": "drawn", "signer": "王站长", "strokes": NAME}
    assert content.whole(content.text_of(report), signature) == content.text_of({"report": report, "signature": signature})


# printf '{"report":{"finding":"油封漏油"},"signature":{"signer":"王","strokes":[[[1,2,3]]],"way":"drawn"}}' | sha256sum
def test_the_digest_is_that_of_other_programs() -> None:
    text = content.whole('{"finding":"油封漏油"}', {"signer": "王", "strokes": [[[1, 2, 3]]], "way": "drawn"})
    assert text == '{"report":{"finding":"油封漏油"},"signature":{"signer":"王","strokes":[[[1,2,3]]],"way":"drawn"}}'
    assert content.digest(text) == "f837d90d537b7933dc948bdfbc168c7ceae26da0b52533923487a7397b6e3ae5"


def test_strokes_are_read_as_they_were_sent() -> None:
    assert content.strokes_in(json.dumps(NAME)) == NAME


@pytest.mark.parametrize("text", ["", "[]", "[[[500,500,0]]]", "[[[500,500,0],[501,500,9]],[[700,500,0]]]"])
def test_nothing_and_a_dot_are_no_signature(text: str) -> None:
    with pytest.raises(Invalid, match="no signature yet"):
        content.strokes_in(text)


NO_POINTS = ["{", "{}", "[1]", "[[]]", "[[[1,2]]]", "[[[1,2,3.5]]]", "[[[1,2,true]]]", "[[[-1,2,3]]]", "[[[1,99999,3]]]"]


@pytest.mark.parametrize("text", [*NO_POINTS, "[" * 9_000, "[[[1,2,3]]]" + " " * 400_000])
def test_what_is_no_strokes_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="could not be read"):
        content.strokes_in(text)


def test_a_signature_is_shown_as_a_picture_of_its_strokes() -> None:
    svg = b64decode(content.picture(content.text_of(NAME)).partition(",")[2]).decode()
    assert 'viewBox="80 80 240 260"' in svg
    assert "M100 100Q100 100 140 110Q180 120 220 210L260 300" in svg
    assert content.picture("") == ""
