"""An index of the few messages whose receivers are not there or complained."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    refused = sa.text("reason in ('bounced', 'complained')")
    op.create_index("outbox_refused", "outbox", ["contact_point"], sqlite_where=refused, postgresql_where=refused)
