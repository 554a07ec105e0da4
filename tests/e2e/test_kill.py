"""Server and client killed with SIGKILL, again and again: nothing is lost or doubled.

What is killed here is the process, not the machine: whether a disk keeps what it was
told to keep is not tested.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from server.services import backup
from sync.check import Space
from sync.client import Client
from sync.errors import Later
from sync.kinds import Role, SpaceKind
from tests.e2e.live import (
    ROOT,
    LiveServer,
    Phone,
    close,
    first,
    join,
    sent,
    sync_at_last,
)
from tests.people import alarms, begin_group, space, texts, write_text

SERVER_KILLS = 12
CLIENT_KILLS = 20


class Busy(threading.Thread):
    """A phone that writes and syncs without a pause.

    Attributes:
        written: every text that was saved on it.
        failed: what went wrong other than an answer that never came.
    """

    def __init__(self, phone: Phone, circle: bytes, name: str) -> None:
        super().__init__(name=name)
        self.phone, self.circle = phone, circle
        self.written: list[str] = []
        self.failed: Exception | None = None
        self.unanswered = 0
        self.enough = threading.Event()

    def run(self) -> None:
        client = self.phone.open()
        try:
            while not self.enough.is_set():
                self.write(client)
            sync_at_last(client)
        except Exception as error:
            self.failed = error
        finally:
            close(client)

    def write(self, client: Client) -> None:
        frame = Space(self.circle, SpaceKind.FRAME)
        for _ in range(random.randint(1, 3)):
            text = f"{self.name} {len(self.written)}"
            write_text(client, frame, text)
            self.written.append(text)
        try:
            client.sync()
        except Later:
            self.unanswered += 1
            time.sleep(0.05)


@pytest.mark.slow
def test_what_was_sent_survives_every_kill_of_the_server_and_nothing_is_doubled(
    live_server: LiveServer, tmp_path: Path
):
    """REL-02, REL-04: acknowledged is durable; a lost answer is harmless."""
    phones = [Phone(tmp_path / f"phone-{i}", live_server.origin) for i in range(4)]
    leader = first(live_server, phones[0])
    circle = begin_group(leader)
    write_text(leader, space(leader, circle, SpaceKind.FRAME), "leader begins")
    leader.sync()
    for phone in phones[1:]:
        close(join(leader, circle, Role.LEADER, phone))
    code = leader.recovery_code()
    close(leader)
    busy = [Busy(phone, circle, f"phone-{i}") for i, phone in enumerate(phones)]
    for one in busy:
        one.start()
    for cycle in range(SERVER_KILLS):
        time.sleep(0.1 + 0.8 * random.random())
        live_server.kill()
        acknowledged = set().union(*(sent(phone.file) for phone in phones))
        on_disk = kept(live_server, tmp_path / f"after-kill-{cycle}")
        assert acknowledged <= on_disk, "a client saw as sent what the file has not"
        live_server.start()
    for one in busy:
        one.enough.set()
    for one in busy:
        one.join(timeout=60)
        assert one.failed is None
        assert not one.is_alive()
    assert sum(one.unanswered for one in busy), "no kill has interrupted anything"

    for phone in phones:
        client = phone.open()
        sync_at_last(client)
        assert client.outbox.rows() == []
        assert alarms(client) == set(), "the server never had to be repaired"
        close(client)
    fresh = Phone(tmp_path / "fresh", live_server.origin).reopen(str(code))
    found = Counter(texts(fresh, Space(circle, SpaceKind.FRAME)))
    assert found == Counter(
        ["leader begins", *(t for one in busy for t in one.written)]
    )
    close(fresh)

    live_server.stop()
    assert "versions" in live_server.flask(
        "restore", "--check", str(live_server.database)
    )


def kept(server: LiveServer, folder: Path) -> set[bytes]:
    """Ids in the file as the kill left it, its chains checked; works on a copy."""
    folder.mkdir()
    for name in ("enid.sqlite", "enid.sqlite-wal"):
        if (server.data / name).exists():
            shutil.copyfile(server.data / name, folder / name)
    backup.check(folder / "enid.sqlite")
    with closing(sqlite3.connect(folder / "enid.sqlite")) as connection:
        found = {row[0] for row in connection.execute("SELECT id FROM version")}
    shutil.rmtree(folder)
    return found


@pytest.mark.slow
def test_what_was_saved_survives_every_kill_of_the_client(
    live_server: LiveServer, tmp_path: Path
):
    """REL-01: whether it was writing, sealing, sending or signing in."""
    phone = Phone(tmp_path / "phone", live_server.origin)
    client = first(live_server, phone)
    personal = Space(client.person_circle().space.circle, SpaceKind.PERSONAL)
    code, account, secrets = client.recovery_code(), client.account, phone.keys.load()
    close(client)
    saved: list[str] = []
    for run in range(CLIENT_KILLS):
        saved += run_until_killed(phone, run)
        held = phone.keys.load()
        assert {**held, "token": b""} == {**secrets, "token": b""}, "keys are readable"
        client = phone.open()
        assert client.account == account
        assert set(saved) <= set(texts(client, personal)), "saved means saved"
        close(client)
    assert len(saved) > CLIENT_KILLS

    live_server.stop()
    live_server.start()  # it counts requests a minute, and there were many
    client = phone.open()
    sync_at_last(client)
    assert client.outbox.rows() == []
    assert alarms(client) == set()
    fresh = Phone(tmp_path / "fresh", live_server.origin).reopen(str(code))
    found = Counter(texts(fresh, personal))
    assert set(saved) <= set(found)
    assert set(found.values()) == {1}, "nothing is doubled"
    unsaid = set(found) - set(saved)
    assert len(unsaid) <= CLIENT_KILLS, "at most the one being written at each kill"
    close(client)
    close(fresh)


def run_until_killed(phone: Phone, run: int) -> list[str]:
    """What a writing process said it had saved until it was killed."""
    command = [sys.executable, "-m", "tests.e2e.writer",
               str(phone.folder), phone.origin, str(run)]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.4 * random.random())
        assert process.poll() is None, "it must still be writing"
        process.send_signal(signal.SIGKILL)
        lines = process.stdout.read().split("\n")
    return lines[:-1]  # the last line may be cut off, or is empty
