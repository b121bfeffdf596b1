"""How many intakes there may be, and under which names they speak."""

from dataclasses import replace

import pytest

from app.core.config import ConfigError, load_config
from mqtt.settings import Settings, load_settings

ENVIRON = {
    "SECRET_KEY": "secret key of the tests, long enough for it",
    "AUDIT_KEY": "history key of the tests, long enough for it",
    "DATABASE_URL": "postgresql://centre@127.0.0.1/centre",
    "MQTT_URL": "mqtt://portal@127.0.0.1",
}


def settings(**environ: str) -> Settings:
    everything = ENVIRON | environ
    return load_settings(load_config(everything), everything)


def test_it_works():
    assert settings().client_ids == ["customer-centre-evc"]
    assert settings().filters == ["evc/+/telemetry", "evc/+/fault", "evc/+/state"]


def test_several_intakes_share_and_the_first_keeps_the_name_of_the_only_one():
    several = settings(INTAKES="3")
    assert several.client_ids == ["customer-centre-evc", "customer-centre-evc-1", "customer-centre-evc-2"]
    assert all(name.startswith("$share/customer-centre/evc/") for name in several.filters)
    assert several.unwanted_filters == settings().filters


def test_one_that_is_left_over_subscribes_to_nothing():
    left_over = replace(settings(), is_left_over=True)
    assert (left_over.filters, len(left_over.unwanted_filters)) == ([], 6)


@pytest.mark.parametrize("value", ["0", "17", "two", "-1"])
def test_a_number_of_intakes_that_cannot_be_is_refused(value):
    with pytest.raises(ConfigError, match="between 1 and 16"):
        settings(INTAKES=value)


def test_sqlite_has_one_intake():
    with pytest.raises(ConfigError, match="PostgreSQL"):
        settings(INTAKES="2", DATABASE_URL="sqlite:///x.db")
