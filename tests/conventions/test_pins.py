"""What is installed is what was pinned: exact versions, hashes, and no word of where packages were fetched from."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
RUNTIME = PROJECT["dependencies"]
TESTING = PROJECT["optional-dependencies"]["test"]
LOCKS = ("requirements.txt", "tests/requirements.txt")


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.partition("[")[0]).lower()


def pinned(requirements: list[str]) -> dict[str, str]:
    return {plain(name): version for name, version in (line.split("==") for line in requirements)}


def locked(path: str) -> dict[str, str]:
    lines = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / path).read_text(encoding="utf8"), re.MULTILINE)
    return {plain(name): version for name, version in lines}


def test_it_works() -> None:
    assert pinned(RUNTIME).items() <= locked("requirements.txt").items()


def test_the_lock_of_the_tests_holds_both() -> None:
    assert pinned(TESTING).items() <= locked("tests/requirements.txt").items()
    assert locked("requirements.txt").items() <= locked("tests/requirements.txt").items()


@pytest.mark.parametrize("path", LOCKS)
def test_every_locked_package_has_hashes(path: str) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / path).read_text(encoding="utf8").strip())
    assert [entry.split()[0] for entry in entries if not entry.startswith("#") and "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("path", LOCKS)
def test_a_lock_names_no_place(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf8")
    assert not re.search(r"://|--find-links|--index|--trusted|/opt|/home", text)
