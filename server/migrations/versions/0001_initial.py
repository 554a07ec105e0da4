"""All tables, and incarnation 1."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("suite", sa.SmallInteger(), nullable=False),
        sa.Column("sign_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("wrap_key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("synced_inc", sa.Integer(), nullable=False),
        sa.Column("seen_on", sa.Integer(), nullable=False),
        sa.Column("circles", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_account"),
    )
    op.create_table(
        "invitation",
        sa.Column("lookup_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("space_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("invite_key", sa.LargeBinary(length=32), nullable=True),
        sa.Column("by_account", sa.LargeBinary(length=16), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("pack", sa.LargeBinary(), nullable=True),
        sa.Column("used_by", sa.LargeBinary(length=16), nullable=True),
        sa.PrimaryKeyConstraint("lookup_hash", name="pk_invitation"),
    )
    op.create_index(
        "ix_invitation_space_id_invite_key", "invitation", ["space_id", "invite_key"]
    )
    op.create_table(
        "listing",
        sa.Column("circle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("group_id", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("circle_id", "group_id", name="pk_listing"),
    )
    op.create_index("ix_listing_group_id", "listing", ["group_id"])
    op.create_table(
        "redeemed",
        sa.Column("challenge_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name="pk_redeemed"),
    )
    op.create_table(
        "revoked",
        sa.Column("device_id", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("device_id", name="pk_revoked"),
    )
    op.create_table(
        "seat",
        sa.Column("circle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("person_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("roles", sa.Integer(), nullable=False),
        sa.Column("since", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("circle_id", "account_id", name="pk_seat"),
    )
    op.create_index("ix_seat_account_id", "seat", ["account_id"])
    op.create_table(
        "server_state",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_server_state"),
    )
    op.create_table(
        "slot",
        sa.Column("lookup_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("slot", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("lookup_hash", name="pk_slot"),
        sa.UniqueConstraint("account_id", name="uq_slot_account_id"),
    )
    op.create_table(
        "space",
        sa.Column("space_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("circle_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("subject", sa.LargeBinary(length=16), nullable=False),
        sa.Column("readers", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.Column("suite", sa.SmallInteger(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("kid", sa.LargeBinary(length=8), nullable=False),
        sa.Column("epoch_id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("epoch_membership", sa.LargeBinary(length=32), nullable=False),
        sa.Column("lacks", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("space_id", name="pk_space"),
    )
    op.create_index("ix_space_circle_id", "space", ["circle_id"])
    op.create_table(
        "token",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("device_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_on", sa.Integer(), nullable=False),
        sa.Column("peek_space", sa.LargeBinary(length=16), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name="pk_token"),
    )
    op.create_index("ix_token_account_id", "token", ["account_id"])
    op.create_index("ix_token_device_id", "token", ["device_id"])
    op.create_table(
        "closing",
        sa.Column("space_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id"], ["space.space_id"], name="fk_closing_space"
        ),
        sa.PrimaryKeyConstraint("space_id", "account_id", name="pk_closing"),
    )
    op.create_index("ix_closing_account_id", "closing", ["account_id"])
    op.create_table(
        "version",
        sa.Column("space_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=32), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("body_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("head", sa.LargeBinary(length=32), nullable=False),
        sa.Column("device_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("record", sa.LargeBinary(length=33), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["space_id"], ["space.space_id"], name="fk_version_space"
        ),
        sa.PrimaryKeyConstraint("space_id", "seq", name="pk_version"),
        sa.UniqueConstraint(
            "space_id", "device_id", "n", name="uq_version_space_id_device_id_n"
        ),
        sa.UniqueConstraint("space_id", "id", name="uq_version_space_id_id"),
    )
    op.create_table(
        "wrap",
        sa.Column("space_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("account_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kid", sa.LargeBinary(length=8), nullable=False),
        sa.Column("by_account", sa.LargeBinary(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(length=80), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["space.space_id"], name="fk_wrap_space"),
        sa.PrimaryKeyConstraint(
            "space_id", "account_id", "kid", "by_account", name="pk_wrap"
        ),
    )
    op.execute("INSERT INTO server_state (key, value) VALUES ('inc', 1)")


def downgrade() -> None:
    for table in (
        "wrap", "version", "closing", "token", "space", "slot", "server_state",
        "seat", "revoked", "redeemed", "listing", "invitation", "account",
    ):  # fmt: skip
        op.drop_table(table)
