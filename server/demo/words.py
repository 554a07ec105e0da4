"""The people and words of the demo; nobody here is real."""

from __future__ import annotations

PROGRAMME = "Doctors' groups (demo)"
GROUP = "Tuesday 1pm and Thursday 5:30pm"
YEAR = "Year 3 (demo)"
COORDINATOR, LEADER, CO_LEADER = "Alex Rowe", "Priya Shah", "Sam Osei"
MEMBER, WRITER = "Chloe Adeyemi", "Siân Ó Briain-Okafor"
ON_LEAVE = "Hannah Goldberg"

# Name, and what tells two of one name apart. Each is an edge case of its own:
# accents, one name twice, names in either order, one name only, a long one, a
# script from right to left (requirements 4.3).
MEMBERS = (
    (MEMBER, None),
    (WRITER, None),
    ("Mohammed Ali Khan", "FY1"),
    ("Mohammed Ali Khan", "CT2"),
    ("Li Wei", None),
    ("Wei Li", None),
    ("Thiruvalluvan", None),
    ("Maria Magdalena Wilhelmina Antoinette von Hohenstein-Buchanan II", None),
    ("ياسمين الحداد", None),
    (ON_LEAVE, None),
    ("Tom O’Neill", None),
    ("Agnieszka Zielińska", None),
)

PURPOSE = (
    "A safe place to think about feelings at work; to understand better what patients"
    " are telling us; to learn to work in a group. It is not therapy, not teaching, not"
    " assessment."
)
# Well-known national numbers; a programme checks its list before it goes live.
HELP = (
    {"name": "Emergency services", "reach": "999", "hours": "always"},
    {"name": "Samaritans", "reach": "116 123", "hours": "always"},
)

RULES = (
    "Confidential: not outside, not in the corridor with each other. Leaders may confer"
    " as a team, which keeps the same promise.",
    "A private place: say so as you join; headphones if anyone might overhear; no"
    " recording, no transcription or AI note-taker.",
    "Come as regularly as your rota lets you; the same sitting when you can, the other"
    " when you can't.",
    "If you can't come, send apologies to the group, so that nobody simply vanishes."
    " You need not say why.",
    "This is a place to think about work: not therapy, not assessment, not"
    " supervision. Ask us separately about any of those.",
    "Limits: if we feared for your safety or someone else's, we'd aim to say so here"
    " and talk with you first; rarely we might have to tell someone.",
    "If the line drops: rejoin; we wait two minutes and carry on.",
)

NOTE = (
    "What stayed with me\n\nThe daughter who apologised for ringing the bell. I was"
    " short with her, and I know why: it was four in the morning and I had nothing"
    " left.\n\nAsk the group what they do with the ones who say sorry."
)
REASON = "On nights until Thursday."

STUDENTS = (
    "Amara Nwosu", "Ben Whitlock", "Catrin Llwyd", "Dev Patel", "Eilidh Fraser",
    "Farah Siddiqui", "George Mensah", "Hana Kovács", "Imogen Vale", "João Duarte",
    "Kezia Brown", "Lucas Meyer", "Meera Iyer", "Niamh Walsh", "Omar Haddad",
    "Poppy Trent", "Quentin Lowe", "Rosa Ferri", "Sefa Öztürk", "Tess Ward",
    "Uma Rao",
)  # fmt: skip
STUDENT_LEADERS = ("Dr Ruth Bell", "Dr Ian Cho", "Dr Nora Quist", "Dr Paul Eze")
