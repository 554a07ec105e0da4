"""One request of one phone: put in, then look (PROTOCOL 8).

Circles' logs go in before other spaces, so that an epoch finds the change that it
names; each space is its own transaction. Then one snapshot answers what has moved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, text

from server.errors import members
from server.services import Caller, Services
from server.services.invitations import Pack, put_packs
from server.services.pull import Have, Pulled, pull
from server.services.push import Outcome, SpacePush, read_push, take
from server.services.spacelog import find_to_write
from server.services.wraps import note_lacking
from sync.check import Space
from sync.encoding import b64
from sync.errors import AfterUser, EnidError, Later


@dataclass
class SyncRequest:
    """A well-formed request; the versions in it may still be anything."""

    push: dict[bytes, list[Any]] = field(default_factory=dict)
    wraps: dict[bytes, list[tuple[bytes, bytes, bytes]]] = field(default_factory=dict)
    packs: list[Pack] = field(default_factory=list)
    have: Have = field(default_factory=dict)
    want: set[bytes] = field(default_factory=set)
    settled: int | None = None


def sync(services: Services, caller: Caller, request: SyncRequest) -> dict[str, Any]:
    """Do all of a request; what failed of it stands in the answer."""
    answer: dict[str, Any] = {"inc": caller.inc, "time": services.now}
    answer |= _put_in(services, caller, request)
    with services.database.read() as connection:
        pulled = pull(services, connection, caller, request.have, request.want)
    for space in pulled.complete:
        # The flag of a space is only a hint that it is worth asking.
        services.database.write(partial(_note_lacking, services, space))
    return answer | _told(pulled)


def not_written(answer: dict[str, Any]) -> EnidError | None:
    """The full disk, or the lock, that a request has met."""
    for told in answer["pushed"].values():
        error = told.get("error", {})
        if "retry_after" in error:
            kind = AfterUser if error["retry"] == "after_user" else Later
            return kind(
                error["code"], error["detail"], retry_after=error["retry_after"]
            )
    return None


def _told(pulled: Pulled) -> dict[str, Any]:
    return {
        "pull": pulled.pull,
        "wraps": pulled.wraps,
        "lacking": pulled.lacking,
        "gone": pulled.gone,
        "more": pulled.more,
        "left": pulled.left,
    }


def _put_in(services: Services, caller: Caller, request: SyncRequest) -> dict[str, Any]:
    pushes = [
        read_push(space, request.push.get(space, []), request.wraps.get(space, []))
        for space in request.push | request.wraps
    ]
    pushes.sort(key=lambda push: (not push.in_log, push.space not in request.push))
    works: list[Callable[[Connection], Any]] = [
        partial(_take, services, caller, push) for push in pushes
    ]
    if request.packs:
        works.append(partial(put_packs, services, caller, request.packs))
    if request.settled == caller.inc != caller.synced_inc:
        works.append(partial(_settle, caller))
    outcomes = services.database.write_all(works) if works else []
    answer: dict[str, Any] = {"pushed": _pushed(pushes, outcomes)}
    if request.packs:
        answer["packs"] = _each(outcomes[len(pushes)], len(request.packs))
    return answer


def _take(
    services: Services, caller: Caller, push: SpacePush, connection: Connection
) -> Outcome:
    return take(services, connection, caller, push)


def _pushed(pushes: list[SpacePush], outcomes: list[Any]) -> dict[str, Any]:
    pushed: dict[str, Any] = {}
    for push, outcome in zip(pushes, outcomes, strict=False):
        if isinstance(outcome, EnidError):
            outcome = Outcome(0, outcome)
        elif isinstance(outcome, BaseException):
            raise outcome
        told: dict[str, Any] = {"accepted": outcome.accepted}
        if outcome.error:
            told["error"] = {"index": outcome.accepted} | members(outcome.error)
        pushed[b64(push.space)] = told
    return pushed


def _each(outcome: Any, count: int) -> list[Any]:
    if isinstance(outcome, EnidError):
        outcome = [outcome] * count
    elif isinstance(outcome, BaseException):
        raise outcome
    return [members(error) if error else None for error in outcome]


_SYNCED = text("UPDATE account SET synced_inc = :inc WHERE account_id = :account")


def _settle(caller: Caller, connection: Connection) -> None:
    connection.execute(_SYNCED, {"inc": caller.inc, "account": caller.account})


def _note_lacking(services: Services, space: Space, connection: Connection) -> None:
    row = find_to_write(connection, space.id)
    if row:
        membership = services.memberships.at(
            connection, row.circle_id, row.log_seq, row.log_head
        )
        note_lacking(connection, membership, space, row.kid)
