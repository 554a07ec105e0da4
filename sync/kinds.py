"""Circle kinds, spaces, roles and write rules, kept as data (PROTOCOL 2).

``SPACES`` is the table of design 3: who reads each kind of space, who may begin
an epoch, who may write under the rule ``lead``, whether old keys are carried,
and whether a newcomer is wrapped to without asking anybody. Nothing here acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

ZERO16 = bytes(16)
ZERO32 = bytes(32)


class Role(IntFlag):
    """What a person is in one circle; roles are a set (16 bits)."""

    NONE = 0
    MEMBER = 1
    LEADER = 2
    COORDINATOR = 4
    OBSERVER = 8
    SUPERVISOR = 16
    FIRM_HEAD = 32
    APPLICANT = 64
    NAMED = 128
    OWNER = 256


ALL_ROLES = (1 << 9) - 1


class CircleKind(IntEnum):
    """What the people of a circle are to each other (8 bits)."""

    PERSON = 1
    GROUP = 2
    PROGRAMME = 3
    FIRM = 4
    SUPERVISION = 5
    TEAM = 6
    APPLICATION = 7
    CASE = 8


class Rule(IntEnum):
    """The one clear byte that says who may write a version (PROTOCOL 5.2)."""

    CONTROL = 0
    LEAD = 1
    OWN = 2
    ALL = 3


class SpaceKind(IntEnum):
    """One audience (8 bits). ``CIRCLE`` is the log of the circle itself."""

    CIRCLE = 0
    PERSONAL = 1
    FRAME = 2
    ROOM = 3
    REGISTER = 4
    LEADERS = 5
    THREAD = 6
    PROGRAMME = 7
    OFFICE = 8
    FIRM = 9
    SUPERVISION = 10
    SUPERVISORS = 11
    TEAM = 12
    APPLICATION = 13
    CASE = 14


@dataclass(frozen=True)
class Audience:
    """One row of the table of spaces.

    Attributes:
        circle: the kind of circle it belongs to.
        readers: roles whose accounts hold its keys.
        lead: roles that may write under ``lead``.
        rotate: roles that may begin an epoch.
        carried: whether an epoch carries the keys before it.
        automatic: whether a newcomer is wrapped to without a confirmation.
        by_person: whether there is one such space for each person, who reads it
            whatever their role.
        least: smallest padded size of an ``own`` version, bytes.
    """

    circle: CircleKind
    readers: Role
    lead: Role
    rotate: Role
    carried: bool
    automatic: bool
    by_person: bool = False
    least: int = 256


_M, _L, _C, _O = Role.MEMBER, Role.LEADER, Role.COORDINATOR, Role.OBSERVER
_S, _F, _A, _N = Role.SUPERVISOR, Role.FIRM_HEAD, Role.APPLICANT, Role.NAMED
_W = Role.OWNER
_GROUP, _TABLE = CircleKind.GROUP, CircleKind.PROGRAMME

SPACES: dict[SpaceKind, Audience] = {
    SpaceKind.PERSONAL: Audience(CircleKind.PERSON, _W, _W, _W, True, True),
    SpaceKind.FRAME: Audience(_GROUP, _M | _L | _C | _O, _L | _C, _L | _C, True, True),
    SpaceKind.ROOM: Audience(
        _GROUP, _M | _L | _O, _L, _M | _L | _O, False, True, least=1024
    ),
    SpaceKind.REGISTER: Audience(
        _GROUP, _L | _C, _L | _C, _L | _C, True, True, least=2048
    ),
    SpaceKind.LEADERS: Audience(_GROUP, _L, _L, _L, False, False),
    SpaceKind.THREAD: Audience(
        _GROUP, _L, _L, _L, False, False, by_person=True, least=1024
    ),
    SpaceKind.PROGRAMME: Audience(_TABLE, _C, _C, _C, True, True),
    SpaceKind.OFFICE: Audience(_TABLE, _C, _C, _C, True, True),
    SpaceKind.FIRM: Audience(CircleKind.FIRM, _F | _C, _F | _C, _F | _C, True, True),
    SpaceKind.SUPERVISION: Audience(
        CircleKind.SUPERVISION, _S | _L | _C, _S | _C, _S | _L | _C, True, True
    ),
    SpaceKind.SUPERVISORS: Audience(CircleKind.SUPERVISION, _S, _S, _S, False, False),
    SpaceKind.TEAM: Audience(CircleKind.TEAM, _L, _L, _L, True, True),
    SpaceKind.APPLICATION: Audience(
        CircleKind.APPLICATION, _A | _C, _C, _A | _C, True, False
    ),
    SpaceKind.CASE: Audience(CircleKind.CASE, _N, _N, _N, False, False),
}

# Whom a role may add, change and remove (PROTOCOL 4.3). A coordinator of a
# group may act on anybody; a leader may seat the first coordinator only.
AUTHORITY: dict[CircleKind, dict[Role, Role]] = {
    CircleKind.PERSON: {_W: _W},
    CircleKind.GROUP: {_L: _M | _O | _L, _C: _M | _O | _L | _C},
    CircleKind.PROGRAMME: {_C: _C},
    CircleKind.FIRM: {_F: _F, _C: _F | _C},
    CircleKind.SUPERVISION: {_S: _S | _L, _C: _S | _L | _C},
    CircleKind.TEAM: {_L: _L, _C: _L | _C},
    CircleKind.APPLICATION: {_C: _A | _C},
    CircleKind.CASE: {_N: _N},
}

# Padded plaintext sizes, bytes (PROTOCOL 5.4). Nothing is larger.
BUCKETS = (256, 1024, 2048, 4096, 16384, 65536)
