"""The blueprint that all pages of accounts belong to."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)
