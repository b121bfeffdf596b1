"""The flask commands; each parses and calls one operation.

One file per group; each has a ``group`` made with ``Group`` and is found by itself. Errors are said in words on
stderr, with exit status 1. Data is printed by ``show``, as JSON with ``--json``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup

from app.core.errors import DomainError, Invalid, InvalidFile

Record = Mapping[str, Any]

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Group(AppGroup):
    """A group whose commands report a ``DomainError`` in words and exit with status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DomainError as error:
            for line in lines_of(error):
                click.echo(line, err=True)
            ctx.exit(1)


def register(app: Flask) -> None:
    """Add every group of this package to ``flask --app app.wsgi``."""
    for module in sorted(iter_modules(__path__), key=lambda found: found.name):
        if module.name.startswith("_"):  # what several groups have in common
            continue
        app.cli.add_command(import_module(f"{__name__}.{module.name}").group)


def lines_of(error: DomainError) -> Iterable[str]:
    """What there is to say about ``error``: the message, then each field or line with its reason."""
    yield str(error)
    if isinstance(error, Invalid):
        yield from (f"{field}: {reason}" for field, reason in error.fields.items())
    if isinstance(error, InvalidFile):
        yield from (f"line {number}: {message % params if params else message}" for number, message, params in error.lines)


def show(records: Record | Sequence[Record], as_json: bool) -> None:
    """Print one record or a list of them: JSON, else one line a record, ``name: value`` for a single one."""
    if as_json:
        click.echo(json.dumps(records, ensure_ascii=False, default=str))
    elif isinstance(records, Mapping):
        for name, value in records.items():
            click.echo(f"{name}: {value}")
    else:
        for record in records:
            click.echo("  ".join(str(value) for value in record.values()))
