"""The Python client: one account on one device (PROTOCOL 14).

Ties storage, replica and outbox to a transport that is passed in (HTTP,
in-process or simulated); clock, randomness and storage are arguments as well.
``sync_once`` is one request; ``sync`` goes on until there is nothing to do. What
the records mean is ``sync.desk``'s.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Protocol

from sync import entries, envelope, labels, sealing, signing
from sync.check import Space
from sync.encoding import b64, sha256, unb64
from sync.envelope import Header, View
from sync.errors import AfterPull, AfterUser, EnidError, Later, Never, ServerFault
from sync.invitations import AccountKey, Identity, Invitation
from sync.keyring import Random
from sync.kinds import SPACES, ZERO16, ZERO32, CircleKind, Role, Rule, SpaceKind
from sync.membership import certify, join_message
from sync.outbox import REQUEST_VERSIONS_MAX, SPACE_VERSIONS_MAX, Outbox
from sync.replica import Held, Replica
from sync.store import KeyFile, Store

ROUNDS_MAX = 200
# What reading an answer of another shape than the protocol's ends in.
_SHAPELESS = (LookupError, TypeError, ValueError, AttributeError, OverflowError, Never)
REQUEST_BYTES_MAX = 500_000  # of versions; with packs, wraps and base64 under 1 MiB
TRIES_MAX = 3
INVITE_DAYS_MAX = 400
REPAIR_S = 24 * 3600
PUT_BACK_WAIT_S = 60
_PUT_BACK_FIRST = frozenset((
    "unknown_author", "unknown_invite", "unknown_change", "unknown_epoch",
    "unknown_parent", "no_such_space",
))  # fmt: skip


class Transport(Protocol):
    """How requests reach a server.

    Attributes:
        origin: the address that the user trusts, as in ``http://localhost:8000``.
    """

    origin: str

    def request(
        self, method: str, path: str, body: dict[str, Any] | None, token: str | None
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON object.

        Raises:
            Later: no definite answer; the request may or may not have arrived.
        """


class Client:
    """One account on one device.

    Args:
        keys: where account secret, device seed, local key and token are kept.
        clock: unix time in seconds; only shown and waited by, never trusted.
        random: gives n random bytes.
    """

    def __init__(
        self,
        store: Store,
        keys: KeyFile,
        transport: Transport,
        clock: Callable[[], float],
        random: Random = os.urandom,
        suite: int = 1,
    ) -> None:
        self.store, self.keys, self.transport = store, keys, transport
        self.clock, self.random, self.suite = clock, random, suite
        self.secrets = keys.load()
        if "account" not in self.secrets:
            raise AfterUser("no_account", "no account is on this device yet")
        self.identity = Identity(self.secrets["account"], suite)
        self.replica = Replica(store, self.identity, self.secrets["local"], random)
        self.outbox = Outbox(self.replica, self.secrets["device"])
        self.changes_held_until = 0.0
        self.refused_until = 0.0
        self.full_pull = False

    # -- beginning --------------------------------------------------------

    @staticmethod
    def create(keys: KeyFile, random: Random, suite: int = 1) -> None:
        """Make account key, account secret, device and local key, durably."""
        keys.save({
            "account": random(32), "device": random(32), "local": random(32),
            "account_key": random(20), "suite": bytes([suite]),
        })  # fmt: skip

    @staticmethod
    def reopen(
        keys: KeyFile, code: str, transport: Transport, random: Random, suite: int = 1
    ) -> None:
        """Make this a second device of the account of a recovery code."""
        account_key = AccountKey.from_code(code, suite)
        body = {"lookup": b64(account_key.lookup)}
        answer = _ask(transport, "POST", "/v1/slot", body, None)
        identity = account_key.open_slot(unb64(_field(answer, "slot")))
        keys.save({
            "account": identity.kept, "device": random(32), "local": random(32),
            "suite": bytes([suite]),
        })  # fmt: skip

    @property
    def account(self) -> bytes:
        """This account's id."""
        return self.identity.account

    @property
    def now(self) -> int:
        """Whole seconds."""
        return int(self.clock())

    def recovery_code(self) -> str | None:
        """The code, until the kit has been saved."""
        key = self.secrets.get("account_key")
        return AccountKey(key, self.suite).code if key else None

    def forget_recovery_code(self) -> None:
        """The kit is saved: account key and account secret leave this device."""
        secrets = {k: v for k, v in self.secrets.items() if k != "account_key"}
        secrets["account"] = self.identity.kept
        self.keys.save(secrets)
        self.secrets = secrets

    # -- signing in -------------------------------------------------------

    def sign_in(self, lookup: bytes | None = None) -> None:
        """Get a token: a challenge signed by the certified device (PROTOCOL 11.1)."""
        asked = _ask(self.transport, "POST", "/v1/session/challenge", {}, None)
        challenge, account = unb64(_field(asked, "challenge")), self.account
        signed = sha256(self.transport.origin.encode()) + challenge + account
        seed, device_key = self.outbox.seed, self.outbox.device_key
        body = {
            "challenge": asked["challenge"],
            "suite": self.suite,
            "sign_key": b64(self.identity.sign_key),
            "wrap_key": b64(self.identity.wrap_key),
            "device_key": b64(device_key),
            "certificate": b64(
                certify(self.suite, self.identity.sign_seed, account, device_key)
            ),
            "signature": b64(
                signing.sign(self.suite, seed, labels.SIGN_SESSION, signed)
            ),
            "deliver": "bearer",
        }
        if lookup:
            body["lookup"] = b64(lookup)
        answer = _ask(self.transport, "POST", "/v1/session", body, None)
        token = _field(answer, "token").encode()
        if isinstance(answer.get("inc"), int):  # before anything can be sent
            self._notice_incarnation(answer["inc"], self.now)
        self._keep_secrets(token=token)

    def _call(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A signed-in request; signs in first, or again, when that is needed.

        Raises:
            AfterPull: ``restored``: signing in showed that the server was restored,
                so what was to be sent has to be thought over.
        """
        inc = self.store.meta("inc")
        if "token" not in self.secrets:
            self._sign_in_again()
        try:
            return _ask(self.transport, method, path, body, self._token())
        except EnidError as error:
            if error.code != "auth_required":
                raise
            self._sign_in_again()
            if path == "/v1/sync" and self.store.meta("inc") != inc:
                raise AfterPull("restored", "the server was restored") from error
            return _ask(self.transport, method, path, body, self._token())

    def _token(self) -> str:
        return self.secrets["token"].decode()

    def _sign_in_again(self) -> None:
        """With the invitation that this account came by, while it is still open."""
        try:
            self.sign_in(self.store.meta("lookup"))
        except EnidError as error:
            if error.code not in ("invite_used", "invite_expired", "no_such_invite"):
                raise
            self.sign_in()

    def keep_slot(self) -> None:
        """Put the sealed account secret on the server (again)."""
        if "slot" not in self.secrets and "account_key" in self.secrets:
            account_key = AccountKey(self.secrets["account_key"], self.suite)
            slot = account_key.seal_slot(self.identity, self.random)
            self._keep_secrets(slot=slot, slot_lookup=account_key.lookup)
        if "slot" in self.secrets:
            lookup, slot = self.secrets["slot_lookup"], self.secrets["slot"]
            self._call("PUT", "/v1/slot", {"lookup": b64(lookup), "slot": b64(slot)})

    def _keep_secrets(self, **more: bytes) -> None:
        secrets = {**self.secrets, **more}
        self.keys.save(secrets)
        self.secrets = secrets

    # -- circles ----------------------------------------------------------

    def begin_circle(self, kind: CircleKind, roles: Role, person: bytes) -> Held:
        """Begin a circle; it is real at once, and sent with the next request."""
        device_key, account = self.outbox.device_key, self.account
        certificate = certify(self.suite, self.identity.sign_seed, account, device_key)
        entry = entries.Genesis(
            kind, person, roles, self.identity.sign_key, self.identity.wrap_key,
            device_key, certificate,
        )  # fmt: skip
        header = Header(
            self.suite, ZERO16, 0, bytes(8), Rule.CONTROL, 0, ZERO16,
            self.outbox.device, 1, ZERO32, View(), (), self.random(24),
        )  # fmt: skip
        version = self.outbox.build(header, entries.encode(entry))
        return self.replica.adopt(Space(version.id, SpaceKind.CIRCLE), version)

    def person_circle(self) -> Held:
        """The account's own circle, begun when it is first asked for."""
        for circle, membership in self.replica.circles.items():
            # Its own genesis: a seat that somebody granted would show them the notes.
            if membership.kind is CircleKind.PERSON and self.replica.began(circle):
                return self.replica.log_of(circle)
        return self.begin_circle(CircleKind.PERSON, Role.OWNER, self.random(16))

    def invite(
        self, circle: bytes, person: bytes, roles: Role, pack: dict[str, Any],
        expires_at: int,
    ) -> Invitation:  # fmt: skip
        """Open a place; show its code only once its entry has been sent.

        Raises:
            Never: ``bad_request`` for an expiry that the server would refuse.
        """
        if not 0 < expires_at - self.now <= INVITE_DAYS_MAX * 86_400:
            raise Never("bad_request", "an invitation lasts for 1 to 400 days")
        invitation = Invitation.new(self.random, self.suite)
        log = self.replica.log_of(circle)
        sealed = invitation.seal_pack(
            {**pack, "circle": b64(circle), "inviter": b64(self.account)}, self.random
        )
        with self.store.write():
            self.store.run(
                "INSERT INTO pack_out VALUES (?, ?, ?, ?, ?, 0)",
                invitation.lookup, log.id, invitation.public, expires_at, sealed,
            )  # fmt: skip
            self.outbox.write_entry(
                log, entries.Invite(person, roles, invitation.public)
            )
        return invitation

    def ask_pack(self, invitation: Invitation) -> dict[str, Any]:
        """Fetch and open an invitation's pack."""
        body = {"lookup": b64(invitation.lookup)}
        answer = _ask(self.transport, "POST", "/v1/invitation", body, None)
        return invitation.open_pack(unb64(_field(answer, "pack")))

    def join(self, invitation: Invitation) -> dict[str, Any]:
        """Take the place of an invitation; returns its pack.

        Only the circle named inside the pack is believed (PROTOCOL 7.3). Doing it
        again after an interruption does no harm.
        """
        pack = self.ask_pack(invitation)
        circle = unb64(_field(pack, "circle"), 32)
        with self.store.write():
            self.store.set_meta("lookup", invitation.lookup)
        self.sign_in(invitation.lookup)
        held = self.replica.ensure(Space(circle, SpaceKind.CIRCLE))
        entry = entries.Join(
            invitation.public, self.identity.sign_key, self.identity.wrap_key,
            self.outbox.device_key,
            certify(self.suite, self.identity.sign_seed, self.account,
                    self.outbox.device_key),
            bytes(64),
        )  # fmt: skip
        proof = signing.sign(
            self.suite, invitation.seed, labels.SIGN_JOIN, join_message(circle, entry)
        )
        entry = entries.Join(**{**vars(entry), "proof": proof})
        seated = held.membership.accounts.get(self.account)
        if not (seated and seated.roles) and not self.outbox.rows(held.id):
            self.outbox.write_entry(held, entry)
        return pack

    def confirm(self, circle: bytes, subject: bytes) -> None:
        """An existing holder's word for an account, or for an unproven epoch."""
        with self.store.write():
            self.store.run(
                "INSERT OR IGNORE INTO confirmed VALUES (?, ?)", circle, subject
            )
        for held in self.replica.spaces.values():
            if held.space.circle == circle:
                held.ring.confirmed.add(subject)
        self.replica.changed = True

    def remove(self, circle: bytes, subject: bytes, what: int) -> None:
        """Remove an account or revoke a device (``entries.REMOVE_*``)."""
        log = self.replica.log_of(circle)
        self.outbox.write_entry(log, entries.Removal(ZERO32, what, subject))

    # -- one request ------------------------------------------------------

    def sync(self, rounds: int = ROUNDS_MAX) -> None:
        """Sync until nothing is left to send or to read.

        Raises:
            Later: no answer; everything is kept and can be sent again.
            AfterUser: a person has to do something first.
        """
        for _ in range(rounds):
            if not self.sync_once():
                return

    def sync_once(self) -> bool:
        """Derive, seal, send, take in; whether another request would do more."""
        self._derive()
        self.outbox.seal_batch(rights=self.now >= self.changes_held_until)
        request = self._request()
        before = self._progress()
        try:
            reply = self._call("POST", "/v1/sync", request)
        except AfterPull as error:
            if error.code != "restored":
                raise
            return True
        self._take(reply, request)
        return bool(reply["more"]) or self._progress() != before

    def _progress(self) -> tuple[Any, ...]:
        one = self.store.one
        return (
            one("SELECT count(*), max(n), count(id), count(code) FROM outbox"),
            one("SELECT count(*) FROM version WHERE seq IS NOT NULL"),
            one("SELECT count(*) FROM version WHERE tries > 0"),
            one("SELECT count(*) FROM space WHERE repair_at IS NULL"),
            one("SELECT count(*) FROM space WHERE inc = 0"),
            one("SELECT count(*) FROM space WHERE repair_at <= ?", self.now),
            one("SELECT count(*) FROM wrap_out"), one("SELECT count(*) FROM key"),
            one("SELECT count(*) FROM pack_out WHERE sent"),
            self.replica.changed, self.outbox.device, self.store.meta("settled"),
        )  # fmt: skip

    def _request(self) -> dict[str, Any]:
        spaces = self.store.all("SELECT id, inc, seq, head FROM space WHERE inc > 0")
        request: dict[str, Any] = {
            "have": {b64(s): [inc, seq, b64(head)] for s, inc, seq, head in spaces},
            "push": self._pushes(),
            "wraps": self._wraps_out(),
            "packs": self._packs_out(),
            "want": [b64(h.id) for h in self.replica.spaces.values() if _lacks_key(h)],
        }
        if self._is_settled():
            request["settled"] = self.store.meta("inc")
        return {name: value for name, value in request.items() if value}

    def _pushes(self) -> dict[str, list[Any]]:
        batch = dict(self.outbox.batch())
        pushes: dict[str, list[Any]] = {}
        room, self.withheld = _Room(), set[bytes]()
        for space, batched in batch.items():
            batch[space] = self._sendable(space, batched)
            if len(batch[space]) < len(batched):
                self.withheld.add(space)
        self.repairing: dict[bytes, list[bytes]] = {}
        for (space,) in self.store.all(
            "SELECT id FROM space WHERE repair_at IS NOT NULL ORDER BY kind != 0"
        ):
            batched = batch.pop(space, [])
            missing = self._missing(space, SPACE_VERSIONS_MAX)
            while not room.takes(missing):
                missing.pop()
            self.repairing[space] = [row[0] for row in missing]
            if any(not envelope.parse_header(row[1]).rule for row in missing):
                with self.store.write():  # an epoch and its wraps, in one request
                    self._give_wraps_again(self.replica.spaces[space])
            rows = [_to_wire(*row[1:]) for row in missing]
            fits = len(missing) + len(batched) <= SPACE_VERSIONS_MAX
            if self._repair_is_due(space) and fits and room.takes(batched):
                rows += [_to_wire(*row[1:], None) for row in batched]
            elif batched:
                self.withheld.add(space)
            if rows:
                pushes[b64(space)] = rows
        for space, batched in batch.items():
            if room.takes(batched):
                pushes[b64(space)] = [_to_wire(*row[1:], None) for row in batched]
            else:
                self.withheld.add(space)
        return pushes

    def _sendable(self, space: bytes, batched: list[Any]) -> list[Any]:
        """Without what must wait until a restored server has everything back.

        Nothing is sent before the space has been read again. A change of rights
        sealed under an older incarnation may stand in the old log, or exclude what
        stands there, and other phones still put that back: it waits a day.
        """
        inc, held = self.store.meta("inc") or 0, self.replica.spaces[space]
        log = self.replica.log_of(held.space.circle) if held.membership.length else held
        if (self.cursor(space) or self.cursor(log.id)) not in (0, inc):
            return []
        others = set(held.membership.devices) - {self.outbox.device}
        for place, (_, header, _, body) in enumerate(batched):
            compares = isinstance(
                entries.decode(body)
                if not envelope.parse_header(header).rule
                else None,
                entries.Removal | entries.SetRoles | entries.Epoch,
            )
            if compares and others and self._may_stand(header):
                return batched[:place]
        return batched

    def _may_stand(self, header: bytes) -> bool:
        """Whether a version may stand in the log of the server before its restore."""
        restored_at = self.store.meta("restored_at")
        if restored_at is None or not 0 <= self.now - restored_at < REPAIR_S:
            return False
        return envelope.parse_header(header).view.inc < (self.store.meta("inc") or 0)

    def _repair_is_due(self, space: bytes) -> bool:
        row = self.store.one("SELECT repair_at FROM space WHERE id = ?", space)
        if not row or row[0] is None:
            return False
        return not self.now < row[0] <= self.now + PUT_BACK_WAIT_S  # clocks jump

    def _missing(self, space: bytes, most: int) -> list[tuple[Any, ...]]:
        """What was verified and the server lacks, in the order of the old log."""
        unread = not self.full_pull and self.cursor(space)
        if (
            unread
            or not self._repair_is_due(space)
            or not self._may_read(self.replica.spaces[space])
        ):
            return []
        return self.store.all(
            "SELECT id, header, signature, body, body_hash FROM version"
            " WHERE space = ? AND seq IS NULL AND code IS NULL AND tries < ?"
            " ORDER BY ord LIMIT ?",
            space, TRIES_MAX, most,
        )  # fmt: skip

    def cursor(self, space: bytes) -> int:
        """The incarnation that a space's cursor is of; 0 before its first page."""
        return self.replica.cursor(space).inc

    def _wraps_out(self) -> dict[str, list[list[str]]]:
        wraps: dict[str, list[list[str]]] = {}
        rows = self.store.all("SELECT space, kid, account, wrapped FROM wrap_out")
        rows = [row for row in rows if row[0] not in self.withheld][:1024]
        self.wraps_asked = [row[:3] for row in rows]
        for space, *row in rows:
            wraps.setdefault(b64(space), []).append([b64(part) for part in row])
        return wraps

    def _packs_out(self) -> list[list[Any]]:
        rows = self.store.all(
            "SELECT lookup, log, invite_key, expires_at, pack FROM pack_out"
            " WHERE NOT sent ORDER BY lookup LIMIT 32"
        )
        self.packs_asked = [row[:2] for row in rows]
        return [[b64(a), b64(b), b64(c), at, b64(p)] for a, b, c, at, p in rows]

    def _is_settled(self) -> bool:
        """Nothing is left to put back under the server's incarnation."""
        behind = self.store.one(
            "SELECT 1 FROM space WHERE (inc > 0 AND inc != ?) OR repair_at IS NOT NULL",
            self.store.meta("inc") or 0,
        )
        return self.full_pull and behind is None

    # -- one reply --------------------------------------------------------

    def _take(self, reply: dict[str, Any], request: dict[str, Any]) -> None:
        try:
            inc, now = int(reply["inc"]), self.now
            if not 0 < inc < 1 << 31:
                raise ServerFault(detail="no incarnation has such a number")
            self._notice_incarnation(inc, now)
            self._take_refusals(reply.get("pushed", {}))
            self._take_packs(reply.get("packs", []))
            for space, page in reply["pull"].items():
                self._take_page(unb64(space, 16), inc, page, now)
            for space in reply.get("gone", []):
                self._take_gone(unb64(space, 16), inc, now)
            for space, wraps in reply.get("wraps", {}).items():
                pairs = [(unb64(kid, 8), unb64(w, 80)) for kid, w in wraps]
                self.replica.take_wraps(unb64(space, 16), pairs, now)
            self._wrap_for(reply.get("lacking", {}))
            self._after_reply(reply, request)
        except _SHAPELESS as error:
            raise ServerFault(detail="the answer has not the right shape") from error

    def _notice_incarnation(self, inc: int, now: int) -> None:
        known = self.store.meta("inc") or 0
        if inc == known:
            return
        with self.store.write():
            if inc < known:
                self.store.raise_alarm(now, ZERO16, "went_back")
            self.store.set_meta("inc", inc)
            if known:
                self.store.set_meta("restored_at", now)
                self.store.run("UPDATE pack_out SET sent = 0 WHERE expires_at > ?", now)
                self.store.set_meta("slot_due", 1)

    def _take_page(
        self, space: bytes, inc: int, page: dict[str, Any], now: int
    ) -> None:
        try:
            if page["reset"] and self.cursor(space) >= inc:
                with self.store.write():
                    self.store.raise_alarm(now, space, "went_back")
            self.replica.take_page(space, inc, page, now)
        except (EnidError, *_SHAPELESS) as error:  # no other space is held up
            code = error.code if isinstance(error, EnidError) else ServerFault.code
            with self.store.write():
                self.store.raise_alarm(now, space, code)

    def _take_gone(self, space: bytes, inc: int, now: int) -> None:
        """The server does not know a space that was verified: put it back."""
        held = self.replica.spaces.get(space)
        if held is None or not self.replica.cursor(space).seq:
            return
        if not self._may_read(held):
            return  # nothing is missing: it is not ours any more
        if self.cursor(space) >= inc:
            with self.store.write():
                self.store.raise_alarm(now, space, "went_back")
        page = {"after": 0, "seq": 0, "head": b64(ZERO32), "versions": [],
                "reset": True}  # fmt: skip
        self.replica.take_page(space, inc, page, now)

    def _take_packs(self, answers: list[Any]) -> None:
        with self.store.write():
            for (lookup, log), answer in zip(self.packs_asked, answers, strict=False):
                if answer is None or self._is_refused_for_good(log, answer):
                    self.store.run(
                        "UPDATE pack_out SET sent = 1 WHERE lookup = ?", lookup
                    )

    def _is_refused_for_good(self, log: bytes, answer: dict[str, Any]) -> bool:
        """Whether a pack will never be taken; a log not put back yet is no reason."""
        if answer["code"] == "no_such_space":
            return not self._may_read(self.replica.spaces[log])
        return bool(answer["retry"] == "never" or answer["code"] == "invite_used")

    def _take_refusals(self, pushed: dict[str, Any]) -> None:
        for name, result in pushed.items():
            space, error = unb64(name, 16), result.get("error")
            repaired = self.repairing.get(space, [])
            with self.store.write():
                if error is None:
                    self._wraps_arrived(space)
                elif int(error["index"]) < len(repaired):
                    self._put_back_failed(space, repaired[int(error["index"])], error)
                else:
                    self._take_refusal(
                        space, int(error["index"]) - len(repaired), error
                    )

    def _is_put_back_first(self, space: bytes, error: dict[str, Any]) -> bool:
        """Whether what is missing there may still be put back by another phone."""
        restored_at = self.store.meta("restored_at")
        return (
            error["code"] in _PUT_BACK_FIRST
            and restored_at is not None
            and 0 <= self.now - restored_at < REPAIR_S
            and self._may_read(self.replica.spaces[space])
        )

    def _put_back_failed(
        self, space: bytes, version: bytes, error: dict[str, Any]
    ) -> None:
        wanted = self._is_put_back_first(space, error)
        if error["code"] == "no_such_space" and not wanted:
            self.store.run(
                "UPDATE version SET tries = tries + 1 WHERE space = ? AND seq IS NULL",
                space,
            )
        elif not _is_for_later(error) and not wanted:
            self.store.run(
                "UPDATE version SET tries = tries + 1 WHERE space = ? AND id = ?",
                space, version,
            )  # fmt: skip

    def _take_refusal(self, space: bytes, index: int, error: dict[str, Any]) -> None:
        rows = self.store.all(
            "SELECT n, chain, derived, header FROM outbox"
            " WHERE space = ? AND id IS NOT NULL ORDER BY chain",
            space,
        )
        if index >= len(rows):
            return
        n, chain, derived, header = rows[index]
        code, retry = str(error["code"]), str(error["retry"])
        if code == "restoring":
            self.changes_held_until = self.now + 60.0
            self.outbox.unseal(space, chain)
        elif _is_for_later(error) or self._server_is_behind(space, error):
            return
        elif code in _PUT_BACK_FIRST and self._may_stand(header):
            return  # its bytes may stand elsewhere: they must not change
        elif code == "no_such_space" and self._may_read(self.replica.spaces[space]):
            return  # lost there, and to be put back
        else:
            self.outbox.unseal(space, chain)
            if retry in ("never", "after_user") and not derived:
                self._set_aside(space, n, code)

    def _set_aside(self, space: bytes, n: int, code: str) -> None:
        """To the tray."""
        self.outbox.to_tray(n, code)

    def _may_read(self, held: Held) -> bool:
        membership, what = held.membership, held.space
        if what.kind in (SpaceKind.CIRCLE, SpaceKind.PROGRAMME):
            circles = (what.circle, *membership.groups)  # or in a group that it lists
            if any(self._is_seated(circle) for circle in circles):
                return True
        if what.kind is SpaceKind.CIRCLE:
            return False
        return self.account in membership.readers(what.kind, what.subject)

    def _is_seated(self, circle: bytes) -> bool:
        membership = self.replica.circles.get(circle)
        seated = membership.accounts.get(self.account) if membership else None
        return bool(seated and seated.roles)

    def _server_is_behind(self, space: bytes, error: dict[str, Any]) -> bool:
        """Its tip of this device's chain is in our history: put back what is after."""
        if error["code"] != "chain_conflict":
            return False
        tip, n = unb64(error["id"], 32), int(error["n"])
        known = n == 0 or self.store.one(
            "SELECT 1 FROM version WHERE space = ? AND id = ?", space, tip
        )
        held = self.replica.spaces[space]
        if not known or held.tip(self.outbox.device)[0] <= n:
            return False
        self.store.run(
            "UPDATE version SET seq = NULL WHERE space = ? AND device = ? AND n > ?",
            space, self.outbox.device, n,
        )  # fmt: skip
        self.store.run("UPDATE space SET repair_at = 0 WHERE id = ?", space)
        return True

    def _wrap_for(self, lacking: dict[str, list[str]]) -> None:
        """Wrap to accounts that lack a key, as far as the verified log admits them."""
        for name, accounts in lacking.items():
            held = self.replica.spaces.get(unb64(name, 16))
            newest = held.ring.newest if held else None
            if held is None or newest is None or newest.mark.kid not in held.ring.keys:
                continue
            carried = SPACES[held.space.kind].carried
            wanted = {unb64(a, 16) for a in accounts}
            with self.store.write():
                for account in self.outbox.recipients(held):
                    named = account.id in newest.entry.accounts
                    if account.id in wanted and (carried or named):
                        wrapped = sealing.wrap(held.ring.keys[newest.mark.kid], account)
                        self.store.run(
                            "INSERT OR REPLACE INTO wrap_out VALUES (?, ?, ?, ?)",
                            held.id, newest.mark.kid, account.id, wrapped,
                        )  # fmt: skip

    def _after_reply(self, reply: dict[str, Any], request: dict[str, Any]) -> None:
        self.full_pull = not reply["more"]
        if self.replica.cloned:
            self._renew_device()
        with self.store.write():
            self._end_wraps(request)
            if self.full_pull:
                self._end_repairs()
                self.replica.ask_for_withheld(self.now)
            if "settled" in request:
                self.store.set_meta("settled", request["settled"])
        if self.store.meta("slot_due"):
            self.keep_slot()
            with self.store.write():
                self.store.set_meta("slot_due", None)

    def _end_wraps(self, request: dict[str, Any]) -> None:
        """Wraps of spaces without a push have their answer with the reply."""
        for name in request.get("wraps", {}):
            if name not in request.get("push", {}):
                self._wraps_arrived(unb64(name))

    def _wraps_arrived(self, space: bytes) -> None:
        for row in self.wraps_asked:
            if row[0] == space:
                self.store.run(
                    "DELETE FROM wrap_out WHERE space = ? AND kid = ? AND account = ?",
                    *row,
                )

    def _end_repairs(self) -> None:
        for space, held in self.replica.spaces.items():
            if not self._may_read(held):  # what is missing there is not ours to give
                self.store.run("UPDATE space SET repair_at = NULL WHERE id = ?", space)
        repaired = self.store.all(
            "SELECT id FROM space WHERE repair_at IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM version WHERE version.space = space.id AND seq IS NULL"
            " AND code IS NULL AND tries < ?)",
            TRIES_MAX,
        )
        for (space,) in repaired:
            if not self._repair_is_due(space):
                continue
            self.store.run("UPDATE space SET repair_at = NULL WHERE id = ?", space)
            self._give_wraps_again(self.replica.spaces[space])

    def _give_wraps_again(self, held: Held) -> None:
        """Also of epochs that the server kept, or got back without their wraps."""
        what = held.space
        if what.kind is SpaceKind.CIRCLE:
            return
        readers = held.membership.readers(what.kind, what.subject)
        carried = SPACES[what.kind].carried
        for begun in held.ring.begun[-1:] if carried else held.ring.begun:
            key = held.ring.keys.get(begun.mark.kid)
            if key is None:
                continue
            for account in {self.account, *begun.entry.accounts} & set(readers):
                self.store.run(
                    "INSERT OR REPLACE INTO wrap_out VALUES (?, ?, ?, ?)",
                    held.id, key.kid, account, sealing.wrap(key, readers[account]),
                )  # fmt: skip

    def _renew_device(self) -> None:
        """This profile was copied: go on as a new device, sealing anew."""
        self.secrets = {**self.secrets, "device": self.random(32)}
        self.secrets.pop("token", None)
        self.keys.save(self.secrets)
        with self.store.write():
            for space, _ in list(self.outbox.batch()):
                self.outbox.unseal(space, 0)
        self.replica.cloned = False
        self.outbox = Outbox(self.replica, self.secrets["device"])
        self.replica.changed = True

    # -- what follows from the log ----------------------------------------

    def _derive(self) -> None:
        """Ask for the entries that the verified log makes necessary."""
        if not self.replica.changed:
            return
        self.replica.changed = False
        for held in list(self.replica.spaces.values()):
            seated = held.membership.accounts.get(self.account)
            if not seated or not seated.roles:
                continue
            if not self.replica.is_trusted(held.space.circle):
                continue  # a server may seat this account in circles of its own
            if held.space.kind is SpaceKind.CIRCLE:
                self._derive_in_log(held)
            elif (
                self._may_read(held)
                and self._holds_newest(held)
                and self.outbox.newcomers(held)
            ):
                self.outbox.want(held, "epoch")

    def _derive_in_log(self, held: Held) -> None:
        if self.outbox.device not in held.membership.devices:
            self.outbox.want(held, "device")
        if held.membership.kind is CircleKind.GROUP:
            self._remove_replaced(held)

    def _remove_replaced(self, held: Held) -> None:
        """The last join for a person counts; whoever may, removes the one before."""
        membership = held.membership
        author = membership.accounts[self.account]
        if not author.roles & (Role.LEADER | Role.COORDINATOR):
            return
        for account in membership.accounts.values():
            acting = membership.acting(account.person)
            if account.roles and acting and acting.id != account.id:
                self._remove_once(held, account.id)

    def _remove_once(self, held: Held, account: bytes) -> None:
        entry = entries.Removal(ZERO32, entries.REMOVE_ACCOUNT, account)
        wanted = entries.encode(entry)
        if all(row.intent.entry != wanted for row in self.outbox.rows(held.id)):
            self.outbox.write_entry(held, entry)

    def _holds_newest(self, held: Held) -> bool:
        newest = held.ring.newest
        return newest is not None and newest.mark.kid in held.ring.keys


def _is_for_later(error: dict[str, Any]) -> bool:
    """Whether the same bytes are to be sent again; a full disk says when."""
    return error["retry"] == "later" or "retry_after" in error


def _lacks_key(held: Held) -> bool:
    newest = held.ring.newest
    return newest is not None and newest.mark.kid not in held.ring.keys


class _Room:
    """How much still fits into one request: versions, and bytes of them."""

    def __init__(self) -> None:
        self.versions, self.size = REQUEST_VERSIONS_MAX, REQUEST_BYTES_MAX

    def takes(self, rows: list[tuple[Any, ...]]) -> bool:
        """Whether rows of versions fit; then they are counted."""
        size = sum(len(part) for row in rows for part in row if isinstance(part, bytes))
        fits = len(rows) <= self.versions and size <= self.size
        if fits:
            self.versions, self.size = self.versions - len(rows), self.size - size
        return fits


def _to_wire(
    header: bytes, signature: bytes, body: bytes | None, body_hash: bytes | None
) -> list[Any]:
    if body is None and body_hash is not None:
        return [b64(header), b64(signature), None, b64(body_hash)]
    return [b64(header), b64(signature), b64(body or b"")]


def _field(answer: dict[str, Any], name: str) -> str:
    """A text of an answer that something else than the server may have given."""
    if not isinstance(answer.get(name), str):
        raise ServerFault(detail="the answer has not the right shape")
    return str(answer[name])


def _ask(
    transport: Transport, method: str, path: str, body: dict[str, Any] | None,
    token: str | None,
) -> dict[str, Any]:  # fmt: skip
    """Send, and turn a problem document into its error."""
    status, answer = transport.request(method, path, body, token)
    if status in (200, 201, 204) or (status in (503, 507) and "pull" in answer):
        return answer  # a server that could not write may still have been read
    retry = answer.get("retry")
    if retry is None or status == 429 or status >= 500:
        raise Later(str(answer.get("code", "no_answer")))
    error = EnidError(str(answer.get("code")), str(answer.get("detail")))
    if retry == "after_user":
        error = AfterUser(error.code, error.detail)
    raise error
