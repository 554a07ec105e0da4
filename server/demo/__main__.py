"""``python -m server.demo``: build or freshen the demo, then serve it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from server import create_app, services_of, upgrade
from server.demo import words
from server.demo.build import build
from server.demo.freshen import freshen
from server.demo.phones import Phones, open_phones
from sync.desk.finding import short
from sync.errors import EnidError

ROOT = Path(__file__).resolve().parents[2]
ROLES = {
    "member": words.MEMBER, "leader": words.LEADER,
    "co-leader": words.CO_LEADER, "coordinator": words.COORDINATOR,
}  # fmt: skip


def main() -> None:
    """Prepare, print how to open it, serve until Ctrl-C."""
    port = os.environ.get("PORT", "8000")
    folder = Path(os.environ.get("ENID_DATA", ROOT / "var" / "demo")).absolute()
    origin = f"http://localhost:{port}"
    _must_be_free(int(port))
    _must_be_ours(folder)
    try:
        prepare(folder, origin)
    except EnidError as error:
        _stop(f"The demo could not be prepared: {error}. Delete {folder}, try again.")
    say((folder / "demo.txt").read_text(encoding="utf-8"))
    serve(folder, origin, port)


def prepare(folder: Path, origin: str, clock: Callable[[], float] = time.time) -> None:
    """Build the demo when it is not there, freshen it, and say how to open it."""
    started, built = time.monotonic(), (folder / "demo.txt").exists()
    if not built:
        _clear(folder)
        say("Building the demo (once) ...")
    app = create_app(
        {
            "ENID_DATA": str(folder), "ENID_ORIGIN": origin, "DATABASE_URL": "",
            "SYNC_PER_MINUTE": 10**9, "CLOCK": clock,
        }
    )  # fmt: skip
    with contextlib.redirect_stderr(io.StringIO()):  # a line for each request
        upgrade(app)
        with open_phones(app, folder / "homes", origin, clock) as phones:
            if not built:
                build(phones, folder)
            freshen(phones, _group(phones))
            told = instructions(folder, origin, phones)
            keep_codes(folder / "people.json", phones)
        services_of(app).database.close()
    (folder / "demo.txt").write_text(told, encoding="utf-8")
    say(f"The demo is ready ({time.monotonic() - started:.0f} s).")


def _group(phones: Phones) -> bytes:
    groups = phones["leader"].groups.all()
    return next(group.circle for group in groups if group.code == "demo-weekly")


def keep_codes(file: Path, phones: Phones) -> None:
    """Recovery codes of the four, for the app; a kit that was saved is left out."""
    people = [
        {"role": role, "name": name, "code": phones[role].client.recovery_code()}
        for role, name in ROLES.items()
    ]
    file.touch(mode=0o600)
    file.write_text(json.dumps([p for p in people if p["code"]]), encoding="utf-8")


def instructions(folder: Path, origin: str, phones: Phones) -> str:
    """How to open the demo as each of its four people."""
    command, homes = _shown(ROOT / ".venv" / "bin" / "enid"), folder / "homes"
    now = phones["leader"].shelf.now
    lines = [
        f"Enid demo, {now:%d %b %Y %H:%M} UTC. Nobody in it is real.",
        "",
        f"{words.GROUP}: {len(words.MEMBERS)} members, two leaders, a coordinator.",
        "A session starts in about a quarter of an hour.",
        "",
        f"In a browser: {origin} and then, in one tap each and in as many tabs,",
        *(f"  {role}: {name}" for role, name in ROLES.items()),
        "",
        "In a terminal:",
        "",
    ]
    for role, commands in _commands(phones).items():
        start = f"  {command} --home {_shown(homes / role)}"
        lines += [f"{role}: {ROLES[role]}"]
        lines += [*(f"{start} {typed}" for typed in commands), ""]
    lines += [
        "`sync` sends and reads; --offline before a command stays off the network;",
        "`verify` checks every signature and key of a home. --help lists the rest.",
        f"Spreadsheets to import, and codes to join with: {_shown(folder / 'year')}",
        f"To begin anew, stop the server and delete {_shown(folder)}.",
    ]
    return "\n".join(lines) + "\n"


def _commands(phones: Phones) -> dict[str, tuple[str, ...]]:
    """What to try in each home."""
    leader, circle = phones["leader"], _group(phones)
    shown = [r for r in reversed(leader.registers.attendance(circle)) if r.cells]
    differ = next((r for r in shown if r.differ), shown[0])
    agreed = next((r for r in shown if not r.differ), shown[0])
    return {
        "member": ("schedule", "note list", "apology next --reason Nights"),
        "leader": (
            "register show next    # apologies, with a reason",
            "register show last    # nobody has taken it yet",
            f"register show {short(agreed.meeting.rec)}  # last week's",
        ),
        "co-leader": (
            f"register show {short(differ.meeting.rec)}  # you differ",
            "register mark next 'Li Wei' here",
        ),
        "coordinator": (
            "schedule", "status",
            f"export-register '{words.GROUP}' --csv attendance.csv",
        ),
    }  # fmt: skip


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def serve(folder: Path, origin: str, port: str) -> NoReturn:
    """Become the server."""
    environment = {
        **os.environ, "ENID_DATA": str(folder), "ENID_ORIGIN": origin, "PORT": port,
    }  # fmt: skip
    environment.pop("DATABASE_URL", None)
    say(f"Serving {origin} - stop with Ctrl-C.")
    command = [
        sys.executable, "-m", "gunicorn", "-c", str(ROOT / "server/gunicorn.conf.py"),
        "--log-level", "warning", "server.demo.pages:create_app()",
    ]  # fmt: skip
    os.chdir(ROOT)
    os.execve(sys.executable, command, environment)  # noqa: S606 - no shell is wanted


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            _stop(f"Port {port} cannot be used ({error.strerror}): PORT=8001 make run")


def _must_be_ours(folder: Path) -> None:
    """Never touch a folder that holds something else than a demo."""
    marker = folder / ".demo"
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        _stop(f"{folder} holds something that is not a demo; set ENID_DATA elsewhere.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    marker.touch()


def _clear(folder: Path) -> None:
    """Take away what an interrupted first start left."""
    for found in folder.iterdir():
        if found.name != ".demo":
            shutil.rmtree(found) if found.is_dir() else found.unlink()


def say(text: str) -> None:
    """Print."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _stop(sentence: str) -> NoReturn:
    sys.stderr.write(f"{sentence}\n")
    raise SystemExit(2)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        _stop("Interrupted; the next start goes on from here.")
