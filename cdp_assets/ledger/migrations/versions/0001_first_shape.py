"""The first shape of the ledger.

Written out rather than taken from `models.py`: a migration describes what was, however the models change later.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "activations",
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("initial", sa.Boolean(), nullable=False),
        sa.Column("members", sa.BigInteger(), nullable=False),
        sa.Column("entered", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=False),
        sa.Column("left", sa.BigInteger(), nullable=False),
        sa.Column("withheld", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("destination", "as_of"),
    )
    op.create_table(
        "consents",
        sa.Column("contact_point", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("explicit", sa.Boolean(), nullable=False),
        sa.Column("since", INSTANT, nullable=True),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("contact_point", "purpose", "channel"),
    )
    op.create_table(
        "delivery_attempts",
        sa.Column("outbox_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("attempt", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("response_code", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("finished_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("outbox_id", "attempt"),
    )
    op.create_table(
        "destination_state",
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("profile_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("member", sa.Boolean(), nullable=False),
        sa.Column("payload_hash", sa.BigInteger(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("withheld_change", sa.String(), nullable=True),
        sa.Column("withheld_reason", sa.String(), nullable=True),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("destination", "profile_id"),
    )
    op.create_table(
        "destination_status",
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("not_before", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("destination"),
    )
    op.create_table(
        "exposures",
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("profile_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("variant", sa.String(), nullable=True),
        sa.Column("exposed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("campaign", "profile_id"),
    )
    op.create_table(
        "file_hashes",
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("modified_ns", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("file"),
    )
    op.create_table(
        "guard_holds",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("usual", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("guard_holds_by_destination", "guard_holds", ["destination"], unique=False)
    op.create_table(
        "holdout_assignments",
        sa.Column("campaign", sa.String(), nullable=False),
        sa.Column("profile_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("arm", sa.String(), nullable=False),
        sa.Column("variant", sa.String(), nullable=True),
        sa.Column("contaminated", sa.Boolean(), nullable=False),
        sa.Column("assigned_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("campaign", "profile_id"),
    )
    op.create_table(
        "loads",
        sa.Column("load_id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("stream", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("loaded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("load_id"),
    )
    op.create_index("loads_by_stream", "loads", ["source", "stream", "sequence"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("profile_id", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("segment", sa.String(), nullable=False),
        sa.Column("change", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("payload_hash", sa.BigInteger(), nullable=True),
        sa.Column("contact_point", sa.String(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=True),
        sa.Column("gated", sa.Boolean(), nullable=False),
        sa.Column("arm", sa.String(), nullable=True),
        sa.Column("variant", sa.String(), nullable=True),
        sa.Column("gate", sa.String(), nullable=True),
        sa.Column("hold_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("response_code", sa.BigInteger(), nullable=True),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("destination", "profile_id", "sequence", name="outbox_order_per_profile"),
        sa.UniqueConstraint("idempotency_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_by_channel", "outbox", ["channel", "created_at"], unique=False)
    op.create_index(
        "outbox_open",
        "outbox",
        ["destination", "id"],
        unique=False,
        sqlite_where=sa.text("status in ('pending', 'failed', 'held')"),
        postgresql_where=sa.text("status in ('pending', 'failed', 'held')"),
    )
    op.create_table(
        "profile_ids",
        sa.Column("record_id", ID, autoincrement=False, nullable=False),
        sa.Column("profile_id", sa.BigInteger(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_table(
        "profile_redirects",
        sa.Column("old_profile_id", ID, autoincrement=False, nullable=False),
        sa.Column("profile_id", sa.BigInteger(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("old_profile_id"),
    )
    op.create_index("profile_redirects_by_target", "profile_redirects", ["profile_id"], unique=False)
    op.create_table(
        "run_fingerprints",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "suppressions",
        sa.Column("contact_point", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("since", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("contact_point", "channel", "reason"),
    )


def downgrade() -> None:
    for table in (
        "suppressions",
        "run_fingerprints",
        "profile_redirects",
        "profile_ids",
        "outbox",
        "loads",
        "holdout_assignments",
        "guard_holds",
        "file_hashes",
        "exposures",
        "destination_status",
        "destination_state",
        "delivery_attempts",
        "consents",
        "activations",
    ):
        op.drop_table(table)
