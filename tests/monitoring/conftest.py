"""A machine with the shipped profile and its device on the feed."""

import pytest
from peewee import Database

from app.machines.models import DeviceProfile, Machine
from app.machines.operations import seed_profiles
from tests import factories
from tests.monitoring.sender import Sender


@pytest.fixture
def profile(database: Database) -> DeviceProfile:
    """The profile that comes with the product."""
    seed_profiles()
    return DeviceProfile.get(DeviceProfile.name == "underground_compactor_v1")


@pytest.fixture
def machine(profile: DeviceProfile) -> Machine:
    """A machine monitored by that profile."""
    return factories.machine(serial="YS0001", device="EVC-1", profile=profile)


@pytest.fixture
def device(machine: Machine) -> Sender:
    """Its device."""
    return Sender("EVC-1")
