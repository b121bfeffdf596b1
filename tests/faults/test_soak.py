"""The soak in short: it finds nothing wrong with a feed that was killed twice, and it does find what is wrong."""

from pathlib import Path

import pytest

from app.core import db
from mqtt import broker
from tests.conftest import need
from tests.faults import soak_verdict
from tests.faults.soak import Soak, words

pytestmark = pytest.mark.slow


@pytest.fixture
def soak(tmp_path: Path) -> Soak:
    need(broker.mosquitto() is not None, "mosquitto")
    return Soak(tmp_path, minutes=20 / 60, rate=300, machines=60, every_s=5, seed=20261126)


def test_it_works(soak: Soak):
    report = soak.run()
    assert report["breaks"] == [], words(report)
    assert {"kill_subscriber", "kill_broker"} <= set(report["events"])
    db.bind(soak.site.config.database_url).connect()
    for harm in (
        "DELETE FROM reading WHERE position = (SELECT MIN(position) FROM reading)",
        "UPDATE episode SET started_at = started_at - 1 WHERE id = (SELECT MIN(id) FROM episode)",
        "UPDATE inbox_message SET seq = seq + 100000 WHERE position = (SELECT MAX(position) FROM inbox_message)",
        "DELETE FROM quarantined_message WHERE id = (SELECT MIN(id) FROM quarantined_message)",
    ):
        db.database.execute_sql(harm)
    told = "\n".join(soak_verdict.judge(soak.fleet, soak.generator, soak.machines)["breaks"])
    assert all(words in told for words in ("readings of", "in the inbox and never said", "said and not in", "quarantined", "episode EVC"))
    db.drop_connection()
