"""The start page: what waits for the person who looks at it."""

from flask import Blueprint

blueprint = Blueprint("home", __name__)
