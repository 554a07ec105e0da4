"""People at their desks, for tests: one group of one programme, everybody joined."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time

from sync.desk import Desk, Line, Meeting
from sync.invitations import Invitation
from sync.kinds import Role
from tests.people import World
from tests.worlds import memory_world

TUESDAY = date(2027, 1, 19)  # the world's clock stands at Friday 15 January 2027, 08:00
ONE = time(13)


@dataclass
class Balint:
    """A group: who is in it, and their desks by first name."""

    world: World
    circle: bytes
    desks: dict[str, Desk]
    people: dict[str, bytes] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Desk:
        return self.desks[name]

    def meet(self, rounds: int = 3) -> None:
        """Everybody finds a network."""
        for _ in range(rounds):
            for desk in self.desks.values():
                desk.sync()

    def add(self, name: str, role: Role = Role.MEMBER) -> bytes:
        """Somebody more on the roster, without an account."""
        person = self["alex"].groups.add_person(self.circle, name, roles=role)
        self.people[name] = person
        return person

    def join(self, name: str, person: bytes, role: Role, inviter: str = "alex") -> Desk:
        """Somebody on the roster joins with a phone of their own."""
        invitation = self[inviter].places.invite(self.circle, person, role)
        self[inviter].sync()
        self[inviter].places.handed_over(self[inviter].places.codes())
        phone = self.world.newcomer()
        phone.join(Invitation.from_code(invitation.code))
        phone.person_circle()
        phone.keep_slot()
        self.desks[name] = Desk(phone)
        self[name].sync()
        return self[name]

    def session(self, name: str = "alex", place: int = 0) -> Meeting:
        """One of the group's sessions, as somebody's device shows it."""
        return self[name].sessions.of(self.circle)[place]

    def line(self, name: str, label: str, place: int = 0) -> Line:
        """One line of the register, as somebody's device shows it."""
        shown = self[name].registers.show(self.session(name, place))
        return next(line for line in shown.lines if line.label == label)


def group(world: World | None = None, **settings: str) -> Balint:
    """Alex coordinates, Priya and Sam lead, Chloe has the app; Li Wei has not."""
    world = world or memory_world()
    alex = Desk(world.first())
    programme = alex.programmes.begin("Doctors", **settings)
    circle = alex.groups.begin("Tuesdays", "Alex", Role.COORDINATOR, programme)
    us = Balint(world, circle, {"alex": alex})
    us["alex"].sessions.add(circle, TUESDAY, ONE, 60, place="Room 4")
    for name, role in (("Priya", Role.LEADER), ("Sam", Role.LEADER)):
        us.join(name.lower(), us.add(name, role), role)
    us.join("chloe", us.add("Chloe"), Role.MEMBER)
    us.add("Li Wei")
    us.meet()
    us["priya"].groups.confirm(circle, us.people["Sam"])
    us["sam"].groups.confirm(circle, us.people["Priya"])
    us.meet()
    return us
