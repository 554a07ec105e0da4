"""The vectors that both languages share (sync/vectors, PROTOCOL 5.5(3))."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import sync
from sync import (
    encoding,
    entries,
    envelope,
    kinds,
    labels,
    membership,
    records,
    sealing,
    signing,
)
from sync import errors as problems
from sync.check import Serving, Space, still_counts
from sync.encoding import b64, unb64
from sync.errors import EnidError, Never
from sync.invitations import AccountKey, Identity, Invitation
from sync.keyring import Ring
from sync.kinds import ZERO16, Role, Rule, SpaceKind
from sync.merge import Cell, fill, mark, merge_note, register
from sync.sealing import EpochKey
from tools import make_vectors
from tools.make_vectors import Known

FOLDER = Path(sync.__file__).parent / "vectors"
FILES = {path.stem: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
Case = dict[str, Any]


def raw(text: str | None) -> bytes:
    return bytes.fromhex(text or "")


def version_of(row: list[Any]) -> envelope.Version:
    header, signature, body, *rest = row
    return envelope.parse(
        raw(header), raw(signature), None if body is None else raw(body),
        raw(rest[0]) if rest else None,
    )  # fmt: skip


# -- one reader for each file -------------------------------------------------------


def base64url(case: Case, _: Case) -> None:
    data = unb64(case["text"], case.get("size"))
    assert data == raw(case["bytes"])
    assert b64(data) == case["text"]


def codes(case: Case, _: Case) -> None:
    if case["expect"] != "ok":
        with pytest.raises(Never) as refused:
            encoding.bytes_from_code(case["typed"], case["groups"])
        assert refused.value.facts.get("group") == case.get("group")
    secret = encoding.bytes_from_code(case["typed"], case["groups"])
    assert secret == raw(case["bytes"])
    assert encoding.code_from_bytes(secret, case["groups"]) == case["code"]


def ids(case: Case, _: Case) -> None:
    def of(name: str) -> bytes:
        return raw(case[name])

    names: dict[str, Callable[[], bytes]] = {
        "account": lambda: membership.account_id(of("sign_key"), of("wrap_key")),
        "device": lambda: membership.device_id(of("device_key")),
        "head": lambda: envelope.next_head(of("head"), of("version")),
        "version": lambda: envelope.version_id(of("header"), of("body_hash")),
        "kid": lambda: EpochKey(1, ZERO16, 1, of("secret")).kid,
        "space": lambda: Space(
            of("circle"), SpaceKind(case["kind"]), of("subject")
        ).id,
        "record": lambda: envelope.record_key(
            Rule(case["rule"]), of("account"), of("rec")
        ),
    }  # fmt: skip
    assert names[case["of"]]() == of("id")


def tables(case: Case, _: Case) -> None:
    if case["of"] == "label":
        assert labels.REGISTRY[case["label"]] == raw(case["bytes"])
    elif case["of"] == "authority":
        table = kinds.AUTHORITY[kinds.CircleKind(case["circle"])]
        assert table[Role(case["role"])] == case["over"]
    else:
        row = vars(kinds.SPACES[SpaceKind(case["kind"])])
        assert row == {name: case[name] for name in row}


def signatures(case: Case, _: Case) -> None:
    label = labels.Label(raw(case["label"]))
    key, message = raw(case["key"]), raw(case["message"])
    signing.verify(case["suite"], key, label, message, raw(case["signature"]))


def headers(case: Case, _: Case) -> None:
    header = envelope.parse_header(raw(case["header"]))
    fields = {**vars(header), "view": [*vars(header.view).values()]}
    assert make_vectors.hexed(fields) == case["fields"]
    assert bytes(header) == raw(case["header"])


def versions(case: Case, _: Case) -> None:
    version = version_of(case["version"])
    signing.verify(
        version.header.suite, raw(case["device_key"]), labels.SIGN_VERSION,
        version.id, version.signature,
    )  # fmt: skip
    assert version.id == raw(case["id"])


def control(case: Case, _: Case) -> None:
    entry = entries.decode(raw(case["bytes"]))
    assert entry.number == case["number"]
    assert make_vectors.hexed(vars(entry)) == case["fields"]
    assert entries.encode(entry) == raw(case["bytes"])


def scene_of(case: Case, file: Case, circle: str | None = None) -> dict[Space, Known]:
    """The log and the spaces of a case's scene, folded as a client folds them."""
    scene = file["scenes"][case["scene"]]
    log = [version_of(row) for row in scene["log"]]
    first = log[0].id if log else raw(circle)
    state = Known(Space(first, SpaceKind.CIRCLE), membership.Membership())
    found = {state.space: state}
    for version in log:
        state.take(version)
    for each in scene["spaces"]:
        space = Space(first, SpaceKind(each["kind"]), raw(each["subject"]))
        found[space] = Known(space, state.membership)
        for row in each["versions"]:
            found[space].take(version_of(row))
    return found


def judged(case: Case, file: Case) -> None:
    scene = scene_of(case, file, case.get("circle"))
    log = next(iter(scene.values()))
    space = Space(log.space.circle, SpaceKind(case["kind"]), raw(case["subject"]))
    state = scene.get(space) or Known(space, log.membership)
    serving = None
    if "serving" in case:
        told = case["serving"]
        serving = Serving(told["inc"], told["settled"], state.head_at, told["settled"])
    version = version_of(case["version"])
    verdict = state.take(version, serving)
    if "after" in case:
        after = make_vectors.hexed(make_vectors._folded(log.membership))
        assert after == case["after"]
    if "counts" in case:
        assert still_counts(version, verdict, state) == case["counts"]


def rings(case: Case, file: Case) -> None:
    scene = scene_of(case, file)
    log = next(iter(scene.values()))
    space = Space(log.space.circle, SpaceKind(case["kind"]), raw(case["subject"]))
    state = scene.get(space) or Known(space, log.membership)
    ring = Ring(1, space, list(state.begun))
    ring.confirmed = {raw(each) for each in case["confirmed"]}
    for kid, secret in case["secrets"]:
        ring.take_secret(raw(kid), raw(secret))
    while ring.take_carried():
        pass
    if "holds" in case:
        assert set(ring.keys) == {raw(kid) for kid in case["holds"]}
    assert ring.writable(log.membership).kid == raw(case["kid"])


def sealed(case: Case, _: Case) -> None:
    key = EpochKey(1, raw(case["space"]), case["epoch"], raw(case["secret"]))
    header = envelope.parse_header(raw(case["header"]))
    if case["expect"] == "unopened":
        body = raw(case["body"])
        if "fits_without_commitment" in case:
            assert opens_without_commitment(key, header, body)
        sealing.open_content(envelope.build(header, body, lambda _: bytes(64)), key)
    content = raw(case["content"]) * case["times"]
    body = sealing.seal_content(header, key, content, case["least"])
    assert len(body) == case["padded"] + 48
    found = {"body": body, "body_hash": encoding.sha256(body)}
    assert all(raw(case[name]) == found[name] for name in found if name in case)
    version = envelope.build(header, body, lambda _: bytes(64))
    assert sealing.open_content(version, key) == content


def opens_without_commitment(
    key: EpochKey, header: envelope.Header, body: bytes
) -> bool:
    """SEC-11: AES-GCM alone would take this blob."""
    context = labels.EPOCH_CONTENT + bytes(header)
    derived = sealing.sealer(1).derive(key.secret, header.salt, context, 64)
    AESGCM(derived[:32]).decrypt(bytes(12), body[32:], context)
    return True


def wraps(case: Case, _: Case) -> None:
    space, number, kid = raw(case["space"]), case["epoch"], raw(case["kid"])
    if case["of"] == "wrap":
        key = sealing.unwrap(
            1, raw(case["seed"]), raw(case["account"]), space, number, kid,
            raw(case["commitment"]), raw(case["wrap"]),
        )  # fmt: skip
        assert key.secret == raw(case["secret"])
        return
    key = EpochKey(1, space, number, raw(case["secret"]))
    if case["of"] == "carried":
        opened = sealing.open_carried(key, kid, raw(case["sealed"]))
        assert opened == raw(case["opened"])
        old = EpochKey(1, space, number - 1, opened)
        assert sealing.carry(key, old) == raw(case["sealed"])
        return
    assert (key.kid, key.commitment) == (kid, raw(case["commitment"]))
    following = FollowingKey(case["next_epoch"], raw(case["next_commitment"]))
    assert key.link(following) == raw(case["link"])  # type: ignore[arg-type]


class FollowingKey:
    """What a link needs to know of the next key."""

    def __init__(self, number: int, commitment: bytes) -> None:
        self.number, self.commitment = number, commitment


def accounts(case: Case, _: Case) -> None:
    if case["of"] == "identity":
        who = Identity(raw(case["secret"]))
        names = ("sign_seed", "sign_key", "wrap_seed", "wrap_key", "record_secret",
                 "account")  # fmt: skip
        assert {n: getattr(who, n).hex() for n in names} == {n: case[n] for n in names}
    elif case["of"] == "account key":
        key = AccountKey(raw(case["key"]))
        assert (key.code, key.lookup.hex()) == (case["code"], case["lookup"])
        assert AccountKey.from_code(case["code"]) == key
    elif case["of"] == "slot":
        key, slot = AccountKey(raw(case["key"])), raw(case["slot"])
        who = key.open_slot(slot)
        assert who.secret == raw(case["secret"])
        assert key.seal_slot(who, lambda size: raw(case["salt"])[:size]) == slot
    else:
        membership.verify_certificate(
            1, *(raw(case[n]) for n in ("sign_key", "account", "device_key",
                                        "certificate"))
        )  # fmt: skip


def invitations(case: Case, _: Case) -> None:
    if case["of"] == "proof":
        entry = entries.decode(raw(case["entry"]))
        assert isinstance(entry, entries.Join)
        membership.verify_join(1, raw(case["circle"]), entry)
        return
    invitation = Invitation(raw(case["secret"]))
    if case["of"] == "pack":
        assert invitation.open_pack(raw(case["box"])) == case["pack"]
        return
    assert Invitation.from_code(case["code"]) == invitation
    names = ("lookup", "seed", "public", "code")
    found = {n: getattr(invitation, n) for n in names}
    assert make_vectors.hexed(found) == {n: case[n] for n in names}


def cells_of(rows: list[Any]) -> list[Cell]:
    return [
        Cell(raw(person), value, raw(dot), tuple(raw(o) for o in over))
        for person, value, dot, over in rows
    ]


def registers(case: Case, _: Case) -> None:
    cells = cells_of(case["cells"])
    if case["of"] == "register":
        for order in itertools.permutations(cells):
            shown = {
                person: {"state": s.state, "values": s.values,
                         "cells": [list(c) for c in s.cells]}
                for person, s in register([*order, *order[:1]]).items()
            }  # fmt: skip
            assert make_vectors.hexed(shown) == case["shown"]
    elif case["of"] == "mark":
        made = mark(cells, raw(case["person"]), case["value"], raw(case["dot"]))
        assert make_vectors.hexed(made) == case["cell"]
    else:
        roster, dots = ([raw(x) for x in case[n]] for n in ("roster", "dots"))
        filled = fill(cells, roster, case["value"], dots)
        assert make_vectors.hexed(filled) == case["made"]


def notes(case: Case, _: Case) -> None:
    base, mine, theirs = case["base"], case["mine"], case["theirs"]
    assert merge_note(base, mine, theirs) == case["joined"]
    assert merge_note(base, theirs, mine) == case["joined"]


def contents(case: Case, _: Case) -> None:
    content = case["content"].encode()
    found = records.load(content)
    assert isinstance(found, records.Record) == case.get("known", True)
    if isinstance(found, records.Unknown):
        assert found.content == content
    elif "canonical" in case:
        assert records.dump(found.type, found.fields).decode() == case["canonical"]


READERS: dict[str, Callable[[Case, Case], None]] = {
    "base64url": base64url, "codes": codes, "ids": ids, "tables": tables,
    "signatures": signatures, "headers": headers, "versions": versions,
    "entries": control, "logs": judged, "check": judged, "rings": rings,
    "sealing": sealed, "wraps": wraps, "accounts": accounts,
    "invitations": invitations, "registers": registers, "notes": notes,
    "records": contents,
}  # fmt: skip
CASES = [
    pytest.param(stem, case, id=f"{stem}: {case['name']}")
    for stem, file in sorted(FILES.items())
    for case in file["cases"]
]


@pytest.mark.parametrize(("stem", "case"), CASES)
def test_vector(stem: str, case: Case) -> None:
    outcome = "ok"
    try:
        READERS[stem](case, FILES[stem])
    except EnidError as error:
        outcome = error.code
    assert outcome == case["expect"]


@pytest.mark.parametrize("stem", sorted(make_vectors.SUBJECTS))
def test_writing_the_vectors_again_gives_the_same_files(stem: str) -> None:
    assert (FOLDER / f"{stem}.json").read_text() == make_vectors.made(stem)


def test_every_file_has_a_reader_and_every_case_a_name_of_its_own() -> None:
    assert set(FILES) == set(READERS) == set(make_vectors.SUBJECTS)
    for stem, file in FILES.items():
        named = [case["name"] for case in file["cases"]]
        assert len(set(named)) == len(named), stem


def test_every_outcome_is_ok_or_a_code_of_the_protocols_table() -> None:
    page = (FOLDER.parent / "PROTOCOL.md").read_text()
    listed = page.split("## 10. Errors")[1].split("## 11.")[0]
    expected = {case["expect"] for file in FILES.values() for case in file["cases"]}
    for code in expected - {"ok"}:
        assert f"`{code}`" in listed


def test_every_code_that_judging_can_raise_is_expected_by_a_case() -> None:
    """PROTOCOL 8.1 names them all."""
    expected = {
        case["expect"] for stem in ("logs", "check", "versions")
        for case in FILES[stem]["cases"]
    }  # fmt: skip
    assert expected >= {
        "ok", "bad_envelope", "too_large", "upgrade_required", "unknown_author",
        "bad_entry", "bad_signature", "chain_conflict", "view_mismatch", "restoring",
        "role_denied", "device_revoked", "unknown_invite", "invite_used", "head_moved",
        "unknown_change", "epoch_stale", "unknown_epoch", "bad_padding", "bad_parent",
    }  # fmt: skip
    assert issubclass(problems.Unknown, EnidError)
