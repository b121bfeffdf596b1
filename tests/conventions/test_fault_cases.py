"""Every case of fault injection has a test, and every test that is named exists."""

from tests.faults.cases import CASES, ELSEWHERE, NOT_COVERED, TESTS, covering, functions


def test_it_works() -> None:
    assert [case.number for case in CASES] == sorted({case.number for case in CASES})


def test_every_case_has_a_test_or_is_said_to_have_none() -> None:
    covered = covering()
    assert [case.name for case in CASES if not covered.get(case.number) and case.number not in NOT_COVERED] == []
    assert set(covered) <= {case.number for case in CASES}


def test_the_tests_that_are_named_exist() -> None:
    named = [test.split("::") for tests in ELSEWHERE.values() for test in tests]
    assert [f"{path}::{function}" for path, function in named if function not in functions(TESTS / path)] == []
