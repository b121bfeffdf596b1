"""Places at which a test lets this process die as from a power cut; without ``EVC_CRASH_AT`` they do nothing."""

import os
import signal

_CRASH_AT = os.environ.get("EVC_CRASH_AT")
_left = int(os.environ.get("EVC_CRASH_AFTER", "0"))


def crash_point(name: str) -> None:
    """Kill this process with SIGKILL at the place ``EVC_CRASH_AT``, after passing it ``EVC_CRASH_AFTER`` times."""
    global _left
    if name != _CRASH_AT:
        return
    if _left:
        _left -= 1
        return
    os.kill(os.getpid(), signal.SIGKILL)
