"""Taking, showing and exporting registers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sync.cli.work import Work, command, nested, words
from sync.declined import Declined
from sync.desk import Line, Meeting, finding
from sync.desk.schedule import LONDON, when_in_words, zone
from sync.merge import VALUES
from sync.spreadsheet import write_table


def register_show(work: Work) -> None:
    """Show a register."""
    meeting = finding.meeting(work.desk, work.args.session)
    shown = work.desk.registers.show(meeting)
    work.say(f"{meeting.group.name}, {when_in_words(meeting.item.fields)}")
    width = max((len(line.label) for line in shown.lines), default=0)
    for line in shown.lines:
        work.say(f"  {line.label:{width}}  {said_of(line)}")
    if shown.finished_by:
        work.say(f"Finished by {' and '.join(shown.finished_by)}.")
    if shown.pending:
        work.say("Saved on this device. Not sent yet.")
    work.say("Seen by leaders and coordinators.")


def said_of(line: Line) -> str:
    """What a register says of one person, in words."""
    state = line.standing.state
    if state == "agreed":
        text = words(line.standing.value or "")
    elif state == "differ":
        both = (f"{words(v)} ({', '.join(by)})" for v, by in line.by_value.items())
        text = f"you differ: {'; '.join(both)}"
    else:
        text = "not marked" if line.expected else "on leave"
    said = line.apology
    if said:
        at = said.written_at and said.written_at.astimezone(zone(LONDON))
        when = f" {at:%d %b %H:%M}" if at else ""
        after = "" if said.in_time else ", after the start"
        why = f': "{said.reason}"' if said.reason else ""
        what = "withdrew apologies" if said.withdrawn else "sent apologies"
        text += f"  [{what}{when}{after}{why}]"
    return text + ("  (visitor)" if line.visitor else "")


def register_mark(work: Work) -> None:
    """Mark one person, everybody else, or a visitor."""
    args, desk = work.args, work.desk
    meeting = finding.meeting(desk, args.session)
    if bool(args.person) + bool(args.others) + bool(args.visitor) != 1:
        raise Declined("give PERSON MARK, or --others MARK, or --visitor NAME")
    if args.person and not args.mark:
        raise Declined(f"how? One of: {', '.join(VALUES)}")
    with work.saving():
        if args.visitor:
            desk.registers.add_visitor(meeting, args.visitor)
        elif args.others:
            count = desk.registers.fill_blanks(meeting, args.others)
            work.say(f"{count} marked.")
        else:
            person = _marked_person(work, meeting)
            desk.registers.mark(meeting, person, args.mark)


def _marked_person(work: Work, meeting: Meeting) -> bytes:
    """Somebody on the roster, or a visitor by name."""
    lines = work.desk.registers.show(meeting).lines
    visitors = [n for n in lines if n.visitor and n.label == work.args.person]
    if len(visitors) == 1:
        return visitors[0].person
    return finding.person(work.desk, meeting.circle, work.args.person).person


def register_finish(work: Work) -> None:
    """Close one's own sheet."""
    meeting = finding.meeting(work.desk, work.args.session)
    with work.saving():
        work.desk.registers.finish(meeting)
    blank = len(work.desk.registers.show(meeting).blank)
    if blank:
        work.say(f"Finished; {blank} not marked.")


def export_register(work: Work) -> None:
    """Write a group's attendance into a spreadsheet."""
    group = finding.group(work.desk, work.args.group)
    registers = work.desk.registers.attendance(group.circle)
    people: dict[bytes, str] = {}
    for register in registers:
        people |= {line.person: line.label for line in register.lines}
    days = [when_in_words(register.meeting.item.fields) for register in registers]
    table: list[Sequence[object]] = [["person", *days]]
    for person, label in sorted(people.items(), key=lambda p: p[1].casefold()):
        lines = [{n.person: n for n in register.lines} for register in registers]
        found = [_cell(by_person.get(person)) for by_person in lines]
        table.append([label, *found])
    write_table(work.args.csv, table, work.args.bom)
    work.say(f"{len(people)} people, {len(days)} sessions: {work.args.csv}")


def _cell(line: Line | None) -> str:
    if line is None:
        return ""
    if line.standing.state == "differ":
        return f"differ: {' / '.join(words(v) for v in line.standing.values)}"
    return words(line.standing.value or "")


def add_to(add: Any) -> None:
    """Add these commands to the parser."""
    register = nested(add, "register", "Take and show registers.")
    command(register, "show", register_show, "session")
    mark = command(register, "mark", register_mark, "session")
    mark.add_argument("person", nargs="?")
    mark.add_argument("mark", nargs="?", choices=VALUES)
    mark.add_argument("--others", choices=VALUES, help="whoever is not marked yet")
    mark.add_argument("--visitor", metavar="NAME")
    command(register, "finish", register_finish, "session")
    export = command(add, "export-register", export_register, "group")
    export.add_argument("--csv", type=Path, required=True, metavar="FILE")
    export.add_argument("--bom", action="store_true", help="for Excel")
