"""The label registry (PROTOCOL 12, SEC-14).

Every hash, signature, key derivation and seal of the protocol begins with one
of these, so no byte string made for one purpose means anything for another.
No label is a prefix of another; ``tests/sync/test_labels.py`` holds that.
"""

from __future__ import annotations

from typing import NewType

Label = NewType("Label", bytes)

# First bytes of the one header (PROTOCOL 5).
VERSION = Label(b"enid/version/1\0")

# What a signature covers begins with one of these.
SIGN_VERSION = Label(b"enid/sig/1\0")
SIGN_DEVICE = Label(b"enid/cert/1\0")
SIGN_JOIN = Label(b"enid/join/1\0")
SIGN_SESSION = Label(b"enid/session/1\0")

# Names by hash.
ID_SPACE = Label(b"enid/v1/space")
ID_ACCOUNT = Label(b"enid/v1/account\0")
ID_DEVICE = Label(b"enid/v1/device\0")
ID_KEY = Label(b"enid/v1/kid\0")
ID_RECORD = Label(b"enid/v1/record\0")
ID_LOOKUP = Label(b"enid/v1/lookup-at-rest\0")

# Derived from an epoch key.
EPOCH_CONTENT = Label(b"enid/v1/content\0")
EPOCH_COMMIT = Label(b"enid/v1/epoch-commit\0")
EPOCH_CARRY = Label(b"enid/v1/epoch-carry\0")
EPOCH_LINK = Label(b"enid/v1/epoch-link\0")
EPOCH_WRAP = Label(b"enid/v1/epoch-wrap\0")

# Derived from an invitation's secret.
INVITE_LOOKUP = Label(b"enid/v1/invite-lookup\0")
INVITE_KEY = Label(b"enid/v1/invite-key\0")
INVITE_PACK = Label(b"enid/v1/invite-pack\0")

# Derived from the account key (the recovery code) and the account secret.
SLOT_LOOKUP = Label(b"enid/v1/slot-lookup\0")
SLOT_SEAL = Label(b"enid/v1/slot-seal\0")
SECRET_SIGN = Label(b"enid/v1/secret-sign\0")
SECRET_WRAP = Label(b"enid/v1/secret-wrap\0")
SECRET_RECORD = Label(b"enid/v1/secret-record\0")

# On one device only.
LOCAL = Label(b"enid/v1/local\0")

REGISTRY: dict[str, Label] = {
    name: Label(value)
    for name, value in globals().items()
    if name.isupper() and isinstance(value, bytes)
}
