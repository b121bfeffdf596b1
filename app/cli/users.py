"""``flask users``: add users, give new passwords, shut users out."""

import click

from app.accounts import operations, passwords, queries
from app.accounts.models import Role
from app.cli import Group, json_option, show
from app.core.types import system

group = Group("users", help="People who sign in.")

_password = click.option("--password", help="Without it a random one is made and printed once; - asks for it.")
BY = system("command line")


def _chosen(password: str | None) -> tuple[str, bool]:
    """The password to set, and whether it was made here and must be shown."""
    if password == "-":  # noqa: S105 - the sign for asking
        return click.prompt("Password", hide_input=True, confirmation_prompt=True), False
    return (password, False) if password else (passwords.generated(), True)


@group.command()
@click.argument("username")
@click.option("--name", required=True, help="The name that others see.")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice([role.value for role in Role]), help="May be given several times."
)
@click.option("--area", "areas", multiple=True, help="Name of an area; may be given several times.")
@_password
@json_option
def create(username: str, *, name: str, roles: tuple[str, ...], areas: tuple[str, ...], password: str | None, as_json: bool) -> None:
    """Add USERNAME, who must choose an own password at the first sign-in."""
    chosen, is_made = _chosen(password)
    area_ids = [queries.area_named(area).id for area in areas]
    user = operations.create_user(by=BY, username=username, name=name, password=chosen, roles=roles, area_ids=area_ids)
    show({"id": user.id, "username": user.username} | ({"password": chosen} if is_made else {}), as_json)


@group.command("set-password")
@click.argument("username")
@_password
@json_option
def set_password(username: str, password: str | None, as_json: bool) -> None:
    """Give USERNAME a new password, to be changed at the next sign-in; ends all sessions."""
    user = queries.user_named(username)
    chosen, is_made = _chosen(password)
    operations.set_password(by=BY, user_id=user.id, password=chosen)
    show({"id": user.id, "username": user.username} | ({"password": chosen} if is_made else {}), as_json)


@group.command()
@click.argument("username")
@json_option
def disable(username: str, as_json: bool) -> None:
    """Shut USERNAME out at once; ends all sessions."""
    user = queries.user_named(username)
    operations.disable_user(by=BY, user_id=user.id, version=user.version)
    show({"id": user.id, "username": user.username, "active": False}, as_json)
