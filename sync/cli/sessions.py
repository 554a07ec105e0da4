"""When the groups meet, and who cannot come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sync.cli.work import Work, ago, command, nested, words
from sync.declined import Declined
from sync.desk import Meeting, finding
from sync.desk.schedule import read_clock, read_day, when_in_words


def schedule(work: Work) -> None:
    """Show when the groups meet."""
    desk, now = work.desk, work.desk.shelf.now
    meetings = desk.sessions.all()
    if work.args.group:
        circle = finding.group(desk, work.args.group).circle
        meetings = [m for m in meetings if m.circle == circle]
    shown = [m for m in meetings if work.args.all or m.ends_at > now]
    if not shown:
        work.say("No session is planned." if not meetings else "No more sessions.")
        return
    work.say(f"UK time. {_age(work, now)}")
    for meeting in shown:
        _say_meeting(work, meeting)


def _age(work: Work, now: datetime) -> str:
    checked = work.desk.checked_at()
    return f"Checked {ago(now, checked)}." if checked else "Never checked."


def _say_meeting(work: Work, meeting: Meeting) -> None:
    fields, labels = meeting.item.fields, work.desk.groups.labels(meeting.circle)
    when = when_in_words(fields)
    work.say(f"{finding.short(meeting.rec)}  {when}  {meeting.group.name}")
    here = meeting.starts_at.astimezone()
    if here.utcoffset() != meeting.starts_at.utcoffset():
        _more(work, f"{here:%a %H:%M} by this device's clock")
    if meeting.cancelled:
        _more(work, f"CANCELLED {fields.get('reason', '')}")
    led_by = ", ".join(labels.get(person, "?") for person in fields["led_by"])
    _more(work, fields.get("place"), led_by, fields.get("link"), fields.get("passcode"))
    for row in work.desk.personal.unread_changes(meeting):
        before = f"{row['before']} -> " if "before" in row else ""
        by = labels.get(row["by"], "?")
        _more(work, f"new {row['what']}: {before}{row.get('after', '')} ({by})")
    for name, values in meeting.item.differ.items():
        both = " or ".join(str(value) for value in values)
        _more(work, f"two people wrote a different {name}: {both}")
    _more(work, *_about_me(work, meeting))
    _more(work, "not sent yet" if meeting.item.pending else "")


def _more(work: Work, *parts: str | None) -> None:
    text = "  ".join(part for part in parts if part)
    if text:
        work.say(f"        {text}")


def _about_me(work: Work, meeting: Meeting) -> Iterator[str]:
    """One's own apology, and what one's leaders have marked."""
    desk, circle = work.desk, meeting.circle
    said = desk.apologies.of(meeting).get(desk.shelf.person_in(circle))
    if said:
        yield "You withdrew apologies." if said.withdrawn else "You sent apologies."
    standing = desk.registers.mine(circle).get(meeting.rec)
    if standing and standing.values:
        agreed = standing.value
        yield f"You: {words(agreed) if agreed else 'your leaders are still agreeing'}"


def session_add(work: Work) -> None:
    """Plan a session."""
    args, desk = work.args, work.desk
    circle = finding.group(desk, args.group).circle
    more = {k: v for k, v in (("place", args.place), ("link", args.link)) if v}
    leaders = tuple(finding.person(desk, circle, n).person for n in args.leader)
    try:
        on, start = read_day(args.day), read_clock(args.start)
    except ValueError as error:
        raise Declined(str(error)) from error
    with work.saving():
        rec = desk.sessions.add(circle, on, start, args.minutes, **more, led_by=leaders)
        work.say(f"{finding.short(rec)}  {args.day} {args.start}")


def session_change(work: Work) -> None:
    """Change a session; the group is told what changed."""
    args, desk = work.args, work.desk
    meeting = finding.meeting(desk, args.session)
    changes = {k: v for k, v in vars(args).items() if k in ("place", "link", "minutes")}
    changes = {k: v for k, v in changes.items() if v is not None}
    try:
        if args.on:
            changes["on"] = read_day(args.on)
        if args.start:
            changes["start"] = read_clock(args.start)
    except ValueError as error:
        raise Declined(str(error)) from error
    if args.cancel is not None:
        changes["state"] = "cancelled"
        if args.cancel:
            changes["reason"] = args.cancel
    with work.saving():
        desk.sessions.change(meeting.circle, meeting.rec, **changes)


def apology(work: Work) -> None:
    """Send apologies, or withdraw them."""
    meeting = finding.meeting(work.desk, work.args.session)
    with work.saving():
        work.desk.apologies.send(meeting, work.args.reason, work.args.withdraw)


def add_to(add: Any) -> None:
    """Add these commands to the parser."""
    shown = command(add, "schedule", schedule)
    shown.add_argument("group", nargs="?")
    shown.add_argument("--all", action="store_true", help="past sessions too")
    sessions = nested(add, "session", "Plan and change sessions.")
    new = command(sessions, "add", session_add, "group", "day", "start")
    new.add_argument("--minutes", type=int, default=60)
    new.add_argument("--leader", action="append", default=[], metavar="NAME")
    changed = command(sessions, "change", session_change, "session")
    changed.add_argument("--on", metavar="DAY")
    changed.add_argument("--start", metavar="TIME")
    changed.add_argument("--minutes", type=int)
    changed.add_argument("--cancel", nargs="?", const="", metavar="REASON")
    for made in (new, changed):
        made.add_argument("--place")
        made.add_argument("--link")
    sorry = command(add, "apology", apology, "session")
    sorry.add_argument("--reason", help="read by your leaders only; never needed")
    sorry.add_argument("--withdraw", action="store_true")
