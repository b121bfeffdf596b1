"""A terminal whose readings age."""

import pytest

from app.machines.models import Machine
from app.monitoring.models import Terminal
from app.monitoring.readings import ageing
from tests.monitoring.readings.said import DAY, START
from tests.monitoring.sender import Sender, store


@pytest.fixture
def terminal(machine: Machine, device: Sender, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal, and time enough for the job to end its work whatever else the machine does."""
    monkeypatch.setattr(ageing, "BUDGET_S", 60.0)
    store(device.birth(START - DAY))
    return Terminal.get()
