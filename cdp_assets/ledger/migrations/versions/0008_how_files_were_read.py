"""The load manifest notes how the text of a file was read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("loads", sa.Column("encoding", sa.String(), nullable=True))
    op.add_column("loads", sa.Column("delimiter", sa.String(), nullable=True))
