"""Beginning: codes, and opening an account."""

from __future__ import annotations

import os
from typing import Any

from sync.cli.work import Work, command
from sync.client import Client
from sync.declined import Declined
from sync.errors import EnidError
from sync.invitations import Invitation


def init(work: Work) -> None:
    """Begin with the operator's code."""
    invitation, client = Invitation.from_code(work.args.code), work.begin()
    with client.store.write():
        client.store.set_meta("lookup", invitation.lookup)
    client.sign_in(invitation.lookup)
    work.home.keep_server()
    _settle_in(work, client, work.args.me)


def _settle_in(work: Work, client: Client, name: str | None) -> None:
    client.person_circle()
    if name:
        work.desk.personal.set_setting("name", name)
    client.keep_slot()
    work.desk.sync()
    code = client.recovery_code()
    if code:
        work.say("Your recovery code opens your account on another device, and is the")
        work.say("only way back to your notes. Write it down:")
        work.say(f"  {code}")
        work.say("When it is safe: enid recovery-code --saved")


def open_account(work: Work) -> None:
    """Open an account on a second device with its recovery code."""
    if work.home.has_account:
        raise Declined(f"{work.home.folder} already has an account")
    Client.reopen(work.home.keys, work.args.code, work.home.transport, os.urandom)
    work.home.keep_server()
    work.desk.sync()
    names = [group.name for group in work.desk.groups.all()]
    work.say(f"This device is open. Groups: {', '.join(names) or 'none yet'}.")


def join(work: Work) -> None:
    """Take the place of an invitation."""
    invitation, client = Invitation.from_code(work.args.code), work.begin()
    try:
        pack = client.join(invitation)
    except EnidError as error:
        if error.code == "no_such_invite":
            raise Declined(
                "no group has this code (an operator's code goes with enid init)"
            ) from error
        raise
    work.home.keep_server()
    if client.store.meta("slot"):
        work.desk.sync()
    else:
        _settle_in(work, client, _text(pack.get("name")))
    work.say(f"You have joined {_text(pack.get('group')) or 'the group'}.")
    for when in pack.get("next") or ():
        work.say(f"  {_text(when)}")
    if not work.desk.sessions.all():
        work.say("Its schedule arrives once one of its people has been online.")


def _text(value: object) -> str:
    """A word of a pack, which was not checked as records are."""
    return " ".join(value.split())[:200] if isinstance(value, str) else ""


def recovery_code(work: Work) -> None:
    """Show the recovery code, or erase it from this device."""
    client = work.desk.client
    code = client.recovery_code()
    if code is None:
        raise Declined("the recovery code is not on this device; it was saved before")
    if work.args.saved:
        client.forget_recovery_code()
        work.say("Erased from this device. The code that you wrote down still works.")
    else:
        work.say(code)


def add_to(add: Any) -> None:
    """Add these commands to the parser."""
    command(add, "init", init, "code").add_argument("--me", metavar="NAME")
    command(add, "open", open_account, "code")
    command(add, "join", join, "code")
    saved = command(add, "recovery-code", recovery_code)
    saved.add_argument("--saved", action="store_true", help="erase it from this device")
