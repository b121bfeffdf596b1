"""Screens of the monitoring: board, alarms, machine, faults, feed."""

from flask import Blueprint

blueprint = Blueprint("monitoring", __name__)
