"""Enid's server: carries sealed envelopes and can read none of them.

``create_app`` is the only wiring: settings, database, services, routes, files, headers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import flask_migrate
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from server import api, cli, errors, logs, models
from server.api.pages import MIGRATIONS
from server.app_files import with_app
from server.config import settings
from server.database import Database
from server.extensions import db, migrate
from server.headers import with_headers
from server.limits import Limit
from server.services import Services

__all__ = ["create_app", "models", "services_of", "upgrade"]


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The application; ``config`` wins over the environment (``server.config``).

    Makes no tables: ``flask db upgrade`` or ``upgrade(app)`` does.
    """
    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(settings(config))
    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    with app.app_context():
        database = Database(db.engine)
    clock = app.config["CLOCK"]
    app.extensions["enid"] = Services(
        database, app.config["ENID_ORIGIN"], app.config["ENID_SECRET"], clock
    )
    app.extensions["enid_limits"] = {
        "sync": Limit(app.config["SYNC_PER_MINUTE"], clock),
        "lookups": Limit(app.config["FAILED_LOOKUPS_PER_MINUTE"], clock),
    }
    logs.init_app(app)
    errors.init_app(app)
    api.init_app(app)
    cli.init_app(app)
    inner: Any = app.wsgi_app
    if hops := app.config["ENID_PROXIES"]:
        inner = ProxyFix(inner, x_for=hops, x_proto=hops)
    inner = with_app(inner, app.config["ENID_APP"])
    app.wsgi_app = with_headers(inner, app.config["ENID_ORIGIN"])  # type: ignore[assignment, method-assign]
    return app


def services_of(app: Flask) -> Services:
    """The services of an application, for commands and tests."""
    services: Services = app.extensions["enid"]
    return services


def upgrade(app: Flask) -> None:
    """Bring the database to the newest schema."""
    with app.app_context():
        flask_migrate.upgrade(directory=str(MIGRATIONS))
