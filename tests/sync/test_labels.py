"""Labels keep the purposes of keys and signatures apart (SEC-14)."""

from itertools import permutations

import pytest

from sync import labels, sealing, signing
from sync.errors import BadSignature, Unopened
from sync.sealing import Context

SEED, MESSAGE = bytes(range(32)), b"the same message"
SIGNING = [name for name in labels.REGISTRY if name.startswith("SIGN_")]
PAIRS = list(permutations(SIGNING, 2))


def test_no_two_labels_are_the_same():
    assert len(set(labels.REGISTRY.values())) == len(labels.REGISTRY)


@pytest.mark.parametrize("name", labels.REGISTRY)
def test_a_label_is_a_prefix_of_no_other(name):
    label = labels.REGISTRY[name]
    others = [other for key, other in labels.REGISTRY.items() if key != name]
    assert not [other for other in others if other.startswith(label)]


def test_every_label_of_the_module_is_in_the_registry():
    found = {n for n, v in vars(labels).items() if isinstance(v, bytes)}
    assert found == set(labels.REGISTRY)


@pytest.mark.parametrize(("made", "shown"), PAIRS)
def test_a_signature_made_in_one_context_never_verifies_in_another(made, shown):
    key = signing.public_key(1, SEED)
    signature = signing.sign(1, SEED, labels.REGISTRY[made], MESSAGE)
    signing.verify(1, key, labels.REGISTRY[made], MESSAGE, signature)
    with pytest.raises(BadSignature):
        signing.verify(1, key, labels.REGISTRY[shown], MESSAGE, signature)


@pytest.mark.parametrize(("made", "shown"), PAIRS)
def test_a_message_that_begins_with_another_label_does_not_take_its_place(made, shown):
    key, chosen = signing.public_key(1, SEED), labels.REGISTRY[shown] + MESSAGE
    signature = signing.sign(1, SEED, labels.REGISTRY[made], chosen)
    with pytest.raises(BadSignature):
        signing.verify(1, key, labels.REGISTRY[shown], MESSAGE, signature)


@pytest.mark.parametrize("name", labels.REGISTRY)
def test_what_is_sealed_in_one_context_opens_in_no_other(name):
    made = Context(1, labels.REGISTRY[name], b"bound")
    sealed = sealing.seal(SEED, bytes(24), made, MESSAGE)
    assert sealing.open_sealed(SEED, bytes(24), made, sealed) == MESSAGE
    for other in set(labels.REGISTRY.values()) - {made.label}:
        with pytest.raises(Unopened):
            sealing.open_sealed(SEED, bytes(24), Context(1, other, b"bound"), sealed)
