"""How much of a backlog one transaction takes: on SQLite nobody else writes meanwhile, the clerk at the desk included."""

LONGEST_S = 0.3
FIRST, LEAST = 64, 8


class Pace:
    """How many messages one transaction takes, so that it lasts ``LONGEST_S`` at most; learnt from those before.

    It begins low, since what a burst of faults costs is not known before it comes, and doubles while a backlog turns out to be cheap.
    """

    def __init__(self) -> None:
        self.limit = FIRST

    def learn(self, messages: int, took_s: float) -> None:
        """A transaction took in so many ``messages`` and lasted ``took_s`` seconds."""
        if took_s > LONGEST_S:
            self.limit = max(LEAST, int(min(messages, self.limit) * LONGEST_S / took_s))
        elif messages < self.limit:
            self.limit = min(self.limit, FIRST)
        elif took_s < LONGEST_S / 2:
            self.limit *= 2
