"""Stylesheets, scripts and icons: built once at start, addressed by their content, compressed, cached for ever.

``asset("app.css")`` in a template gives ``/assets/<digest>/app.css``. A bundle is its sources, joined in order;
the order among stylesheets does not matter because each one stands in a cascade layer.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import NotFound

from app.web.auth import public

BUNDLES: dict[str, tuple[str, ...]] = {
    "app.css": ("css/layers.css", "css/*.css"),
    "app.js": ("vendor/htmx-4.0.1/htmx.min.js", "vendor/htmx-4.0.1/ext/hx-ptag.min.js", "js/app.js", "js/live.js", "js/uploads.js"),
    "ticket.js": ("js/mentions.js",),
    "intake.js": ("js/intake/*.js",),
    "charts.css": ("vendor/uplot-1.6.32/uPlot.min.css",),
    "charts.js": ("vendor/uplot-1.6.32/uPlot.iife.min.js", "js/chart*.js"),
    "search.js": ("js/search.js",),
    "board.js": ("js/board.js",),
    "call_backs.js": ("js/call_backs.js",),
    "signature.js": ("vendor/signature_pad-5.1.4/signature_pad.umd.min.js", "js/signature.js"),
    "sprite.svg": ("icons/sprite.svg",),
}
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_COMMENT = re.compile(rb"/\*.*?\*/\s*", re.DOTALL)
_FOR_EVER = "public, max-age=31536000, immutable"

blueprint = Blueprint("assets", __name__)


@dataclass(frozen=True, slots=True)
class Asset:
    """One bundle, ready to be sent."""

    digest: str
    content_type: str
    content: bytes
    zipped: bytes


def build(static: Path) -> dict[str, Asset]:
    """All bundles from the files under ``static``."""
    return {
        name: _asset(name, [path for pattern in patterns for path in sorted(static.glob(pattern))]) for name, patterns in BUNDLES.items()
    }


def _asset(name: str, sources: list[Path]) -> Asset:
    content = b"\n".join(_read(path) for path in dict.fromkeys(sources))
    digest = hashlib.sha256(content).hexdigest()[:16]
    return Asset(digest, _TYPES[Path(name).suffix], content, gzip.compress(content, 9, mtime=0))


def _read(path: Path) -> bytes:
    """A source as it is, our own stylesheets without what they say to whoever edits them."""
    content = path.read_bytes()
    return _COMMENT.sub(b"", content) if path.parent.name == "css" else content


def init_app(app: Flask) -> None:
    """Build the bundles and give templates ``asset``."""
    assert app.static_folder is not None
    app.extensions["assets"] = build(Path(app.static_folder))
    app.register_blueprint(blueprint)
    app.jinja_env.globals["asset"] = asset


def asset(name: str) -> str:
    """The address of bundle ``name`` as it is now."""
    return f"{request.script_root}/assets/{_assets()[name].digest}/{name}"  # built by hand: each icon of a page asks for it


@blueprint.get("/assets/<digest>/<name>")
@public
def send(digest: str, name: str) -> Response:
    """A bundle; an old digest, from a page opened before an upgrade, gets the present one uncached."""
    found = _assets().get(name)
    if found is None:
        raise NotFound
    is_zipped = "gzip" in request.accept_encodings
    response = Response(found.zipped if is_zipped else found.content, content_type=found.content_type)
    if is_zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = _FOR_EVER if digest == found.digest else "no-store"
    response.vary.add("Accept-Encoding")
    return response


def _assets() -> dict[str, Asset]:
    return current_app.extensions["assets"]
