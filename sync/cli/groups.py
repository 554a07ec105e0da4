"""Groups, programmes and the people in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sync.cli.work import Work, command, nested
from sync.declined import Declined
from sync.desk import finding
from sync.kinds import Role
from sync.programme_import import ROLES, Importer


def _my_name(work: Work) -> str:
    name = work.args.me or work.desk.personal.settings().get("name")
    if not name:
        raise Declined('say once what the group calls you: --me "Dr A. Rowe"')
    return str(name)


def group_create(work: Work) -> None:
    """Begin a group."""
    args, desk = work.args, work.desk
    name = _my_name(work)
    listed = args.programme and finding.programme(desk, args.programme)
    with work.saving():
        desk.personal.set_setting("name", name)
        roles = _roles(args.role)
        desk.groups.begin(args.name, name, roles, listed or None)


def _roles(typed: Iterable[str]) -> Role:
    roles = Role.NONE
    for role in typed:
        roles |= ROLES[role]
    return roles


def programme_create(work: Work) -> None:
    """Begin a programme."""
    with work.saving():
        work.desk.programmes.begin(
            work.args.name, apologies_shown=work.args.apologies_shown
        )


def programme_import(work: Work) -> None:
    """Take people, groups and sessions from two spreadsheets."""
    args, desk = work.args, work.desk
    importer = Importer(desk, finding.programme(desk, args.programme))
    files = importer.read(args.people, args.sessions)
    for line in files.notices:
        work.say(f"look at {line}")
    if files.faults:
        for line in files.faults:
            work.say(line)
        raise Declined(f"{len(files.faults)} problems; nothing was written")
    if args.dry_run:
        _say_outcome(work, importer, files, dry=True)
        work.say("A dry run: nothing was written.")
        return
    with work.saving():
        _say_outcome(work, importer, files, dry=False)


def _say_outcome(work: Work, importer: Importer, files: Any, dry: bool) -> None:
    outcome = importer.write(files, dry)
    for line in outcome.notices:
        work.say(f"look at: {line}")
    for what, count in sorted(outcome.counts.items()):
        work.say(f"{count:6,} {what}")


def invite(work: Work) -> None:
    """Open a place for a person; the code is shown once it works."""
    args, desk = work.args, work.desk
    circle = finding.group(desk, args.group).circle
    roles = _roles(args.role)
    names = {p.item.fields["name"] for p in desk.groups.people(circle)}
    with work.saving():
        if args.mark or args.name not in names:
            person = desk.groups.add_person(circle, args.name, args.mark, roles)
        else:
            person = finding.person(desk, circle, args.name).person
        desk.places.invite(circle, person, roles)


def confirm(work: Work) -> None:
    """Say that an account is really that person's."""
    circle = finding.group(work.desk, work.args.group).circle
    person = finding.person(work.desk, circle, work.args.name)
    with work.saving(otherwise="Confirmed."):
        work.desk.groups.confirm(circle, person.person)


def remove(work: Work) -> None:
    """End a person's place in a group."""
    circle = finding.group(work.desk, work.args.group).circle
    person = finding.person(work.desk, circle, work.args.name)
    with work.saving():
        work.desk.groups.remove_person(circle, person.person)


def add_to(add: Any) -> None:
    """Add these commands to the parser."""
    create = command(nested(add, "group", "Groups."), "create", group_create, "name")
    create.add_argument("--me", metavar="NAME", help="what the group calls you")
    create.add_argument("--programme", metavar="NAME")
    create.add_argument("--role", nargs="+", choices=ROLES, default=["leader"])
    programmes = nested(add, "programme", "Programmes.")
    begin = command(programmes, "create", programme_create, "name")
    begin.add_argument(
        "--apologies-shown", choices=["group", "leaders"], default="group"
    )
    take = command(programmes, "import", programme_import)
    take.add_argument("people", type=Path)
    take.add_argument("sessions", type=Path)
    take.add_argument("--programme", metavar="NAME")
    take.add_argument("--dry-run", action="store_true")
    take.add_argument("--out", default=".", metavar="DIR", help="for the codes")
    asked = command(add, "invite", invite, "group", "name")
    asked.add_argument("--role", nargs="+", choices=ROLES, default=["member"])
    asked.add_argument("--mark", help="tells two people of one name apart")
    command(add, "confirm", confirm, "group", "name")
    command(add, "remove", remove, "group", "name")
