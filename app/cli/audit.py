"""``flask audit``: the history chain."""

import sys

from flask import current_app

from app.cli import Group, json_option, show
from app.core import db, history

group = Group("audit", help="The history of who changed what.")


@group.command()
@json_option
def verify(as_json: bool) -> None:
    """Walk the chain and name the first bad row; exit status 1 when there is one."""
    with db.available():
        db.connect()
        verdict = history.verify(current_app.config["CENTRE"].heads_file)
    problem = verdict.problem
    if as_json:
        show({"valid": problem is None, "entries": verdict.entries, "problem": problem}, as_json)
    else:
        show([{"line": problem or f"{verdict.entries} entries, none altered or missing"}], as_json)
    sys.exit(0 if problem is None else 1)
