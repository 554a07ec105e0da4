"""``make bench``: measure against the goals (docs/benchmarks.md says how to read it).

Prints a table and merges the figures into ``build/bench.json``, one flat object of
numbers. A missed goal is marked, and is no failure: speed is never a test. A wrong
answer or an error is one: then there is no figure, and the exit code is 1.
"""

from __future__ import annotations

import json
import os
import queue
import random
import shutil
import signal
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from sync import records
from sync.check import Space
from sync.client import Client
from sync.encoding import b64, sha256, unb64
from sync.envelope import next_head
from sync.kinds import Rule, SpaceKind
from sync.outbox import Intent
from sync.replica import Replica
from sync.store import Store
from tests.sim.memory_server import MemoryServer
from tools import bench_app, bench_floor
from tools.bench_server import (
    CORES,
    LOAD_CORE,
    ROOT,
    Broken,
    Connection,
    Http,
    Server,
    fsync_ms,
    message,
    running,
)
from tools.bench_world import (
    NEW,
    Chain,
    Group,
    Keys,
    World,
    admit_into,
    back,
    contact,
    cursors,
    note,
    sheet,
    statement,
    write,
)

RESULTS = ROOT / "build" / "bench.json"
ENID = 'server:create_app({"SYNC_PER_MINUTE": 0})'  # one phone asks thousands of times
FLOOR = "tools.bench_floor:create_app()"
ROUNDS, WARM_UP = 5, 60
PHONE_REQUESTS, FINISH_REQUESTS, PULL_REQUESTS = 600, 100, 800
SMALL_SPACE, LARGE_SPACE = 200, 500_000
STORM_GROUPS, STORM_PHONES, STORM_AT_ONCE = 41, 450, 32
OPENED = 2000

Figures = dict[str, float]


# -- the goals -------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        figure: computes it from what has been measured, or returns ``None``.
        goal: the most that is hoped for; ``None`` when it is there for comparison.
        at_least: the goal is the least instead.
    """

    what: str
    figure: Callable[[Figures], float | None]
    unit: str
    goal: float | None = None
    exactly: bool = False
    at_least: bool = False

    def is_missed(self, figure: float) -> bool:
        if self.goal is None:
            return False
        if self.exactly:
            return figure != self.goal
        return figure < self.goal if self.at_least else figure > self.goal


def key(name: str) -> Callable[[Figures], float | None]:
    return lambda figures: figures.get(name)


def ratio(above: str, below: str) -> Callable[[Figures], float | None]:
    def figure(figures: Figures) -> float | None:
        if above in figures and figures.get(below):
            return figures[above] / figures[below]
        return None

    return figure


TABLE = (
    Row("the floor: bare Flask, raw SQLite", key("floor_phone_cpu_ms"), "ms CPU"),
    Row("one returning phone", key("phone_cpu_ms"), "ms CPU", 2.5),
    Row("  against the floor", ratio("phone_cpu_ms", "floor_phone_cpu_ms"), "x"),
    Row("a leader finishes a register", key("finish_cpu_ms"), "ms CPU", 12),
    Row(
        "pull from 500,000 versions against 200",
        key("pull_growth_200_to_500k"),
        "x",
        1.2,
    ),
    Row("storm: phones served", key("storm_served"), "", STORM_PHONES, exactly=True),
    Row("storm: errors", key("storm_errors"), "", 0),
    Row("storm: median", key("storm_p50_ms"), "ms"),
    Row("storm: slowest of a hundred", key("storm_p99_ms"), "ms"),
    Row("  against the median", ratio("storm_p99_ms", "storm_p50_ms"), "x", 5),
    Row("storm: all served within", key("storm_wall_s"), "s", 2),
    Row("storm: memory", key("storm_rss_mib"), "MiB", 200),
    Row("one fsync on this disk", key("fsync_ms"), "ms"),
    Row("2,000 versions verified and opened", key("open_2000_s"), "s", 1),
    Row("first load, brotli", key("first_load_brotli_bytes"), "bytes", 75_000),
    Row("  scripts of it, as they are", key("eager_js_bytes"), "bytes", 120_000),
    Row("  styles of it, as they are", key("eager_css_bytes"), "bytes", 90_000),
    Row("the whole app, brotli", key("precache_total_brotli_bytes"), "bytes", 200_000),
    Row("open offline, warm, 4x", key("launch_offline_ms_4x"), "ms", 500),
    Row("open offline, a new browser process, 4x", key("launch_cold_ms_4x"), "ms"),
    Row("open offline, 41 groups, 4x", key("launch_coordinator_ms_4x"), "ms"),
    Row("tap to next paint, the worst of 12, 4x", key("tap_paint_ms_4x"), "ms", 100),
    Row("tap to durable, 1x", key("tap_durable_ms"), "ms", 50),
    Row("12 marks, from Today to finished", key("register12_taps"), "taps", 14),
    Row("first sync of 2,000 versions, 4x", key("first_sync_2000_s"), "s", 2),
    Row("a member's week on the wire", key("week_bytes"), "bytes", 200_000),
    Row("requests in 5 minutes hidden", key("hidden_requests"), "", 0),
    Row(
        "Lighthouse: performance", key("lighthouse_performance"), "", 95, at_least=True
    ),
    Row(
        "Lighthouse: accessibility",
        key("lighthouse_accessibility"),
        "",
        100,
        at_least=True,
    ),
    Row(
        "Lighthouse: best practices",
        key("lighthouse_best_practices"),
        "",
        100,
        at_least=True,
    ),
)


# -- a server with a world -------------------------------------------------------------


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on a real disk; ``/tmp`` may be memory, where fsync costs nothing."""
    RESULTS.parent.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=RESULTS.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def world(groups: int, members: list[int]) -> Iterator[tuple[Server, World]]:
    """Enid's server, running, with people in it."""
    with scratch() as data:
        server = Server(ENID, data)
        migrate(server)
        with running(server):
            admit = admit_into(database(server))
            made = World(lambda: Http(server), admit, say=say)
            yield server, made.build(groups, members)


def migrate(server: Server) -> None:
    """Make the tables, in a process of its own: ours must not import the server."""
    server.run("-m", "flask", "--app", "server", "db", "upgrade")


def database(server: Server) -> str:
    return str(server.data / "enid.sqlite")


def say(sentence: str) -> None:
    print(sentence, flush=True)


# -- server CPU for one request --------------------------------------------------------


@dataclass
class Course:
    """A server, and requests for it that are sent one after the other.

    Attributes:
        requests: made beforehand; each is sent once.
        is_right: whether an answer is what it should be.
    """

    server: Server
    requests: Iterator[bytes]
    is_right: Callable[[dict[str, Any]], bool]

    def __post_init__(self) -> None:
        self.connection = Connection(self.server.port)
        self.rounds: list[float] = []

    def run(self, count: int) -> float:
        """Server CPU for one request, ms."""
        before = self.server.cpu_s()
        answers = [self.connection.exchange(next(self.requests)) for _ in range(count)]
        spent = self.server.cpu_s() - before
        for status, answer in answers:
            if status != 200 or not self.is_right(orjson.loads(answer)):
                raise Broken(f"a wrong answer, {status}: {answer[:300]!r}")
        return spent / count * 1000


def interleave(courses: list[Course], count: int) -> list[float]:
    """The medians of several courses, measured in turns: ms for one request."""
    for course in courses:
        course.run(WARM_UP)
    for _ in range(ROUNDS):
        for course in courses:
            course.rounds.append(course.run(count))
    return [statistics.median(course.rounds) for course in courses]


def asked(client: Client, body: dict[str, Any]) -> bytes:
    token = client.secrets["token"].decode()
    return message("POST", "/v1/sync", orjson.dumps(body), token)


def measure_phone() -> Figures:
    """One phone comes back: 12 versions down, one up, beside the floor."""
    count = WARM_UP + ROUNDS * PHONE_REQUESTS
    with world(1, [12]) as (server, made), scratch() as data, ExitStack() as stack:
        group = made.groups[0]
        phone = group.members[0]
        reads = [unb64(name) for name in cursors(phone)]
        bench_floor.create(
            data, Path(database(server)), phone.secrets["token"].decode(),
            phone.account, phone.outbox.device_key, reads,
        )  # fmt: skip
        floor = stack.enter_context(running(Server(FLOOR, data)))
        requests, is_right = returning(phone, group, count)
        courses = [
            Course(floor, iter(requests), is_right),
            Course(server, iter(requests), is_right),
        ]
        compare_answers(phone, group, floor, server)
        floor_ms, phone_ms = interleave(courses, PHONE_REQUESTS)
    return {"floor_phone_cpu_ms": floor_ms, "phone_cpu_ms": phone_ms}


def returning(
    phone: Client, group: Group, count: int
) -> tuple[list[bytes], Callable[[dict[str, Any]], bool]]:
    """Requests of a phone that has been away, and what their answers hold."""
    frame = group.space(SpaceKind.FRAME)
    held = own_notes(phone)
    chain, have = Chain(phone, held, Rule.OWN, note()), cursors(phone)
    if len(have) != 8 or back(phone, frame, 0) != have[b64(frame.id)]:
        raise Broken("the phone does not hold 5 spaces and 3 logs")
    requests = []
    for _ in range(count):
        have[b64(held.id)] = chain.have()
        body = {"have": have, "push": {b64(held.id): [chain.next()]}}
        requests.append(asked(phone, body))

    def is_right(answer: dict[str, Any]) -> bool:
        pull, mine = answer["pull"], b64(held.id)
        return (
            answer["pushed"] == {mine: {"accepted": 1}}
            and pull.keys() == {mine, b64(frame.id)}
            and len(pull[b64(frame.id)]["versions"]) == NEW
            and len(pull[mine]["versions"]) == 1
            and not (answer["more"] or answer["gone"] or answer["lacking"])
        )

    return requests, is_right


def own_notes(client: Client) -> Any:
    """The client's space ``personal``."""
    return next(
        held for held in client.replica.spaces.values()
        if held.space.kind is SpaceKind.PERSONAL
    )  # fmt: skip


def compare_answers(phone: Client, group: Group, floor: Server, server: Server) -> None:
    """Both say the same of what is new, or they are not doing the same job."""
    request = asked(phone, {"have": cursors(phone)})
    pulls = []
    for one in (floor, server):
        status, answer = Connection(one.port).exchange(request)
        pulls.append((status, orjson.loads(answer)["pull"]))
    if pulls[0] != pulls[1] or len(pulls[0][1]) != 1:
        raise Broken("the floor and the server answer differently")


def measure_finish() -> Figures:
    """A leader finishes a register: register, leaders and 12 threads at once."""
    count = WARM_UP + ROUNDS * FINISH_REQUESTS
    with world(1, [12]) as (server, made):
        group = made.groups[0]
        leader = group.leader
        chains = list(finishing(group))
        names = {b64(chain.held.id) for chain in chains}
        if len(names) != 14:
            raise Broken("a register does not touch 14 spaces")
        have, requests = cursors(leader), []
        for _ in range(count):
            have |= {b64(chain.held.id): chain.have() for chain in chains}
            push = {b64(chain.held.id): [chain.next()] for chain in chains}
            requests.append(asked(leader, {"have": have, "push": push}))

        def is_right(answer: dict[str, Any]) -> bool:
            return (
                answer["pushed"] == {name: {"accepted": 1} for name in names}
                and answer["pull"].keys() == names
                and all(len(page["versions"]) == 1 for page in answer["pull"].values())
            )

        course = Course(server, iter(requests), is_right)
        return {"finish_cpu_ms": interleave([course], FINISH_REQUESTS)[0]}


def finishing(group: Group) -> Iterator[Chain]:
    """What a finished register writes, one chain for each space."""
    spaces = group.leader.replica.spaces
    register = spaces[group.space(SpaceKind.REGISTER).id]
    yield Chain(group.leader, register, Rule.OWN, sheet(group), 2048)
    leaders = spaces[group.space(SpaceKind.LEADERS).id]
    yield Chain(group.leader, leaders, Rule.LEAD, contact())
    for person, _ in group.places:
        thread = spaces[group.space(SpaceKind.THREAD, person).id]
        yield Chain(group.leader, thread, Rule.OWN, statement(person), 1024)


# -- a space that has grown ------------------------------------------------------------


def measure_growth() -> Figures:
    """The same pull of 12 from a small space and from a large one."""
    with world(2, [12, 12]) as (server, made):
        server.stop()
        for group, size in zip(made.groups, (SMALL_SPACE, LARGE_SPACE), strict=True):
            grow(server, group, size)
        with running(server):
            courses = [pulling(server, group) for group in made.groups]
            small, large = interleave(courses, PULL_REQUESTS)
    return {"pull_growth_200_to_500k": large / small}


def grow(server: Server, group: Group, size: int) -> None:
    """Put versions into a group's frame, with a right chain of heads."""
    space = group.space(SpaceKind.FRAME).id
    chance, connection = random.Random(size), sqlite3.connect(database(server))
    connection.execute("PRAGMA synchronous = OFF")
    where = "FROM version WHERE space_id = ? ORDER BY seq DESC LIMIT 1"
    header, body, record, device, day, seq, head = connection.execute(
        f"SELECT header, body, record, device_id, day, seq, head {where}", (space,)
    ).fetchone()

    def rows(head: bytes) -> Iterator[tuple[Any, ...]]:
        for place in range(seq + 1, size + 1):
            raw = header[:-24] + chance.randbytes(24)
            sealed = chance.randbytes(len(body))
            body_hash = sha256(sealed)
            identity = sha256(raw, body_hash)
            head = next_head(head, identity)
            yield (
                space, place, identity, raw, chance.randbytes(64), sealed, body_hash,
                head, device, place, record, day,
            )  # fmt: skip

    with connection:
        connection.executemany(
            "INSERT INTO version (space_id, seq, id, header, signature, body,"
            " body_hash, head, device_id, n, record, day)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows(head),
        )
        connection.execute(
            f"UPDATE space SET (seq, head) = (SELECT seq, head {where})"
            " WHERE space_id = ?",
            (space, space),
        )
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def pulling(server: Server, group: Group) -> Course:
    """A member's pulls of the last 12 versions of its group's frame."""
    phone, space = group.members[0], group.space(SpaceKind.FRAME).id
    connection = sqlite3.connect(database(server))
    newest, head = connection.execute(
        "SELECT seq, head FROM space WHERE space_id = ?", (space,)
    ).fetchone()
    (before,) = connection.execute(
        "SELECT head FROM version WHERE space_id = ? AND seq = ?", (space, newest - NEW)
    ).fetchone()
    connection.close()
    have = cursors(phone) | {b64(space): [1, newest - NEW, b64(before)]}
    request = asked(phone, {"have": have})

    def is_right(answer: dict[str, Any]) -> bool:
        page = answer["pull"].get(b64(space), {})
        return (
            len(answer["pull"]) == 1
            and len(page["versions"]) == NEW
            and (page["seq"], page["head"]) == (newest, b64(head))
        )

    return Course(server, iter(lambda: request, None), is_right)


# -- everybody at once -----------------------------------------------------------------


def measure_storm() -> Figures:
    """450 phones return, 32 at a time."""
    sizes = [STORM_PHONES // STORM_GROUPS] * STORM_GROUPS
    for place in range(STORM_PHONES - sum(sizes)):
        sizes[place] += 1
    with world(STORM_GROUPS, sizes) as (server, made):
        phones = [(phone, group) for group in made.groups for phone in group.members]
        random.Random(450).shuffle(phones)
        returns = [Return(phone, group) for phone, group in phones]
        disk = [fsync_ms(server.data)]
        wall_s = storm(server, returns)
        disk.append(fsync_ms(server.data))
        rss_mib = server.rss_mib()
        failed = [one for one in returns if not one.was_served()]
        for one in failed[:3]:
            say(f"  not served: {one.status} {one.answer[:200]!r}")
        took = sorted(one.took_ms for one in returns)
    return {
        "storm_served": len(returns) - len(failed),
        "storm_errors": len(failed),
        "storm_p50_ms": statistics.median(took),
        "storm_p99_ms": took[int(len(took) * 0.99)],
        "storm_wall_s": wall_s,
        "storm_rss_mib": rss_mib,
        "fsync_ms": statistics.median(disk),
    }


class Return:
    """One phone's one request, made by its client, and what came of it."""

    def __init__(self, phone: Client, group: Group) -> None:
        self.phone, self.frame = phone, group.space(SpaceKind.FRAME)
        self.seen = phone.replica.cursor(self.frame.id).seq
        write(phone, own_notes(phone).space, Rule.OWN, note())
        phone.full_pull = False  # as after the app has been opened again
        phone.outbox.seal_batch()
        self.body = phone._request()
        self.request = asked(phone, self.body)
        self.status, self.answer, self.took_ms = 0, b"", 0.0

    def send(self, port: int) -> None:
        started, connection = time.perf_counter(), Connection(port)
        try:
            self.status, self.answer = connection.exchange(self.request)
        except OSError:
            self.status = 0
        self.took_ms = (time.perf_counter() - started) * 1000
        connection.close()

    def was_served(self) -> bool:
        """Whether the client verifies the answer and has nothing left to send."""
        if self.status != 200:
            return False
        self.phone._take(orjson.loads(self.answer), self.body)
        new = self.phone.replica.cursor(self.frame.id).seq - self.seen
        left = self.phone.store.one("SELECT 1 FROM outbox")
        alarm = self.phone.store.one("SELECT 1 FROM alarm")
        return new == NEW and left is None and alarm is None


def storm(server: Server, returns: list[Return]) -> float:
    """Send them all; how many seconds until the last has its answer."""
    waiting: queue.SimpleQueue[Return] = queue.SimpleQueue()
    for one in returns:
        waiting.put(one)
    begin = threading.Barrier(STORM_AT_ONCE + 1)

    def phones() -> None:
        begin.wait()
        while True:
            try:
                one = waiting.get_nowait()
            except queue.Empty:
                return
            one.send(server.port)

    with ThreadPoolExecutor(STORM_AT_ONCE) as workers:
        for _ in range(STORM_AT_ONCE):
            workers.submit(phones)
        begin.wait()
        started = time.perf_counter()
    return time.perf_counter() - started


# -- a client takes in much ------------------------------------------------------------


def measure_open() -> Figures:
    """A second phone of an account takes in 2,000 notes: verify, keep, open."""
    pages, author, space = two_thousand_notes()
    took = [take_in(pages, author, space) for _ in range(3)]
    return {"open_2000_s": statistics.median(took)}


def two_thousand_notes() -> tuple[list[dict[str, Any]], Client, Space]:
    """Every answer that a phone without anything gets until it has it all."""
    server, store, keys = MemoryServer(time.time), memory(), Keys()
    Client.create(keys, os.urandom)
    author = Client(store, keys, server, time.time)
    invitation = os.urandom(16)
    server.operator_code(invitation)
    with store.write():
        store.set_meta("lookup", invitation)
    space = Space(author.person_circle().space.circle, SpaceKind.PERSONAL)
    for number in range(OPENED):
        values = {"title": f"Week {number}", "text": "What stayed with me. " * 3}
        content = records.dump("note", values)
        intent = Intent(Rule.OWN, os.urandom(16), content)
        author.outbox.write(space, intent, os.urandom(16))
    author.sync()
    pages: list[dict[str, Any]] = []
    have: dict[str, Any] = {}
    while not pages or pages[-1]["more"]:
        _, answer = server.request("POST", "/v1/sync", {"have": have}, author._token())
        pages.append(answer)
        for name, page in answer["pull"].items():
            have[name] = [answer["inc"], page["seq"], page["head"]]
    return pages, author, space


def take_in(pages: list[dict[str, Any]], author: Client, space: Space) -> float:
    """Seconds from the first page to the last opened note, on a fresh store."""
    with scratch() as folder:
        store = Store.open(folder / "store.sqlite")
        started = time.perf_counter()
        replica = Replica(store, author.identity, os.urandom(32), os.urandom)
        now = int(time.time())
        for answer in pages:
            for name, page in answer["pull"].items():
                replica.take_page(unb64(name), answer["inc"], page, now)
            for name, wraps in answer["wraps"].items():
                pairs = [(unb64(kid), unb64(wrap)) for kid, wrap in wraps]
                replica.take_wraps(unb64(name), pairs, now)
        heads = replica.heads(space.id)
        took = time.perf_counter() - started
        store.connection.close()
    contents = [one.content for (one,) in heads.values()]
    titles = {c.fields["title"] for c in contents if isinstance(c, records.Record)}
    if titles != {f"Week {number}" for number in range(OPENED)}:
        raise Broken("not every note was opened")
    return took


def memory() -> Store:
    return Store(sqlite3.connect(":memory:"))


# -- the whole -------------------------------------------------------------------------

SERVER: dict[str, Callable[[], Figures]] = {
    "phone": measure_phone,
    "finish": measure_finish,
    "growth": measure_growth,
    "storm": measure_storm,
    "open": measure_open,
}


def in_app(measure: Callable[[Path, Callable[[str], None]], Figures]) -> Figures:
    """A part of the app's: browsers may use every core, the server stays on its own."""
    with scratch() as folder:
        os.sched_setaffinity(0, CORES)
        try:
            return measure(folder, say)
        finally:
            os.sched_setaffinity(0, {LOAD_CORE})


APP = {name: partial(in_app, measure) for name, measure in bench_app.PARTS.items()}
PARTS: dict[str, Callable[[], Figures]] = SERVER | APP
"""By name for ``BENCH=name``; later work adds its own here and in ``TABLE``."""
WHOLE = {"server": list(SERVER), "app": list(APP)}
"""Several parts under one name."""


def print_table(figures: Figures) -> None:
    say(f"\n{'what':42}{'measured':>12}  {'goal':>8}")
    for row in TABLE:
        figure = row.figure(figures)
        if figure is None:
            continue
        missed = row.is_missed(figure)
        goal = "" if row.goal is None else _shown(row.goal)
        say(
            f"{row.what:42}{_shown(figure):>12}  {goal:>8} {row.unit:8}"
            f"{'  <<< MISSED' if missed else ''}"
        )


def _shown(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 10_000 else f"{figure:.4g}"


def keep(figures: Figures) -> None:
    """Merge into what earlier runs have measured."""
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    kept |= {name: round(figure, 4) for name, figure in figures.items()}
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


def main(names: list[str]) -> int:
    names = [part for name in names for part in WHOLE.get(name, [name])]
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        known = ", ".join([*PARTS, *WHOLE])
        say(f"There is no part {unknown[0]}. There are: {known}.")
        return 2
    os.sched_setaffinity(0, {LOAD_CORE})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and stop the servers
    figures: Figures = {}
    broken = 0
    for name in names or PARTS:
        started = time.monotonic()
        say(f"Measuring {name} ...")
        try:
            figures |= PARTS[name]()
            keep(figures)
        except Exception as error:  # the other parts are still worth having
            broken += 1
            say(f"  BROKEN: {type(error).__name__}: {error}")
        say(f"  {time.monotonic() - started:.0f} s")
    broken += bool(figures.get("storm_errors"))
    print_table(figures)
    say(f"\nWritten to {RESULTS.relative_to(ROOT)}.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
