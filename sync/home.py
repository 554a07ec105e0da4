"""One account's folder on this device: store, keys, lock (PROTOCOL 14.1).

enid.sqlite   sealed bytes, mode 0600
keys.json     account secret, device seed, local key, token, mode 0600
enid.lock     held while a process uses the folder
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sync.client import Client, Transport
from sync.declined import Declined
from sync.errors import Later
from sync.store import JsonKeyFile, Store, lock

SERVER = "http://localhost:8000"


class Offline:
    """The transport of a device that is told to stay off the network."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def request(self, *_: object) -> tuple[int, dict[str, object]]:
        """Never answers."""
        raise Later("no_answer", "told to stay offline")


class Home:
    """An open folder; nobody else has it open.

    Args:
        connect: makes a transport for a server's address.
        server: the address to use instead of the one that was kept.
    """

    def __init__(
        self,
        folder: Path,
        connect: Callable[[str], Transport],
        clock: Callable[[], float],
        server: str | None = None,
    ) -> None:
        self.folder, self.clock = folder, clock
        self.store = Store.open(folder / "enid.sqlite")
        self.keys = JsonKeyFile(folder / "keys.json")
        self.keys.load()
        kept: str | None = self.store.meta("server")
        address = server or kept or os.environ.get("ENID_SERVER") or SERVER
        self.server = address.rstrip("/")
        self.transport = connect(self.server)

    @property
    def has_account(self) -> bool:
        """Whether an account is here."""
        return "account" in self.keys.load()

    def client(self) -> Client:
        """The account of this folder.

        Raises:
            Declined: there is none yet.
        """
        if not self.has_account:
            raise Declined(
                f"no account is in {self.folder} yet: begin with enid init CODE,"
                " enid join CODE or enid open CODE"
            )
        return Client(self.store, self.keys, self.transport, self.clock)

    def new_client(self) -> Client:
        """The same, after making an account when there is none."""
        if not self.has_account:
            Client.create(self.keys, os.urandom)
        return self.client()

    def keep_server(self) -> None:
        """Remember the address: an account belongs to one server."""
        with self.store.write():
            self.store.set_meta("server", self.server)


@contextmanager
def open_home(
    folder: Path,
    connect: Callable[[str], Transport],
    clock: Callable[[], float],
    server: str | None = None,
) -> Iterator[Home]:
    """Open a folder, made on first use with mode 0700, and close it in the end.

    Raises:
        AfterUser: ``in_use`` when another process has it open.
        Declined: a file in it cannot be used.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = lock(folder / "enid.lock")
    except OSError as error:
        raise Declined(f"{folder}: {error.strerror}") from error
    with held:
        try:
            home = Home(folder, connect, clock, server)
        except (sqlite3.Error, ValueError) as error:
            raise Declined(f"{folder} cannot be opened: {error}") from error
        try:
            yield home
        finally:
            home.store.connection.close()
