"""What only the demo serves: how to open it, and the codes of its made-up people.

``server.create_app`` knows nothing of this; ``python -m server.demo`` starts the
factory below in its stead, and the factory adds nothing where anybody but this machine
could ask (app.md 1, "One browser, four roles").
"""

from __future__ import annotations

import html
import os
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, current_app, request

from server import create_app as create_plain_app
from sync.errors import Never

LOOPBACK = ("localhost", "127.0.0.1", "::1")
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Enid demo</title>
<h1>Enid demo</h1>
<p><a href="/">Open the app</a></p>
<pre>{told}</pre>
</html>
"""
routes = Blueprint("demo", __name__, url_prefix="/demo")


def create_app() -> Flask:
    """The server with the demo's pages, if only this machine can reach it."""
    app = create_plain_app()
    origin = urlsplit(app.config["ENID_ORIGIN"]).hostname
    if {origin, os.environ.get("ENID_BIND", "127.0.0.1")} <= set(LOOPBACK):
        app.register_blueprint(routes)
    return app


@routes.before_request
def only_this_machine() -> None:
    """A page elsewhere may name its own host 127.0.0.1, so the host counts too."""
    asked = urlsplit(f"//{request.host}").hostname
    if request.remote_addr not in LOOPBACK or asked not in LOOPBACK:
        raise Never("not_found", "the demo is for this machine only")


@routes.get("")
def told() -> Response:
    """How to open the demo, as `make run` printed it."""
    words = (current_app.config["ENID_DATA"] / "demo.txt").read_text(encoding="utf-8")
    return Response(PAGE.format(told=html.escape(words)), mimetype="text/html")


@routes.get("/people.json")
def people() -> Response:
    """Role, name and recovery code of each person whom one may play."""
    known = (current_app.config["ENID_DATA"] / "people.json").read_bytes()
    return Response(known, mimetype="application/json")
