"""What the maker of a device is given: the contract of the feed in words, as AsyncAPI, and examples that run."""

import json
from pathlib import Path

from flask import current_app
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from app.monitoring.views.routes import blueprint
from app.web.auth import requires
from app.web.render import render

FILES = {"asyncapi.json": "application/json", "device.c": "text/x-c", "device.py": "text/x-python", "device.sh": "text/x-shellscript"}
EXAMPLES = ("device.py", "device.c", "device.sh")
KINDS = ("telemetry", "fault", "state", "ack")
_ROOT_OF_FILES = "evc/"


@blueprint.get("/monitoring/feed/contract")
@requires("feed.read")
def contract() -> Response:
    """The contract on one page, to read and to print."""
    messages = json.loads(_text("asyncapi.json"))["components"]["messages"]
    examples = {kind: [json.dumps(one["payload"], ensure_ascii=False) for one in messages[kind]["examples"]] for kind in KINDS}
    return render("monitoring/contract.html", root=_root(), examples=examples, programs={name: _text(name) for name in EXAMPLES})


@blueprint.get("/monitoring/feed/contract/<name>")
@requires("feed.read")
def contract_file(name: str) -> Response:
    """One of the files to take away."""
    if name not in FILES:
        raise NotFound
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(_text(name), headers=headers, content_type=f"{FILES[name]}; charset=utf-8")


def _root() -> str:
    root: str = current_app.config["CENTRE"].topic_root
    return root


def _text(name: str) -> str:
    """The file, with the topics of this installation."""
    assert current_app.static_folder is not None
    return (Path(current_app.static_folder) / "feed" / name).read_text(encoding="utf8").replace(_ROOT_OF_FILES, f"{_root()}/")
