"""One profile with an entry in every part, and who edits it."""

import pytest
from flask.testing import FlaskClient
from peewee import Database

from app.accounts.models import Role
from app.core.types import system
from app.machines.models import DeviceProfile
from app.machines.profile_operations import import_profile
from tests.monitoring.profile_editing.sample import TEXT
from tests.personas import make_user, sign_in


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """Screens are the same on both databases; what writes and reads has its tests on both."""
    return sqlite_database


@pytest.fixture
def row(database: Database) -> DeviceProfile:
    return import_profile(by=system("setup"), text=TEXT).row


@pytest.fixture
def deputy(client: FlaskClient) -> FlaskClient:
    signed_in = sign_in(client, make_user(Role.DEPUTY, name="周敏"))
    signed_in.set_cookie("locale", "en")
    return signed_in


@pytest.fixture
def colleague(client: FlaskClient) -> FlaskClient:
    """Somebody else at another desk."""
    return sign_in(client.application.test_client(), make_user(Role.DEPUTY, name="何静"))
