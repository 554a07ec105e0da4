"""The error tree of the protocol (PROTOCOL 10).

EnidError                 every error has a stable ``code`` and a ``retry``
├── Later                 wait and send the same bytes again
├── AfterPull             pull first, then seal anew
├── AfterUser             a person has to do something
├── Never                 this item can never be accepted: it goes to the tray
│   └── BadSignature, BadRecord, …
├── NoKey                 the key for this epoch has not arrived yet
└── ServerFault           the server's answer does not fit the signed log

The roots answer what the caller must do; ``code`` says exactly what happened.
Verification raises one of these; it never returns false.
"""

from __future__ import annotations

from typing import Any, ClassVar


class EnidError(Exception):
    """Base of all protocol errors.

    Attributes:
        code: stable word of PROTOCOL 10.
        status: HTTP status the server answers with.
        retry: ``later``, ``after_pull``, ``after_user`` or ``never``.
        facts: further members of the problem document (ids and numbers only).
    """

    code: str = "error"
    status: ClassVar[int] = 500
    retry: ClassVar[str] = "never"

    def __init__(self, code: str = "", detail: str = "", **facts: Any) -> None:
        self.code = code or self.code
        self.detail = detail or self.code.replace("_", " ")
        self.facts = facts
        super().__init__(f"{self.code}: {self.detail}")


class Later(EnidError):
    """Nothing is wrong with the request: send the same bytes again later."""

    code, status, retry = "busy", 503, "later"


class AfterPull(EnidError):
    """The author had not seen everything: pull, then seal anew."""

    code, status, retry = "epoch_stale", 409, "after_pull"


class AfterUser(EnidError):
    """Only a person can put this right (sign in, be invited, free space)."""

    code, status, retry = "role_denied", 403, "after_user"


class Never(EnidError):
    """The item is malformed and will never be accepted."""

    code, status, retry = "bad_envelope", 422, "never"


class BadSignature(Never):
    """A signature, certificate or public key failed the strict check (SEC-07)."""

    code = "bad_signature"


class BadRecord(Never):
    """A record's plaintext does not have the shape of its type."""

    code = "bad_record"


class Unopened(Never):
    """Decryption failed. One error, which says nothing about the cause."""

    code = "unopened"


class UpgradeRequired(AfterUser):
    """A suite or entry kind that this program does not know: update the app."""

    code, status = "upgrade_required", 426


class Unknown(EnidError):
    """The author, parent or epoch is not known yet: the version waits."""

    code, status, retry = "unknown_author", 409, "after_pull"


class NoKey(EnidError):
    """No key for this epoch yet; not the same as malformed."""

    code, retry = "no_key", "after_pull"


class ServerFault(EnidError):
    """The answer contradicts the verified log: the server is at fault."""

    code, status, retry = "server_fault", 502, "after_user"
