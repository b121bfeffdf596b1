"""``python -m app.first_start``: makes the database ready before the processes start, and says how to sign in."""

import os
import secrets
import sys
from dataclasses import replace
from pathlib import Path

from app import demo
from app.accounts.models import User
from app.accounts.operations import create_first_administrator
from app.core import db
from app.core.config import Config, load_config
from app.core.errors import DomainError
from app.core.start import start
from app.release import release


def main() -> int:
    """Migrate, fill an empty database, print the sign-ins; returns the exit status."""
    config = load_config()
    start(config)
    try:
        for line in release():
            print(line)
        print("\n".join(_people(config)), flush=True)
    except DomainError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _people(config: Config) -> list[str]:
    kept = config.data_dir / "demo_password"
    if config.is_demo and not User.select().exists():
        password = config.demo_password or secrets.token_urlsafe(9)
        demo.load(replace(config, demo_password=password))
        _keep(kept, password)
    elif kept.exists():  # the demo world was loaded earlier
        password = kept.read_text(encoding="ascii")
    else:
        first = create_first_administrator()
        return [f"First administrator: user name admin, password {first} (shown only this once)"] if first else []
    names = [name for (name,) in User.select(User.username).where(User.is_active).order_by(User.id).tuples()]
    db.drop_connection()
    return [f"Demo sign-ins: {', '.join(names)}", f"Password of all of them: {password}"] if config.is_demo else []


def _keep(path: Path, password: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(password)


if __name__ == "__main__":
    sys.exit(main())
