"""Screens of machines and monitoring profiles."""

from flask import Blueprint

blueprint = Blueprint("machines", __name__)
