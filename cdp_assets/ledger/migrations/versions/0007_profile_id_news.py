"""What changed of a block of profile ids is kept beside it, in the same form."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "profile_id_news",
        sa.Column("block", ID, autoincrement=False, nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("assigned", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("block"),
    )
