"""The end of a history: calm, then every promise held against what is there.

The invariants are those of the reliability plan (REL-01 to REL-16). What the server
should show is computed here from its log, not with the client's own reading of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sync import entries, records
from sync.envelope import Version
from sync.kinds import SPACES, Role, Rule, SpaceKind
from sync.replica import Held
from tests.sim import acts
from tests.sim.ghost import Act
from tests.sim.memory_server import MemorySpace
from tests.sim.world import Device, World

LAST = "the last words"

# -- calm ---------------------------------------------------------------------------


def settle(world: World) -> None:
    """Faults off: a minute, after a restore a day, then everybody's last word."""
    world.calm = True
    world.deliver_late(everything=True)
    restored = bool(world.restores or world.rollbacks)
    for device in present(world):  # what waits for a person's word has it
        world.sync(device)
        acts.confirm_all(world, device)
    pass_time(world, 12, 5)
    if restored:
        pass_time(world, 10, 60)
        pass_time(world, 25, 3600)
    check_drained(world, "60 s" if not restored else "24 h")
    for device in present(world):
        acts.confirm_all(world, device)
    pass_time(world, 4, 5)
    for device in present(world):
        last_words(world, device)
    pass_time(world, 12, 5)
    if restored:
        pass_time(world, 25, 3600)
    check_drained(world, LAST)


def pass_time(world: World, rounds: int, seconds: float) -> None:
    for number in range(rounds):
        world.now += seconds
        for device in present(world):
            world.sync(device)
        if number > 1 and quiet(world):
            return


def present(world: World) -> list[Device]:
    return [d for d in world.devices if d.state == "alive" and d.actor.joined]


def quiet(world: World) -> bool:
    """Nothing waits any more, on any phone that may still speak."""
    return not any(
        one(d, "SELECT 1 FROM outbox WHERE code IS NULL")
        or one(d, "SELECT 1 FROM space WHERE repair_at IS NOT NULL")
        or one(d, "SELECT 1 FROM wrap_out")
        or any(is_behind(world, d, home) for home in readable(world, d))
        for d in present(world)
        if is_seated(world, d)
    )


def last_words(world: World, device: Device) -> None:
    """One act in every space, so that every rotation that is due is made."""
    for what, rule, form in acts.text_places(world, device):
        editor = acts.open_editor(world, device, what, rule, world.random(16), form)
        if editor:
            acts.type_into(world, device, editor)
    if acts.role_of(world, device) & (Role.LEADER | Role.COORDINATOR):
        acts.mark_register(world, device)
    for _ in range(3):
        acts.tell(world, device)


# -- questions ------------------------------------------------------------------------


def one(device: Device, sql: str, *values: Any) -> Any:
    return device.connection.execute(sql, values).fetchone()


def group_log(world: World) -> MemorySpace | None:
    return world.server.state.spaces.get(world.space(SpaceKind.CIRCLE).id)


def is_seated(world: World, device: Device) -> bool:
    """Seated in the group on the server, with a device that nobody signed out."""
    log = group_log(world)
    seat = log.membership.accounts.get(device.actor.account) if log else None
    if log is None or seat is None or not seat.roles or device.state != "alive":
        return False
    known = log.membership.devices.get(device.client.outbox.device)
    return not (known and known.revoked)


def readable(world: World, device: Device) -> list[MemorySpace]:
    server, account = world.server, device.actor.account
    return [h for h in server.state.spaces.values() if server._reads(account, h)]


def is_behind(world: World, device: Device, home: MemorySpace) -> bool:
    cursor = device.client.replica.cursor(home.space.id)
    right = (world.server.inc, len(home.versions), home.head)
    return (cursor.inc, cursor.seq, cursor.head) != right


def is_entangled(world: World) -> bool:
    """Not covered: three rare tangles after a restore, which the protocol leaves open.

    Until a removal has been put back, the server lets a removed account enrol a new
    phone; phones that know of the removal then read the log in another order than
    those that do not. And of two copied phones, both may have used one number of
    their chain, each under its own incarnation. And a phone that was enrolled after
    the restore says that its account has put everything back, when another phone of
    that account has not: a new epoch may then come before the old one.
    """
    log = group_log(world)
    if not world.restores or log is None:
        return False
    if any(forks(world, d) for d in world.devices):
        return True
    for version, _, _ in log.versions:
        entry = entries.decode(version.body or b"")
        if isinstance(entry, entries.Device) and entry.account in world.removed_at:
            since = world.removed_at[entry.account]
            if world.ghost.committed.get(version.id, 0.0) > since:
                return True
    return False


def forks(world: World, device: Device) -> bool:
    """Whether another phone of the same account went on from the same place."""
    if device.state == "dead":
        return False
    for space, version, author, n in device.connection.execute(
        "SELECT space, id, device, n FROM version WHERE seq IS NULL OR code NOT NULL"
    ):
        home = world.server.state.spaces.get(space)
        for other, _, _ in home.versions if home else ():
            same = (other.header.device, other.header.n) == (author, n)
            if device.cloned and same and other.id != version:
                return True
            if other.id == version and is_of_a_new_phone(world, device, author):
                return True
    return False


def is_of_a_new_phone(world: World, device: Device, author: bytes) -> bool:
    """Whether a phone enrolled after a restore wrote it, for an older phone's owner."""
    return any(
        d.born > world.restored_at and d.client.outbox.device == author
        for d in device.actor.devices
        if d is not device and d.state == "alive"
    )


def is_closed_to(device: Device, space: bytes) -> bool:
    """Whether a change of roles took a space away, with something on its way there.

    Only its page could say that it arrived; until then it is kept.
    """
    client = device.client
    held = client.replica.spaces[space]
    what, readers = held.space, held.membership.readers
    if what.kind is SpaceKind.CIRCLE:
        return False
    return client.account not in readers(what.kind, what.subject)


def waits_for_a_word(device: Device, space: bytes) -> bool:
    """Whether a holder's own act has to let this reader in first (PROTOCOL 6.5)."""
    kind = device.client.replica.spaces[space].space.kind
    return kind is not SpaceKind.CIRCLE and not SPACES[kind].automatic


def destroyed_keys(world: World) -> set[bytes]:
    """Epoch keys that no reader has: a restore took the wraps, and then the last
    holder's phone was evicted or its owner removed.

    What was written under them is lost, and under the newest nobody can write until
    people agree on an epoch that proves nothing.
    """
    if not world.restores:
        return set()
    held = {
        kid for d in present(world) if is_seated(world, d)
        for h in d.client.replica.spaces.values() for kid in h.ring.keys
    }  # fmt: skip
    logs = world.server.state.spaces.values()
    return {kid for home in logs for kid in home.kids.values()} - held


def dead_spaces(world: World) -> set[bytes]:
    """Spaces whose newest key was destroyed."""
    gone, logs = destroyed_keys(world), world.server.state.spaces.items()
    return {space for space, h in logs if h.epoch and h.epoch.kid in gone}


def check_drained(world: World, by: str) -> None:
    """REL-13: with faults off, what may be sent is sent."""
    if world.rollbacks or is_entangled(world):
        return
    dead = dead_spaces(world)
    for device in present(world):
        if not is_seated(world, device):
            continue
        for n, code, derived, space in device.connection.execute(
            "SELECT n, code, derived, space FROM outbox"
        ):
            act = device.rows.get(n)
            if space in dead or is_closed_to(device, space):
                continue
            if by != LAST and waits_for_a_word(device, space):
                continue
            if code is None:
                world.ghost.violate("REL-13", f"{device.name} row {n} {derived} is"
                                    f" still unsent after {by}")  # fmt: skip
            elif act and act.lawful and not device.actor.rights_changed:
                world.ghost.violate("REL-13", f"{device.name} row {n} refused: {code}")


# -- judgement ------------------------------------------------------------------------


def judge(world: World) -> None:
    """Hold every promise against the server and every phone that may still read.

    Of a server that went back without saying so, only the alarm is promised, and that
    no key and no word gets out.
    """
    readers = [d for d in present(world) if is_seated(world, d)]
    counted: set[int] = set()  # what stands; what it had on the screen is in it
    if world.rollbacks or is_entangled(world):
        for home in world.server.state.spaces.values():
            check_wraps(world, home)
            check_canary(world, home)
        return
    for home in world.server.state.spaces.values():
        counts = counting(home)
        counted |= {a.number for a in acts_of(world, head_versions(counts).values())}
        check_doubles(world, home, counts)
        check_heads(world, home, counts)
        check_wraps(world, home)
        check_canary(world, home)
        for device in readers:
            if world.server._reads(device.actor.account, home):
                check_reader(world, device, home, counts)
    check_saved(world, counted, readers)
    for device in readers:
        check_phone(world, device)


def acts_of(
    world: World, versions: Iterable[Version], ids: Iterable[bytes] = ()
) -> list[Act]:
    found = (world.ghost.versions.get(i) for i in (*(v.id for v in versions), *ids))
    return [act for act in found if act]


def counting(home: MemorySpace) -> list[Version]:
    """The contents that count by the epochs' tips and present roles (PROTOCOL 8.3)."""
    closed: dict[bytes, int] = {}
    since, what = bytes(32), home.space
    for version, _, _ in home.versions:
        if version.header.rule is Rule.CONTROL and version.header.epoch:
            entry = entries.decode(version.body or b"")
            assert isinstance(entry, entries.Epoch)
            lost = home.membership.lost(
                since, entry.membership, what.kind, what.subject
            )
            closed |= dict.fromkeys(lost, 0)  # who is not listed wrote nothing
            closed |= {device: n for device, n, _ in entry.tips}
            since = entry.membership
    return [
        v for v, _, _ in home.versions
        if v.header.rule is not Rule.CONTROL
        and (v.header.n <= closed.get(v.header.device, v.header.n)
             or still_may(home, v))
    ]  # fmt: skip


def still_may(home: MemorySpace, version: Version) -> bool:
    """By any role that stood since the newest epoch began."""
    membership, header = home.membership, version.header
    then = home.epoch.membership if home.epoch else bytes(32)
    seat = membership.devices[header.device]
    author = membership.accounts[seat.account]
    later = list(membership._changes_after(then))
    roles = author.roles
    for change in later:
        if change.account == author.id:
            roles |= change.before | change.after
    return (
        bool(roles)
        and (not seat.revoked or any(c.device == header.device for c in later))
        and membership.may_write(
            author, roles, home.space.kind, home.space.subject, header.rule
        )
    )


def head_versions(counts: list[Version]) -> dict[bytes, Version]:
    replaced = {p for v in counts for p in v.header.parents}
    return {v.id: v for v in counts if v.id not in replaced}


def sent_twice(world: World) -> set[int]:
    """Acts that may lawfully stand twice, as heads of equal content.

    A copied phone sends what was unsent again; and bytes that the network kept back
    may be taken in after they were refused and sealed anew.
    """
    late = acts_of(world, (), world.ghost.delayed)
    return world.ghost.copied | {act.number for act in late}


def check_doubles(world: World, home: MemorySpace, counts: list[Version]) -> None:
    """REL-04: no act counts twice, unless its phone was copied with it unsent."""
    ids: dict[int, list[bytes]] = {}
    twice = sent_twice(world)
    for version in counts:
        act = world.ghost.versions.get(version.id)
        if act:
            ids.setdefault(act.number, []).append(version.id)
    for number, found in ids.items():
        if len(found) > 1 and number not in twice:
            world.ghost.violate("REL-04", f"act {number} counts {len(found)} times")
    if len({v.id for v, _, _ in home.versions}) != len(home.versions):
        world.ghost.violate("REL-04", "a version stands twice in a log")


def check_heads(world: World, home: MemorySpace, counts: list[Version]) -> None:
    """REL-07, REL-09: what somebody had on the screen never wins against them."""
    heads = acts_of(world, head_versions(counts).values())
    twice = sent_twice(world)
    for act in acts_of(world, counts):
        for head in heads:
            if head.number in twice:
                continue
            if head.number in act.seen and head.record == act.record:
                world.ghost.violate(
                    "REL-07", f"act {head.number} stands though {act.number} saw it"
                )


def check_wraps(world: World, home: MemorySpace) -> None:
    """REL-12: every wrap on the server is for somebody who was in the audience."""
    for _, account, _ in home.wraps:
        known = home.membership.accounts.get(account)
        if known is None or not home.membership.may_write(
            known, known.ever, home.space.kind, home.space.subject, Rule.ALL
        ):
            world.ghost.violate("REL-12", "a wrap for somebody outside the log")


def check_canary(world: World, home: MemorySpace) -> None:
    """REL-11: no word that anybody typed stands at the server."""
    if any(b"word" in (version.body or b"") for version, _, _ in home.versions):
        world.ghost.violate("REL-11", "a typed word is on the server")


def check_reader(
    world: World, device: Device, home: MemorySpace, counts: list[Version]
) -> None:
    """REL-05, REL-06: a reader has all of the log and shows what counts, no more."""
    ghost, client = world.ghost, device.client
    where = f"{device.name} {home.space.kind.name}"
    if is_behind(world, device, home):
        ghost.violate("REL-05", f"{where} is not at the log's end: {device.failure}")
        return
    held = client.replica.spaces[home.space.id]
    unfit = client.replica.unreadable(home.space.id)
    if unfit:
        ghost.violate("REL-14", f"{where} skips {unfit}")
    if one(device, "SELECT 1 FROM version WHERE space = ? AND seq IS NULL",
           home.space.id):  # fmt: skip
        ghost.violate("REL-03", f"{where} holds what the server lacks")
    if home.space.kind is SpaceKind.CIRCLE:
        return
    check_keys(world, device, held, home)
    gone = destroyed_keys(world)
    opened = {
        o.id: o for found in client.replica.heads(home.space.id).values() for o in found
    }
    heads = head_versions(counts)
    for identity in opened.keys() - heads.keys():
        act = ghost.versions.get(identity)
        ghost.violate("REL-10", f"{where} shows act {act and act.number}, which does"
                      " not count")  # fmt: skip
    for identity, version in heads.items():
        act = ghost.versions.get(identity)
        if identity in opened:
            check_content(world, where, act, opened[identity].content)
        elif act is None or (
            act.lawful
            and version.header.kid not in gone
            and not lacks_lawfully(held, device, version)
        ):
            ghost.violate("REL-06", f"{where} does not show act {act and act.number}")
    if home.space.kind is SpaceKind.REGISTER:
        screen = acts.sheet_cells(device, held, world.session)
        acts.look(world, device, screen)


def check_content(world: World, where: str, act: Act | None, content: Any) -> None:
    if act is None or (not act.lawful and act.content):
        right = isinstance(content, records.Record) and act is not None
    elif act.content is None:
        right = content is None
    else:
        right = content == records.load(act.content)
    if not right:
        world.ghost.violate("REL-06", f"{where} shows other content than was written")


def lacks_lawfully(held: Held, device: Device, version: Version) -> bool:
    """Whether a reader came after an epoch whose key is not handed on."""
    if SPACES[held.space.kind].carried or version.header.kid in held.ring.keys:
        return False
    named = [b.entry.accounts for b in held.ring.begun
             if b.mark.kid == version.header.kid]  # fmt: skip
    return not any(device.actor.account in accounts for accounts in named)


def check_keys(world: World, device: Device, held: Held, home: MemorySpace) -> None:
    newest, account = held.ring.newest, device.actor.account
    where = f"{device.name} {home.space.kind.name}"
    readers = held.membership.readers(home.space.kind, home.space.subject)
    if (
        newest
        and newest.mark.kid not in held.ring.keys
        and newest.mark.kid not in destroyed_keys(world)
        and (newest.entry.accounts & set(readers))
    ):
        world.ghost.violate("REL-13", f"{where} has no key of the newest epoch")
    if SPACES[home.space.kind].carried:
        return
    for begun in held.ring.begun:
        if begun.mark.kid in held.ring.keys and account not in begun.entry.accounts:
            world.ghost.violate("REL-12", f"{where} has a key from before it came")


def check_saved(world: World, counted: set[int], readers: list[Device]) -> None:
    """REL-01, REL-03: what was saved counts, unless all its copies were destroyed."""
    ghost = world.ghost
    covered = ghost.cover(counted)
    waiting = ghost.cover(
        n for d in world.devices if d not in readers and d.state != "dead"
        for n in world.copies_on(d)
    )  # fmt: skip
    trays = ghost.cover(
        d.rows[n].number for d in readers
        for (n,) in d.connection.execute("SELECT n FROM outbox WHERE code NOT NULL")
        if n in d.rows
    )  # fmt: skip
    there = ghost.cover(world.copies())
    dead = dead_spaces(world)
    gone_authors = {a.account for a in world.actors if a.rights_changed}
    for act in ghost.acts:
        number = act.number
        if not act.lawful or number in covered or number in ghost.lost:
            continue
        if number in waiting or number in trays:
            continue
        if act.what.id in dead and number in there:
            continue
        if act.account in gone_authors and world.restores and number in there:
            continue
        fate = "not counted" if number in there else "lost"
        place = act.what.kind.name
        ghost.violate("REL-03", f"act {number} of {act.by} in {place} is {fate}")


def check_phone(world: World, device: Device) -> None:
    """Nothing is frozen, and no honest server is accused."""
    for (reason,) in device.connection.execute("SELECT frozen FROM space"):
        if reason:
            world.ghost.violate("REL-14", f"{device.name} is frozen: {reason}")
    alarms = {row[0] for row in device.connection.execute("SELECT code FROM alarm")}
    if alarms:
        world.ghost.violate("REL-18", f"{device.name} accuses: {sorted(alarms)}")
    logs = world.server.state.spaces.values()
    # Refused, sealed anew, and then a delayed copy of the first bytes was taken in:
    # that phone cannot know that nobody has its key.
    late = any(i in home.by_id for home in logs for i in world.ghost.delayed)
    if device.renewals and not device.cloned and not late:
        world.ghost.violate("REL-04", f"{device.name} took itself for a clone")
