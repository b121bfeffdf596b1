"""The portal as gunicorn and the flask command find it."""

from app.core.config import load_config
from app.factory import create_app

app = create_app(load_config())
