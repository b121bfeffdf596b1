"""What every process does first: settings, database, key of the history."""

from app.core import clock, db, history
from app.core.config import Config


def start(config: Config) -> None:
    """Bind this process to the database, keys and time zone of ``config``; connects to nothing yet."""
    if config.database_url.startswith("sqlite"):
        config.data_dir.mkdir(parents=True, exist_ok=True)
    db.bind(config.database_url)
    history.configure(config.audit_key)
    clock.use_zone(config.zone)
