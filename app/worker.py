"""``python -m app.worker``: does the periodic jobs. Any number of workers may run; each slot is run once."""

import os

from app.core import sparing

if __name__ == "__main__":
    sparing.spare(sparing.unneeded(os.environ))  # before the other imports, which look for what is spared

import contextlib
import signal
import sys
import threading
from datetime import datetime, timedelta

import structlog

from app import wiring  # noqa: F401  # the rules that upper layers add
from app.accounts import notices, sessions, throttle
from app.analytics.quality_reports import operations as quality_reports
from app.billing import costs
from app.callbacks import follow_ups
from app.core import clock, files, history, jobs, mailing, rate_limits, submissions, wecom
from app.core.config import Config, ConfigError, load_config
from app.core.errors import Unavailable
from app.core.jobs import Job
from app.core.logs import configure_logs
from app.core.start import start
from app.imports import work
from app.monitoring import intake, storms
from app.monitoring.announcing import escalation as alarm_escalation
from app.monitoring.announcing import floods, long_standing, relief, sending
from app.monitoring.readings import ageing
from app.parts import low_stock
from app.returns import reminders
from app.tickets import drafts, escalation, inbox, recomputing, work_slips
from app.work_orders import leftovers, technician_reports, unaccepted

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
LOOK_AGAIN_AFTER_S = 5.0
STOP_WITHIN_S = 5.0
CACHE_KB = 4_000  # of each connection's pages: the jobs come back to few of them, and imports ask for more while they last
KEYS_ARE_KEPT = timedelta(days=8)  # monitoring rule 7


def all_jobs(config: Config) -> tuple[Job, ...]:
    """The jobs of this version, most frequent first."""

    def store_head(at: datetime) -> str:
        history.store_head(config.heads_file, at)
        return "stored"

    guard = clock.StepGuard()

    def look_at_clocks(at: datetime) -> str:
        if not guard.is_steady(at):  # a deadline that only a wrong clock has passed must reach nobody
            return "waiting: the clock of this host was changed"
        said = escalation.look(at)
        return f"{said} said" if said else ""

    steady = clock.StepGuard()

    def look_for_unaccepted(at: datetime) -> str:
        return unaccepted.look(at) if steady.is_steady(at) else "waiting: the clock of this host was changed"

    unmoved = clock.StepGuard()

    def escalate_alarms(at: datetime) -> str:
        return alarm_escalation.look(at) if unmoved.is_steady(at) else "waiting: the clock of this host was changed"

    def follow_calendar(at: datetime) -> str:
        looked = recomputing.follow(at)
        return f"{looked} clocks" if looked else ""

    return (
        Job("look-at-clocks", timedelta(seconds=10), look_at_clocks),
        Job("take-back-unaccepted", timedelta(seconds=30), look_for_unaccepted),
        Job("follow-calendar", timedelta(seconds=10), follow_calendar),
        Job("end-storms", timedelta(seconds=30), storms.end_quiet),
        Job("heartbeat", timedelta(seconds=15), lambda at: "alive"),
        Job("send-mail", timedelta(seconds=5), lambda at: mailing.send_due(config.smtp_url, config.mail_from, at)),
        Job("call-off-leftovers", timedelta(minutes=1), leftovers.call_off),
        Job("follow-floods", timedelta(seconds=5), floods.look),
        Job("announce-alarms", timedelta(seconds=3), sending.look),
        Job("escalate-alarms", timedelta(seconds=10), escalate_alarms),
        Job("tell-of-long-standing-alarms", timedelta(minutes=5), long_standing.look),
        Job("tell-who-comes-on-duty", timedelta(seconds=30), relief.look),
        Job("send-wecom", timedelta(seconds=3), lambda at: wecom.send_due(config.wecom_webhook, at)),
        Job("remind-of-follow-ups", timedelta(minutes=30), follow_ups.remind),
        Job("remind-of-returns", timedelta(minutes=30), reminders.remind),
        Job("tell-of-low-stock", timedelta(minutes=30), low_stock.look),
        Job("remind-of-slips", timedelta(minutes=5), work_slips.remind),
        Job("draft-quality-reports", timedelta(minutes=10), quality_reports.look),
        Job("ask-for-daily-reports", timedelta(minutes=5), technician_reports.look),
        Job("work-out-costs", timedelta(minutes=2), costs.look),
        Job("let-readings-age", timedelta(seconds=30), ageing.look),
        Job("take-in-mail", timedelta(minutes=1), lambda at: inbox.poll(config.mail_inbox_url, at)),
        Job("purge-sign-in-attempts", timedelta(minutes=10), lambda at: f"{throttle.purge(at)} deleted"),
        Job("purge-rate-hits", timedelta(hours=1), lambda at: f"{rate_limits.purge(at)} deleted"),
        Job("store-history-head", timedelta(hours=1), store_head),
        Job("purge-sessions", timedelta(hours=1), lambda at: f"{sessions.purge(at)} deleted"),
        Job("purge-notices", timedelta(hours=6), lambda at: f"{notices.purge(at)} deleted"),
        Job("purge-drafts", timedelta(minutes=10), lambda at: f"{drafts.purge(at)} deleted"),
        Job("purge-form-submissions", timedelta(hours=1), lambda at: f"{submissions.purge(at)} deleted"),
        Job("remove-orphan-files", timedelta(hours=6), lambda at: f"{files.remove_orphans(at)} removed"),
        Job("purge-message-keys", timedelta(hours=6), lambda at: f"{_purge_keys(at - KEYS_ARE_KEPT)} deleted"),
    )


def _purge_keys(before: datetime) -> int:
    deleted, after_key = intake.purge_keys(before)
    while after_key is not None:
        more, after_key = intake.purge_keys(before, after_key)
        deleted += more
    return deleted


def run(config: Config, stopping: threading.Event) -> None:
    """Do what is due until ``stopping``; a database that is away is waited for."""
    what = all_jobs(config)
    log.info("worker_started", jobs=len(what))
    wait_s = LOOK_EVERY_S
    while not stopping.wait(wait_s):
        wait_s = LOOK_EVERY_S
        try:
            for outcome in jobs.tick(what, clock.now()):
                if outcome.result and outcome.name != "heartbeat":
                    log.info("job_done", job=outcome.name, result=outcome.result)
        except Unavailable:
            log.warning("database_unavailable")
            wait_s = LOOK_AGAIN_AFTER_S
    log.info("worker_stopped")


def main() -> int:
    """Run until SIGTERM or SIGINT; returns the exit status."""
    try:
        config = load_config()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    configure_logs("worker")
    start(config, CACHE_KB)
    stopping = threading.Event()
    importing = threading.Thread(target=work.keep_working, args=(work.Worker(work.holder_name("worker"), stopping),), name="imports")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    importing.start()
    with contextlib.suppress(KeyboardInterrupt):
        run(config, stopping)
    stopping.set()
    importing.join(STOP_WITHIN_S)
    return 0


if __name__ == "__main__":
    sys.exit(main())
