"""Signing in: a device signs the server's challenge and gets a token (PROTOCOL 9).

The only road to a token. The same call enrols an account, renews after two months
and, after a restore, brings back an account that a circle's log here seats.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass

from sqlalchemy import Connection, column, text

from server.services import DAY_S, Caller, Services
from server.services.invitations import at_rest, find_open
from sync import labels, signing
from sync.encoding import b64, sha256
from sync.errors import AfterUser, EnidError, Later
from sync.membership import account_id, device_id, verify_certificate

CHALLENGE_S = 300
IDLE_DAYS = 60
TOKEN_BYTES = 32

_INC = text("SELECT value FROM server_state WHERE key = 'inc'")
_CALLER = text(
    "SELECT t.account_id, t.device_id, t.peek_space, t.used_on, a.synced_inc,"
    " a.circles, a.seen_on,"
    " (SELECT value FROM server_state WHERE key = 'inc') AS inc FROM token t "
    "JOIN account a ON a.account_id = t.account_id "
    "WHERE t.token_hash = :token AND t.expires_at > :now"
).columns(
    *map(
        column,
        (
            "account_id", "device_id", "peek_space", "used_on", "synced_inc", "circles",
            "seen_on", "inc",
        ),
    )
)  # fmt: skip
_REDEEM = text(
    "INSERT INTO redeemed (challenge_hash, expires_at) VALUES (:challenge, :expires) "
    "ON CONFLICT DO NOTHING"
)
_REVOKED = text("SELECT 1 FROM revoked WHERE device_id = :device")
_KNOWN = text("SELECT 1 FROM account WHERE account_id = :account")
_SEATED = text("SELECT 1 FROM seat WHERE account_id = :account LIMIT 1")
_CREATE = text(
    "INSERT INTO account (account_id, suite, sign_key, wrap_key, synced_inc, seen_on,"
    " circles) VALUES (:account, :suite, :sign_key, :wrap_key, :inc, :today, 0)"
)
_USE = text(
    "UPDATE invitation SET used_by = :account "
    "WHERE lookup_hash = :lookup AND used_by IS NULL"
)
_ISSUE = text(
    "INSERT INTO token (token_hash, account_id, device_id, expires_at, used_on,"
    " peek_space) VALUES (:token, :account, :device, :expires, :today, :peek)"
)
_SIGN_OUT = text("DELETE FROM token WHERE token_hash = :token")
_USED = text(
    "UPDATE token SET used_on = :today, expires_at = :expires WHERE token_hash = :token"
)
_SEEN = text("UPDATE account SET seen_on = :today WHERE account_id = :account")


@dataclass(frozen=True)
class Claim:
    """Who somebody says they are, and the two signatures that prove it."""

    challenge: bytes
    suite: int
    sign_key: bytes
    wrap_key: bytes
    device_key: bytes
    certificate: bytes
    signature: bytes
    lookup: bytes | None = None

    @property
    def account(self) -> bytes:
        return account_id(self.sign_key, self.wrap_key)


@dataclass(frozen=True)
class Session:
    """What was granted; ``created``: this call made the account."""

    token: str
    account: bytes
    device: bytes
    expires_at: int
    inc: int
    created: bool


def make_challenge(services: Services) -> tuple[bytes, int]:
    """56 bytes that only this server can have made, and the incarnation."""
    body = os.urandom(16) + (services.now + CHALLENGE_S).to_bytes(8, "big")
    with services.database.read() as connection:
        inc: int = connection.execute(_INC).scalar_one()
    return body + _seal(services, body), inc


def open_session(services: Services, claim: Claim) -> Session:
    """Check a claim, make the account if it may be made, and issue a token.

    Raises:
        EnidError: ``bad_challenge``, ``bad_signature``, ``device_revoked``,
            ``invitation_needed`` or an invitation's own errors. Nothing is kept then.
    """
    expires = _check_challenge(services, claim.challenge)
    account, device = claim.account, device_id(claim.device_key)
    verify_certificate(
        claim.suite, claim.sign_key, account, claim.device_key, claim.certificate
    )
    message = sha256(services.origin.encode()) + claim.challenge + account
    signing.verify(
        claim.suite, claim.device_key, labels.SIGN_SESSION, message, claim.signature
    )
    token = b64(os.urandom(TOKEN_BYTES))

    def work(connection: Connection) -> Session:
        redeemed = {"challenge": sha256(claim.challenge), "expires": expires}
        if connection.execute(_REDEEM, redeemed).rowcount == 0:
            raise Later("bad_challenge", "this challenge was used before")
        if connection.execute(_REVOKED, {"device": device}).first():
            raise AfterUser("device_revoked", "this device was signed out for good")
        inc: int = connection.execute(_INC).scalar_one()
        peek, created = _admit(services, connection, claim, inc)
        until = services.now + IDLE_DAYS * DAY_S
        connection.execute(
            _ISSUE,
            {
                "token": hash_token(token), "account": account, "device": device,
                "expires": until, "today": services.today, "peek": peek,
            },
        )  # fmt: skip
        return Session(token, account, device, until, inc, created)

    session: Session = services.database.write(work)
    return session


def hash_token(token: str) -> bytes:
    """Under what a token is kept, 32 bytes."""
    return sha256(token.encode())


def find_caller(services: Services, token: str) -> Caller | None:
    """Whom a token stands for, or nobody; notes the day once a day."""
    hashed, now = hash_token(token), services.now
    with services.database.engine.connect() as connection:
        row = connection.execute(_CALLER, {"token": hashed, "now": now}).first()
    if row is None:
        return None
    caller = Caller(
        row.account_id, row.device_id, hashed, row.inc, row.peek_space, row.synced_inc,
        row.circles, row.seen_on, row.used_on,
    )  # fmt: skip
    if services.today != row.used_on or services.today != row.seen_on:
        _note_day(services, caller)
    return caller


def sign_out(services: Services, caller: Caller) -> None:
    """Forget one token; a second time changes nothing."""
    services.database.write(
        lambda connection: (
            connection.execute(_SIGN_OUT, {"token": caller.token_hash}).rowcount
        )
    )


def _note_day(services: Services, caller: Caller) -> None:
    where = {"today": services.today, "token": caller.token_hash}
    where |= {"account": caller.account, "expires": services.now + IDLE_DAYS * DAY_S}

    def work(connection: Connection) -> None:
        connection.execute(_USED, where)
        connection.execute(_SEEN, where)

    try:
        services.database.write(work)
    except EnidError:
        return  # a database that cannot be written can still be read


def _seal(services: Services, body: bytes) -> bytes:
    return hmac.digest(services.secret, labels.SIGN_SESSION + body, "sha256")


def _check_challenge(services: Services, challenge: bytes) -> int:
    body, seal = challenge[:24], challenge[24:]
    expires = int.from_bytes(body[16:], "big")
    genuine = hmac.compare_digest(_seal(services, body), seal)
    if not genuine or expires <= services.now:
        raise Later("bad_challenge", "this challenge is not fresh: ask for another")
    return expires


def _admit(
    services: Services, connection: Connection, claim: Claim, inc: int
) -> tuple[bytes | None, bool]:
    """The log that the invitation shows, and whether the account is new here."""
    account, invitation = claim.account, None
    if claim.lookup:
        invitation = find_open(connection, claim.lookup, services.now, account)
    peek = invitation.space_id if invitation else None
    if connection.execute(_KNOWN, {"account": account}).first():
        return peek, False
    if not invitation and not connection.execute(_SEATED, {"account": account}).first():
        raise AfterUser("invitation_needed", "an account begins with an invitation")
    _create(services, connection, claim, inc)
    if invitation and claim.lookup and not invitation.space_id:
        used = {"lookup": at_rest(claim.lookup), "account": account}
        if not invitation.used_by and not connection.execute(_USE, used).rowcount:
            raise AfterUser("invite_used", "this invitation was used")
    return peek, True


def _create(services: Services, connection: Connection, claim: Claim, inc: int) -> None:
    row = {
        "account": claim.account, "suite": claim.suite, "sign_key": claim.sign_key,
        "wrap_key": claim.wrap_key, "inc": int(inc == 1), "today": services.today,
    }  # fmt: skip
    connection.execute(_CREATE, row)
