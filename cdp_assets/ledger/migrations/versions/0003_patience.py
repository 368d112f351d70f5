"""When a message was first tried, and how often in a row a destination has failed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.BigInteger()


def upgrade() -> None:
    op.add_column("outbox", sa.Column("first_tried_at", INSTANT, nullable=True))
    op.add_column("destination_status", sa.Column("failures", sa.BigInteger(), nullable=False, server_default="0"))
