"""This device: sending, state, tray, verification."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sync import records
from sync.cli.work import Work, command
from sync.declined import Declined
from sync.encoding import b64
from sync.errors import Later
from sync.outbox import Row
from sync.replica import role_names
from sync.verify import verify


def sync(work: Work) -> None:
    """Send and read."""
    try:
        work.desk.sync()
    except Later as error:
        left = len(work.rows())
        raise Declined(
            f"{work.reason(error)}; {left} items are saved on this device and not sent"
        ) from error
    work.hand_over_codes()
    left = len(work.rows())
    work.say(f"Not sent yet: {left}; see enid status." if left else "All is sent.")


def status(work: Work) -> None:
    """Show where everything is."""
    desk, rows = work.desk, work.rows().values()
    tray = [row for row in rows if row.code]
    work.say(f"{work.home.folder}, account {desk.client.account.hex()[:8]}")
    work.say(f"server {work.home.server}")
    work.say(f"{len(rows) - len(tray)} saved on this device and not sent yet")
    if tray:
        work.say(f"{len(tray)} in the tray: enid tray")
    for group in desk.groups.all():
        roles = ", ".join(sorted(role_names(group.roles)))
        work.say(f"group {group.name}: you are {roles}")
        if group.frozen:
            work.say(f"  nothing can be written in it ({group.frozen})")
        labels = desk.groups.labels(group.circle)
        for account in desk.groups.unconfirmed(group.circle):
            name = labels.get(account.person, "?")
            work.say(f"  {name} waits until a leader says: enid confirm")
    for fields in desk.programmes.all().values():
        work.say(f"programme {fields.get('name', '(its words have not arrived yet)')}")
    for at, space, code in desk.client.store.all("SELECT at, space, code FROM alarm"):
        when = datetime.fromtimestamp(at, UTC)
        work.say(f"alarm {code} in space {b64(space)[:8]}, {when:%d %b %Y %H:%M} UTC")
    if desk.client.recovery_code():
        work.say("the recovery code is still on this device: enid recovery-code")


def tray(work: Work) -> None:
    """Show what the server refused; try it again, or take it out as a file."""
    args, rows = work.args, [row for row in work.rows().values() if row.code]
    if args.act == "retry":
        if not any(str(row.n) == args.what for row in rows):
            raise Declined(f"nothing in the tray has the number {args.what}")
        with work.saving():
            work.desk.client.outbox.retry(int(args.what))
    elif args.act == "export":
        _export(Path(args.what or "tray.json"), rows)
        work.say(f"{len(rows)} items: {args.what or 'tray.json'}")
    else:
        for row in rows:
            work.say(f"{row.n:6}  {_kind(row):12} {row.code}")
        work.say(f"{len(rows)} in the tray.")


def _kind(row: Row) -> str:
    if row.intent.content is None:
        return "entry" if row.intent.entry else "deletion"
    return records.load(row.intent.content).type


def _export(path: Path, rows: Iterable[Row]) -> None:
    """Write items in clear, for their owner's eyes."""
    found = [
        {"n": row.n, "refused": row.code,
         "content": json.loads(row.intent.content or b"null")}
        for row in rows
    ]  # fmt: skip
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            json.dump(found, file, ensure_ascii=False, indent=1)
    except OSError as error:
        raise Declined(f"{path}: {error.strerror}") from error


def verify_all(work: Work) -> int:
    """Recompute everything that was ever verified; exit code 1 on any fault."""
    report = verify(work.desk.client)
    for what, count in sorted(report.counts.items()):
        work.say(f"{count:8,} {what}")
    for fault in report.faults:
        work.say(f"FAULT {fault}")
    work.say(f"{len(report.faults)} faults.")
    return 1 if report.faults else 0


def add_to(add: Any) -> None:
    """Add these commands to the parser."""
    command(add, "sync", sync)
    command(add, "status", status)
    trays = command(add, "tray", tray)
    trays.add_argument("act", nargs="?", choices=["retry", "export"])
    trays.add_argument("what", nargs="?", metavar="N|FILE")
    command(add, "verify", verify_all)
