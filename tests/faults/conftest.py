"""A whole feed for each case; with ``FAULTS=long`` the cases take their time (``make faults``)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import need
from tests.faults.publisher import Publisher
from tests.faults.site import Site

IS_LONG = os.environ.get("FAULTS") == "long"


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
