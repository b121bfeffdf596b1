"""``pytest -p tests.faults.table``: runs the tests of the cases and nothing else, and prints their table; also in ``build/faults.md``."""

import os
from collections import defaultdict

import pytest

from tests.faults.cases import CASES, TESTS, Case, covering

ROOT = TESTS.parent
WORDS = {"passed": "passed", "failed": "**failed**", "skipped": "skipped"}


class Table:
    """What became of the tests of each case."""

    def __init__(self) -> None:
        self.cases = {test: number for number, tests in covering().items() for test in tests}
        self.outcomes: dict[int, dict[str, str]] = defaultdict(dict)
        self.seconds: dict[int, float] = defaultdict(float)
        self.figures: dict[int, dict[str, object]] = defaultdict(dict)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        wanted = [item for item in items if _function(item.nodeid) in self.cases]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(wanted)])
        items[:] = sorted(wanted, key=lambda item: self.cases[_function(item.nodeid)])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        number = self.cases[_function(report.nodeid)]
        self.seconds[number] += report.duration
        if report.when == "call" or report.outcome != "passed":
            self.outcomes[number].setdefault(report.nodeid, report.outcome)
            if report.outcome == "failed":
                self.outcomes[number][report.nodeid] = "failed"
            for name, value in report.user_properties:
                self._note(number, name, value)

    def _note(self, number: int, name: str, value: object) -> None:
        """Figures of several tests of a case: the greatest stands for ``…_s`` and ``…_mb``, others are summed up."""
        before = self.figures[number].get(name)
        if isinstance(value, int | float) and isinstance(before, int | float):
            value = max(before, value) if name.endswith(("_s", "_mb", "_ms")) else before + value
        self.figures[number][name] = value

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        text = "\n".join(self.lines()) + "\n"
        (ROOT / "build").mkdir(exist_ok=True)
        (ROOT / "build" / "faults.md").write_text(text, encoding="utf8")
        terminalreporter.write("\n" + text)

    def lines(self) -> list[str]:
        """The table in Markdown."""
        return ["| case | injected | what must hold | result | seconds | figures |", "|---|---|---|---|---|---|", *map(self._line, CASES)]

    def _line(self, case: Case) -> str:
        figures = ", ".join(f"{_words(name)} {_number(value)}" for name, value in self.figures[case.number].items())
        seconds = f"{self.seconds[case.number]:.0f}"
        return f"| {case.name} | {case.injected} | {case.holds} | {self._result(case)} | {seconds} | {figures} |"

    def _result(self, case: Case) -> str:
        found = list(self.outcomes[case.number].values())
        if case.number not in self.cases.values():
            return "not covered"
        if not found:
            return "not run"
        worst = next(outcome for outcome in ("failed", "skipped", "passed") if outcome in found)
        return f"{WORDS[worst]} ({found.count('passed')} of {len(found)})"


def _function(nodeid: str) -> str:
    return nodeid.removeprefix("tests/").split("[")[0]


def _words(name: str) -> str:
    return name.removesuffix("_s").replace("_", " ") + (" (s)" if name.endswith("_s") else "")


def _number(value: object) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def pytest_configure(config: pytest.Config) -> None:
    os.environ["FAULTS"] = os.environ.get("FAULTS", "long")
    config.pluginmanager.register(Table(), "faults-table")
