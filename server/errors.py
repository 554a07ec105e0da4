"""Errors as RFC 9457 problem documents: the only place that knows HTTP's numbers.

Services raise the errors of ``sync.errors``; a client reads ``code`` and ``retry``
(PROTOCOL 10) and never sees the text of a database error.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, g
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from server.logs import log, where
from sync.encoding import b64
from sync.errors import AfterUser, EnidError, Later, Never

# Where one class of error has several numbers, the code decides.
STATUS = {
    "two_credentials": 400,
    "auth_required": 401,
    "bad_challenge": 401,
    "no_such_space": 404,
    "no_such_invite": 404,
    "no_such_slot": 404,
    "not_found": 404,
    "method_not_allowed": 405,
    "invite_used": 410,
    "invite_expired": 410,
    "too_large": 413,
    "not_json": 415,
    "rate_limited": 429,
    "quota": 507,
}
RETRY_AFTER_S = {"busy": 2, "restoring": 30, "rate_limited": 60, "quota": 300}
PROBLEM = "application/problem+json"


def no_such_space() -> EnidError:
    """The same words for a foreign space and for one that does not exist."""
    return Never("no_such_space", "there is no such space for this account")


def too_large(detail: str) -> EnidError:
    return Never("too_large", detail)


def bad_request(detail: str, **facts: Any) -> EnidError:
    return Never("bad_request", detail, **facts)


def status_of(error: EnidError) -> int:
    return STATUS.get(error.code, error.status)


def members(error: EnidError) -> dict[str, Any]:
    """What every form of an error says: code, retry, detail, facts."""
    facts = {k: b64(v) if isinstance(v, bytes) else v for k, v in error.facts.items()}
    return {
        "code": error.code,
        "retry": error.retry,
        "detail": error.detail,
        **facts,
    }


def problem(error: EnidError, **answer: Any) -> Response:
    """The answer to a request that failed; ``answer`` is what came of it even so."""
    status = status_of(error)
    g.code = error.code
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        **members(error),
        **answer,
    }
    response = Response(
        orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS), status, mimetype=PROBLEM
    )
    wait = error.facts.get("retry_after", RETRY_AFTER_S.get(error.code))
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


# The primary result codes of SQLite and the SQLSTATEs of PostgreSQL that a
# full disk, a lock and a database that may only be read show themselves by.
_SQLITE_FULL, _SQLITE_BUSY = 13, {5, 6, 8, 10, 14}
_FULL, _BUSY = {"53100"}, {"25006", "40001", "40P01", "55P03", "57P01", "57P03"}


def translate(error: BaseException) -> BaseException:
    """A database error as the protocol knows it, or the error itself."""
    if not isinstance(error, DBAPIError):
        return error
    cause = error.orig
    primary = (getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF
    state = getattr(cause, "sqlstate", None) or ""
    if primary == _SQLITE_FULL or state in _FULL:
        return AfterUser("quota", "the server's disk is full", **_again("quota"))
    unreachable = error.connection_invalidated or state.startswith("08")
    if primary in _SQLITE_BUSY or state in _BUSY or unreachable:
        return Later("busy", "the database cannot be written just now", **_again())
    if type(error).__name__ == "OperationalError" and not primary and not state:
        return Later("busy", "the database cannot be reached just now", **_again())
    return error


def _again(code: str = "busy") -> dict[str, int]:
    """When to come again: said in the error of one space too, which has no header."""
    return {"retry_after": RETRY_AFTER_S[code]}


def _of_http(error: HTTPException) -> EnidError:
    if isinstance(error, RequestEntityTooLarge):
        return too_large("a request has at most 1 MiB")
    codes = {404: "not_found", 405: "method_not_allowed", 415: "not_json"}
    return Never(codes.get(error.code or 0, "bad_request"), error.name)


def init_app(app: Flask) -> None:
    """Every failure of every route leaves as a problem document."""

    @app.errorhandler(Exception)
    def answer(error: Exception) -> Response:
        told = translate(error)
        if isinstance(told, HTTPException):
            response = problem(_of_http(told))
            if told.code == 405:
                response.headers["Allow"] = ", ".join(
                    getattr(told, "valid_methods", None) or ()
                )
            return response
        if isinstance(told, EnidError):
            return problem(told)
        log.error("fault", error=type(error).__name__, where=where(error))
        return problem(EnidError("server_error", "the server made a mistake"))
