"""A real PostgreSQL of the tests' own: found or installed, started, thrown away.

It listens on loopback and on a socket in its own temporary folder, asks for a password
(other people may use this machine), and syncs to disk as in real use. Nothing of a
PostgreSQL that already runs here is touched.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

START_S = 60
STOP_S = 20
PROGRAMS = ("initdb", "postgres")
# Where packages put the programs when they are not on the PATH.
USUAL_PLACES = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/local/pgsql/bin",
    "usr/libexec/postgresql*",
    "opt/homebrew/opt/postgresql*/bin",
    "usr/local/opt/postgresql*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)


class Unavailable(Exception):
    """PostgreSQL cannot be had here; the text says why and what would help."""


@contextmanager
def running() -> Iterator[str]:
    """Start a server and give the URL of its `postgres` database."""
    programs = find_programs() or install_programs()
    owner = unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="enid-pg-"))
    try:
        if owner:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        with started(programs, folder, owner) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """Create an empty database, give its URL, and drop it whoever still uses it."""
    name = "enid_" + secrets.token_hex(6)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
    try:
        yield server_url.rpartition("/")[0] + "/" + name
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def find_programs() -> Path | None:
    """Return the newest folder that holds the server, not just its client."""
    folders = sorted(
        (folder for place in USUAL_PLACES for folder in Path("/").glob(place)),
        key=lambda folder: [int(n) for n in _numbers(str(folder))],
        reverse=True,
    )
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    if shutil.which("pg_config"):
        answer = subprocess.run(
            ["pg_config", "--bindir"], capture_output=True, text=True, check=False
        )
        folders.append(Path(answer.stdout.strip()))
    for folder in folders:
        if all(os.access(folder / program, os.X_OK) for program in PROGRAMS):
            return folder
    return None


def _numbers(text: str) -> list[str]:
    return "".join(c if c.isdigit() else " " for c in text).split()


def install_programs() -> Path:
    """Install Debian's PostgreSQL where that is possible without asking anybody."""
    if os.geteuid() or not shutil.which("apt-get"):
        raise Unavailable(
            "No PostgreSQL server is installed. Debian or Ubuntu: "
            "apt-get install postgresql; macOS: brew install postgresql"
        )
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    last_words = ""
    for step in (["update"], ["install", "-y", "postgresql"]):
        command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", *step]
        print("No PostgreSQL found:", *command, flush=True)
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        last_words = done.stdout[-500:]
    programs = find_programs()
    if not programs:
        raise Unavailable(f"apt-get could not install PostgreSQL: {last_words}")
    return programs


def unprivileged_user() -> pwd.struct_passwd | None:
    """Choose whom PostgreSQL runs as: it refuses root, anybody else is themself."""
    if os.geteuid():
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Unavailable("PostgreSQL refuses root, and there is no user `nobody` here.")


@contextmanager
def started(
    programs: Path, folder: Path, owner: pwd.struct_passwd | None
) -> Iterator[str]:
    password = secrets.token_hex(16)
    data = folder / "data"
    log = folder / "log"
    secret = folder / "password"
    secret.write_text(password)
    secret.chmod(0o600)
    if owner:
        os.chown(secret, owner.pw_uid, owner.pw_gid)
    initialised = subprocess.run(
        [
            programs / "initdb",
            *("-D", str(data), "-U", "enid", "--pwfile", str(secret)),
            *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
        ],
        capture_output=True,
        text=True,
        check=False,
        **_as(owner, folder),
    )
    if initialised.returncode:
        raise Unavailable(f"initdb failed: {initialised.stderr.strip()}")
    port = free_port()
    with log.open("wb") as output:
        server = subprocess.Popen(
            [
                programs / "postgres",
                *("-D", str(data), "-k", str(folder), "-p", str(port)),
                *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=on"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **_as(owner, folder),
        )
    try:
        url = f"postgresql://enid:{password}@127.0.0.1:{port}/postgres"
        wait_until_it_answers(server, url, log)
        yield url
    finally:
        stop(server)


def _as(owner, folder: Path) -> dict:
    """Return how to start a program as that user, in a place it may stand in."""
    environment = {"PATH": os.defpath, "LC_ALL": "C", "HOME": str(folder)}
    how = {"cwd": folder, "env": environment}
    if owner:
        how |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    return how


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until_it_answers(server: subprocess.Popen, url: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                last_words = log.read_text(errors="replace")[-500:]
                raise Unavailable(f"It did not start: {last_words}") from error
        time.sleep(0.05)


def stop(server: subprocess.Popen) -> None:
    """Stop the one server that was started here, gently and then firmly."""
    for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if server.poll() is not None:
            return
        server.send_signal(how)
        try:
            server.wait(STOP_S)
        except subprocess.TimeoutExpired:
            print(f"PostgreSQL ignored {how.name}", file=sys.stderr)
