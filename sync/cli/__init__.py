"""The command ``enid`` (docs/commands.md).

Every command works without a network, save those that take a code. Every error is
one line on stderr and exit code 2. Two words tell where something is: *Saved on this
device*, and *Sent* once it has been seen in the verified log.
"""

from __future__ import annotations

import argparse
import io
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from sync.cli import beginning, device, groups, notes, registers, sessions
from sync.cli.work import Parser, Work, plain
from sync.client import Transport
from sync.declined import Declined
from sync.errors import EnidError, Later
from sync.home import Offline, open_home
from sync.http import HttpTransport


def parser() -> Parser:
    """All commands."""
    top = Parser(prog="enid", description="Your group, on your device.")
    home = os.environ.get("ENID_HOME") or Path.home() / ".enid"
    top.add_argument("--home", type=Path, default=Path(home), metavar="DIR")
    top.add_argument("--server", metavar="URL")
    top.add_argument("--offline", action="store_true", help="do not try the network")
    add = top.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    for module in (beginning, groups, sessions, registers, notes, device):
        module.add_to(add)
    return top


def main(
    argv: Sequence[str] | None = None,
    connect: Callable[[str], Transport] = HttpTransport,
    clock: Callable[[], float] = time.time,
    out: TextIO | None = None,
) -> int:
    """Run one command; its exit code.

    Args:
        connect: makes the transport for a server's address.
        clock: unix time in seconds.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return _run(parser().parse_args(argv), connect, clock, out or sys.stdout)
    except Later as error:
        where = f" ({error.code.replace('_', ' ')})"
        return _fail(f"The server cannot be reached; this needs a network once{where}")
    except Declined as error:
        return _fail(error.detail)
    except EnidError as error:
        return _fail(plain(error))
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return _fail("interrupted; what was saved on this device stays there")
    except OSError as error:
        return _fail(f"{error.filename or 'this device'}: {error.strerror or error}")
    except sqlite3.Error as error:
        return _fail(f"the store of this device cannot be used: {error}")


def _run(
    args: argparse.Namespace,
    connect: Callable[[str], Transport],
    clock: Callable[[], float],
    out: TextIO,
) -> int:
    chosen: Callable[[str], Any] = Offline if args.offline else connect
    with open_home(args.home.expanduser(), chosen, clock, args.server) as home:
        code: int = args.act_on(Work(home, args, out)) or 0
    out.flush()
    return code


def _fail(line: str) -> int:
    sys.stderr.write(f"enid: {' '.join(line.split())}\n")
    return 2
