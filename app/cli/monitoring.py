"""``flask monitoring``: figures of the feed, and recorded messages taken in from a file."""

import subprocess
import sys
from pathlib import Path

import click

from app.cli import Group, json_option, show
from app.core.errors import N_, Conflict
from app.monitoring import feed

group = Group("monitoring", help="The feed of the machines.")


@group.command()
@json_option
def stats(as_json: bool) -> None:
    """What the feed has counted, and what stands open."""
    show(feed.stats(), as_json)


@group.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--clock", type=click.Choice(["receipt", "device"]), default="receipt", help="device: as if each message had come at its ts.")
def replay(file: Path, clock: str) -> None:
    """Take in FILE, lines of {"topic": …, "payload": …}, without a broker; sent twice, it is stored once."""
    if clock == "device" and feed.health().is_alive:
        raise Conflict(N_("Stop the subscriber first: two evaluations with different clocks cannot run beside each other."))
    # The decoders belong to the MQTT adapter, which nothing imports; it runs as a process of its own.
    done = subprocess.run([sys.executable, "-m", "mqtt", "replay", str(file), "--clock", clock], check=False)
    sys.exit(done.returncode)
