"""``flask db``: the schema of the database and whether it is sound."""

import sys

import click

from app.billing import accounts
from app.cli import Group, json_option, show
from app.core import integrity, migrating
from app.parts import books
from app.release import release

group = Group("db", help="Schema and soundness of the database.")


@group.command()
def upgrade() -> None:
    """Bring the database to this version; killed midway it is old or new, never half."""
    for line in release() or ["nothing to do"]:
        click.echo(line)


@group.command()
@json_option
def status(as_json: bool) -> None:
    """List the migrations and whether each was applied."""
    rows = [{"migration": name, "applied": "applied" if is_applied else "pending"} for name, is_applied in migrating.status()]
    show(rows, as_json)


@group.command()
@json_option
def check(as_json: bool) -> None:
    """Say whether the database is sound; exit status 1 when it is not."""
    found = integrity.problems() or [*books.problems(), *accounts.differences()]
    show({"sound": not found, "problems": found} if as_json else [{"line": line} for line in found or ["sound"]], as_json)
    sys.exit(1 if found else 0)
