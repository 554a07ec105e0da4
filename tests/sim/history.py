"""One history: a seed becomes people, faults and a schedule, then calm, then a verdict.

Each seed enables a random part of the faults at random rates (swarm testing): a fault
that always happens hides the mistakes that only show without it.
"""

from __future__ import annotations

import sqlite3

from sync.check import Judgement
from sync.client import Client
from sync.envelope import Header, View, record_key
from sync.kinds import Role, Rule, SpaceKind
from sync.sealing import seal_content
from tests.sim import acts, verdict
from tests.sim.memory_server import MemorySpace
from tests.sim.world import Actor, Device, Runaway, World

# Most that each fault happens per chance, and how likely a seed has it at all.
RATES = {
    "request_lost": (0.2, 0.5), "reply_lost": (0.25, 0.6),
    "request_doubled": (0.2, 0.4), "request_delayed": (0.15, 0.3),
    "bad_answer": (0.15, 0.4), "server_crash": (0.2, 0.5),
    "client_crash": (0.15, 0.6), "disk_full": (0.08, 0.3),
    "skew": (1.0, 0.4), "two_tabs": (0.5, 0.5), "poison": (0.2, 0.3),
    "away": (0.05, 0.5), "restore": (0.03, 0.35), "rollback": (0.02, 0.04),
    "evict": (0.03, 0.4), "clone": (0.02, 0.25), "second_phone": (0.03, 0.4),
    "newcomer": (0.04, 0.5), "remove": (0.03, 0.5), "roles": (0.02, 0.3),
    "revoke": (0.02, 0.3), "compact": (0.03, 0.4), "jump": (0.02, 0.3),
    "small_pages": (1.0, 0.4),
}  # fmt: skip
EVENTS = (
    "away", "restore", "rollback", "evict", "clone", "second_phone", "newcomer",
    "remove", "roles", "revoke", "compact", "jump", "haunt",
)  # fmt: skip


def draw_rates(world: World, weights: dict[str, float]) -> None:
    """Which faults this history has; a scenario forces some of them."""
    for fault, (most, likely) in RATES.items():
        rate = world.rng.random() * most
        enabled = world.rng.random() < likely
        if enabled and fault not in weights:
            world.rates[fault] = rate
    world.rates |= {fault: rate for fault, rate in weights.items() if rate}


def run(seed: int, weights: dict[str, float] | None = None) -> World:
    """Play one history to its end; the ghost's violations are its result."""
    world = World(seed)
    draw_rates(world, weights or {})
    world.log("rates", sorted((k, round(v, 3)) for k, v in world.rates.items()))
    begin(world)
    world.calm = False
    steps = int((weights or {}).get("steps", world.rng.randint(30, 80)))
    try:
        for _ in range(steps):
            step(world)
            if world.ghost.violations:
                break
        else:
            verdict.settle(world)
            verdict.judge(world)
    except Runaway:
        if not world.rollbacks and not verdict.is_entangled(world):
            world.ghost.violate("REL-13", "the phones never stop asking")
    for violation in world.ghost.violations:
        world.log("VIOLATION", violation)
    for home in world.server.state.spaces.values():
        world.digest.update(home.head)
    for device in world.devices:
        device.connection.close()
    return world


def begin(world: World) -> None:
    rng = world.rng
    roles = [("mia", Role.MEMBER)]
    if rng.random() < 0.8:
        roles.insert(0, ("ben", Role.LEADER))
    if rng.random() < 0.4:
        roles.append(("max", Role.MEMBER))
    if "small_pages" in world.rates:
        world.server.answer_bytes = rng.randint(500, 6000)
    world.begin(roles, coordinator=rng.random() < 0.3)
    if rng.random() < 0.7:
        acts.confirm_all(world, world.devices[0])
    world.backups.append(world.server.dump())


def step(world: World) -> None:
    world.now += world.rng.expovariate(1 / 2)
    world.deliver_late()
    if world.rng.random() < 0.06:
        world.backups = [*world.backups[-3:], world.server.dump()]
    for event in EVENTS:
        if world.happens(event):
            HAPPENINGS[event](world)
    if world.rng.random() < world.rates.get("confirm", 0.03):
        acts.confirm_all(world, world.rng.choice(alive(world)))
    invite_or_join(world)
    device = world.rng.choice(alive(world))
    if world.rng.random() < 0.45:
        acts.act(world, device)
    elif device.away_until <= world.now:
        world.sync(device, world.rng.choice((1, 1, 2, 200)))


def alive(world: World) -> list[Device]:
    found = [d for d in world.devices if d.state == "alive" and d.actor.joined]
    return found or world.devices[:1]


def leaders(world: World) -> list[Device]:
    """Phones of leaders that know the group."""
    return [
        d for d in alive(world)
        if d.actor.role & Role.LEADER and acts.log_for(d, world.group)
    ]  # fmt: skip


# -- what happens ---------------------------------------------------------------


def away(world: World) -> None:
    device = world.rng.choice(alive(world))
    device.away_until = world.now + world.rng.expovariate(1 / 60)
    world.log(device.name, "is away")


def restore(world: World) -> None:
    """The operator restores a backup of some age, and admits the founders again."""
    backup = world.rng.choice(world.backups)
    world.server.restore(backup)
    world.restores += 1
    world.restored_at = world.restored_at or world.now
    world.ghost.destroyed(world.copies())
    readmit(world)
    world.log("restore", world.server.inc)


def readmit(world: World) -> None:
    for actor in world.actors:
        if actor.founder:
            world.server.operator_code(actor.founder)


def rollback(world: World) -> None:
    """The server goes back without saying so: phones must raise the alarm."""
    backup = world.rng.choice(world.backups)
    world.server.restore(backup, raise_inc=False)
    world.rollbacks += 1
    world.ghost.destroyed(world.copies())
    readmit(world)
    world.log("rollback")


def evict(world: World) -> None:
    """The browser throws everything away; the owner types the recovery code."""
    device = world.rng.choice(alive(world))
    drop(world, device)
    reopen(world, device.actor)


def drop(world: World, device: Device) -> None:
    device.died()
    device.state = "dead"
    device.connection.close()
    device.connection = sqlite3.connect(":memory:")
    world.ghost.destroyed(world.copies())
    world.log(device.name, "is evicted")


def reopen(world: World, actor: Actor) -> Device:
    """A new phone by the recovery code; it may fail, and then there is none."""
    device = world.phone(actor)

    def opening() -> None:
        network = device_network(world, device)
        Client.reopen(device.keys, actor.code, network, world.random, world.suite)

    calm, world.calm = world.calm, True
    if not world.attempt(device, "reopen", opening):
        device.state = "dead"
    world.calm = calm
    return device


def device_network(world: World, device: Device):
    from tests.sim.world import Network

    return Network(world, device)


def second_phone(world: World) -> None:
    device = world.rng.choice(alive(world))
    if len([d for d in device.actor.devices if d.state == "alive"]) < 2:
        reopen(world, device.actor)


def clone(world: World) -> None:
    """A backup of a phone is played onto another one: two with one device key."""
    device = world.rng.choice(alive(world))
    device.client  # noqa: B018 - an empty disk cannot be copied
    twin = world.phone(device.actor)
    twin.connection.deserialize(device.connection.serialize())
    twin.keys.secrets = dict(device.keys.secrets)
    twin.rows = dict(device.rows)
    device.cloned = twin.cloned = True
    for (n,) in device.connection.execute("SELECT n FROM outbox"):
        if n in device.rows:
            world.ghost.copied.add(device.rows[n].number)
    world.log(device.name, "is cloned as", twin.name)


def newcomer(world: World) -> None:
    """A leader makes a place; somebody new, or somebody removed, will take it."""
    rng, phones = world.rng, leaders(world)
    if not phones or len(world.actors) >= 6:
        return
    device = rng.choice(phones)
    gone = [a for a in world.actors if a.account in world.removed_at]
    role = rng.choice((Role.MEMBER, Role.MEMBER, Role.LEADER, Role.OBSERVER))
    if gone and rng.random() < 0.5:
        person, name = gone[0].person, gone[0].name + "2"
        role = gone[0].role
    else:
        person, name = None, f"new{len(world.actors)}"
    if name in {a.name for a in world.actors}:
        return
    actor = world.actor(name, role, person)
    if not world.attempt(device, f"invite {name}", lambda: world.invite(device, actor)):
        world.actors.remove(actor)


def invite_or_join(world: World) -> None:
    waiting = [a for a, _ in world.invitations if not a.joined]
    if waiting and world.rng.random() < 0.15:
        world.join(world.rng.choice(waiting))


def remove(world: World) -> None:
    phones = leaders(world)
    targets = [a for a in world.actors if a.joined and a.name != "anna" and a.account]
    if phones and targets:
        target = world.rng.choice(targets)
        device = world.rng.choice(phones)
        if target is not device.actor and acts.remove(world, device, target.account):
            target.rights_changed = True
            world.removed_at.setdefault(target.account, world.now)


def roles(world: World) -> None:
    phones = [d for d in leaders(world) if d.actor.name == "anna"]
    targets = [a for a in world.actors if a.joined and a.name in ("ben", "max")]
    if phones and targets:
        target = world.rng.choice(targets)
        new = Role.MEMBER if target.role & Role.LEADER else Role.LEADER
        if acts.change_roles(world, phones[0], target.account, new):
            target.role, target.rights_changed = new, True


def revoke(world: World) -> None:
    """Somebody with two phones signs the other one out."""
    for device in alive(world):
        for other in device.actor.devices:
            if other is not device and not other.cloned and other.keys.secrets:
                from sync import signing
                from sync.membership import device_id

                key = signing.public_key(world.suite, other.keys.secrets["device"])
                if acts.revoke(world, device, device_id(key)):
                    device.actor.rights_changed = True
                    if other.state == "alive":
                        other.state = "lost"
                    return


def compact(world: World) -> None:
    world.server.compact()
    world.log("compact")


def jump(world: World) -> None:
    world.now += world.rng.expovariate(1 / 7200)


def haunt(world: World) -> None:
    """A removed person's program writes on with its old key, and a lying server lets
    it in behind the tip that the epoch after the removal names (SEC-27)."""
    for home in world.server.state.spaces.values():
        for device in world.devices:
            if device.state == "alive" and device.client.outbox.device in home.closed:
                write_on(world, device, home)
                return


def write_on(world: World, device: Device, home: MemorySpace) -> None:
    client = device.client
    held = client.replica.spaces.get(home.space.id)
    known = (
        [b.mark for b in held.ring.begun if b.mark.kid in held.ring.keys]
        if held
        else []
    )
    if not held or not known or home.space.kind is SpaceKind.REGISTER:
        return
    rule = Rule.LEAD if home.space.kind is SpaceKind.FRAME else Rule.OWN
    mine, rec = client.outbox.device, world.random(16)
    n, prev = home.tip(mine)
    header = Header(
        client.suite, home.space.id, known[-1].number, known[-1].kid, rule, 0, rec,
        mine, n + 1, prev, View(), (), world.random(24),
    )  # fmt: skip
    content = b'{"t":"haunting","v":1}'
    key = held.ring.key(known[-1].kid)
    version = client.outbox.build(header, seal_content(header, key, content, 1024))
    record = record_key(rule, client.account, rec)
    world.ghost.versions[version.id] = world.ghost.act(
        [], by=device.actor.name, account=client.account, what=home.space,
        record=record, content=content, at=world.now, lawful=False, cells=(),
    )  # fmt: skip
    home.append(version, Judgement(client.account, record))
    world.log(device.name, "haunts", home.space.kind.name)


HAPPENINGS = {
    "away": away, "restore": restore, "rollback": rollback, "evict": evict,
    "clone": clone, "second_phone": second_phone, "newcomer": newcomer,
    "remove": remove, "roles": roles, "revoke": revoke, "compact": compact,
    "jump": jump, "haunt": haunt,
}  # fmt: skip
