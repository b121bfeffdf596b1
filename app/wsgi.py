"""The portal as gunicorn and the flask command find it."""

import sys

from app.core.config import ConfigError, load_config
from app.factory import create_app

try:
    app = create_app(load_config())
except ConfigError as error:
    sys.exit(str(error))
