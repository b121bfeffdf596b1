"""Which passwords are refused, and how they are kept."""

import pytest

from app.accounts import passwords


def test_it_works() -> None:
    kept = passwords.hashed("a long enough sentence")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches("a long enough sentence", kept)
    assert not passwords.matches("another sentence", kept)
    assert not passwords.matches("a long enough sentence", None)


@pytest.mark.parametrize(
    "password",
    ["short12", "password", "12345678", "iloveyou", "qwertyui", "aaaaaaaa", "abababab", "13812345678", "19900315", "Chen2026!", "chenchen",
     "customercentre1", "admin123456", "售后售后售后售后", "x" * 129],
)  # fmt: skip
def test_what_is_tried_first_is_refused(password: str) -> None:
    assert passwords.problem(password, "chen") is not None


@pytest.mark.parametrize(
    "password", ["blue pit door", "我们的车停在三号站旁边", "zq7-plm-91x", "a sentence that goes on and on, " * 4, "no composition rules"]
)
def test_anything_else_of_eight_characters_is_taken(password: str) -> None:
    assert passwords.problem(password, "chen") is None


def test_three_thousand_common_passwords_are_known() -> None:
    known = passwords.COMMONEST.read_text(encoding="utf8").split()
    assert len(set(known)) == 3000
    assert all(passwords.problem(password) for password in known)


def test_generated_passwords_are_good_and_never_the_same() -> None:
    made = {passwords.generated() for _ in range(100)}
    assert len(made) == 100
    assert not any(passwords.problem(password) for password in made)


def test_a_hash_made_with_older_parameters_is_outdated() -> None:
    assert passwords.is_outdated("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$3q2+7w")
    assert not passwords.is_outdated(passwords.hashed("a long enough sentence"))
