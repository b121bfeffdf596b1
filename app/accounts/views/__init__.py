"""Pages of sign-in, one's own account, users, areas and the history."""

from app.accounts.views import account, areas, authorities, history, notices, places, settings, sign_in, users, words
from app.accounts.views.blueprint import blueprint

__all__ = ["account", "areas", "authorities", "blueprint", "history", "notices", "places", "settings", "sign_in", "users", "words"]
