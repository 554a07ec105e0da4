"""Every screen of the app in every state that it can be in, for pictures and for axe.

A state is reached as a person reaches it, where a picture can wait for that; where it
would take days, a step sets the fact behind it through the hook of the e2e build
(`pwa/src/ui/hook.ts`): never what is shown, always what is so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
GOOD, BAD = "008JP-4CT4K-ANK7X-F24SA-NAXWS", "008JP-4CT4K-ANK7Y"
PEOPLE = """enid.facts.people.value = [
  { role: 'member', name: 'Chloe Adeyemi', code: '' },
  { role: 'leader', name: 'Priya Shah', code: '' },
  { role: 'co-leader', name: 'Sam Osei', code: '' },
  { role: 'coordinator', name: 'Alex Rowe', code: '' }]"""


@dataclass(frozen=True)
class State:
    """One picture: who looks, and the steps in JavaScript that lead there."""

    name: str
    role: str | None
    steps: tuple[str, ...] = ()
    context: dict[str, Any] = field(default_factory=dict)


def door(name: str, *steps: str, **context: Any) -> State:
    """Before there is an account."""
    return State(name, None, steps, context)


def member(name: str, *steps: str, **context: Any) -> State:
    return State(name, "member", steps, context)


def leader(name: str, *steps: str, **context: Any) -> State:
    return State(name, "leader", steps, context)


def at(session: str, route: str = "session") -> str:
    """Go to a screen of a session."""
    return f"enid.go('{route}', {{ rec: shots.{session}().rec }})"


REAL, OFFLINE = "shots.real()", "shots.net({ state: 'offline' })"
TOP = "document.getElementById('main').scrollTop = 0"
# This week's other sitting: one thing in the outbox.
WROTE = f"shots.tap('Thursday'); {TOP}"
GROUP = "enid.go('group', { circle: shots.first().circle })"
RULES = "enid.go('rules', { circle: shots.first().circle })"
OLD = "shots.spaces((s) => ({ ...s, checkedAt: Date.now() - 16 * 86400000 }))"
UNSAVED = "shots.rows(() => ({ state: 'unsaved', code: 'storage_full' }))"
NO_DATES = "shots.edit('session', () => [])"
# A second tap at once is not an answer, so a picture waits like a thumb.
SEND = "await shots.wait(600); shots.tap('Send')"
SCROLL = "document.querySelector('details[open]').scrollIntoView()"

STATES: tuple[State, ...] = (
    door("front"),
    door("front-demo", PEOPLE),
    door("front-iphone", user_agent=IPHONE),
    door("join", "enid.go('join')"),
    door("join-typing", "enid.go('join')", f"shots.type('#code', '{BAD}')"),
    door(
        "join-wrong",
        "enid.go('join')",
        f"shots.type('#code', '{BAD}')",
        "shots.tap('Join')",
    ),
    door(
        "join-no-answer",
        "enid.go('join')",
        f"shots.type('#code', '{GOOD}')",
        "shots.tap('Join')",
        offline=True,
    ),
    door("open", "enid.go('open')"),
    door("open-wrong", "enid.go('open')", "shots.tap('Open')"),
    door("help-fresh", "enid.go('help')"),
    member("today"),
    member("today-elsewhere", timezone_id="America/New_York"),
    member("today-up-to-date", REAL),
    member("today-offline", REAL, OFFLINE),
    member("today-sending", WROTE, REAL, "shots.net({ state: 'busy' })"),
    member("today-pending", WROTE, REAL),
    member("today-pending-offline", WROTE, REAL, OFFLINE),
    member(
        "today-stuck",
        WROTE,
        REAL,
        OFFLINE,
        "shots.rows(() => ({ at: Date.now() - 3 * 86400000 }))",
    ),
    member(
        "today-refused",
        WROTE,
        REAL,
        "shots.rows(() => ({ state: 'refused', code: 'role_denied' }))",
    ),
    member("today-unsaved", WROTE, REAL, UNSAVED),
    member(
        "today-stale",
        REAL,
        OLD,
        "shots.net({ state: 'offline', lastOkAt: Date.now() - 16 * 86400000 })",
    ),
    member("today-clock", REAL, "shots.net({ clockAhead: 5 * 3600000 })"),
    member("today-gap", "shots.days(21)"),
    member("today-nothing", NO_DATES),
    member("today-no-group", "shots.world(() => ({ circles: new Map() }))"),
    member(
        "today-first-sync",
        REAL,
        "shots.world(() => ({ circles: new Map() }))",
        "enid.facts.progress.value = { done: 420, of: 2000 }",
    ),
    member("today-update", "enid.facts.update.value = 'ready'"),
    member(
        "today-install",
        "const offer = new Event('beforeinstallprompt'); dispatchEvent(offer)",
        WROTE,
        "document.getElementById('main').scrollTop = 9999",
    ),
    member(
        "today-iphone",
        WROTE,
        "document.getElementById('main').scrollTop = 9999",
        user_agent=IPHONE,
    ),
    member(
        "today-cancelled",
        "shots.edit('session', (v) => [{ ...v, content: "
        "{ ...v.content, state: 'cancelled', reason: 'Snow' } }])",
    ),
    leader("today-leader"),
    leader("today-differ", REAL),
    member("locked", "enid.facts.vault.value = 'locked'"),
    member("revoked", WROTE, "enid.facts.vault.value = 'revoked'"),
    member(
        "lost-page",
        "history.pushState({}, '', '/nowhere')",
        "dispatchEvent(new PopStateEvent('popstate'))",
    ),
    member("session", at("soon")),
    member("session-ahead", at("ahead")),
    member("session-past", at("past")),
    member("session-offline", REAL, OFFLINE, at("ahead")),
    member(
        "session-online",
        "shots.edit('session', (v) => { const { place, ...rest } "
        "= v.content; return [{ ...v, content: { ...rest, link: "
        "'https://meet.example/enid', passcode: '482 913' } }] })",
        at("ahead"),
    ),
    member("session-old", REAL, OLD, at("ahead")),
    leader("session-leader", at("soon")),
    leader(
        "session-differ",
        "shots.edit('session', (v) => [v, { ...v, id: v.id + 'x', "
        "content: { ...v.content, place: 'Library' } }])",
        at("ahead"),
    ),
    member("session-lost", "enid.go('session', { rec: 'AAAAAAAAAAAAAAAAAAAAAA' })"),
    member("group", "enid.go('groups')"),
    member("group-later", "enid.go('groups')", "shots.tap('8 later')", SCROLL),
    member("group-past", "enid.go('groups')", "shots.tap('5 past')", SCROLL),
    member(
        "group-people",
        "enid.go('groups')",
        "shots.tap('Who they are')",
        "document.querySelector('.ring').scrollIntoView()",
    ),
    member(
        "group-empty", NO_DATES, "shots.edit('rules', () => [])", "enid.go('groups')"
    ),
    leader("groups-many", "shots.many(12)", "enid.go('groups')"),
    leader(
        "groups-none-found",
        "shots.many(12)",
        "enid.go('groups')",
        "shots.type('.input', 'surgery')",
    ),
    leader("group-of-many", "shots.many(12)", GROUP),
    member(
        "groups-none",
        "shots.world(() => ({ circles: new Map() }))",
        "enid.go('groups')",
    ),
    member("rules", RULES),
    member("rules-agreed", RULES, "shots.tap('I agree')"),
    member("rules-old", REAL, OLD, RULES),
    member("rules-none", "shots.edit('rules', () => [])", RULES),
    leader("rules-leader", RULES),
    member("help", "enid.go('help')"),
    leader("register", at("soon", "register")),
    leader(
        "register-marked",
        at("soon", "register"),
        "shots.tap('Here', 0)",
        "shots.tap('Late', 1)",
        "shots.tap('Absent', 2)",
    ),
    leader(
        "register-filled",
        at("soon", "register"),
        "shots.tap('Absent', 1)",
        "shots.tap('Mark the')",
    ),
    leader("register-offline", REAL, OFFLINE, at("soon", "register")),
    leader("register-differ", "shots.tap('Look at it together')"),
    leader(
        "register-finished",
        at("soon", "register"),
        "shots.tap('Mark the')",
        "await shots.wait(600); shots.tap('Finish')",
    ),
    leader("register-iphone", at("soon", "register"), user_agent=IPHONE),
    leader("register-past", at("past", "register")),
    member("apology", at("soon", "apology")),
    member("apology-sent", at("soon", "apology"), SEND),
    member(
        "apology-reason",
        at("soon", "apology"),
        SEND,
        "shots.tap('Rota')",
    ),
    member("today-apology", at("soon", "apology"), SEND, "enid.go('today')"),
    member("notes", "enid.go('notes')"),
    member("notes-first", "shots.edit('note', () => [])", "enid.go('notes')"),
    member("note", "enid.go('notes')", "document.querySelector('#main .row').click()"),
    member("note-iphone", "enid.go('note', { rec: 'new' })", user_agent=IPHONE),
    member("note-new", "enid.go('note', { rec: 'new' })"),
    member("more", "enid.go('more')"),
    member("phone", "enid.go('phone')"),
    member("phone-waiting", WROTE, REAL, OFFLINE, "enid.go('phone')"),
    member("phone-unsaved", WROTE, REAL, UNSAVED, "enid.go('phone')"),
    member("attendance", "enid.go('attendance')"),
    member("kit", "enid.go('kit')"),
    member("how", "enid.go('how')"),
)
