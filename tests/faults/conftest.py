"""A whole feed for each case, and the table of results in ``build/faults.md`` when the long form runs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import need
from tests.faults.publisher import Publisher
from tests.faults.site import ROOT, Site

IS_LONG = os.environ.get("FAULTS") == "long"
_results: dict[str, tuple[str, float]] = {}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Database and broker are up, the subscriber is not."""
    from mqtt import broker

    need(broker.mosquitto() is not None, "mosquitto")
    running = Site(tmp_path)
    try:
        running.start_broker()
        yield running
    finally:
        running.stop()


@pytest.fixture
def publisher(site: Site) -> Iterator[Publisher]:
    """The connected load generator."""
    speaking = Publisher(site).start()
    yield speaking
    speaking.stop()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.nodeid.startswith("tests/faults/") and (report.when == "call" or report.outcome != "passed"):
        _results[report.nodeid.removeprefix("tests/faults/")] = (report.outcome, report.duration)


def pytest_sessionfinish() -> None:
    if not IS_LONG or not _results:
        return
    lines = ["| case | result | seconds |", "|---|---|---|"]
    lines += [f"| {case} | {outcome} | {duration:.1f} |" for case, (outcome, duration) in sorted(_results.items())]
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "faults.md").write_text("\n".join(lines) + "\n", encoding="utf8")
