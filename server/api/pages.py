"""Pages for people and probes."""

from __future__ import annotations

import html
from functools import cache
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from server.api.auth import services
from sync.errors import Later

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Enid</title>
<h1>Enid server is running</h1>
<p>Version {version}. {state}</p>
<p>It carries sealed envelopes and can read none of them.</p>
{demo}
</html>
"""
MIGRATIONS = Path(__file__).parent.parent / "migrations"
routes = Blueprint("pages", __name__)


@cache
def newest_revision() -> str | None:
    """The schema that this program needs."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config).get_current_head()


def state() -> str:
    """``ready``, or what is missing."""
    try:
        with services().database.read() as connection:
            statement = text("SELECT version_num FROM alembic_version")
            revision = connection.execute(statement).scalar()
    except SQLAlchemyError:
        return "the database cannot be read or was never set up"
    return "ready" if revision == newest_revision() else "the database needs an upgrade"


@routes.get("/")
def home() -> Response:
    """Say that the server runs, and how to open the demo."""
    demo = current_app.config["ENID_DATA"] / "demo.txt"
    words = demo.read_text(encoding="utf-8") if demo.exists() else ""
    page = PAGE.format(
        version=html.escape(current_app.config["API_VERSION"]),
        state=html.escape(state().capitalize() + "."),
        demo=f"<pre>{html.escape(words)}</pre>" if words else "",
    )
    return Response(page, mimetype="text/html")


@routes.get("/healthz")
def healthz() -> Response:
    """The process is up."""
    return jsonify(status="up")


@routes.get("/readyz")
def readyz() -> Response:
    """The database is reachable and migrated."""
    if (found := state()) != "ready":
        raise Later("busy", found)
    return jsonify(status="ready")
