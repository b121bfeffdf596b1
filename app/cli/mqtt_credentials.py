"""``flask mqtt-credentials``: which devices may speak on the feed. A secret is printed once and never again."""

import click

from app.cli import Group, json_option, show
from app.core.types import system
from app.monitoring import operations

group = Group("mqtt-credentials", help="Device credentials; they act at the broker within a second.")
BY = system("command line")


@group.command()
@click.argument("device")
@json_option
def create(device: str, as_json: bool) -> None:
    """Let DEVICE speak on the feed and print its password."""
    show({"username": device, "password": operations.create_credential(by=BY, device=device)}, as_json)


@group.command()
@click.argument("device")
@json_option
def rotate(device: str, as_json: bool) -> None:
    """Give DEVICE a new password and print it."""
    show({"username": device, "password": operations.rotate_credential(by=BY, device=device)}, as_json)


@group.command()
@click.argument("device")
@json_option
def revoke(device: str, as_json: bool) -> None:
    """Withdraw the right of DEVICE."""
    operations.revoke_credential(by=BY, device=device)
    show({"username": device, "state": "revoking"}, as_json)
