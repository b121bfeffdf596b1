"""Settings: every mistake is named at once, in words."""

import stat
from pathlib import Path

import pytest

from app.core.config import ConfigError, load_config, make_keys

GOOD = {"SECRET_KEY": "s" * 40, "AUDIT_KEY": "a" * 40}


def mistakes(**environ: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load_config({"DATA_DIR": "/nonexistent", **environ})
    return raised.value.mistakes


def test_it_works() -> None:
    config = load_config(GOOD)
    assert (config.host, config.port, config.mqtt_port, config.topic_root) == ("127.0.0.1", 8000, 1883, "evc")
    assert (config.database_url, config.mqtt_url, config.is_demo) == ("sqlite:///instance/centre.db", None, False)
    assert (config.zone.key, config.default_locale) == ("Asia/Shanghai", "zh_CN")


def test_every_mistake_is_named_at_once() -> None:
    wrong = {
        "PORT": "many", "MQTT_PORT": "70000", "DATABASE_URL": "mysql://x", "MQTT_URL": "http://x", "EVC_TOPIC_ROOT": "a/b", "DEMO": "yes",
        "TZ_NAME": "Mars/Base", "DEFAULT_LOCALE": "fr", "TRUSTED_PROXIES": "10.0.0.0/8,nobody", "SECRET_KEY": "short", "PLAIN_HTTP": "2",
    }  # fmt: skip
    named = {line.split(":")[0] for line in mistakes(**wrong)}
    assert named == {*wrong, "AUDIT_KEY"}


def test_keys_are_required_and_the_words_say_where_to_get_them() -> None:
    found = mistakes()
    assert [line.split(":")[0] for line in found] == ["SECRET_KEY", "AUDIT_KEY"]
    assert all("make run" in line for line in found)


def test_the_history_key_is_not_the_session_key() -> None:
    assert mistakes(SECRET_KEY="x" * 40, AUDIT_KEY="x" * 40) == ["AUDIT_KEY: must not be the same as SECRET_KEY"]


def test_a_mistake_never_repeats_a_secret() -> None:
    assert "hunter2" not in "".join(mistakes(SECRET_KEY="hunter2", AUDIT_KEY="a" * 40, DATABASE_URL="mysql://u:hunter2@h/d"))


def test_keys_are_made_once_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    make_keys(tmp_path)
    first = load_config({"DATA_DIR": str(tmp_path)})
    make_keys(tmp_path)
    assert load_config({"DATA_DIR": str(tmp_path)}) == first
    assert first.secret_key != first.audit_key
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
