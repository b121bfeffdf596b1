"""Importing profiles: versions, history, idempotency."""

import pytest

from app.accounts.models import Role
from app.core import history
from app.core.errors import InvalidFile, NotAllowed
from app.core.history import HistoryEntry
from app.core.types import system
from app.machines import queries
from app.machines.models import DeviceProfile, DeviceProfileVersion
from app.machines.profile_operations import import_profile, seed_profiles
from tests import factories
from tests.personas import actor_of, make_user

BY = system("tests")
TEXT = "# a remark of ours\nprofile: p1\nname: {zh: 站, en: Station}\ncodes: {E1: {name: {zh: 一, en: One}, severity: low}}\n"
pytestmark = pytest.mark.usefixtures("database")


def test_it_works() -> None:
    done = import_profile(by=BY, text=TEXT)
    assert done.is_changed
    assert queries.profile_by_name("p1").document == TEXT
    assert queries.profile_of(factories.machine(profile=done.row)).codes["E1"].name_en == "One"
    assert history.verify().problem is None


def test_the_same_file_again_changes_nothing() -> None:
    import_profile(by=BY, text=TEXT)
    again = import_profile(by=BY, text=queries.profile_by_name("p1").document)
    assert not again.is_changed
    assert DeviceProfileVersion.select().count() == 1
    assert HistoryEntry.select().count() == 1


def test_a_changed_file_becomes_a_new_version_at_once() -> None:
    row = import_profile(by=BY, text=TEXT).row
    assert queries.profile_documents()[row.id].codes["E1"].severity == "low"
    assert import_profile(by=BY, text=TEXT.replace("low", "critical")).row.version == 2
    assert queries.profile_documents()[row.id].codes["E1"].severity == "critical"
    assert [version.version for version in queries.profile_versions(row)] == [2, 1]


def test_a_bad_file_changes_nothing() -> None:
    import_profile(by=BY, text=TEXT)
    with pytest.raises(InvalidFile):
        import_profile(by=BY, text=TEXT.replace("low", "worst"))
    assert DeviceProfile.get().version == 1


def test_a_clerk_does_not_import_profiles() -> None:
    with pytest.raises(NotAllowed):
        import_profile(by=actor_of(make_user(Role.CLERK)), text=TEXT)


def test_the_shipped_profiles_are_added_once_and_edited_ones_are_kept() -> None:
    assert seed_profiles() == ["underground_compactor_v1"]
    edited = queries.profile_by_name("underground_compactor_v1").document + "# ours\n"
    import_profile(by=BY, text=edited)
    assert seed_profiles() == []
    assert queries.profile_by_name("underground_compactor_v1").document == edited


def test_a_stored_document_that_cannot_be_read_stops_nothing_else() -> None:
    good = import_profile(by=BY, text=TEXT).row
    bad = factories.profile(document="{}")
    found = queries.profile_documents()
    assert good.id in found
    assert bad.id not in found
