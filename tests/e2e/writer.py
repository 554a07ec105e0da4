"""A client that writes until it is killed.

``python -m tests.e2e.writer FOLDER ORIGIN RUN`` prints the text of each note, a line
each, only after ``write`` has returned.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from sync.check import Space
from sync.errors import Later
from sync.kinds import SpaceKind
from tests.e2e.live import Phone
from tests.people import write_text


def main(folder: str, origin: str, run: str) -> None:
    """Write and sync for ever."""
    client = Phone(Path(folder), origin).open()
    circle = client.person_circle().space.circle
    personal = Space(circle, SpaceKind.PERSONAL)
    print("ready", flush=True)
    for count in range(10_000):
        text = f"run {run} text {count}"
        write_text(client, personal, text)
        print(text, flush=True)
        try:
            if random.random() < 0.2:
                client.sync()
            elif random.random() < 0.1:
                client.sign_in()  # replaces the key file
        except Later:
            continue


if __name__ == "__main__":
    main(*sys.argv[1:])
