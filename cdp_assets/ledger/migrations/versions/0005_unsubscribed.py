"""The index of refused messages takes in those whose receivers have unsubscribed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    refused = sa.text("reason in ('bounced', 'complained', 'unsubscribed')")
    op.drop_index("outbox_refused", "outbox")
    op.create_index("outbox_refused", "outbox", ["contact_point"], sqlite_where=refused, postgresql_where=refused)
