"""The shapes of requests and answers; rules are the services' to check."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from server.api.fields import (
    B64,
    NUMBER_MAX,
    ByHand,
    Bytes,
    as_bytes,
    as_list,
    as_map,
    as_number,
    exactly,
    fail,
    no_more_than,
)

VERSIONS_A_SPACE, VERSIONS, SPACES, WRAPS, PACKS = 64, 256, 1024, 1024, 64
PACK_BYTES_MAX = 8192


def read_push(value: Any) -> dict[bytes, list[Any]]:
    """``{space: [version]}``; a version's own faults are its space's (PROTOCOL 8.1)."""
    pushes = {as_bytes(k, 16, k): as_list(v, k) for k, v in as_map(value).items()}
    most = max((len(versions) for versions in pushes.values()), default=0)
    no_more_than(most, VERSIONS_A_SPACE, "versions of one space")
    no_more_than(sum(map(len, pushes.values())), VERSIONS, "versions")
    return pushes


def read_wraps(value: Any) -> dict[bytes, list[tuple[bytes, bytes, bytes]]]:
    """``{space: [[kid, account, wrapped]]}``."""
    lists = {as_bytes(k, 16, k): as_list(v, k) for k, v in as_map(value).items()}
    no_more_than(sum(map(len, lists.values())), WRAPS, "wraps")
    wraps: dict[bytes, list[tuple[bytes, bytes, bytes]]] = {}
    for name, (space, rows) in zip(value, lists.items(), strict=True):
        wraps[space] = []
        for i, row in enumerate(rows):
            path = f"{name}.{i}"
            kid, account, wrapped = _row(row, 3, path)
            wraps[space].append(
                (
                    as_bytes(kid, 8, f"{path}.0"),
                    as_bytes(account, 16, f"{path}.1"),
                    as_bytes(wrapped, 80, f"{path}.2"),
                )
            )
    return wraps


def read_packs(value: Any) -> list[tuple[bytes, bytes, bytes, int, bytes]]:
    """``[[lookup, log, invite_key, expires_at, pack]]``."""
    rows = as_list(value)
    no_more_than(len(rows), PACKS, "packs")
    packs = []
    for i, row in enumerate(rows):
        lookup, log, key, expires_at, pack = _row(row, 5, str(i))
        content = as_bytes(pack, None, f"{i}.4")
        no_more_than(len(content), PACK_BYTES_MAX, "bytes of a pack")
        packs.append(
            (
                as_bytes(lookup, 16, f"{i}.0"),
                as_bytes(log, 16, f"{i}.1"),
                as_bytes(key, 32, f"{i}.2"),
                as_number(expires_at, f"{i}.3"),
                content,
            )
        )
    return packs


def read_have(value: Any) -> dict[bytes, tuple[int, int, bytes]]:
    """``{space: [inc, seq, head]}``."""
    no_more_than(len(as_map(value)), SPACES, "spaces")
    have = {}
    for name, row in value.items():
        inc, seq, head = _row(row, 3, name)
        have[as_bytes(name, 16, name)] = (
            as_number(inc, f"{name}.0"),
            as_number(seq, f"{name}.1"),
            as_bytes(head, 32, f"{name}.2"),
        )
    return have


def read_want(value: Any) -> set[bytes]:
    """``[space]``."""
    no_more_than(len(as_list(value)), SPACES, "spaces")
    return {as_bytes(space, 16, str(i)) for i, space in enumerate(value)}


def _row(row: Any, size: int, path: str) -> list[Any]:
    if not isinstance(row, list) or len(row) != size:
        raise fail(path, f"not a list of {size}")
    return row


# -- how those look in the OpenAPI document ---------------------------------------

_COUNT = {"type": "integer", "minimum": 0, "maximum": NUMBER_MAX}


def _tuple(*items: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "array",
        "prefixItems": list(items),
        "minItems": len(items),
        "maxItems": len(items),
    }


def _list(of: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": of, "maxItems": most}


def _by_space(of: dict[str, Any]) -> dict[str, Any]:
    # Inside ``allOf``, because apispec drops a bare ``propertyNames``.
    names = {"allOf": [{"propertyNames": exactly(16)}]}
    return {"type": "object", "additionalProperties": of} | names


# [header, signature, body] or [header, signature, null, body_hash]
VERSION = {
    "type": "array",
    "items": {"type": ["string", "null"]},
    "minItems": 3,
    "maxItems": 4,
}
_WRAP = _tuple(exactly(8), exactly(16), exactly(80))
_PACK = _tuple(exactly(16), exactly(16), exactly(32), _COUNT, B64)
_HAVE = _tuple(_COUNT, _COUNT, exactly(32))


class Challenge(ma.Schema):
    challenge = fields.String(required=True)
    inc = fields.Integer(required=True)
    time = fields.Integer(required=True)


class Empty(ma.Schema):
    pass


class SessionRequest(ma.Schema):
    challenge = Bytes(56, required=True)
    suite = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=0, max=255)
    )
    sign_key = Bytes(32, required=True)
    wrap_key = Bytes(32, required=True)
    device_key = Bytes(32, required=True)
    certificate = Bytes(64, required=True)
    signature = Bytes(64, required=True)
    lookup = Bytes(16)
    deliver = fields.String(
        required=True, validate=validate.OneOf(["bearer", "cookie"])
    )


class SessionAnswer(ma.Schema):
    account = fields.String(required=True)
    device = fields.String(required=True)
    expires_at = fields.Integer(required=True)
    inc = fields.Integer(required=True)
    created = fields.Boolean(required=True)
    token = fields.String()


class Lookup(ma.Schema):
    lookup = Bytes(16, required=True)


class InvitationAnswer(ma.Schema):
    pack = fields.String(required=True, allow_none=True)
    log = fields.String(required=True, allow_none=True)
    expires_at = fields.Integer(required=True)


class SlotRequest(ma.Schema):
    lookup = Bytes(16, required=True)
    slot = Bytes(120, required=True)


class SlotAnswer(ma.Schema):
    slot = fields.String(required=True)


class LastSeen(ma.Schema):
    accounts = fields.Dict(
        keys=fields.String(), values=fields.Date(allow_none=True), required=True
    )


class SyncRequestBody(ma.Schema):
    push = ByHand(read_push, _by_space(_list(VERSION, VERSIONS_A_SPACE)))
    wraps = ByHand(read_wraps, _by_space(_list(_WRAP, WRAPS)))
    packs = ByHand(read_packs, _list(_PACK, PACKS))
    have = ByHand(read_have, _by_space(_HAVE))
    want = ByHand(read_want, _list(exactly(16), SPACES))
    settled = fields.Integer(strict=True, validate=validate.Range(min=0, max=2**31))


class Refusal(ma.Schema):
    class Meta:
        unknown = ma.INCLUDE

    code = fields.String(required=True)
    retry = fields.String(required=True)
    detail = fields.String(required=True)
    index = fields.Integer()


class Pushed(ma.Schema):
    accepted = fields.Integer(required=True)
    error = fields.Nested(Refusal)


class Page(ma.Schema):
    after = fields.Integer(required=True)
    seq = fields.Integer(required=True)
    head = fields.String(required=True)
    versions = fields.List(fields.Raw(metadata=VERSION), required=True)
    more = fields.Boolean(required=True)
    reset = fields.Boolean(required=True)


class SyncAnswer(ma.Schema):
    inc = fields.Integer(required=True)
    time = fields.Integer(required=True)
    pushed = fields.Dict(fields.String(), fields.Nested(Pushed), required=True)
    packs = fields.List(fields.Nested(Refusal, allow_none=True))
    pull = fields.Dict(fields.String(), fields.Nested(Page), required=True)
    wraps = fields.Dict(
        fields.String(), fields.List(fields.List(fields.String())), required=True
    )
    lacking = fields.Dict(fields.String(), fields.List(fields.String()), required=True)
    gone = fields.List(fields.String(), required=True)
    more = fields.Boolean(required=True)
    left = fields.Integer(required=True)


class Problem(ma.Schema):
    class Meta:
        unknown = ma.INCLUDE

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    retry = fields.String(required=True)
    detail = fields.String(required=True)
