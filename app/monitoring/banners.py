"""The sentence above every page while the feed does not come in as it should."""

from flask_babel import gettext as _

from app.core import clock
from app.monitoring import feed, problems
from app.monitoring.announcing import floods
from app.monitoring.silence import outages
from app.web.filters import moment_text
from app.web.navigation import Banner

TRIAL = "trial"
FEED = "/monitoring/feed"
OUTAGES = "/monitoring/feed/gaps"


def feed_banner() -> Banner | None:
    """Monitoring interrupted, in trouble, or running without the promise of delivery; None when all is well."""
    health = feed.health()
    if health.status is None or not health.is_alive:
        return Banner(
            _("Monitoring interrupted: the subscriber does not answer. Alarms may be missing here."), "critical", "/monitoring/feed"
        )
    if not health.status.is_connected:
        return Banner(_("Monitoring interrupted: no connection to the broker. Messages wait there."), "critical", FEED)
    if (outage := outages.running()) is not None:
        since = moment_text(outage.from_at)
        return Banner(_("The feed is silent: nothing at all has come in since %(since)s.", since=since), "critical", OUTAGES)
    if health.status.problem:
        return Banner(_("Monitoring reports: %(problem)s", problem=problems.words(health.status.problem)), "high", FEED)
    if health.status.delivery == TRIAL:
        return Banner(_("Trial operation: the embedded broker does not deliver messages again after a crash."), "plain", FEED)
    return None


def flood_banner() -> Banner | None:
    """More alarms come than the desk can deal with one by one; only critical ones are announced singly."""
    flood = floods.running()
    if flood is None:
        return None
    words = _(
        "Flood of alarms since %(since)s: %(count)s alarms. Only critical ones are announced one by one; begin with those.",
        since=flood.started_at.astimezone(clock.zone()).strftime("%H:%M"),
        count=flood.alarms,
    )
    return Banner(words, "high", "/monitoring?state=critical")
