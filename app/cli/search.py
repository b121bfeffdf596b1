"""``flask search``: the documents that everything is found by."""

import sys

import click

from app.cli import Group, json_option, show
from app.core import indexing

group = Group("search", help="What everything is found by.")


@group.command()
@click.option("--check", "is_check", is_flag=True, help="Only say what cannot be found; exit status 1 when there is something.")
@json_option
def rebuild(is_check: bool, as_json: bool) -> None:
    """Write every search document anew, while the product runs."""
    if is_check:
        found = indexing.problems()
        show({"complete": not found, "problems": found} if as_json else [{"line": line} for line in found or ["complete"]], as_json)
        sys.exit(1 if found else 0)
    done = [{"index": index.table, "documents": sum(indexing.rebuild(index))} for index in indexing.all_indexes()]
    show(done, as_json)
