"""Screens of customers, their sites and contacts."""

from flask import Blueprint

blueprint = Blueprint("customers", __name__)
