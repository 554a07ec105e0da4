"""One command at work: the open home, what was typed, saving and saying so."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, TextIO

from sync.client import Client
from sync.declined import Declined
from sync.desk import Desk
from sync.errors import EnidError, Later
from sync.home import Home
from sync.kinds import SpaceKind
from sync.outbox import Row
from sync.programme_import import write_codes

WORDS = {
    "not_admitted": "not admitted", "apology_before": "apologies before the start",
    "apology_after": "apologies after the start",
    "attended_elsewhere": "attended elsewhere", "none": "not marked",
}  # fmt: skip
_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
WAITING = {
    SpaceKind.THREAD: "a leader of the group has to confirm you",
    SpaceKind.LEADERS: "a leader of the group has to confirm you",
}


class Work:
    """One command at work: the open home, what was typed, and where to print."""

    def __init__(self, home: Home, args: argparse.Namespace, out: TextIO) -> None:
        self.home, self.args, self.out = home, args, out
        self._desk: Desk | None = None

    @property
    def desk(self) -> Desk:
        """The desk of the account that is here."""
        if self._desk is None:
            self._desk = Desk(self.home.client())
        return self._desk

    def begin(self) -> Client:
        """The account that is here, or a new one."""
        client = self.home.new_client()
        self._desk = Desk(client)
        return client

    def say(self, line: str = "") -> None:
        """Print a line; what others typed cannot steer the terminal."""
        self.out.write(f"{_STEERING.sub('?', line)}\n")

    def rows(self) -> dict[int, Row]:
        """What somebody wrote that is not sent yet."""
        rows = self.desk.client.outbox.rows()
        return {row.n: row for row in rows if row.derived is None}

    @contextmanager
    def saving(self, otherwise: str = "Nothing has changed.") -> Iterator[None]:
        """Around writing: afterwards try to send, and say where it is.

        Args:
            otherwise: what to say when nothing was written.
        """
        before = {(n, row.intent) for n, row in self.rows().items()}
        yield
        ours = {n for n, row in self.rows().items() if (n, row.intent) not in before}
        if not ours:
            self.say(otherwise)
        try:
            self.desk.sync()
        except Later as error:
            self.say(f"Saved on this device. Not sent yet ({self.reason(error)}).")
            return
        except EnidError as error:
            raise Declined(f"Saved on this device. Not sent: {plain(error)}") from error
        if ours:
            self._say_sent([row for n, row in self.rows().items() if n in ours])
        self.hand_over_codes()

    def _say_sent(self, left: list[Row]) -> None:
        refused = [row.code for row in left if row.code]
        if refused:
            raise Declined(
                f"Saved on this device. The server refused it ({refused[0]}):"
                " see enid tray"
            )
        if not left:
            self.say("Sent.")
            return
        kinds = {self.desk.client.replica.spaces[row.space].space.kind for row in left}
        why = next((WAITING[k] for k in kinds if k in WAITING), "a key has to arrive")
        self.say(f"Saved on this device. Not sent yet ({why}).")

    def reason(self, error: Later) -> str:
        """Why nothing was sent."""
        if self.args.offline:
            return "offline, as asked"
        if error.code == "no_answer":
            return f"no answer from {self.home.server}"
        return f"{self.home.server} says: {error.code.replace('_', ' ')}"

    def hand_over_codes(self) -> None:
        """Show each new code once, or put those of an import into a file."""
        for code in self.desk.places.codes():
            if code.sent and not code.batch:
                person = self.desk.groups.labels(code.circle).get(code.person, "?")
                until = datetime.fromtimestamp(code.expires_at, UTC).date()
                group = self.desk.groups.get(code.circle).name
                self.say(f"Code for {person} in {group}, once, until {until}:")
                self.say(f"  {code.invitation.code}")
                self.desk.places.handed_over([code])
        written = write_codes(self.desk, Path(getattr(self.args, "out", ".")))
        if written:
            self.say(f"{written[1]} invitation codes: {written[0]} (only you can read")
            self.say("it). Each is there once: give them out, then delete the file.")


class Parser(argparse.ArgumentParser):
    """One whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage."""
        raise Declined(f"{message} (see {self.prog} --help)")


def command(add: Any, name: str, act: Callable[[Work], Any], *names: str) -> Parser:
    """Add a command: what it does is the first line of its function."""
    made: Parser = add.add_parser(name, help=(act.__doc__ or "").split("\n")[0])
    made.set_defaults(act_on=act)
    for one in names:
        made.add_argument(one)
    return made


def nested(add: Any, name: str, what: str) -> Any:
    """Add a command that has commands of its own."""
    made = add.add_parser(name, help=what)
    return made.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)


def ago(now: datetime, then: datetime) -> str:
    """How long ago, roughly."""
    minutes = max(0, int((now - then).total_seconds() // 60))
    for size, word in ((1440, "day"), (60, "hour"), (1, "minute")):
        count = minutes // size
        if count:
            return f"{count} {word}{'s' if count > 1 else ''} ago"
    return "just now"


def words(value: str) -> str:
    """A mark as it is spoken."""
    return WORDS.get(value, value)


def plain(error: EnidError) -> str:
    """An error as one line for a person."""
    return " ".join(f"{error.detail} ({error.code})".split())
