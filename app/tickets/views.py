"""The ticket list, opening a ticket, and the changes one makes to it."""

from flask import Blueprint

blueprint = Blueprint("tickets", __name__)
