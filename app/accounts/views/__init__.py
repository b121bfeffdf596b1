"""Pages of sign-in, one's own account, users, areas and the history."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__)

from app.accounts.views import sign_in  # noqa: E402, F401
