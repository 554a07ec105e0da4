"""Sealing, versions and signatures: opening undoes, changing anything is refused."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import envelope, labels, sealing, signing
from sync.encoding import sha256
from sync.envelope import Header, Version, View
from sync.errors import BadSignature, EnidError, Never, Unopened
from sync.invitations import AccountKey, Identity, Invitation, open_box, seal_box
from sync.kinds import BUCKETS, ZERO32, Rule
from sync.sealing import Context, EpochKey
from tools.make_vectors import ANN, BOB, Chance, Scene, flipped

KEY = EpochKey(1, b"s" * 16, 3, bytes(range(32)))
ids = st.binary(min_size=16, max_size=16)
hashes = st.binary(min_size=32, max_size=32)
u63 = st.integers(0, 2**63 - 1)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    n = draw(st.one_of(st.just(1), st.integers(2, 2**63 - 1)))
    parents = tuple(sorted(draw(st.sets(hashes, max_size=8))))
    prev = ZERO32 if n == 1 else draw(hashes.filter(lambda h: h != ZERO32))
    view = View(draw(st.integers(0, 2**31 - 1)), draw(u63), draw(hashes))
    return Header(
        draw(st.integers(0, 255)), draw(ids), draw(st.integers(0, 2**31 - 1)),
        draw(st.binary(min_size=8, max_size=8)), draw(st.sampled_from(Rule)),
        draw(st.integers(0, 1)), draw(ids), draw(ids), n, prev, view, parents,
        draw(st.binary(min_size=24, max_size=24)),
    )  # fmt: skip


def a_version(content: bytes = b"{}", least: int = 256, n: int = 1) -> Version:
    chance = Chance(f"version {n}")
    header = Header(
        1, KEY.space, KEY.number, KEY.kid, Rule.LEAD, 0, chance(16), ANN.device, n,
        ZERO32 if n == 1 else chance(32), View(1, 4, chance(32)), (chance(32),),
        chance(24),
    )  # fmt: skip
    body = sealing.seal_content(header, KEY, content, least)
    return envelope.build(header, body, ANN.sign)


def accepted(raw: bytes, signature: bytes, body: bytes | None) -> bool:
    """Whether anything of it would be believed: parsed, signed and opened."""
    try:
        version = envelope.parse(raw, signature, body)
        signing.verify(
            version.header.suite, ANN.key, labels.SIGN_VERSION, version.id, signature
        )
    except EnidError:
        return False
    return True


# -- headers -------------------------------------------------------------------------


@given(headers())
def test_parsing_undoes_building_a_header(header: Header) -> None:
    assert envelope.parse_header(bytes(header)) == header


@given(headers(), st.data())
def test_a_header_has_one_spelling(header: Header, data: st.DataObject) -> None:
    raw = bytes(header)
    other = flipped(raw, data.draw(st.integers(0, len(raw) * 8 - 1)))
    try:
        read = envelope.parse_header(other)
    except EnidError:
        return
    assert bytes(read) == other
    assert read != header


@given(st.binary(max_size=500))
def test_any_bytes_are_a_header_or_refused_in_one_way(data: bytes) -> None:
    try:
        header = envelope.parse_header(data)
    except Never:
        return
    assert bytes(header) == data


# -- sealing -------------------------------------------------------------------------


@given(st.binary(max_size=5000), st.sampled_from(BUCKETS))
def test_opening_undoes_sealing(content: bytes, least: int) -> None:
    version = a_version(content, least)
    assert sealing.open_content(version, KEY) == content


@given(st.binary(max_size=70_000), st.sampled_from(BUCKETS))
@settings(max_examples=50)
def test_a_padded_size_tells_only_the_bucket(content: bytes, least: int) -> None:
    if len(content) > BUCKETS[-1] - 4:
        with pytest.raises(EnidError, match="too_large"):
            sealing.pad(content, least)
        return
    padded = sealing.pad(content, least)
    assert len(padded) == min(b for b in BUCKETS if b >= max(len(content) + 4, least))
    assert sealing.unpad(padded) == content


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300), st.data())
def test_another_secret_salt_or_context_opens_nothing(
    secret: bytes, content: bytes, data: st.DataObject
) -> None:
    context = Context(1, labels.LOCAL, b"here")
    salt = bytes(24)
    sealed = sealing.seal(secret, salt, context, content)
    bit = data.draw(st.integers(0, 255))
    for wrong in (
        (flipped(secret, bit), salt, context),
        (secret, flipped(salt, bit % 192), context),
        (secret, salt, replace(context, label=labels.SLOT_SEAL)),
        (secret, salt, replace(context, bound=b"there")),
    ):
        with pytest.raises(Unopened):
            sealing.open_sealed(*wrong, sealed)


@given(st.binary(max_size=200), st.data())
def test_any_changed_or_cut_box_stays_closed(
    content: bytes, data: st.DataObject
) -> None:
    context = Context(1, labels.LOCAL, b"here")
    box = seal_box(b"k" * 32, context, content, Chance("box"))
    bit = data.draw(st.integers(0, len(box) * 8 - 1))
    cut = data.draw(st.integers(0, len(box) - 1))
    for wrong in (flipped(box, bit), box[:cut]):
        with pytest.raises(Unopened):
            open_box(b"k" * 32, context, wrong)


def test_ten_thousand_seals_never_repeat_a_salt_or_a_one_time_key(monkeypatch) -> None:
    """SEC-12: no (key, nonce) pair twice, though the nonce is always zero."""
    used: list[bytes] = []
    real = sealing.AesHpke.encrypt

    def watched(self, key, plaintext, aad):
        used.append(key)
        return real(self, key, plaintext, aad)

    monkeypatch.setattr(sealing.AesHpke, "encrypt", watched)
    context, salts = Context(1, labels.LOCAL, b"here"), set()
    for _ in range(10_000):
        box = seal_box(b"k" * 32, context, b"the same words", os.urandom)
        salts.add(box[:24])
    assert len(salts) == len(set(used)) == 10_000


# -- every single bit (5.1, 5.2) -----------------------------------------------------


def test_every_single_bit_of_one_version_is_covered() -> None:
    """Exhaustive: header, signature, body; none of the changed ones is believed."""
    version = a_version(n=2)
    assert accepted(version.raw, version.signature, version.body)
    body = version.body or b""
    for bit in range(len(version.raw) * 8):
        assert not accepted(flipped(version.raw, bit), version.signature, body), bit
    for bit in range(64 * 8):
        assert not accepted(version.raw, flipped(version.signature, bit), body), bit
    for bit in range(len(body) * 8):
        assert not accepted(version.raw, version.signature, flipped(body, bit)), bit


@given(st.binary(max_size=300), st.integers(2, 50), st.data())
def test_any_bit_of_any_version_is_covered(
    content: bytes, n: int, data: st.DataObject
) -> None:
    version = a_version(content, n=n)
    whole = version.raw + version.signature + (version.body or b"")
    changed = flipped(whole, data.draw(st.integers(0, len(whole) * 8 - 1)))
    end = len(version.raw)
    parts = changed[:end], changed[end : end + 64], changed[end + 64 :]
    assert not accepted(*parts)


@given(st.integers(0, 20), st.integers(0, 20))
def test_a_body_fits_no_other_header(one: int, two: int) -> None:
    """SEC-20: whatever signature it carries."""
    first, second = a_version(n=one + 1), a_version(n=two + 1)
    swapped = envelope.build(second.header, first.body or b"", ANN.sign)
    if one == two:
        assert sealing.open_content(swapped, KEY) == b"{}"
    else:
        with pytest.raises(Unopened):
            sealing.open_content(swapped, KEY)


def test_every_bit_of_a_wrap_a_slot_a_pack_and_a_carried_key_is_covered() -> None:
    """SEC-01: exhaustive; all fail closed."""
    account = Scene("sealing").membership.accounts[ANN.account]
    wrapped = sealing.wrap(KEY, account)
    given_ = (1, ANN.identity.wrap_seed, account.id, KEY.space, KEY.number, KEY.kid)
    assert sealing.unwrap(*given_, KEY.commitment, wrapped) == KEY
    for bit in range(len(wrapped) * 8):
        with pytest.raises(Unopened):
            sealing.unwrap(*given_, KEY.commitment, flipped(wrapped, bit))
    account_key = AccountKey(bytes(range(20)))
    slot = account_key.seal_slot(ANN.identity, Chance("slot"))
    for bit in range(len(slot) * 8):
        with pytest.raises(Unopened):
            account_key.open_slot(flipped(slot, bit))
    old = EpochKey(1, KEY.space, 2, b"o" * 32)
    row = sealing.carry(KEY, old)
    for bit in range(len(row) * 8):
        with pytest.raises(Unopened):
            sealing.open_carried(KEY, old.kid, flipped(row, bit))
    invitation = Invitation.new(Chance("invitation"))
    box = invitation.seal_pack({"circle": "x"}, Chance("pack"))
    for bit in range(0, len(box) * 8, 7):
        with pytest.raises(Unopened):
            invitation.open_pack(flipped(box, bit))


# -- signatures ----------------------------------------------------------------------

SIGNING = [n for n in labels.REGISTRY if n.startswith("SIGN_")]


@given(st.binary(max_size=100), st.sampled_from(SIGNING), st.sampled_from(SIGNING))
def test_a_signature_in_one_context_never_verifies_in_another(
    message: bytes, one: str, two: str
) -> None:
    """SEC-14."""
    signed = signing.sign(1, ANN.seed, labels.REGISTRY[one], message)
    if one == two:
        signing.verify(1, ANN.key, labels.REGISTRY[two], message, signed)
        return
    with pytest.raises(BadSignature):
        signing.verify(1, ANN.key, labels.REGISTRY[two], message, signed)


@given(st.binary(max_size=100), st.binary(max_size=20))
def test_a_label_and_a_message_are_never_read_with_another_border(
    message: bytes, more: bytes
) -> None:
    for one in SIGNING:
        signed = signing.sign(1, ANN.seed, labels.REGISTRY[one], more + message)
        for two in SIGNING:
            if (one, more) == (two, b""):
                continue
            with pytest.raises(BadSignature):
                signing.verify(1, ANN.key, labels.REGISTRY[two], message, signed)


@given(st.binary(max_size=64))
def test_nobody_elses_signature_is_taken(message: bytes) -> None:
    signed = signing.sign(1, BOB.seed, labels.SIGN_VERSION, message)
    with pytest.raises(BadSignature):
        signing.verify(1, ANN.key, labels.SIGN_VERSION, message, signed)


@given(st.binary(max_size=80))
def test_any_bytes_as_a_key_are_refused_or_strict(key: bytes) -> None:
    try:
        signing.check_key(1, key)
    except BadSignature:
        return
    assert len(key) == 32
    assert int.from_bytes(key, "little") & (1 << 255) - 1 < 2**255 - 19


@given(st.binary(min_size=32, max_size=32))
def test_what_stays_after_the_secret_is_erased_is_the_same_identity(
    secret: bytes,
) -> None:
    whole = Identity(secret)
    left = Identity(whole.kept)
    assert left.account == whole.account
    assert left.record_secret == whole.record_secret
    assert sha256(left.sign_key) == sha256(whole.sign_key)
