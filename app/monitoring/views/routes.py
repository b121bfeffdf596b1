"""The blueprint that the monitoring's views hang on."""

from flask import Blueprint

blueprint = Blueprint("monitoring", __name__)

# What these screens show changes with each of these (``app.core.live``).
LIVE = ("alarms", "monitoring", "feed", "shifts")
