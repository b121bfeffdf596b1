"""``flask demo``: the invented world."""

import click
from flask import current_app

from app import demo
from app.cli import Group

group = Group("demo", help="The demo world.")


@group.command()
def load() -> None:
    """Load the demo world; refuses when the database holds anything else."""
    password = demo.load(current_app.config["CENTRE"])
    click.echo(f"loaded; the password of all demo people is {password}")


@group.command()
@click.confirmation_option(prompt="This removes everything in the database. Go on?")
def reset() -> None:
    """Empty a database that holds the demo world and load it afresh; refuses on a real one."""
    password = demo.reset(current_app.config["CENTRE"])
    click.echo(f"loaded afresh; the password of all demo people is {password}")
