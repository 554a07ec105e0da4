"""Check again, from the stored bytes alone, everything that was ever verified.

Fresh objects fold each log anew: the chain of heads, every signature, device chain,
certificate and entry, every key against its commitment, every link and carried key,
every seal that a held key opens. Writes nothing; what it finds is a fault of this
device's file or of a program, never of another person.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sync import entries, envelope, records, sealing
from sync.check import NO_TIP, EpochMark, Space, Tip, check
from sync.client import Client
from sync.encoding import b64
from sync.envelope import RecordKey, Version, View
from sync.errors import BadRecord, EnidError, NoKey, Unopened
from sync.keyring import Begun, Ring
from sync.kinds import ZERO32, SpaceKind
from sync.membership import Membership
from sync.store import Store


@dataclass
class Fresh:
    """One space, folded from nothing; the ``State`` that judging needs."""

    space: Space
    membership: Membership
    ring: Ring
    tips: dict[bytes, Tip] = field(default_factory=dict)
    records: dict[bytes, RecordKey] = field(default_factory=dict)
    closed: dict[bytes, Tip] = field(default_factory=dict)

    @property
    def epoch(self) -> EpochMark | None:
        """The newest epoch."""
        return self.ring.newest.mark if self.ring.newest else None

    def tip(self, device: bytes) -> Tip:
        """Newest (n, id) of a device."""
        return self.tips.get(device, NO_TIP)

    def record_of(self, version: bytes) -> RecordKey | None:
        """The record of a version judged before."""
        return self.records.get(version)

    def kid_of(self, epoch: int) -> bytes | None:
        """Key id of an epoch."""
        marks = (begun.mark for begun in self.ring.begun)
        return next((mark.kid for mark in marks if mark.number == epoch), None)

    def closed_at(self, device: bytes) -> Tip | None:
        """Where a lost device's chain ends."""
        return self.closed.get(device)

    def take(self, version: Version) -> None:
        """Judge one version and take it in."""
        judged, header = check(version, self), version.header
        self.tips[header.device] = (header.n, version.id)
        self.records[version.id] = judged.record
        if isinstance(judged.entry, entries.Epoch):
            mark = EpochMark(
                header.epoch, header.kid, version.id, judged.entry.membership
            )
            self.ring.begun.append(Begun(mark, judged.entry, judged.account))
            self.closed |= {device: (n, tip) for device, n, tip in judged.entry.tips}


@dataclass
class Report:
    """Counts by what was counted, and one line for each fault."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def verify(client: Client) -> Report:
    """Verify everything that a client holds."""
    report, memberships = Report(), dict[bytes, Membership]()
    rows = client.store.all(
        "SELECT id, circle, kind, subject, inc, seq, head FROM space ORDER BY kind != 0"
    )
    for space, circle, kind, subject, *cursor in rows:
        membership = memberships.setdefault(circle, Membership())
        what = Space(circle, SpaceKind(kind), subject)
        fresh = Fresh(what, membership, Ring(client.suite, what))
        report.counts["circles" if kind == 0 else "spaces"] += 1
        if what.id != space:
            report.faults.append(f"{_name(what)}: its id does not fit its circle")
        _check_heads(client.store, space, View(*cursor), what, report)
        _check_versions(client.store, space, fresh, report)
        _check_keys(client, fresh, report)
        _open_all(client.store, space, fresh, report)
    return report


def _name(what: Space) -> str:
    return f"{what.kind.name.lower()} {b64(what.id)[:8]}"


def _check_heads(
    store: Store, space: bytes, cursor: View, what: Space, report: Report
) -> None:
    """The chain of heads, and the place of each version in it."""
    rows = store.all(
        "SELECT seq, id, header, signature, body, body_hash FROM version"
        " WHERE space = ? AND seq IS NOT NULL ORDER BY seq",
        space,
    )
    head = ZERO32
    for place, (seq, stored, *parts) in enumerate(rows, start=1):
        found = _id(parts)
        if seq != place or found != stored:
            report.faults.append(f"{_name(what)}: version {place} is not in its place")
        head = envelope.next_head(head, found)
        report.counts["heads"] += 1
    if (len(rows), head) != (cursor.seq, cursor.head or ZERO32):
        report.faults.append(f"{_name(what)}: the chain of heads ends elsewhere")


def _id(parts: list[Any]) -> bytes:
    """The id that stored bytes have; zeros when they are no version at all."""
    try:
        return envelope.parse(*parts).id
    except EnidError:
        return ZERO32


def _check_versions(store: Store, space: bytes, fresh: Fresh, report: Report) -> None:
    """Every signature, chain and rule, in the order in which they were judged."""
    rows = store.all(
        "SELECT code, account, header, signature, body, body_hash FROM version"
        " WHERE space = ? ORDER BY ord",
        space,
    )
    for code, account, *parts in rows:
        try:
            version = envelope.parse(*parts)
            if code is None:
                fresh.take(version)
                report.counts["signatures"] += 1
                continue
        except EnidError as error:
            name = b64(_id(parts))[:8]
            report.faults.append(f"{_name(fresh.space)}: version {name}: {error.code}")
            continue
        report.counts[f"skipped ({code})"] += 1
        if account and code != "chain_conflict":
            fresh.tips[version.header.device] = (version.header.n, version.id)


def _check_keys(client: Client, fresh: Fresh, report: Report) -> None:
    """Every held key against its entry, and what each epoch proves of the last."""
    ring, what = fresh.ring, fresh.space
    rows = client.store.all("SELECT kid FROM key WHERE space = ?", what.id)
    known = {begun.mark.kid for begun in ring.begun}
    held = client.replica.spaces[what.id]
    for (kid,) in rows:
        if kid not in known:
            report.counts["keys of no epoch in the log"] += 1
            continue
        secret = client.replica.stored_key(held, kid, 0).secret
        if ring.take_secret(kid, secret):
            report.counts["keys"] += 1
        else:
            report.faults.append(f"{_name(what)}: a key is not the committed one")
    for before, begun in zip([None, *ring.begun], ring.begun, strict=False):
        _check_proof(ring, before, begun, report)


def _check_proof(
    ring: Ring, before: Begun | None, begun: Begun, report: Report
) -> None:
    entry, name = begun.entry, _name(ring.space)
    key = ring.keys.get(begun.mark.kid)
    old = ring.keys.get(before.mark.kid) if before else None
    if entry.link != ZERO32 and key and old:
        if hmac.compare_digest(entry.link, old.link(key)):
            report.counts["key links"] += 1
        else:
            report.faults.append(f"{name}: an epoch's link does not fit")
    for kid, sealed in entry.carried if key else ():
        if _carries(ring, begun, kid, sealed):
            report.counts["carried keys"] += 1
        else:
            report.faults.append(f"{name}: a carried key is not the committed one")
    if before and entry.link == ZERO32 and not entry.carried:
        report.counts["epochs that prove nothing"] += 1


def _carries(ring: Ring, begun: Begun, kid: bytes, sealed: bytes) -> bool:
    key = ring.keys[begun.mark.kid]
    try:
        secret = sealing.open_carried(key, kid, sealed)
    except Unopened:
        return False
    held = ring.keys.get(kid)
    return held.secret == secret if held else ring.take_secret(kid, secret)


def _contents(store: Store, space: bytes) -> Iterator[Version]:
    rows = store.all(
        "SELECT header, signature, body, body_hash FROM version"
        " WHERE space = ? AND control = 0 AND code IS NULL",
        space,
    )
    return (envelope.parse(*row) for row in rows if _id(list(row)) != ZERO32)


def _open_all(store: Store, space: bytes, fresh: Fresh, report: Report) -> None:
    for version in _contents(store, space):
        try:
            key = fresh.ring.key(version.header.kid)
            if version.body is None or version.header.deleted:
                report.counts["without content (deleted, or replaced long ago)"] += 1
                continue
            records.load(sealing.open_content(version, key))
            report.counts["opened"] += 1
        except NoKey:
            report.counts["without a key here"] += 1
        except BadRecord:
            report.counts["skipped (bad_record)"] += 1
        except Unopened:
            report.faults.append(
                f"{_name(fresh.space)}: version {b64(version.id)[:8]} does not open"
            )
