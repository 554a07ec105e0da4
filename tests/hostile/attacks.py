"""One switch for each attack (reference/security.md 2).

An attack has a victim, a ``lie`` that it tells, and ``won``: whether it got what it
wanted. ``without`` are the defences that must be missing for that; ``alarm`` is the
code that the real client records, or raises, instead.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import ClassVar

from sync import entries, envelope, sealing
from sync.check import Space
from sync.client import Client
from sync.encoding import b64
from sync.envelope import DELETED, View
from sync.errors import EnidError
from sync.invitations import Invitation
from sync.kinds import ZERO16, ZERO32, CircleKind, Role, Rule, SpaceKind
from sync.membership import Account, Membership, account_id
from sync.sealing import EpochKey
from tests.hostile.liar import (
    MAL,
    Answer,
    Mutation,
    Stage,
    attempt,
    holds,
    kept,
    seq,
    weaken,
)
from tests.people import LATER, alarms, join, shown, texts
from tests.sim.memory_server import MemoryServer, MemorySpace
from tools.make_vectors import Known, Scene

__all__ = ["ATTACKS", "Attack", "weaken"]

UNSIGNED: Mutation = (
    "signing.verify",
    "_signer(suite).verify(key, label + message, signature)",
    "pass",
)
UNCHAINED: Mutation = (
    "check._check_chain",
    "(header.n, header.prev) != (n + 1, tip)",
    "False",
)
HOMELESS: Mutation = ("check.check", "header.space != home or ", "")
POWERLESS: Mutation = ("membership.Membership._must_command", "roles & ~allowed", "0")
SAID = b'{"t":"text","v":9,"text":"%s"}'


class Attack:
    """What a server may try."""

    cites: ClassVar[str] = ""
    without: ClassVar[tuple[Mutation, ...]] = ()
    alarm: ClassVar[str | None] = None
    untouched: ClassVar[bool] = True  # there is something that it does not touch
    from_the_start: ClassVar[bool] = False  # the defence was never there
    error: str | None = None  # what was raised instead of an alarm

    def victim(self, stage: Stage) -> Client:
        """Whose phone it is played against."""
        return stage.lee

    def lie(self, stage: Stage) -> None:
        """Do it, up to the victim's next sync and what follows."""
        raise NotImplementedError

    def won(self, stage: Stage) -> bool:
        """Whether the attacker got what it wanted."""
        raise NotImplementedError


# -- records (SEC-20 to SEC-22) -----------------------------------------------------


class ACiphertextIsSwappedBetweenTwoRecords(Attack):
    cites, alarm, from_the_start = "SEC-20", "bad_signature", True
    without: ClassVar[tuple[Mutation, ...]] = (
        UNSIGNED,
        (
            "sealing._content_context",
            "labels.EPOCH_CONTENT, header",
            "labels.EPOCH_CONTENT, b''",
        ),
    )  # fmt: skip

    def lie(self, stage):
        one, two = (v for v in stage.versions(stage.frame) if v.header.rule)
        header = replace(
            two.header, salt=one.header.salt, rec=os.urandom(16), n=two.header.n + 1,
            prev=two.id,
        )  # fmt: skip
        self.fake = envelope.build(header, one.body, lambda _: two.signature)
        stage.plant(stage.frame, self.fake)
        stage.meet()

    def won(self, stage):
        return texts(stage.bob, stage.frame).count("Tuesday at one") == 2

    def victim(self, stage):
        return stage.bob


class AVersionIsServedInAnotherSpace(Attack):
    cites, alarm = "SEC-20", "bad_envelope"
    without: ClassVar[tuple[Mutation, ...]] = (
        HOMELESS,
        ("check._check_epoch_of", "header.kid != ", "False and "),
    )

    def lie(self, stage):
        first = next(
            v for v in stage.versions(stage.frame)
            if v.header.device == stage.lee.outbox.device
        )  # fmt: skip
        self.moved = first
        stage.plant(stage.room, first)
        stage.meet()

    def victim(self, stage):
        return stage.bob

    def won(self, stage):
        return holds(stage.bob, stage.room, self.moved)


class ARecordIsDeletedInSomebodysName(Attack):
    """A deletion has no body, so the server needs no key to make one."""

    cites, alarm = "SEC-21, SEC-22", "bad_signature"
    without: ClassVar[tuple[Mutation, ...]] = (UNSIGNED,)
    suite = 1

    def lie(self, stage):
        ours = next(v for v in stage.versions(stage.frame) if v.header.rule)
        head = ours.header
        stage.plant(stage.frame, stage.forge(
            MAL, stage.frame, suite=self.suite, device=head.device, rule=Rule.LEAD,
            rec=head.rec, flags=DELETED, parents=(ours.id,), epoch=head.epoch,
            kid=head.kid,
        ))  # fmt: skip
        stage.meet()

    def won(self, stage):
        return "Tuesday at one" not in texts(stage.lee, stage.frame)


class ASuiteThatVerifiesNothingIsOffered(ARecordIsDeletedInSomebodysName):
    """Like the record deleted in somebody's name, but under suite 0."""

    cites, alarm, suite = "SEC-10", "bad_envelope", 0
    without: ClassVar[tuple[Mutation, ...]] = (
        ("check._verify_signature", "header.suite != membership.suite", "False"),
        (
            "signing._signer",
            'raise UpgradeRequired(detail=f"suite {suite} is not known here")'
            " from None",
            "return type('Any', (), {'verify': lambda *_: None})()",
        ),
    )


class AMemberWritesAsALeaderWithTheServersHelp(Attack):
    cites, alarm = "SEC-22", "role_denied"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "membership.Membership.may_write",
            "return bool(roles & audience.lead)",
            "return True",
        ),
    )

    def lie(self, stage):
        key = stage.key(stage.bob, stage.frame)
        stage.plant(stage.frame, stage.forge(
            stage.bob, stage.frame, SAID % b"no meeting", key, rule=Rule.LEAD,
            rec=os.urandom(16),
        ))  # fmt: skip
        stage.meet()

    def won(self, stage):
        return "no meeting" in texts(stage.lee, stage.frame)


class AMembersRecordHidesALeadersByNamingItAsParent(Attack):
    """The server serves it before its parent, which is then not known yet."""

    # What was made after it was made on another log than the one that is shown.
    cites, alarm = "PROTOCOL 5.3", "view_mismatch"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "replica.Replica.heads",
            "if (record, identity) not in replaced:",
            "if identity not in {p for _, p in replaced}:",
        ),
    )

    def lie(self, stage):
        first = next(v for v in stage.versions(stage.frame) if v.header.rule)
        fake = stage.forge(
            stage.bob, stage.frame, SAID % b"mine", stage.key(stage.bob, stage.frame),
            rule=Rule.OWN, rec=os.urandom(16), parents=(first.id,), view=View(),
        )  # fmt: skip
        stage.said.add("mine")  # Bob truly wrote it, where he may
        stage.plant(stage.frame, fake, stage.versions(stage.frame).index(first))
        self.fresh = stage.world.second_device(stage.ann)

    def victim(self, stage):
        return self.fresh

    def won(self, stage):
        return "Tuesday at one" not in texts(self.fresh, stage.frame)


# -- logs (SEC-24) ------------------------------------------------------------------


class AnOldVersionIsServedOnceMore(Attack):
    cites, alarm = "SEC-24", "server_fault"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "replica.Replica._keep_page",
            "if stand or len({v.id for v in versions}) != len(versions):",
            "if False:",
        ),
    )

    def lie(self, stage):
        stage.plant(stage.frame, stage.versions(stage.frame)[1])
        stage.meet()

    def won(self, stage):
        return seq(stage.lee, stage.frame) == len(stage.versions(stage.frame))


class AnOldPageIsServedOnceMore(Attack):
    cites, alarm = "SEC-24", "server_fault"
    without: ClassVar[tuple[Mutation, ...]] = (
        AnOldVersionIsServedOnceMore.without[0],
        ("replica.Replica.take_page", 'page["after"] != start.seq', "False"),
        (
            "replica.Replica.take_page",
            'page["seq"] != start.seq + len(versions)'
            ' or unb64(page["head"]) != heads[-1]',
            "False",
        ),
    )  # fmt: skip

    def lie(self, stage):
        old = stage.page(stage.versions(stage.frame)[:2])
        stage.liar.tell(stage.lee, lambda answer: answer["pull"].update(
            {b64(stage.frame.id): old}
        ))  # fmt: skip
        attempt(stage.lee)

    def won(self, stage):
        return seq(stage.lee, stage.frame) == 2


class TheServerGoesBackWithoutSayingSo(Attack):
    cites, alarm = "SEC-24", "went_back"
    without: ClassVar[tuple[Mutation, ...]] = (
        ("client.Client._take_page", "self.cursor(space) >= inc", "False"),
    )

    def lie(self, stage):
        old = stage.server.dump()
        stage.say(stage.ann, stage.frame, "moved to Thursday")
        stage.meet(stage.ann, stage.lee)
        stage.server.state = old
        attempt(stage.lee)
        assert "moved to Thursday" in texts(stage.lee, stage.frame)

    def won(self, stage):
        return not alarms(stage.lee)


class ASpaceIsSaidToBeGone(Attack):
    cites, alarm = "SEC-24, SEC-52", "went_back"
    without: ClassVar[tuple[Mutation, ...]] = (
        ("client.Client._take_gone", "self.cursor(space) >= inc", "False"),
    )

    def lie(self, stage):
        stage.liar.tell(stage.lee, lambda answer: answer.update(
            gone=[b64(stage.frame.id)]
        ))  # fmt: skip
        attempt(stage.lee)

    def won(self, stage):
        return not alarms(stage.lee)


class TwoPhonesAreShownTwoLogsWhichAreThenJoined(Attack):
    cites, alarm = "SEC-24", "view_mismatch"
    without: ClassVar[tuple[Mutation, ...]] = (
        ("replica.Replica._accused", "place and view.inc == inc and not seen", "False"),
    )

    def lie(self, stage):
        other = MemoryServer(stage.server.clock)
        other.state, other.tokens = stage.server.dump(), dict(stage.server.tokens)
        stage.lee.transport = other
        stage.say(stage.ann, stage.frame, "bring a case")
        stage.meet(stage.ann)
        for text in ("Ann is ill", "no meeting"):
            stage.say(stage.lee, stage.frame, text)
            attempt(stage.lee)
        for version, _, _ in other.state.spaces[stage.frame.id].versions[-2:]:
            stage.plant(stage.frame, version)
        attempt(stage.ann)

    def victim(self, stage):
        return stage.ann

    def won(self, stage):
        return not alarms(stage.ann) and "no meeting" in texts(stage.ann, stage.frame)


class OneVersionOfAnAuthorIsWithheld(Attack):
    cites, alarm = "SEC-24", "chain_conflict"
    without: ClassVar[tuple[Mutation, ...]] = (UNCHAINED,)

    def lie(self, stage):
        for text in ("Thursday", "no, Friday"):
            stage.say(stage.ann, stage.frame, text)
            stage.meet(stage.ann)
        rows = [(v, record) for v, _, record in stage.home(stage.frame).versions]
        self.whole = rows
        stage.rewrite(stage.frame, [*rows[:-2], rows[-1]])
        # Ann's view is of the log that is now hidden: the server must lie there too.
        stage.home(stage.frame).tips.clear()
        attempt(stage.lee)

    def won(self, stage):
        found = texts(stage.lee, stage.frame)
        return "no, Friday" in found and "Thursday" not in found and (
            "chain_conflict" not in alarms(stage.lee)
        )  # fmt: skip


class ARemovalIsWithheld(Attack):
    cites, alarm = "SEC-03, SEC-24", "chain_conflict"
    without: ClassVar[tuple[Mutation, ...]] = (UNCHAINED,)

    def lie(self, stage):
        stage.ann.remove(stage.circle, stage.bob.account, entries.REMOVE_ACCOUNT)
        stage.meet(stage.ann)
        stage.ann.invite(stage.circle, os.urandom(16), Role.MEMBER, {}, LATER)
        stage.meet(stage.ann)
        rows = [(v, record) for v, _, record in stage.home(stage.log).versions]
        stage.rewrite(stage.log, [*rows[:-2], rows[-1]])
        attempt(stage.lee)

    def won(self, stage):
        bob = stage.lee.replica.circles[stage.circle].accounts[stage.bob.account]
        return bool(bob.roles) and "chain_conflict" not in alarms(stage.lee)


# -- people and devices (SEC-02 to SEC-06) ------------------------------------------


def _grant(roles: Role = Role.LEADER) -> entries.Grant:
    who = MAL.identity
    return entries.Grant(MAL.person, roles, who.sign_key, who.wrap_key)


class _Injected(Attack):
    """Mal is to be seated, and so to be wrapped to."""

    cites, alarm = "SEC-03", "bad_signature"
    without: ClassVar[tuple[Mutation, ...]] = (UNSIGNED,)

    def fake(self, stage):
        return stage.forge_entry(MAL, _grant(), device=stage.ann.outbox.device)

    def lie(self, stage):
        stage.plant(stage.log, self.fake(stage))
        stage.meet()

    def won(self, stage):
        return MAL.account in stage.lee.replica.circles[stage.circle].accounts


class AMemberIsInjectedInALeadersName(_Injected):
    """At the end of the log."""


class AMemberIsInjectedRightAfterTheGenesis(_Injected):
    """For a phone that has seen nothing yet."""

    place = 1

    def lie(self, stage):
        version = stage.versions(stage.log)[self.place - 1]
        n = (
            version.header.n + 1
            if version.header.device == stage.ann.outbox.device
            else 2
        )
        fake = stage.forge_entry(
            MAL, _grant(), device=stage.ann.outbox.device, n=n, prev=version.id
        )
        stage.plant(stage.log, fake, self.place)
        self.fresh = stage.world.second_device(stage.ann)

    def victim(self, stage):
        return self.fresh

    def won(self, stage):
        return MAL.account in self.fresh.replica.circles[stage.circle].accounts


class AMemberIsInjectedInTheMiddleOfTheLog(AMemberIsInjectedRightAfterTheGenesis):
    """After the second entry, in the chain of its author."""

    place = 2


class AMemberInvitesALeaderWithTheServersHelp(_Injected):
    alarm = "role_denied"
    without: ClassVar[tuple[Mutation, ...]] = (POWERLESS,)

    def fake(self, stage):
        return stage.forge_entry(stage.bob, _grant())


class ARemovedLeaderSeatsSomebodyWithTheServersHelp(_Injected):
    alarm = "role_denied"
    without: ClassVar[tuple[Mutation, ...]] = (
        ("membership.Membership.active", "not account.roles", "False"),
        POWERLESS,
    )

    def lie(self, stage):
        stage.remove_lee()
        stage.meet(stage.bob)
        stage.plant(stage.log, stage.forge_entry(stage.lee, _grant()))
        stage.meet(stage.ann, stage.bob)

    def victim(self, stage):
        return stage.bob

    def won(self, stage):
        return MAL.account in stage.bob.replica.circles[stage.circle].accounts


class AnEntryOfAnotherCircleIsServedHere(_Injected):
    """Ann truly seated Mal, but elsewhere."""

    alarm = "bad_envelope"
    without: ClassVar[tuple[Mutation, ...]] = (HOMELESS, UNCHAINED)

    def fake(self, stage):
        there = Space(stage.elsewhere.circle, SpaceKind.CIRCLE)
        return stage.forge(stage.ann, there, entries.encode(_grant()))


class AStrangerSeatsThemselves(_Injected):
    """Signed by a device that no entry brought: in a log there is no *not yet*."""

    alarm = "unknown_author"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "membership.Membership.device",
            "return self.devices[device]",
            "return self.devices.get(device) or next(iter(self.devices.values()))",
        ),
        UNSIGNED,
    )

    def fake(self, stage):
        return stage.forge_entry(MAL, _grant())


class TheServerAnswersAnInvitationWithItsOwnKeys(_Injected):
    """SEC-06: what it is after is a wrap, made by a leader's own phone."""

    cites = "SEC-02, SEC-06"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "membership.Membership._join",
            "verify_join(self.suite, self.circle, entry)",
            "pass",
        ),
    )  # fmt: skip

    def fake(self, stage):
        invitation = stage.ann.invite(
            stage.circle, os.urandom(16), Role.MEMBER, {}, LATER
        )
        stage.meet(stage.ann)
        who = MAL.identity
        return stage.forge_entry(MAL, entries.Join(
            invitation.public, who.sign_key, who.wrap_key, MAL.key, MAL.certificate,
            bytes(64),
        ))  # fmt: skip

    def lie(self, stage):
        super().lie(stage)
        stage.liar.tell(stage.ann, lambda answer: answer["lacking"].update(
            {b64(stage.frame.id): [b64(MAL.account)]}
        ))  # fmt: skip
        stage.meet()
        stage.meet()

    def victim(self, stage):
        return stage.ann

    def won(self, stage):
        wraps = (w for path, body in stage.liar.seen if path == "/v1/sync"
                 for rows in body.get("wraps", {}).values() for w in rows)  # fmt: skip
        return any(row[1] == b64(MAL.account) for row in wraps)


class ADeviceIsAddedToAGenuineAccount(Attack):
    cites, alarm = "SEC-04", "bad_signature"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "membership.Membership._device",
            "verify_certificate(\n        self.suite, key, entry.account,"
            " entry.device_key, entry.certificate\n    )",
            "pass",
        ),
    )

    def lie(self, stage):
        entry = entries.Device(stage.ann.account, MAL.key, MAL.certificate)
        stage.plant(stage.log, stage.forge_entry(MAL, entry))
        stage.meet()

    def won(self, stage):
        return MAL.device in stage.lee.replica.circles[stage.circle].devices


class AHintNamesSomebodyWhoHasLeft(Attack):
    """The answer asks for a wrap to an account that the log no longer admits."""

    cites = "SEC-02"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "client.Client._wrap_for",
            "for account in self.outbox.recipients(held):",
            "for account in held.membership.accounts.values():",
        ),
    )

    def lie(self, stage):
        stage.remove_lee()
        stage.say(stage.ann, stage.frame, "after Lee")
        stage.meet(stage.ann, stage.bob)
        hint = [b64(stage.lee.account), b64(MAL.account)]
        stage.liar.tell(None, lambda answer: answer["lacking"].update(
            {b64(stage.frame.id): hint}
        ))  # fmt: skip
        stage.meet(stage.ann, stage.bob)
        stage.meet(stage.ann, stage.bob)

    def victim(self, stage):
        return stage.ann

    def won(self, stage):
        newest = stage.key(stage.ann, stage.frame).kid
        wraps = stage.home(stage.frame).wraps
        return any((kid, to) == (newest, stage.lee.account) for kid, to, _ in wraps)


class AKeyIsReplacedByOneThatTheServerKnows(Attack):
    """A right-looking wrap to the newcomer, under a genuine epoch's key id."""

    cites, alarm = "SEC-01, SEC-11", "unopened"
    without: ClassVar[tuple[Mutation, ...]] = (
        ("sealing.committed", "if not right:", "if False:"),
    )
    secret = b"known to the server, and thirty2!"[:32]

    def lie(self, stage):
        kid = b64(stage.key(stage.ann, stage.frame).kid)
        stage.server.counter += 1

        def swap(who, path, asked, answer):
            if who and answer.get("wraps", {}).get(b64(stage.frame.id)):
                mine = EpochKey(1, stage.frame.id, 1, self.secret)
                info = sealing._wrap_info(
                    stage.frame.id, 1, stage.key(stage.ann, stage.frame).kid, who
                )
                seat = stage.home(stage.frame).membership.accounts[who]
                wrap = sealing.sealer(1).wrap(seat.wrap_key, info, mine.secret)
                answer["wraps"][b64(stage.frame.id)] = [[kid, b64(wrap)]]

        stage.liar.lies.append(swap)
        self.dave = join(stage.world, stage.ann, stage.circle, Role.LEADER)

    def victim(self, stage):
        return self.dave

    def won(self, stage):
        keys = self.dave.replica.spaces[stage.frame.id].ring.keys.values()
        return any(key.secret == self.secret for key in keys)


class APackInClearNamesAnotherCircle(Attack):
    cites, alarm = "SEC-05, SEC-10", "unopened"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "invitations.Invitation.open_pack",
            "sealing.unpad(open_box(key, self._context(), box))",
            "box if box[:1] == b'{' else"
            " sealing.unpad(open_box(key, self._context(), box))",
        ),
    )  # fmt: skip

    def lie(self, stage):
        fake = Scene("mal's circle", MAL)
        invitation = stage.ann.invite(
            stage.circle, os.urandom(16), Role.MEMBER, {}, LATER
        )
        stage.meet(stage.ann)
        pack = json.dumps({"circle": b64(fake.circle)}).encode()
        stage.liar.lies.append(
            lambda who, path, asked, answer: answer.update(pack=b64(pack))
            if path == "/v1/invitation" else None
        )  # fmt: skip
        self.circle, self.dave = fake.circle, stage.world.newcomer()
        self.error = _raised(lambda: self.dave.join(invitation))

    def victim(self, stage):
        return self.dave

    def won(self, stage):
        return self.circle in self.dave.replica.circles


class AnotherInvitationsPackIsServed(Attack):
    """Mal was invited too, so the server has a pack of Mal's choosing at hand."""

    cites, alarm = "SEC-05", "unopened"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "client.Client.ask_pack",
            'return invitation.open_pack(unb64(_field(answer, "pack")))',
            'told = unb64(answer.get("secret", "")) or invitation.secret'
            '\n    return Invitation(told).open_pack(unb64(answer["pack"]))',
        ),
    )  # fmt: skip

    def lie(self, stage):
        mals = Invitation.new(os.urandom)
        fake = Scene("mal's circle", MAL)
        box = mals.seal_pack({"circle": b64(fake.circle)}, os.urandom)
        invitation = stage.ann.invite(
            stage.circle, os.urandom(16), Role.MEMBER, {}, LATER
        )
        stage.meet(stage.ann)
        stage.liar.lies.append(
            lambda who, path, asked, answer: answer.update(
                pack=b64(box), secret=b64(mals.secret)
            ) if path == "/v1/invitation" else None
        )  # fmt: skip
        self.circle, self.dave = fake.circle, stage.world.newcomer()
        self.error = _raised(lambda: self.dave.join(invitation))

    def victim(self, stage):
        return self.dave

    def won(self, stage):
        return self.circle in self.dave.replica.circles


class AForeignLogIsServedForTheCircleInThePack(Attack):
    """Mal's own circle, written under the id of the circle that was typed in."""

    cites, alarm = "SEC-05, PROTOCOL 7.3(2)", "bad_entry"
    without: ClassVar[tuple[Mutation, ...]] = (
        ("check._check_log_entry", "version.id != state.space.circle", "False"),
    )

    def lie(self, stage):
        invitation = stage.ann.invite(
            stage.circle, os.urandom(16), Role.MEMBER, {}, LATER
        )
        stage.meet(stage.ann)
        self.dave = stage.world.newcomer()
        self.dave.join(invitation)
        fake = Scene("in another's name", MAL)
        fake.log = Known(stage.log, Membership())
        fake.log.membership.suite = 1
        log = [fake.genesis]
        who = self.dave.identity
        grant = entries.Grant(os.urandom(16), Role.MEMBER, who.sign_key, who.wrap_key)
        fake.log.tips[MAL.device] = (1, fake.genesis.id)
        log.append(fake.entry(MAL, grant, view=View()))
        page = stage.page(log)
        stage.liar.tell(self.dave, lambda answer: answer["pull"].update(
            {b64(stage.log.id): page}
        ))  # fmt: skip
        attempt(self.dave)

    def victim(self, stage):
        return self.dave

    def won(self, stage):
        accounts = self.dave.replica.circles[stage.circle].accounts
        return MAL.account in accounts and self.dave.account in accounts


class NotesAreToBeWrittenInACircleThatTheServerOffers(Attack):
    """Mal begins a person's circle and seats the victim in it as another owner."""

    cites = "PROTOCOL 14.6"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "client.Client.person_circle",
            "self.replica.began(circle)",
            "self.account in membership.accounts",
        ),
    )

    def lie(self, stage):
        self.dave = stage.world.newcomer()
        who = self.dave.identity
        fake = Scene("mal's person", MAL, Role.OWNER, CircleKind.PERSON)
        fake.enter(MAL, entries.Grant(
            os.urandom(16), Role.OWNER, who.sign_key, who.wrap_key
        ))  # fmt: skip
        home = MemorySpace(fake.log.space, fake.membership)
        stage.server.state.spaces[fake.log.space.id] = home
        stage.rewrite(fake.log.space, [(v, bytes(33)) for v in fake.log.versions])
        self.circle = fake.circle
        attempt(self.dave)
        assert self.circle in self.dave.replica.circles
        self.entered = self.dave.outbox.rows(fake.log.space.id)

    def victim(self, stage):
        return self.dave

    def won(self, stage):
        return self.dave.person_circle().space.circle == self.circle


class ADeviceCertifiesItselfInACircleThatTheServerOffers(
    NotesAreToBeWrittenInACircleThatTheServerOffers
):
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "client.Client._derive",
            "not self.replica.is_trusted(held.space.circle)",
            "False",
        ),
    )

    def won(self, stage):
        return self.dave.outbox.device in self.dave.replica.circles[self.circle].devices


class ASlotInClearHoldsTheAttackersAccount(Attack):
    cites, alarm = "SEC-01, SEC-10", "unopened"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "invitations.AccountKey.open_slot",
            "open_box(key, self._context(account), slot[16:])",
            "slot[16:] if len(slot) == 48 else"
            " open_box(key, self._context(account), slot[16:])",
        ),
    )  # fmt: skip

    def lie(self, stage):
        slot = b64(MAL.account + MAL.identity.secret)
        stage.liar.lies.append(
            lambda who, path, asked, answer: answer.update(slot=slot)
            if path == "/v1/slot" and "slot" in answer else None
        )  # fmt: skip
        self.opened: list[Client] = []
        self.error = _raised(
            lambda: self.opened.append(stage.world.second_device(stage.ann))
        )

    def victim(self, stage):
        return stage.ann

    def won(self, stage):
        return self.error != "unopened"


# -- epochs and leaving (SEC-25, SEC-27, SEC-29) ------------------------------------


class ARemovedLeaderBeginsAnEpoch(Attack):
    """Lee has left, and with the server's help begins the next epoch for everybody."""

    cites, alarm = "SEC-25, SEC-27", "role_denied"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "check._check_epoch_membership",
            "roles = membership.roles_at(author, entry.membership)",
            "roles = author.ever",
        ),
        (
            "check._check_epoch_membership",
            "then = membership.roles_at(known, entry.membership)",
            "then = known.ever",
        ),
        (
            "keyring.Ring._follows",
            "bool(sealed) and hmac.compare_digest(\n            sealing.open_carried("
            'new, before.mark.kid, sealed or b""), old.secret\n        )',
            "bool(sealed)",
        ),
    )

    def lie(self, stage):
        stage.remove_lee()
        stage.say(stage.ann, stage.frame, "after Lee")
        stage.meet(stage.ann, stage.bob)
        home, held = stage.home(stage.frame), stage.ann.replica.spaces[stage.frame.id]
        membership, old = held.membership, stage.key(stage.ann, stage.frame)
        self.key = EpochKey(1, stage.frame.id, old.number + 1, os.urandom(32))
        readers: list[Account] = list(membership.readers(SpaceKind.FRAME).values())
        to = sorted([stage.lee.account, *(a.id for a in readers)])
        entry = entries.Epoch(
            stage.circle, SpaceKind.FRAME, ZERO16, held.epoch.id,
            membership.last_change, self.key.commitment,
            ((old.kid, os.urandom(80)),), ZERO32, tuple((a,) for a in to), (),
        )  # fmt: skip
        fake = stage.forge(
            stage.lee, stage.frame, entries.encode(entry), epoch=self.key.number,
            kid=self.key.kid,
        )  # fmt: skip
        stage.plant(stage.frame, fake)
        home.epoch = replace(home.epoch, number=self.key.number, kid=self.key.kid,
                             id=fake.id)  # fmt: skip
        for account in readers:
            place = (self.key.kid, account.id, stage.lee.account)
            home.wraps[place] = sealing.wrap(self.key, account)
        stage.meet(stage.ann, stage.bob)
        stage.say(stage.ann, stage.frame, "between us")
        stage.meet(stage.ann, stage.bob)

    def victim(self, stage):
        return stage.ann

    def won(self, stage):
        pushed = stage.liar.pushed(stage.frame)
        return any(header.kid == self.key.kid for header in pushed)


class AnOldEpochIsBegunOnceMore(Attack):
    """The entry of epoch 1 is served again after that of epoch 2."""

    cites, alarm = "SEC-25", "server_fault"
    without: ClassVar[tuple[Mutation, ...]] = (
        AnOldVersionIsServedOnceMore.without[0],
        (
            "replica.Replica._known",
            "return dict(rows)",
            "return {}",
        ),
        UNCHAINED,
        (
            "check._check_epoch",
            "entry.after != before or header.epoch != number + 1",
            "False",
        ),
        (
            "membership.Membership.follows",
            "ids.index(change) >= ids.index(earlier)",
            "True",
        ),
    )  # fmt: skip

    def lie(self, stage):
        stage.remove_lee()
        stage.say(stage.ann, stage.frame, "after Lee")
        stage.meet(stage.ann, stage.bob)
        stage.plant(stage.frame, stage.versions(stage.frame)[0])
        stage.meet(stage.bob)

    def victim(self, stage):
        return stage.bob

    def won(self, stage):
        return stage.bob.replica.spaces[stage.frame.id].epoch.number == 1


class ALeaderWhoLeftWritesWithAnEarlierDate(Attack):
    """Lee has left; the server takes words under the old epoch nevertheless."""

    cites = "SEC-27"
    alarm: ClassVar[str | None] = "stale_epoch"
    without: ClassVar[tuple[Mutation, ...]] = (
        ("check.still_counts", "closed is None or header.n <= closed[0]", "True"),
    )
    view: View | None = None

    def where(self, stage):
        return stage.frame

    def lie(self, stage):
        key = stage.key(stage.lee, self.where(stage))
        stage.remove_lee()
        stage.say(stage.ann, self.where(stage), "after Lee")
        stage.meet(stage.ann, stage.bob)
        changes = {} if self.view is None else {"view": self.view}
        stage.plant(self.where(stage), stage.forge(
            stage.lee, self.where(stage), SAID % b"still here", key, rule=Rule.LEAD,
            rec=os.urandom(16), **changes,
        ))  # fmt: skip
        stage.meet(stage.ann, stage.bob)

    def victim(self, stage):
        return stage.bob

    def won(self, stage):
        return "still here" in texts(stage.bob, self.where(stage))


class ALeaderWhoHadWrittenNothingWritesAfterLeaving(
    ALeaderWhoLeftWritesWithAnEarlierDate
):
    """No tip of theirs is listed, and the view hides how late it was."""

    alarm: ClassVar[str | None] = None
    view = View()
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "replica.Held.begin_epoch",
            "self.closed |= dict.fromkeys(self.lost_by(entry), NO_TIP)",
            "pass",
        ),
    )

    def where(self, stage):
        return stage.room


class ARestoreBringsBackSomebodyWhoWasRemoved(Attack):
    """The backup is from before the removal; its key is the one that Lee still has."""

    cites = "SEC-29"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "replica.Replica._set_aside",
            "UPDATE version SET seq = NULL WHERE space = ?",
            "DELETE FROM version WHERE space = ?",
        ),
    )

    def lie(self, stage):
        backup = stage.server.dump()
        stage.remove_lee()
        stage.server.restore(backup)
        for _ in range(4):
            stage.world.time += 40
            stage.meet(stage.ann, stage.bob)
            stage.ann = stage.world.restart(stage.ann)
        stage.world.time += 2 * 24 * 3600
        stage.say(stage.ann, stage.frame, "without Lee")
        stage.meet(stage.ann)

    def victim(self, stage):
        return stage.ann

    def won(self, stage):
        last = stage.versions(stage.frame)[-1].header.kid
        attempt(stage.lee)
        return last in stage.lee.replica.spaces[stage.frame.id].ring.keys


# -- storms (SEC-51, SEC-52) and lies about oneself -----------------------------------


class TheServerOrdersThePhoneToForget(Attack):
    cites, alarm, untouched = "SEC-52", "went_back", False
    without: ClassVar[tuple[Mutation, ...]] = (
        ARestoreBringsBackSomebodyWhoWasRemoved.without
    )

    def lie(self, stage):
        self.before = kept(stage.lee)
        empty = {"after": 0, "seq": 0, "head": b64(ZERO32), "versions": [],
                 "more": False, "reset": True}  # fmt: skip

        def storm(answer: Answer) -> None:
            spaces = [b64(s) for s in stage.lee.replica.spaces]
            answer["pull"] = {s: dict(empty) for s in spaces}
            answer["gone"] = spaces
            answer["delete"] = answer["wipe"] = spaces
            answer["clear_storage"] = True

        stage.liar.tell(stage.lee, storm)
        for _ in range(5):
            stage.world.time += 40
            attempt(stage.lee)

    def won(self, stage):
        return kept(stage.lee) < self.before or not texts(stage.lee, stage.frame)


class TheServerSaysThatItTookWhatItThrewAway(Attack):
    cites = "SEC-52, PROTOCOL 14.3(2)"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "client.Client._take_refusals",
            "self._wraps_arrived(space)",
            'self.store.run("DELETE FROM outbox WHERE space = ?", space)',
        ),
    )

    def lie(self, stage):
        stage.liar.before.append(lambda path, body: body.pop("push", None))

        def praise(who, path, asked, answer):
            if path == "/v1/sync":
                answer["pushed"] = {
                    s: {"accepted": len(rows)}
                    for s, rows in asked.get("push", {}).items()
                }  # fmt: skip

        stage.liar.lies.append(praise)
        stage.say(stage.lee, stage.frame, "do not lose this")
        attempt(stage.lee)

    def won(self, stage):
        ours = [o for o in shown(stage.lee, stage.frame)
                if b"do not lose" in getattr(o.content, "content", b"")]  # fmt: skip
        return not ours or not ours[0].pending


class TheServerRefusesEverythingForEver(Attack):
    cites = "SEC-52, PROTOCOL 14.3(3)"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "client.Client._set_aside",
            "self.outbox.to_tray(n, code)",
            'self.store.run("DELETE FROM outbox WHERE n = ?", n)',
        ),
    )

    def lie(self, stage):
        stage.liar.before.append(lambda path, body: body.pop("push", None))
        refusal = {"code": "bad_padding", "retry": "never", "index": 0, "detail": ""}

        def refuse(who, path, asked, answer):
            if path == "/v1/sync":
                answer["pushed"] = {
                    s: {"accepted": 0, "error": refusal} for s in asked.get("push", {})
                }

        stage.liar.lies.append(refuse)
        stage.say(stage.lee, stage.frame, "do not lose this")
        attempt(stage.lee)

    def won(self, stage):
        return "do not lose this" not in texts(stage.lee, stage.frame)


class AnAnswerHoldsMoreThanAnyAnswerMay(Attack):
    cites, alarm = "SEC-51", "server_fault"
    without: ClassVar[tuple[Mutation, ...]] = (
        ("replica.Replica.take_page", "len(versions) > PAGE_VERSIONS_MAX", "0"),
    )

    def lie(self, stage):
        self.before = kept(stage.lee)
        first = stage.forge(MAL, stage.frame, rule=Rule.ALL, epoch=1)
        self.junk = []
        for n in range(5000):
            header = replace(first.header, salt=n.to_bytes(24, "big"))
            self.junk.append(envelope.build(header, b"", lambda _: bytes(64)))
        versions = [*stage.versions(stage.frame), *self.junk]
        page = stage.page(versions)
        page["reset"] = True
        stage.liar.tell(stage.lee, lambda answer: answer["pull"].update(
            {b64(stage.frame.id): page}
        ))  # fmt: skip
        stage.lee.sync_once()

    def won(self, stage):
        return kept(stage.lee) > self.before + 4000


class AnIncarnationOfAbsurdSize(Attack):
    """It would stand in every header from then on, and fit in none."""

    cites, alarm = "SEC-51", "server_fault"
    without: ClassVar[tuple[Mutation, ...]] = (
        ("client.Client._take", "not 0 < inc < 1 << 31", "False"),
    )

    def lie(self, stage):
        def absurd(answer: Answer) -> None:
            answer["inc"] = 1 << 40
            answer["pull"] = {
                b64(stage.frame.id): {**stage.page(stage.versions(stage.frame)),
                                      "reset": True}
            }  # fmt: skip

        stage.liar.tell(stage.lee, absurd)
        try:
            stage.lee.sync_once()
        except EnidError as error:
            self.error = error.code
        stage.liar.turn_honest()

    def won(self, stage):
        try:
            stage.say(stage.lee, stage.frame, "are you there?")
            stage.lee.outbox.seal_batch()
        except OverflowError:
            return True
        return False


class AnUnsignedVersionMakesAPhoneTakeItselfForACopy(Attack):
    cites, alarm = "SEC-52", "bad_signature"
    without: ClassVar[tuple[Mutation, ...]] = (
        ("replica.Replica._keep_page", "if one.author:", "if True:"),
    )

    def lie(self, stage):
        self.device = stage.lee.outbox.device
        stage.plant(stage.frame, stage.forge(
            MAL, stage.frame, bytes(304), device=self.device, rule=Rule.LEAD, epoch=1,
            rec=os.urandom(16),
        ))  # fmt: skip
        attempt(stage.lee)

    def won(self, stage):
        return stage.lee.outbox.device != self.device


class AVersionOfAnotherSpaceBreaksItsAuthorsChainHere(Attack):
    """Lee's words from the frame, served in the room, so that the next are refused."""

    cites, alarm = "SEC-20, SEC-24", "bad_envelope"
    without: ClassVar[tuple[Mutation, ...]] = (
        (
            "replica.Replica._signer",
            "return seated.account if header.space == held.id else None",
            "return seated.account",
        ),
    )

    def lie(self, stage):
        first = next(
            v for v in stage.versions(stage.frame)
            if v.header.device == stage.lee.outbox.device
        )  # fmt: skip
        page = stage.page(stage.versions(stage.room))
        home = stage.home(stage.room)
        stage.rewrite(stage.room, [*((v, r) for v, _, r in home.versions),
                                   (first, bytes(33))])  # fmt: skip
        assert page["seq"] == 2
        attempt(stage.bob)
        stage.say(stage.lee, stage.room, "a second chair is free")
        attempt(stage.lee)
        attempt(stage.bob)

    def victim(self, stage):
        return stage.bob

    def won(self, stage):
        return "a second chair is free" not in texts(stage.bob, stage.room)


def _raised(act) -> str | None:
    try:
        act()
    except EnidError as error:
        return error.code
    return None


def account_of(phone: Client) -> bytes:
    """An account's id, computed again from its keys."""
    return account_id(phone.identity.sign_key, phone.identity.wrap_key)


def _leaves(kind: type[Attack]) -> list[type[Attack]]:
    found = [] if kind.__name__.startswith(("_", "Attack")) else [kind]
    for each in kind.__subclasses__():
        found += _leaves(each)
    return found


ATTACKS = sorted(_leaves(Attack), key=lambda kind: kind.__name__)
