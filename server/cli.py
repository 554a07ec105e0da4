"""Commands for whoever keeps the server: ``flask --app server ...``.

An error is one line and exit code 2. Nothing here can show what people wrote.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click
import flask_migrate
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import make_url, text
from sqlalchemy.exc import SQLAlchemyError

from server.services import Services, backup
from server.services.invitations import new_operator_code
from server.services.jobs import run_forever, run_nightly
from sync.errors import EnidError

jobs = AppGroup("jobs", help="Work that is done at night.")


def _services() -> Services:
    services: Services = current_app.extensions["enid"]
    return services


def _stop(sentence: str) -> NoReturn:
    click.echo(sentence, err=True)
    raise SystemExit(2)


def plainly(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what can go wrong into one line and exit code 2."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except backup.BackupError as error:
            _stop(str(error))
        except EnidError as error:
            _stop(error.detail)
        except OSError as error:
            _stop(f"{error.filename}: {error.strerror}")
        except SQLAlchemyError:
            _stop("The database cannot be used: is it there, and upgraded?")

    return with_appcontext(wrapper)


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@plainly
def backup_command(file: Path) -> None:
    """Copy the database to FILE while the server runs."""
    backup.backup(make_url(current_app.config["DATABASE_URL"]), file)
    click.echo(
        f"Saved to {file}. It holds sealed envelopes and who is where: guard it."
    )


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--check", is_flag=True, help="Only verify FILE; change nothing.")
@plainly
def restore_command(file: Path, check: bool) -> None:
    """Replace the database by the backup in FILE; phones put back what it lacks."""
    url = make_url(current_app.config["DATABASE_URL"])
    if check:
        if url.get_backend_name() != "sqlite":
            _stop("Restore a PostgreSQL dump into an empty database to check it.")
        for name, count in backup.check(file).items():
            click.echo(f"{name.replace('_', ' '):16}{count:>10,}")
        return
    inc = backup.restore(url, file, _services().now)
    flask_migrate.upgrade()
    click.echo(f"Restored as incarnation {inc}. Every phone signs in anew by itself.")


@click.command("stats")
@plainly
def stats_command() -> None:
    """Print counts, nothing else."""
    with _services().database.read() as connection:
        for name, statement in _COUNTS.items():
            count = connection.execute(text(statement)).scalar() or 0
            click.echo(f"{name:22}{count:>12,}")


_COUNTS = {
    "incarnation": "SELECT value FROM server_state WHERE key = 'inc'",
    "accounts": "SELECT COUNT(*) FROM account",
    "signed-in devices": "SELECT COUNT(*) FROM token",
    "open invitations": "SELECT COUNT(*) FROM invitation WHERE used_by IS NULL",
    "circles": "SELECT COUNT(*) FROM space WHERE kind = 0",
    "spaces": "SELECT COUNT(*) FROM space WHERE kind <> 0",
    "versions": "SELECT COALESCE(SUM(seq), 0) FROM space",
    "bytes of bodies": "SELECT SUM(LENGTH(body)) FROM version",
}


@click.command("invite-coordinator")
@click.option("--days", default=14, show_default=True, help="How long it is good for.")
@plainly
def invite_command(days: int) -> None:
    """Print a code that makes one account; it is shown only here."""
    click.echo(new_operator_code(_services(), days))


@jobs.command("run")
@click.option("--once", is_flag=True, help="Do the night's work now, then stop.")
@plainly
def run_jobs(once: bool) -> None:
    """Do the night's work at 03:00 UTC, every night."""
    if not once:
        run_forever(_services())
    for name, count in run_nightly(_services()).items():
        click.echo(f"{name:10}{count:>10,}")


def init_app(app: Flask) -> None:
    """Add the commands."""
    for command in (backup_command, restore_command, stats_command, invite_command):
        app.cli.add_command(command)
    app.cli.add_command(jobs)
