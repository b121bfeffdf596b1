"""``flask i18n``: whether the translations are complete."""

import sys

import click

from app.cli import Group
from app.web.i18n import problems

group = Group("i18n", help="Translations.")


@group.command()
def check() -> None:
    """Name every message that is missing, unused, doubled or has other placeholders; exit status 1 when there is one."""
    found = list(problems())
    for line in found or ["complete"]:
        click.echo(line)
    sys.exit(1 if found else 0)
