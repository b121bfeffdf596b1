"""FI-16: the database is locked; nothing is acknowledged, nothing is lost, and pages say so or answer."""

import time

import cysqlite
import pytest

from app.core import db
from tests.faults import oracle
from tests.faults.conftest import IS_LONG
from tests.faults.portal import Portal, Visits
from tests.faults.publisher import Publisher, Script
from tests.faults.site import Site

pytestmark = pytest.mark.slow
BUSY = "数据库暂时没有响应"


def test_fi_16_a_locked_database_loses_nothing(site: Site, publisher: Publisher, record_property):
    portal = Portal(site)
    site.start_subscriber()
    script = Script().write(site.devices, 400)
    ids = list(script.messages)
    publisher.say(script, ids[:200])
    publisher.settle()
    oracle.wait_until_quiet(200)
    db.drop_connection()
    other = cysqlite.connect(str(site.folder / "centre.db"))
    other.execute("BEGIN EXCLUSIVE")
    publisher.say(script, ids[200:])
    publisher.settle()
    publisher.receipts.clear()
    with Visits(portal) as visits:
        time.sleep(30 if IS_LONG else 7)  # longer than the busy timeout
        status, words = portal.sign_in_again()
    assert (status, BUSY in words) == (503, True)
    assert {status for status, _ in visits.answers} <= {200, 503}
    assert all(BUSY in text for status, text in visits.answers if status == 503)
    record_property("pages", len(visits.answers))
    publisher.note_receipts(script)
    assert not publisher.receipted & set(ids[200:])
    other.execute("ROLLBACK")
    other.close()
    assert site.process().poll() is None
    oracle.wait_until_quiet(400)
    oracle.assert_whole(script, publisher.acknowledged)
    assert "intake_waits" in site.log("subscriber")
