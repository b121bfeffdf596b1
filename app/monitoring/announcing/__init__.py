"""What is announced, to whom and when (monitoring §3 and §4).

``notices`` writes what is to be said in the transaction of what happened; ``sending`` says it, gathered; ``escalation`` follows what
nobody acknowledges, and ``floods`` the times in which there is too much of it.
"""

from app.monitoring.announcing.notices import acknowledged, graver, outage, raised, released, storm

__all__ = ["acknowledged", "graver", "outage", "raised", "released", "storm"]
