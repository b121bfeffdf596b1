"""``flask jobs``: the periodic jobs without a worker, from cron for example."""

from flask import current_app

from app import worker
from app.cli import Group, json_option, show
from app.core import clock, jobs

group = Group("jobs", help="Periodic jobs.")


@group.command()
@json_option
def tick(as_json: bool) -> None:
    """Run once what is due; a slot that another worker has claimed is left to it."""
    done = jobs.tick(worker.all_jobs(current_app.config["CENTRE"]), clock.now())
    show([{"job": outcome.name, "result": outcome.result} for outcome in done], as_json)
