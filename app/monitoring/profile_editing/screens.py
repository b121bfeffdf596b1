"""All screens of monitoring profiles."""

from app.monitoring.profile_editing import entry_views, views
from app.monitoring.profile_editing.routes import blueprint

__all__ = ["blueprint", "entry_views", "views"]
