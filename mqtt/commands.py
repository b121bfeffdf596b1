"""``python -m mqtt [run | broker | simulate | replay FILE | accounts FILE | partitions [N] | check | contract]``: the feed."""

import argparse
import gc
import secrets
import signal
import sys
from pathlib import Path

import structlog

from app.core.config import Config, ConfigError, load_config
from app.core.logs import configure_logs
from app.core.start import start
from mqtt import check, contract

CACHE_KB = 2_000  # the feed appends, and what it reads again is little; its memory is what counts

log = structlog.get_logger()


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m mqtt", description="The feed of the machines: MQTT in, monitoring behind it.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("run", help="take in the feed (default)")
    commands.add_parser("broker", help="run the broker that comes with the product")
    simulate = commands.add_parser("simulate", help="let a fleet of machines publish to the broker")
    simulate.add_argument("--rate", type=float, default=1.0, help="messages a second of the whole fleet (default 1)")
    simulate.add_argument("--count", type=int, default=0, help="stop after so many messages (default: never)")
    replay = commands.add_parser("replay", help="take in recorded messages from a file, without a broker")
    replay.add_argument("file", type=Path, help='lines of {"topic": …, "payload": …}')
    replay.add_argument("--clock", choices=("receipt", "device"), default="receipt", help="device: as if each message had come at its ts")
    accounts = commands.add_parser("accounts", help="write the accounts file of a fresh Mosquitto and print the passwords")
    accounts.add_argument("file", type=Path)
    partitions = commands.add_parser("partitions", help="show how evaluation is shared among processes, or change into how many parts")
    partitions.add_argument("number", type=int, nargs="?")
    check.add_arguments(commands.add_parser("check", help="say in words what is wrong with what a device sends; needs no database"))
    written = commands.add_parser("contract", help="print the contract of the feed as an AsyncAPI document")
    written.add_argument("--root", default="evc", help="first level of the topics (default evc)")
    asked = parser.parse_args(arguments)
    if asked.command == "check":
        return check.run(asked)
    if asked.command == "contract":
        sys.stdout.write(contract.as_text(asked.root))
        return 0
    try:
        config = load_config()
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    configure_logs("evc")
    start(config, CACHE_KB)
    known = {"broker": _broker, "simulate": _simulate, "replay": _replay, "accounts": _accounts, "partitions": _partitions}
    return known.get(asked.command, _run)(config, asked)


def _run(config: Config, asked: argparse.Namespace) -> int:
    from app.monitoring.evaluation import Evaluators
    from app.work_orders import on_site  # noqa: F401  # adds itself to what evaluation asks
    from mqtt import figures
    from mqtt.settings import load_settings
    from mqtt.subscriber import Subscriber

    try:
        settings = load_settings(config)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if settings.is_open:
        log.warning("connection_in_the_clear", host=settings.host)
    if settings.metrics_port:
        figures.serve(settings.metrics_port)
    gc.set_threshold(50_000, 20, 50)  # batches are many small objects without circles
    evaluators = Evaluators(settings.instance)
    subscriber = Subscriber(settings, evaluators)
    evaluators.is_intake_behind = lambda: subscriber.is_behind
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: subscriber.stop())
    subscriber.run()
    return 0


def _broker(config: Config, asked: argparse.Namespace) -> int:
    from mqtt import broker

    broker.run(config)
    return 0


def _simulate(config: Config, asked: argparse.Namespace) -> int:
    from mqtt import simulator

    return simulator.run(config, rate=asked.rate, count=asked.count)


def _replay(config: Config, asked: argparse.Namespace) -> int:
    from mqtt import replay

    return replay.run(config, asked.file, by_device_clock=asked.clock == "device")


def _partitions(config: Config, asked: argparse.Namespace) -> int:
    from mqtt import partitions

    return partitions.run(asked.number)


def _accounts(config: Config, asked: argparse.Namespace) -> int:
    from mqtt import security

    passwords = {name: secrets.token_urlsafe(24) for name in (security.PORTAL, security.SIMULATOR)}
    try:
        security.write_first(asked.file, config.topic_root, passwords)
    except FileExistsError:
        sys.stderr.write(f"{asked.file} exists already; nothing was changed\n")
        return 1
    for name, password in passwords.items():
        sys.stdout.write(f"{name} {password}\n")
    return 0
