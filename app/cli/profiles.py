"""``flask profiles``: monitoring profiles as files."""

from pathlib import Path

import click

from app.cli import Group, json_option, show
from app.cli._imports import COMMAND_LINE, file_argument
from app.core.errors import N_, Invalid
from app.machines import queries
from app.machines.profile_operations import import_profile
from app.machines.profiles import Profile
from app.machines.profiles.parsing import parse

group = Group("profiles", help="Monitoring profiles.")


@group.command("import")
@file_argument
@json_option
def import_(file: Path, as_json: bool) -> None:
    """Import a profile (YAML); a file with mistakes is refused whole, each with its line."""
    done = import_profile(by=COMMAND_LINE, text=_text_of(file))
    _say_remarks(done.profile)
    show({"profile": done.row.name, "version": done.row.version, "changed": done.is_changed}, as_json)


@group.command("check")
@file_argument
@json_option
def check(file: Path, as_json: bool) -> None:
    """Read a profile (YAML) as an import would, and say what is wrong or odd in it, with the lines; nothing is stored."""
    profile = parse(_text_of(file))
    _say_remarks(profile)
    counts = {part: len(getattr(profile, part)) for part in ("metrics", "codes", "rules", "combinations", "suppress")}
    show({"profile": profile.name, **counts, "remarks": len(profile.remarks)}, as_json)


@group.command("export")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True), default="-")
def export(name: str, file: Path) -> None:
    """Write the profile NAME to FILE (or to standard output) as it was imported; NAME may be left out when FILE is named after it."""
    is_file_alone = file == Path("-") and name.endswith((".yaml", ".yml"))
    wanted, target = (Path(name).stem, Path(name)) if is_file_alone else (name, file)
    document = queries.profile_by_name(wanted).document
    if target == Path("-"):
        click.echo(document, nl=False)
    else:
        target.write_text(document, encoding="utf8")


@group.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the profiles."""
    rows = [{"profile": row.name, "version": row.version, "machines": row.machine_count} for row in queries.profile_list()]
    show(rows, as_json)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(N_("The file is not UTF-8 text.")) from None


def _say_remarks(profile: Profile) -> None:
    for remark in profile.remarks:
        click.echo(f"line {remark.line}: {remark.message % remark.params}", err=True)
