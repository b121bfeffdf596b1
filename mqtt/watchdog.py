"""Watches the network thread: its life and its turns, since a dead one would leave the connection looking alive (monitoring rule 2)."""

import os
import signal
import time

import structlog

from mqtt.client import KEEPALIVE_S, FeedClient

STUCK_S = 3 * KEEPALIVE_S

log = structlog.get_logger()


class Watchdog:
    """Ends the process when its network thread is dead or stuck; whoever runs it starts it again."""

    def __init__(self, client: FeedClient) -> None:
        self.client = client
        self.problem = ""

    def check(self) -> None:
        """Look once."""
        stuck_s = time.monotonic() - self.client.turned_at
        if self.client.is_alive() and stuck_s < STUCK_S:
            return
        self.problem = "network: stuck"
        log.error("network_thread_stuck", stuck_s=round(stuck_s), is_alive=self.client.is_alive())
        os.kill(os.getpid(), signal.SIGTERM)
