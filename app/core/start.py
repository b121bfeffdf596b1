"""What every process does first: settings, database, key of the history, place of the files."""

from pathlib import Path

from app.core import clock, db, files, history, wecom
from app.core.config import Config


def start(config: Config, cache_kb: int = db.CACHE_KB) -> None:
    """Bind this process to the database, keys and time zone of ``config``; connects to nothing yet."""
    config.data_dir.mkdir(parents=True, exist_ok=True)
    db.bind(config.database_url, cache_kb)
    if db.is_sqlite():
        Path(db.database.obj.database).parent.mkdir(parents=True, exist_ok=True)
    history.configure(config.audit_key)
    files.configure(config.files_dir)
    clock.use_zone(config.zone)
    wecom.configure(config.wecom_webhook)
