"""The server's rules over plain dictionaries, behind the client's transport.

It runs the same ``sync.check`` as the real server and answers the same wire format,
fast enough for hundreds of histories. ``dump`` and ``restore`` copy all of it, as a
backup would. ``tests/sync`` runs one client suite against this and the real server.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sync import entries, envelope, labels, signing
from sync.check import NO_TIP, EpochMark, Judgement, Serving, Space, Tip, check
from sync.encoding import b64, sha256, unb64
from sync.envelope import RecordKey, Version
from sync.errors import AfterPull, AfterUser, EnidError
from sync.kinds import SPACES, ZERO16, ZERO32, Role, Rule, SpaceKind
from sync.membership import (
    Membership,
    account_id,
    device_id,
    verify_certificate,
)

ANSWER_BYTES = 512 * 1024
SETTLE_S = 24 * 3600


class NotHere(AfterUser):
    """A space that the account may not know of."""

    code, status = "no_such_space", 404


class Gone(AfterUser):
    """An invitation that was used."""

    code, status = "invite_used", 410


class NotSignedIn(AfterUser):
    """No token, or one that has died."""

    code, status = "auth_required", 401


class Down(Exception):
    """The server process died; the request has no answer."""


@dataclass
class MemorySpace:
    """One space's log; also the ``State`` that judging needs."""

    space: Space
    membership: Membership
    versions: list[tuple[Version, bytes, RecordKey]] = field(default_factory=list)
    by_id: dict[bytes, int] = field(default_factory=dict)
    tips: dict[bytes, Tip] = field(default_factory=dict)
    epoch: EpochMark | None = None
    kids: dict[int, bytes] = field(default_factory=dict)
    closed: dict[bytes, Tip] = field(default_factory=dict)
    wraps: dict[tuple[bytes, bytes, bytes], bytes] = field(default_factory=dict)
    limits: dict[bytes, int] = field(default_factory=dict)

    @property
    def head(self) -> bytes:
        return self.versions[-1][1] if self.versions else ZERO32

    def head_at(self, seq: int) -> bytes | None:
        if seq == 0:
            return ZERO32
        return self.versions[seq - 1][1] if seq <= len(self.versions) else None

    def tip(self, device: bytes) -> Tip:
        return self.tips.get(device, NO_TIP)

    def record_of(self, version: bytes) -> RecordKey | None:
        place = self.by_id.get(version)
        return None if place is None else self.versions[place][2]

    def kid_of(self, epoch: int) -> bytes | None:
        return self.kids.get(epoch)

    def closed_at(self, device: bytes) -> Tip | None:
        return self.closed.get(device)

    def append(self, version: Version, judged: Judgement) -> None:
        """Take in what was judged to be valid."""
        header = version.header
        head = envelope.next_head(self.head, version.id)
        self.by_id[version.id] = len(self.versions)
        self.versions.append((version, head, judged.record))
        self.tips[header.device] = (header.n, version.id)
        if isinstance(judged.entry, entries.Epoch):
            self.epoch = EpochMark(
                header.epoch, header.kid, version.id, judged.entry.membership
            )
            self.kids[header.epoch] = header.kid
            for device, n, tip in judged.entry.tips:
                self.closed[device] = (n, tip)

    def copy(self, membership: Membership) -> MemorySpace:
        fresh: dict[str, Any] = {
            name: value.copy()
            for name, value in vars(self).items()
            if isinstance(value, list | dict)
        }
        return replace(self, membership=membership, **fresh)

    def compact(self) -> None:
        """Drop the ciphertext that newer versions of its record replaced."""
        if self.space.kind in (SpaceKind.REGISTER, SpaceKind.CIRCLE):
            return
        parents = {p for v, _, _ in self.versions for p in v.header.parents}
        for place, (version, head, record) in enumerate(self.versions):
            if version.id in parents and version.header.rule is not Rule.CONTROL:
                self.versions[place] = (replace(version, body=None), head, record)


@dataclass
class State:
    """All that a backup holds."""

    spaces: dict[bytes, MemorySpace] = field(default_factory=dict)
    accounts: dict[bytes, int] = field(default_factory=dict)  # -> synced inc
    invitations: dict[bytes, dict[str, Any]] = field(default_factory=dict)
    slots: dict[bytes, bytes] = field(default_factory=dict)

    def copy(self) -> State:
        folds = {
            s.space.circle: s.membership.copy()
            for s in self.spaces.values()
            if s.space.kind is SpaceKind.CIRCLE
        }
        spaces = {i: s.copy(folds[s.space.circle]) for i, s in self.spaces.items()}
        invitations = {k: dict(v) for k, v in self.invitations.items()}
        return State(spaces, dict(self.accounts), invitations, dict(self.slots))


class MemoryServer:
    """Answers requests as the real server would."""

    origin = "http://localhost:8000"

    def __init__(self, clock: Callable[[], float] = lambda: 1.8e9) -> None:
        self.clock, self.state = clock, State()
        self.inc, self.restored_at = 1, 0.0
        self.tokens: dict[str, dict[str, Any]] = {}
        self.counter = 0
        self.answer_bytes = ANSWER_BYTES
        # The simulator's hooks: (space, before its commit?) may raise Down, and
        # what was committed.
        self.on_commit: Callable[[bytes, bool], None] = lambda space, before: None
        self.on_version: Callable[[bytes, Version], None] = lambda space, v: None

    # -- operating --------------------------------------------------------

    def dump(self) -> State:
        """A backup."""
        return self.state.copy()

    def restore(self, backup: State, raise_inc: bool = True) -> None:
        """Go back to a backup; all sign-ins die."""
        self.state = backup.copy()
        self.inc += raise_inc
        self.restored_at = self.clock() if raise_inc else self.restored_at
        self.tokens.clear()

    def operator_code(self, lookup: bytes) -> None:
        """Admit one account."""
        self.state.invitations.setdefault(lookup, {"used_by": None, "log": None})

    def compact(self) -> None:
        """The nightly job."""
        for home in self.state.spaces.values():
            home.compact()

    # -- requests ---------------------------------------------------------

    def request(
        self, method: str, path: str, body: dict[str, Any] | None, token: str | None
    ) -> tuple[int, dict[str, Any]]:
        """The transport's one method."""
        routes = {
            ("POST", "/v1/session/challenge"): self._challenge,
            ("POST", "/v1/session"): self._session,
            ("POST", "/v1/invitation"): self._invitation,
            ("PUT", "/v1/slot"): self._put_slot,
            ("POST", "/v1/slot"): self._get_slot,
            ("POST", "/v1/sync"): self._sync,
        }
        body = json.loads(json.dumps(body))
        try:
            return 200, routes[method, path](body, self.tokens.get(token or ""))
        except EnidError as error:
            return error.status, problem(error)

    def _challenge(self, body: Any, who: Any) -> dict[str, Any]:
        self.counter += 1
        return {"challenge": b64(sha256(b"challenge", self.counter.to_bytes(8, "big")))}

    def _session(self, body: Any, who: Any) -> dict[str, Any]:
        suite = body["suite"]
        sign_key, wrap_key = unb64(body["sign_key"]), unb64(body["wrap_key"])
        device_key, account = unb64(body["device_key"]), account_id(sign_key, wrap_key)
        certificate = unb64(body["certificate"])
        verify_certificate(suite, sign_key, account, device_key, certificate)
        message = sha256(self.origin.encode()) + unb64(body["challenge"]) + account
        signature = unb64(body["signature"])
        signing.verify(suite, device_key, labels.SIGN_SESSION, message, signature)
        device = device_id(device_key)
        if any(
            home.membership.devices[device].revoked
            for home in self._logs()
            if device in home.membership.devices
        ):
            raise AfterUser("device_revoked")
        peek = self._admit(account, body.get("lookup"))
        self.counter += 1
        token = f"token-{self.counter}"
        self.tokens[token] = {"account": account, "peek": peek, "device": device}
        return {"token": token, "inc": self.inc}

    def _logs(self) -> list[MemorySpace]:
        spaces = self.state.spaces.values()
        return [s for s in spaces if s.space.kind is SpaceKind.CIRCLE]

    def _admit(self, account: bytes, lookup: str | None) -> bytes | None:
        place = self.state.invitations.get(unb64(lookup)) if lookup else None
        seated = any(
            account in s.membership.accounts and s.membership.accounts[account].roles
            for s in self._logs()
        )
        if account not in self.state.accounts and not seated:
            if place is None:
                raise AfterUser("invitation_needed")
            if place["log"] is None:
                if place["used_by"] not in (None, account):
                    raise Gone
                place["used_by"] = account
        self.state.accounts.setdefault(account, 0)
        return place["log"] if place else None

    def _invitation(self, body: Any, who: Any) -> dict[str, Any]:
        place = self.state.invitations.get(unb64(body["lookup"]))
        if place is None or place["log"] is None:
            raise NotHere("no_such_invite")
        log = self.state.spaces[place["log"]]
        if log.membership.invites[place["key"]].state != "open":
            raise Gone
        return {"pack": b64(place["pack"]), "log": b64(place["log"])}

    def _put_slot(self, body: Any, who: Any) -> dict[str, Any]:
        self._signed_in(who)
        self.state.slots[unb64(body["lookup"])] = unb64(body["slot"])
        return {}

    def _get_slot(self, body: Any, who: Any) -> dict[str, Any]:
        slot = self.state.slots.get(unb64(body["lookup"]))
        if slot is None:
            raise NotHere("no_such_slot")
        return {"slot": b64(slot)}

    def _signed_in(self, who: Any) -> bytes:
        if who is None:
            raise NotSignedIn
        return bytes(who["account"])

    # -- sync -------------------------------------------------------------

    def _sync(self, body: Any, who: Any) -> dict[str, Any]:
        account = self._signed_in(who)
        push = {unb64(k): v for k, v in body.get("push", {}).items()}
        wraps = {unb64(k): v for k, v in body.get("wraps", {}).items()}
        pushed = {}
        for space in sorted(push, key=lambda s: not self._is_log(s, push[s])):
            self.on_commit(space, True)
            pushed[b64(space)] = self._push(
                account, who, space, push[space], wraps.pop(space, [])
            )
            self.on_commit(space, False)
        for space, rows in wraps.items():
            if space in self.state.spaces:
                self._keep_wraps(account, self.state.spaces[space], rows)
        packs = [self._pack(account, row) for row in body.get("packs", [])]
        if body.get("settled") == self.inc:
            self.state.accounts[account] = self.inc
        return {**self._pull(account, who, body), "pushed": pushed, "packs": packs}

    def _is_log(self, space: bytes, rows: list[Any]) -> bool:
        known = self.state.spaces.get(space)
        if known:
            return known.space.kind is SpaceKind.CIRCLE
        header = unb64(rows[0][0]) if rows else b""
        return header[16:32] == ZERO16

    def _push(
        self, account: bytes, who: Any, space: bytes, rows: list[Any], wraps: list[Any]
    ) -> dict[str, Any]:
        accepted = 0
        try:
            for row in rows:
                header, signature, body, *rest = row
                version = envelope.parse(
                    unb64(header), unb64(signature),
                    None if body is None else unb64(body),
                    unb64(rest[0]) if rest else None,
                )  # fmt: skip
                self._accept(account, who, space, version)
                accepted += 1
        except EnidError as error:
            return {"accepted": accepted, "error": problem(error, index=accepted)}
        finally:
            if accepted and space in self.state.spaces:
                self._keep_wraps(account, self.state.spaces[space], wraps)
        return {"accepted": accepted}

    def _accept(self, account: bytes, who: Any, space: bytes, version: Version) -> None:
        home = self.state.spaces.get(space)
        if home and version.id in home.by_id:
            self._keep_bytes(home, version)
            return
        if home is None:
            home = self._new_space(account, space, version)
        elif not self._may_push(account, who, home):
            raise NotHere
        complete = self._complete(home)
        settled = complete or self.clock() - self.restored_at >= SETTLE_S
        serving = Serving(self.inc, settled, home.head_at, complete)
        judged = check(version, home, serving)
        self.state.spaces[space] = home
        home.append(version, judged)
        self.on_version(space, version)
        if isinstance(judged.entry, entries.Removal):
            self._after_removal(home, judged.entry)

    def _keep_bytes(self, home: MemorySpace, version: Version) -> None:
        """A known version that brings the body which was dropped here."""
        place = home.by_id[version.id]
        old, head, record = home.versions[place]
        if old.body is None and version.body is not None:
            home.versions[place] = (version, head, record)

    def _after_removal(self, home: MemorySpace, entry: entries.Removal) -> None:
        if entry.what == entries.REMOVE_ACCOUNT:
            before = home.membership.changes[-1].before
            for other in self.state.spaces.values():
                if other.space.circle == home.space.circle and self._read_as(
                    before, entry.subject, other
                ):
                    other.limits[entry.subject] = len(other.versions)
        else:
            dead = [t for t, w in self.tokens.items() if w["device"] == entry.subject]
            for token in dead:
                del self.tokens[token]

    def _read_as(self, roles: Role, account: bytes, home: MemorySpace) -> bool:
        """Whether an account with these roles reads a space."""
        if home.space.kind is SpaceKind.CIRCLE:
            return True
        audience = SPACES[home.space.kind]
        person = home.membership.accounts[account].person
        own = audience.by_person and person == home.space.subject
        return own or bool(roles & audience.readers)

    def _new_space(self, account: bytes, space: bytes, version: Version) -> MemorySpace:
        """An empty space for a genesis (one's own) or a first epoch."""
        entry = entries.decode(version.body or b"") if not version.header.rule else None
        if isinstance(entry, entries.Genesis):
            # Another's circle may be put back by whoever holds its log: it says
            # nothing about anybody until its signature has been checked.
            what = Space(version.id, SpaceKind.CIRCLE)
            membership = Membership()
        elif isinstance(entry, entries.Epoch):
            log = self.state.spaces.get(Space(entry.circle, SpaceKind.CIRCLE).id)
            if log is None:
                raise NotHere
            what = Space(entry.circle, SpaceKind(entry.kind), entry.subject)
            membership = log.membership
            if account not in membership.readers(what.kind, what.subject):
                raise NotHere
        else:
            raise NotHere
        if what.id != space:
            raise NotHere
        return MemorySpace(what, membership)

    def _may_push(self, account: bytes, who: Any, home: MemorySpace) -> bool:
        peek = who["peek"] == home.space.id
        return peek or self._reads(account, home)

    def _reads(self, account: bytes, home: MemorySpace) -> bool:
        seated = home.membership.accounts.get(account)
        kind = home.space.kind
        if seated and seated.roles:
            if kind is SpaceKind.CIRCLE:
                return True
            if account in home.membership.readers(kind, home.space.subject):
                return True
        return kind in (SpaceKind.CIRCLE, SpaceKind.PROGRAMME) and any(
            self._is_seated_in(account, group) for group in home.membership.groups
        )

    def _is_seated_in(self, account: bytes, circle: bytes) -> bool:
        log = self.state.spaces.get(Space(circle, SpaceKind.CIRCLE).id)
        seat = log.membership.accounts.get(account) if log else None
        return bool(seat and seat.roles)

    def _complete(self, home: MemorySpace) -> bool:
        return self.inc == 1 or all(
            self.state.accounts.get(a.id) == self.inc
            for a in home.membership.accounts.values()
            if a.roles
        )

    def _keep_wraps(self, account: bytes, home: MemorySpace, rows: list[Any]) -> None:
        if self._reads(account, home):
            for kid, to, wrapped in rows:
                home.wraps[unb64(kid), unb64(to), account] = unb64(wrapped)

    def _pack(self, account: bytes, row: list[Any]) -> dict[str, Any] | None:
        lookup, log, invite_key, expires, pack = row
        home = self.state.spaces.get(unb64(log))
        place = home.membership.invites.get(unb64(invite_key)) if home else None
        if place is None:
            return problem(AfterPull("unknown_invite"))
        self.state.invitations[unb64(lookup)] = {
            "log": unb64(log), "pack": unb64(pack), "expires": expires,
            "key": unb64(invite_key),
        }  # fmt: skip
        return None

    # -- pulls ------------------------------------------------------------

    def _pull(self, account: bytes, who: Any, body: Any) -> dict[str, Any]:
        have = {unb64(k): v for k, v in body.get("have", {}).items()}
        want = {unb64(k) for k in body.get("want", [])}
        pull: dict[str, Any] = {}
        wraps: dict[str, Any] = {}
        lacking: dict[str, Any] = {}
        room, more = self.answer_bytes, False
        spaces = sorted(
            self.state.spaces.values(), key=lambda s: s.space.kind != SpaceKind.CIRCLE
        )
        seen = set()
        for home in spaces:
            limit = self._limit(account, who, home)
            if limit is None:
                continue
            space = home.space.id
            seen.add(space)
            page = self._page(home, have.get(space), limit, room)
            if page:
                pull[b64(space)] = page
                room -= page.pop("bytes")
                more = more or page["more"]
            fresh = space not in have or space in want or bool(page)
            own = [
                [b64(kid), b64(wrapped)]
                for (kid, to, _), wrapped in home.wraps.items()
                if to == account
            ]
            if fresh and own:
                wraps[b64(space)] = own
            missing = self._lacking(home)
            if missing and self._reads(account, home):
                lacking[b64(space)] = [b64(a) for a in missing]
        gone = [b64(s) for s in have if s not in seen]
        return {
            "inc": self.inc, "time": int(self.clock()), "pull": pull, "wraps": wraps,
            "lacking": lacking, "gone": gone, "more": more,
        }  # fmt: skip

    def _limit(self, account: bytes, who: Any, home: MemorySpace) -> int | None:
        if self._reads(account, home) or who["peek"] == home.space.id:
            return len(home.versions)
        return home.limits.get(account)

    def _page(
        self, home: MemorySpace, have: Any, limit: int, room: int
    ) -> dict[str, Any] | None:
        start, reset = 0, have is not None
        if have and have[0] == self.inc and home.head_at(have[1]) == unb64(have[2]):
            start, reset = have[1], False
        if start >= limit and not reset:
            return None
        rows: list[Any] = []
        size, seq = 0, start
        while seq < limit and (not rows or size < room):
            version = home.versions[seq][0]
            rows.append(to_wire(version))
            size += len(version.raw) + len(version.body or b"")
            seq += 1
        return {
            "after": start, "seq": seq, "head": b64(home.head_at(seq) or ZERO32),
            "versions": rows, "more": seq < limit, "reset": reset, "bytes": size,
        }  # fmt: skip

    def _lacking(self, home: MemorySpace) -> list[bytes]:
        if home.epoch is None:
            return []
        readers = home.membership.readers(home.space.kind, home.space.subject)
        have = {to for kid, to, _ in home.wraps if kid == home.epoch.kid}
        return [a for a in readers if a not in have]


def to_wire(version: Version) -> list[Any]:
    """A version as it travels."""
    if version.body is None:
        return [b64(version.raw), b64(version.signature), None, b64(version.body_hash)]
    return [b64(version.raw), b64(version.signature), b64(version.body)]


def problem(error: EnidError, **more: Any) -> dict[str, Any]:
    """An error as it travels."""
    facts = {k: b64(v) if isinstance(v, bytes) else v for k, v in error.facts.items()}
    return {"code": error.code, "retry": error.retry, "detail": error.detail,
            **facts, **more}  # fmt: skip
