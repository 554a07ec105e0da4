"""The phones of the demo: real homes, and the real server behind a transport."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from server import services_of
from server.services.invitations import new_operator_code
from sync.desk import Desk, Meeting
from sync.errors import Later
from sync.home import Home, open_home
from sync.invitations import Invitation
from sync.kinds import Role

# The first four are told to the visitor; the writer makes the group look lived in.
NAMES = ("member", "leader", "co-leader", "coordinator", "writer")


class InProcess:
    """Requests to an application in this process; every byte goes through WSGI."""

    def __init__(self, app: Flask, origin: str) -> None:
        self.origin, self.http = origin, app.test_client(use_cookies=False)

    def request(
        self, method: str, path: str, body: dict[str, Any] | None, token: str | None
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON object."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = self.http.open(path, method=method, json=body, headers=headers)
        if not answer.data:
            return answer.status_code, {}
        if "json" not in (answer.content_type or ""):
            raise Later("no_answer")
        return answer.status_code, json.loads(answer.data)


class Phones:
    """All phones of the demo, open.

    Args:
        homes: each phone's folder, by name.
    """

    def __init__(self, app: Flask, homes: dict[str, Home]) -> None:
        self.app, self.homes = app, homes
        self.desks = {
            name: Desk(home.client())
            for name, home in homes.items()
            if home.has_account
        }

    def __getitem__(self, name: str) -> Desk:
        return self.desks[name]

    def begin(self, name: str) -> Desk:
        """The operator's first account."""
        code = new_operator_code(services_of(self.app), days=1)
        desk, lookup = self._new(name), Invitation.from_code(code).lookup
        with desk.client.store.write():
            desk.client.store.set_meta("lookup", lookup)
        desk.client.sign_in(lookup)
        return self._settle(name, desk)

    def join(
        self, name: str, inviter: str, circle: bytes, person: bytes, role: Role
    ) -> None:
        """Invite somebody and let their phone join."""
        invitation = self[inviter].places.invite(circle, person, role)
        self[inviter].sync()
        codes = self[inviter].places.codes()
        self[inviter].places.handed_over(c for c in codes if c.person == person)
        desk = self._new(name)
        desk.client.join(Invitation.from_code(invitation.code))
        self._settle(name, desk)

    def _new(self, name: str) -> Desk:
        return Desk(self.homes[name].new_client())

    def _settle(self, name: str, desk: Desk) -> Desk:
        desk.client.person_circle()
        desk.client.keep_slot()
        desk.sync()
        self.desks[name] = desk
        return desk

    def sync(self, rounds: int = 2) -> None:
        """Let everybody meet."""
        for _ in range(rounds):
            for desk in self.desks.values():
                desk.sync()

    def meetings(self, name: str, circle: bytes) -> list[Meeting]:
        """A group's sessions that were not cancelled, as one phone has them."""
        return [m for m in self[name].sessions.of(circle) if not m.cancelled]


@contextmanager
def open_phones(
    app: Flask, folder: Path, origin: str, clock: Callable[[], float]
) -> Iterator[Phones]:
    """Open all homes below a folder, and close them in the end."""
    with ExitStack() as stack:
        homes = {
            name: stack.enter_context(
                open_home(folder / name, lambda at: InProcess(app, at), clock, origin)
            )
            for name in NAMES
        }
        for home in homes.values():
            home.keep_server()
        yield Phones(app, homes)
