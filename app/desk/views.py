"""The ticket page: the ticket, its timeline with notes and alarms, its machine."""

from flask import Blueprint

blueprint = Blueprint("desk", __name__)
