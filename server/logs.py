"""Logs as JSON lines that hold no content (SEC-46).

Only the keys of ``ALLOWED`` leave the process, whatever a caller passes: no body,
no id of a record, no token, no text of an exception. An account appears as a hash
that is another one tomorrow.
"""

from __future__ import annotations

import hashlib
import sys
import time
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g, request
from structlog.typing import EventDict, WrappedLogger

ALLOWED = ("at", "level", "event", "route", "method", "status", "code", "ms", "account",
           "error", "where", "count")  # fmt: skip


class _Stderr:
    def msg(self, line: str) -> None:
        sys.stderr.write(line + "\n")

    info = warning = error = msg


def _render(_logger: WrappedLogger, level: str, event: EventDict) -> str:
    event["level"], event["at"] = level, int(time.time())
    return orjson.dumps({k: event[k] for k in ALLOWED if k in event}).decode()


log: Any = structlog.wrap_logger(
    _Stderr(), processors=[_render], wrapper_class=structlog.BoundLogger
)


def where(error: BaseException) -> str:
    """File and line of a fault; never its message, which may quote a value."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""


def init_app(app: Flask) -> None:
    """One line for each request."""
    secret: bytes = app.config["ENID_SECRET"]

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        line: dict[str, Any] = {
            "route": request.url_rule.rule if request.url_rule else None,
            "method": request.method,
            "status": response.status_code,
            "ms": round((time.perf_counter() - g.started) * 1000, 1),
        }
        if code := g.get("code"):
            line["code"] = code
        if account := g.get("account"):
            day = int(time.time() // 86400).to_bytes(4, "big")
            line["account"] = hashlib.sha256(secret + day + account).hexdigest()[:12]
        log.info("request", **line)
        return response
