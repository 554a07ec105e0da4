"""Settings: from the environment, checked at start, overridden by tests.

Leaves what a setting means to the module that reads it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from environs import Env

from server.app_files import BUILT

REQUEST_BYTES_MAX = 1 << 20
SECRET_BYTES = 32
THREADS = 64


def settings(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Flask's configuration; ``overrides`` win over the environment.

    ``DATABASE_URL``: a PostgreSQL address, otherwise SQLite inside ``ENID_DATA``.
    ``ENID_APP``: folder of the built app.
    ``ENID_DATA``: folder of the database and the server's secret.
    ``ENID_ORIGIN``: the address that people see; sessions are signed for it.
    ``ENID_PROXIES``: how many reverse proxies stand in front.
    ``ENID_SECRET``: 64 hex digits that several machines share; else a file.
    """
    env = Env()
    values: dict[str, Any] = {
        "DATABASE_URL": env.str("DATABASE_URL", ""),
        "ENID_APP": env.str("ENID_APP", str(BUILT)),
        "ENID_DATA": env.str("ENID_DATA", "var"),
        "ENID_ORIGIN": env.str("ENID_ORIGIN", "http://localhost:8000"),
        "ENID_PROXIES": env.int("ENID_PROXIES", 0),
        "ENID_SECRET": env.str("ENID_SECRET", ""),
        "SYNC_PER_MINUTE": 120,
        "FAILED_LOOKUPS_PER_MINUTE": 60,
        "CLOCK": time.time,
    } | dict(overrides or {})
    data = Path(values["ENID_DATA"]).absolute()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    url = database_url(values["DATABASE_URL"], data)
    return values | {
        "ENID_APP": Path(values["ENID_APP"]),
        "ENID_DATA": data,
        "ENID_SECRET": _secret(values["ENID_SECRET"], data / "secret"),
        "ENID_ORIGIN": values["ENID_ORIGIN"].rstrip("/"),
        "DATABASE_URL": url,
        "SQLALCHEMY_DATABASE_URI": url,
        # The text of a database error would otherwise carry ids into the log.
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "hide_parameters": True,
            "pool_size": THREADS,
            "max_overflow": 8,
        },
        "MAX_CONTENT_LENGTH": REQUEST_BYTES_MAX,
        "API_TITLE": "Enid",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": "/v1",
        "OPENAPI_JSON_PATH": "openapi.json",
    }


def database_url(url: str, data: Path) -> str:
    """Name the driver: SQLAlchemy refuses ``postgres://`` (T11)."""
    if not url:
        return f"sqlite:///{data / 'enid.sqlite'}"
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _secret(given: str, file: Path) -> bytes:
    """The key that authenticates challenges; made on the first start, mode 0600."""
    if given:
        secret = bytes.fromhex(given)
    else:
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(handle, "wb") as fresh:
                fresh.write(os.urandom(SECRET_BYTES))
        secret = file.read_bytes()
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"the server's secret must have {SECRET_BYTES} bytes")
    return secret
