"""The subscriber's Prometheus figures, served on 127.0.0.1 at a port of their own."""

from prometheus_client import Counter, Gauge, Histogram, start_http_server

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

MESSAGES = Counter("feed_messages", "Objects off the feed, by what became of them", ["outcome"])
BATCH_S = Histogram("feed_batch_seconds", "Time to store one batch", buckets=_SECONDS)
DELAY_S = Histogram("feed_delay_seconds", "Time from receipt to commit, of the oldest message of a batch", buckets=_SECONDS)
EVALUATION_S = Histogram("feed_evaluation_seconds", "Time of one step of evaluation", buckets=_SECONDS)
QUEUE_LENGTH = Gauge("feed_queue_length", "Messages between network and intake")
IS_CONNECTED = Gauge("feed_connected", "1 while the broker is connected")


def serve(port: int) -> None:
    """Serve the figures in a thread of their own."""
    start_http_server(port, addr="127.0.0.1")
