"""README, help and what outsiders rely on stay in step."""

import re
import subprocess
from pathlib import Path

import pytest
from flask import Flask

from app.core.config import load_config

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf8")
TARGETS = ("run", "test", "check", "bench", "faults", "simulate", "help")
NAMES = (
    "PORT", "HOST", "DATABASE_URL", "MQTT_URL", "MQTT_PORT", "EVC_TOPIC_ROOT", "SECRET_KEY", "DATA_DIR", "DEMO", "AUDIT_KEY",
    "INSTANCE_NAME", "SMTP_URL", "MAIL_FROM", "MAIL_INBOX_URL", "METRICS_TOKEN", "TRUSTED_PROXIES", "TZ_NAME", "DEFAULT_LOCALE",
    "WECOM_WEBHOOK", "LIVE_PORT", "LIVE_URL",
)  # fmt: skip
COMMANDS = {
    "db": {"upgrade", "status", "check"},
    "audit": {"verify"},
    "jobs": {"tick"},
    "i18n": {"check"},
    "demo": {"load", "reset"},
    "users": {"create", "set-password", "disable"},
    "profiles": {"import", "export"},
    "machines": {"import"},
    "customers": {"import"},
    "contacts": {"import"},
    "tickets": {"import"},
    "monitoring": {"stats"},
    "mqtt-credentials": {"create", "rotate", "revoke"},
}
ADDRESSES = ("/healthz", "/readyz", "/metrics", "/login", "/monitoring", "/faults", "/faults.csv", "/tickets", "/tickets.csv", "/machines")


def test_it_works() -> None:
    """Every target is there, explains itself in ``make help`` and stands in README."""
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {re.split(r"\s+", line)[1] for line in said.splitlines()} >= set(TARGETS)
    assert [target for target in TARGETS if f"make {target}" not in README] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_stands_in_readme(name: str) -> None:
    assert f"`{name}`" in README


def test_what_readme_calls_a_setting_is_one() -> None:
    """A value that no setting accepts is complained about under the name of each setting that can be wrong."""
    source = (ROOT / "app" / "core" / "config.py").read_text(encoding="utf8")
    assert [name for name in NAMES if f'"{name}"' not in source] == []
    assert load_config({"SECRET_KEY": "s" * 40, "AUDIT_KEY": "a" * 40}).port == 8000


@pytest.mark.parametrize("group", COMMANDS)
def test_commands_are_there(app: Flask, group: str) -> None:
    found = app.cli.commands.get(group)
    assert found is not None
    assert COMMANDS[group] <= set(found.commands)


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_are_there(app: Flask, address: str) -> None:
    assert address in {rule.rule for rule in app.url_map.iter_rules()} or app.url_map.bind("").match(address.rstrip("/"))


def test_the_procfile_names_the_processes() -> None:
    names = [line.split(":")[0] for line in (ROOT / "Procfile").read_text(encoding="utf8").splitlines()]
    assert names == ["release", "web", "evc", "worker", "live"]
