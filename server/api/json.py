"""JSON in and out, and how its faults and the API's errors are documented."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import flask_smorest
import marshmallow as ma
import orjson
from flask import Request, Response
from flask.json.provider import JSONProvider
from webargs.flaskparser import FlaskParser

from server.api.schemas import Problem
from server.errors import PROBLEM, bad_request

OPTIONS = orjson.OPT_NON_STR_KEYS  # marshmallow's errors have numbers for keys (T1)


class OrjsonProvider(JSONProvider):
    def dumps(self, obj: Any, **_kwargs: Any) -> str:
        return orjson.dumps(obj, option=OPTIONS).decode()

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Any:
        body = orjson.dumps(self._prepare_response_obj(args, kwargs), option=OPTIONS)
        return Response(body, mimetype="application/json")


class Parser(FlaskParser):
    """Reads JSON bodies; a fault is one problem that names the field."""

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        try:
            return orjson.loads(req.get_data(cache=False))
        except orjson.JSONDecodeError:
            raise bad_request("the body is not JSON", field="") from None

    def handle_error(
        self, error: ma.ValidationError, req: Request, schema: ma.Schema, **_kw: Any
    ) -> Any:
        path, message = first_fault(error.messages_dict.get("json"))
        raise bad_request(message, field=repeatable(path, schema))


def first_fault(messages: Any, path: str = "") -> tuple[str, str]:
    """The path and the text of the first message in marshmallow's tree."""
    while isinstance(messages, dict):
        key, messages = next(iter(messages.items()))
        if key != "_schema":
            path = f"{path}.{key}" if path else str(key)
    return path, str(messages[0]) if isinstance(messages, list) else str(messages)


_PLACE = re.compile("[0-9]+|[A-Za-z0-9_-]{22}")  # in a list, or a space


def repeatable(path: str, schema: ma.Schema) -> str:
    """A path without the names that somebody may have typed (SEC-46)."""
    first, *rest = path.split(".")
    kept = [part if _PLACE.fullmatch(part) else "*" for part in rest]
    return ".".join([first if not first or first in schema.fields else "*", *kept])


class Api(flask_smorest.Api):
    """flask-smorest without its own form of errors."""

    ERROR_SCHEMA = Problem

    def _register_error_handlers(self) -> None:
        """``server.errors`` answers them all."""

    def _register_responses(self) -> None:
        content = {PROBLEM: {"schema": Problem}}
        problem = {"description": "A problem", "content": content}
        for name in (self.DEFAULT_ERROR_RESPONSE_NAME, *HTTPStatus.__members__):
            self.spec.components.response(name, problem, lazy=True)


class Blueprint(flask_smorest.Blueprint):
    """Routes whose bodies are read by ``Parser``."""

    ARGUMENTS_PARSER = Parser()
