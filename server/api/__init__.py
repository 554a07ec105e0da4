"""HTTP: routes, schemas and who may call; everything else is a service's."""

from __future__ import annotations

from flask import Flask, request

from server.api import auth, circles, invitations, pages, sessions, slots, sync
from server.api.json import Api, OrjsonProvider
from sync.errors import Never

SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "cookie": {
        "type": "apiKey",
        "in": "header",
        "name": "Enid-Account",
        "description": "First 8 hex digits of the account id; names the cookie.",
    },
}


def init_app(app: Flask) -> None:
    """Register all routes."""
    app.json = OrjsonProvider(app)
    auth.init_app(app)
    api = Api(app)
    for name, scheme in SECURITY.items():
        api.spec.components.security_scheme(name, scheme)
    for module in (sessions, sync, invitations, slots, circles):
        api.register_blueprint(module.routes)
    app.register_blueprint(pages.routes)

    @app.before_request
    def only_json() -> None:
        # A form from another site can carry anything but this type.
        body_is_json = request.mimetype == "application/json"
        if request.method in ("POST", "PUT", "PATCH") and not body_is_json:
            raise Never("not_json", "the body must be application/json")
