"""The floor: bare Flask and raw SQLite doing one phone's honest job.

Bearer token by its hash, JSON in and out by orjson, one strict signature, one look
for a known id, one durable insert with its counter, the heads of the spaces that the
account reads, and what is new in them. It trusts the shape of a request, knows no
roles, epochs, chains or views, has one kind of error and writes no log: what is left
out here is what Enid's server adds. It runs under the same gunicorn settings on the
same disk and is asked the same requests, byte for byte.
"""

from __future__ import annotations

import base64
import os
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import orjson
from flask import Flask, Response, request

from sync import labels, signing
from sync.encoding import sha256

SCHEMA = """
CREATE TABLE token (
  hash BLOB PRIMARY KEY, account BLOB NOT NULL, device_key BLOB NOT NULL
  ) WITHOUT ROWID;
CREATE TABLE reader (account BLOB, space BLOB, PRIMARY KEY (account, space)
  ) WITHOUT ROWID;
CREATE TABLE space (
  id BLOB PRIMARY KEY, seq INTEGER NOT NULL, head BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE version (
  space BLOB NOT NULL, seq INTEGER NOT NULL, id BLOB NOT NULL, header BLOB NOT NULL,
  signature BLOB NOT NULL, body BLOB, head BLOB NOT NULL,
  PRIMARY KEY (space, seq), UNIQUE (space, id));
"""


def database(data: Path) -> Path:
    """Where the floor keeps what it keeps."""
    return data / "floor.sqlite"


def create(
    data: Path, server: Path, token: str, account: bytes, device_key: bytes,
    reads: list[bytes],
) -> None:  # fmt: skip
    """Begin with what a server's database holds, and one phone that may ask.

    Args:
        server: Enid's SQLite file.
        reads: the spaces that the phone's account reads.
    """
    connection = sqlite3.connect(database(data), isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executescript(SCHEMA)
    connection.execute("ATTACH ? AS enid", (str(server),))
    connection.execute("BEGIN")
    signed_in = (sha256(token.encode()), account, device_key)
    connection.execute("INSERT INTO token VALUES (?, ?, ?)", signed_in)
    rows = [(account, space) for space in reads]
    connection.executemany("INSERT INTO reader VALUES (?, ?)", rows)
    connection.execute("INSERT INTO space SELECT space_id, seq, head FROM enid.space")
    connection.execute(
        "INSERT INTO version SELECT space_id, seq, id, header, signature, body, head"
        " FROM enid.version"
    )
    connection.execute("COMMIT")
    connection.close()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def create_app() -> Flask:
    """The application, as gunicorn asks for it."""
    app = Flask(__name__)
    path = database(Path(os.environ["ENID_DATA"]))
    threads = threading.local()
    writing = threading.Lock()

    def connect() -> sqlite3.Connection:
        if not hasattr(threads, "connection"):
            connection = sqlite3.connect(path, isolation_level=None)
            connection.execute("PRAGMA busy_timeout = 5000")
            connection.execute("PRAGMA synchronous = FULL")
            threads.connection = connection
        found: sqlite3.Connection = threads.connection
        return found

    @app.get("/readyz")
    def ready() -> str:
        return "ready"

    @app.post("/v1/sync")
    def sync() -> Response:
        connection = connect()
        token = request.headers["Authorization"].removeprefix("Bearer ")
        account, device_key = connection.execute(
            "SELECT account, device_key FROM token WHERE hash = ?",
            (sha256(token.encode()),),
        ).fetchone()
        asked = orjson.loads(request.get_data())
        pushed = {}
        for name, versions in asked.get("push", {}).items():
            with writing:
                for version in versions:
                    _take(connection, account, device_key, unb64(name), version)
            pushed[name] = {"accepted": len(versions)}
        answer = {
            "inc": 1, "time": int(time.time()), "pushed": pushed,
            "pull": _pull(connection, account, asked["have"]), "wraps": {},
            "lacking": {}, "gone": [], "more": False,
        }  # fmt: skip
        return Response(orjson.dumps(answer), mimetype="application/json")

    return app


def _take(
    connection: sqlite3.Connection, account: bytes, device_key: bytes, space: bytes,
    version: list[str],
) -> None:  # fmt: skip
    """Verify and insert one version; durable when this returns."""
    header, signature, body = map(unb64, version)
    identity = sha256(header, sha256(body))
    signing.verify(1, device_key, labels.SIGN_VERSION, identity, signature)
    connection.execute("BEGIN IMMEDIATE")
    known = connection.execute(
        "SELECT 1 FROM version WHERE space = ? AND id = ?", (space, identity)
    ).fetchone()
    if known is None:
        seq, head = connection.execute(
            "SELECT seq, head FROM space JOIN reader ON reader.space = space.id"
            " WHERE space.id = ? AND account = ?",
            (space, account),
        ).fetchone()
        head = sha256(head, identity)
        connection.execute(
            "INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?)",
            (space, seq + 1, identity, header, signature, body, head),
        )
        connection.execute(
            "UPDATE space SET seq = ?, head = ? WHERE id = ?", (seq + 1, head, space)
        )
    connection.execute("COMMIT")


def _pull(
    connection: sqlite3.Connection, account: bytes, have: dict[str, Any]
) -> dict[str, Any]:
    """What is new in each space that the account reads."""
    pull = {}
    spaces = connection.execute(
        "SELECT id, seq, head FROM reader JOIN space ON space.id = reader.space"
        " WHERE account = ?",
        (account,),
    ).fetchall()
    for space, newest, head in spaces:
        name = b64(space)
        _inc, seq, _head = have[name]
        if seq == newest:
            continue
        rows = connection.execute(
            "SELECT header, signature, body FROM version WHERE space = ? AND seq > ?"
            " ORDER BY seq",
            (space, seq),
        )
        pull[name] = {
            "after": seq, "seq": newest, "head": b64(head),
            "versions": [[b64(part) for part in row] for row in rows],
            "more": False, "reset": False,
        }  # fmt: skip
    return pull
