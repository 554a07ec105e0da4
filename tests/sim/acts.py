"""What people do on their phones: write, mark, delete, and sometimes worse.

Each function does what a screen of the app does: it reads ``Outbox.overlay``, lets
somebody type, and writes an intent based on what was shown. The ghost is told when,
and only when, the client said that it is saved.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sync import entries, records
from sync.check import Space
from sync.encoding import sha256
from sync.envelope import record_key
from sync.kinds import CircleKind, Role, Rule, SpaceKind
from sync.merge import VALUES, Cell, mark, merge_note, settled
from sync.outbox import Intent
from sync.replica import Held, Opened
from tests.sim.ghost import Act
from tests.sim.world import Device, Editor, World

WHEN = datetime(2027, 1, 15, 12, tzinfo=UTC)


# -- what is on the screen ----------------------------------------------------


def held_for(device: Device, what: Space, rule: Rule) -> Held | None:
    """The space, if this phone believes that its owner may write in it."""
    client = device.client
    membership = client.replica.circles.get(what.circle)
    account = membership.accounts.get(client.account) if membership else None
    if membership is None or account is None or not account.roles:
        return None
    if client.replica.frozen(what.circle) or not membership.may_write(
        account, account.roles, what.kind, what.subject, rule
    ):
        return None
    return client.replica.ensure(what)


def log_for(device: Device, circle: bytes) -> Held | None:
    """A circle's log, if this phone believes that its owner sits in it."""
    client = device.client
    membership = client.replica.circles.get(circle)
    account = membership.accounts.get(client.account) if membership else None
    if not account or not account.roles or client.replica.frozen(circle):
        return None
    return client.replica.log_of(circle)


def role_of(world: World, device: Device) -> Role:
    """What this phone believes that its owner is in the group."""
    membership = device.client.replica.circles.get(world.group)
    seat = membership.accounts.get(device.actor.account) if membership else None
    return seat.roles if seat else Role.NONE


def shown(device: Device, held: Held, rule: Rule, rec: bytes) -> list[Opened]:
    key = record_key(rule, device.client.account, rec)
    return device.client.outbox.overlay(held).get(key, [])


def open_editor(
    world: World, device: Device, what: Space, rule: Rule, rec: bytes, form: str
) -> Editor | None:
    """Open a record, on whatever heads the screen shows."""
    held = held_for(device, what, rule)
    if held is None:
        return None
    found = shown(device, held, rule, rec)
    acts = [a for a in (world.act_of(device, o.id) for o in found) if a]
    editor = Editor(
        world.random(16), what, rule, rec, form, tuple(o.id for o in found), acts,
        joined([text_of(o) for o in found]),
    )  # fmt: skip
    device.editors.append(editor)
    del device.editors[:-3]
    return editor


def text_of(opened: Opened) -> str:
    if not isinstance(opened.content, records.Record):
        return ""
    return str(
        opened.content.fields.get("text", opened.content.fields.get("reason", ""))
    )


def joined(texts: list[str]) -> str:
    """Both texts of a conflict, as its owner keeps them."""
    text = ""
    for other in texts:
        text = merge_note(None, text, other) or "\n\n".join(
            t for t in (text, other) if t
        )
    return text[-600:]


def save(
    world: World, device: Device, editor: Editor, content: bytes | None,
    cells: tuple[Cell, ...] = (), lawful: bool = True,
) -> bool:  # fmt: skip
    """Press save: from now on it must not be lost."""
    account = device.client.account
    least = 2048 if editor.form == "sheet" else 256
    intent = Intent(editor.rule, editor.rec, content, editor.base, least)
    places: list[int] = []

    def writing() -> None:
        places.append(device.client.outbox.write(editor.what, intent, editor.id))

    kind = editor.what.kind.name.lower()
    if not world.attempt(device, f"{kind} {editor.form}", writing):
        return False
    act = world.ghost.act(
        editor.seen, by=device.actor.name, account=account, what=editor.what,
        record=record_key(editor.rule, account, editor.rec), content=content,
        at=world.now, lawful=lawful, cells=cells,
    )  # fmt: skip
    device.rows[places[0]] = act
    if device.cloned:
        world.ghost.copied.add(act.number)
    editor.seen = [*editor.seen, act]
    return True


# -- texts --------------------------------------------------------------------


def filled(form: str, text: str) -> bytes:
    match form:
        case "note":
            return records.dump("note", {"text": text})
        case "notice":
            return records.dump("notice", {"text": text[-2000:], "at": WHEN})
        case "apology":
            return records.dump("apology", {
                "session": sha256(b"session")[:16], "written_at": WHEN,
                "withdrawn": False, "reason": text[-1000:],
            })  # fmt: skip
    raise AssertionError(form)


def type_into(world: World, device: Device, editor: Editor) -> bool:
    """Add a paragraph somewhere and save."""
    paragraphs = [p for p in editor.text.split("\n\n") if p]
    place = world.rng.randint(0, len(paragraphs))
    text = "\n\n".join([*paragraphs[:place], world.word(), *paragraphs[place:]])
    if save(world, device, editor, filled(editor.form, text)):
        editor.text = text
        return True
    return False


def text_places(world: World, device: Device) -> list[tuple[Space, Rule, str]]:
    """Where this person writes texts."""
    role, places = role_of(world, device), []
    for circle, membership in device.client.replica.circles.items():
        seat = membership.accounts.get(device.actor.account)
        if membership.kind is CircleKind.PERSON and seat:
            places.append((Space(circle, SpaceKind.PERSONAL), Rule.OWN, "note"))
    if role & (Role.LEADER | Role.COORDINATOR):
        places.append((world.space(SpaceKind.FRAME), Rule.LEAD, "notice"))
    if role & Role.LEADER:
        places.append((world.space(SpaceKind.ROOM), Rule.LEAD, "notice"))
    if role & Role.MEMBER:
        thread = world.space(SpaceKind.THREAD, device.actor.person)
        places.append((thread, Rule.OWN, "apology"))
    return places


def edit_text(world: World, device: Device) -> bool:
    """Go on in an open editor, or open one; two may be open on one record."""
    if device.editors and world.rng.random() < 0.5:
        return type_into(world, device, world.rng.choice(device.editors))
    places = text_places(world, device)
    if not places:
        return False
    what, rule, form = world.rng.choice(places)
    rec = sha256(b"record", bytes([world.rng.randint(1, 2)]), form.encode())[:16]
    editor = open_editor(world, device, what, rule, rec, form)
    if editor and world.rng.random() < world.rates.get("two_tabs", 0):
        open_editor(world, device, what, rule, rec, form)
    return bool(editor and type_into(world, device, editor))


def delete(world: World, device: Device) -> bool:
    """Delete what is on the screen."""
    places = text_places(world, device)
    if not places:
        return False
    what, rule, form = world.rng.choice(places)
    rec = sha256(b"record", bytes([world.rng.randint(1, 2)]), form.encode())[:16]
    editor = open_editor(world, device, what, rule, rec, form)
    if editor is None or not editor.base:
        return False
    device.editors.remove(editor)
    return save(world, device, editor, None)


# -- short records --------------------------------------------------------------


def tell(world: World, device: Device) -> bool:
    """A new record: a flag in the room, a contact among leaders, a statement."""
    role, rng = role_of(world, device), world.rng
    rec, token = world.random(16), world.random(16)
    thread = world.space(SpaceKind.THREAD, device.actor.person)
    flag = {"session": token, "person": device.actor.person, "withdrawn": False}
    choices: list[tuple[Space, Rule, str, dict[str, object]]] = []
    if role & (Role.MEMBER | Role.OBSERVER):
        choices.append((world.space(SpaceKind.ROOM), Rule.OWN, "apology_flag", flag))
        rules: dict[str, object] = {"rules_version": 1, "at": WHEN}
        choices.append((thread, Rule.OWN, "agreement", rules))
    if role & Role.LEADER:
        contact: dict[str, object] = {"person": token, "phone": world.word()}
        choices.append((world.space(SpaceKind.LEADERS), Rule.LEAD, "contact", contact))
        members = [a for a in world.actors if a.role & Role.MEMBER and a.account]
        if members:
            person = rng.choice(members).person
            statement: dict[str, object] = {
                "session": token, "person": person, "cells": (),
            }  # fmt: skip
            where = world.space(SpaceKind.THREAD, person)
            choices.append((where, Rule.OWN, "statement", statement))
    if not choices:
        return False
    what, rule, form, values = rng.choice(choices)
    editor = open_editor(world, device, what, rule, rec, form)
    if editor is None:
        return False
    device.editors.remove(editor)
    return save(world, device, editor, records.dump(form, values))


# -- the register -----------------------------------------------------------------


def sheet_cells(device: Device, held: Held, session: bytes) -> tuple[Cell, ...]:
    """All cells of all heads of all sheets of one session."""
    found: set[Cell] = set()
    for heads in device.client.outbox.overlay(held).values():
        for one in heads:
            content = one.content
            if not isinstance(content, records.Record) or content.type != "sheet":
                continue
            if content.fields["session"] == session:
                found |= set(content.fields["cells"])
    return tuple(sorted(found))


def mark_register(world: World, device: Device) -> bool:
    """Mark one person on one's own sheet, over all that the screen shows."""
    what = world.space(SpaceKind.REGISTER)
    rec = sha256(device.client.identity.record_secret, world.session)[:16]
    editor = open_editor(world, device, what, Rule.OWN, rec, "sheet")
    if editor is None:
        return False
    device.editors.remove(editor)
    editor.id = sha256(b"sheet", device.keys.secrets["device"])[:16]
    held = device.client.replica.spaces[what.id]
    screen = sheet_cells(device, held, world.session)
    look(world, device, screen)
    people = [a.person for a in world.actors][:3]
    cell = mark(
        screen, world.rng.choice(people), world.rng.choice(VALUES), world.random(8)
    )
    standing = settled(screen).get(cell.person, ())
    own = own_cells(device, held, rec)
    if not world.keeps_own_cells:
        over = {dot for c in (*own, cell) for dot in c.over}
        own = tuple(c for c in own if c.dot not in over)
    sheet = {
        "session": world.session, "finished": False,
        "cells": tuple(sorted({*own, cell})),
    }  # fmt: skip
    content = records.dump("sheet", sheet)
    if not save(world, device, editor, content, sheet["cells"]):  # type: ignore[arg-type]
        return False
    world.ghost.marked(cell, standing)
    return True


def own_cells(device: Device, held: Held, rec: bytes) -> tuple[Cell, ...]:
    heads = shown(device, held, Rule.OWN, rec)
    contents = [o.content for o in heads if isinstance(o.content, records.Record)]
    return tuple({cell for one in contents for cell in one.fields["cells"]})


def look(world: World, device: Device, screen: tuple[Cell, ...]) -> None:
    standing = [cell for cells in settled(screen).values() for cell in cells]
    world.ghost.look(device.name, screen, standing)


# -- what a broken or hostile program of a member does --------------------------------


def misbehave(world: World, device: Device) -> bool:
    """Poison: bytes that are no record, a type that does not belong, a stolen place."""
    what = world.space(SpaceKind.ROOM)
    held = held_for(device, what, Rule.OWN)
    if held is None:
        return False
    flag = {"session": world.random(16), "person": world.random(16), "withdrawn": True}
    good = records.dump("apology_flag", flag)
    heads = [
        o for found in device.client.replica.heads(what.id).values() for o in found
    ]
    others = [o for o in heads if o.account != device.actor.account]
    choice = world.rng.randrange(4)
    editor = Editor(world.random(16), what, Rule.OWN, world.random(16), "", (), [], "")
    if choice == 0:
        return save(world, device, editor, b"\xff not a record", lawful=False)
    if choice == 1:
        misplaced = records.dump("note", {"text": world.word()})
        return save(world, device, editor, misplaced, lawful=False)
    if not others:
        return False
    victim = world.rng.choice(others)
    editor.base = (victim.id,)
    if choice == 2:
        editor.rec = victim.record[17:]
    return save(world, device, editor, good, lawful=False)


# -- rights -----------------------------------------------------------------------


def remove(world: World, device: Device, account: bytes) -> bool:
    log = log_for(device, world.group)
    seat = log.membership.accounts.get(account) if log else None
    if log is None or seat is None or not seat.roles:
        return False
    client = device.client
    return world.attempt(
        device, "remove",
        lambda: client.remove(world.group, account, entries.REMOVE_ACCOUNT),
    )  # fmt: skip


def revoke(world: World, device: Device, lost: bytes) -> bool:
    """Sign a lost phone out of every circle that its owner sits in."""
    done = False
    for circle, membership in list(device.client.replica.circles.items()):
        seat = membership.devices.get(lost)
        if seat and not seat.revoked:
            done |= world.attempt(device, "revoke", removing(device, circle, lost))
    return done


def removing(device: Device, circle: bytes, lost: bytes) -> Callable[[], None]:
    return lambda: device.client.remove(circle, lost, entries.REMOVE_DEVICE)


def change_roles(world: World, device: Device, account: bytes, roles: Role) -> bool:
    log = log_for(device, world.group)
    seat = log.membership.accounts.get(account) if log else None
    if log is None or seat is None or not seat.roles or seat.roles == roles:
        return False
    entry = entries.SetRoles(bytes(32), account, roles)
    outbox = device.client.outbox
    return world.attempt(device, "roles", lambda: outbox.write_entry(log, entry))


def confirm_all(world: World, device: Device) -> bool:
    """Say of everybody seated that they are who they are."""
    log = log_for(device, world.group)
    if log is None:
        return False
    client = device.client
    accounts = [a.id for a in log.membership.accounts.values() if a.roles]
    rings = [h.ring for h in client.replica.spaces.values()
             if h.space.circle == world.group]  # fmt: skip
    epochs = [
        r.newest.mark.id for r in rings if r.newest and r.newest.author in accounts
    ]

    def confirming() -> None:
        for subject in (*accounts, *epochs):
            client.confirm(world.group, subject)

    return world.attempt(device, "confirm", confirming)


def act(world: World, device: Device) -> bool:
    """One act of this phone's owner."""
    device.client  # noqa: B018 - started again if it had died
    choices: list[Callable[[World, Device], bool]] = [edit_text, edit_text, tell]
    if role_of(world, device) & (Role.LEADER | Role.COORDINATOR):
        choices += [mark_register, mark_register]
    if world.happens("poison"):
        choices = [misbehave]
    elif world.rng.random() < 0.08:
        choices = [delete]
    return world.rng.choice(choices)(world, device)


def acts_of(world: World) -> list[Act]:
    return world.ghost.acts
