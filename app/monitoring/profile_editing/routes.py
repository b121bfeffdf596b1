"""The blueprint on which the screens of monitoring profiles hang."""

from flask import Blueprint

blueprint = Blueprint("profiles", __name__)
