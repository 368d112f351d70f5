"""Which profile each record belongs to is kept in some hundred blocks rather than in millions of rows.

Each block is an Arrow stream of record_id, profile_id and since, of the records whose ids have the same first eight of
63 bits.
"""

from __future__ import annotations

from itertools import groupby

import pyarrow as pa
import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    blocks = op.create_table(
        "profile_id_blocks",
        sa.Column("block", ID, autoincrement=False, nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("assigned", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("block"),
    )
    connection = op.get_bind()
    every = sa.text("select record_id, profile_id, since from profile_ids order by record_id")
    rows = connection.execute(every.execution_options(stream_results=True))
    for block, members in groupby(rows, key=lambda row: row.record_id >> 55):
        values = list(zip(*members, strict=True))
        connection.execute(blocks.insert().values(block=block, records=len(values[0]), assigned=_packed(values)))
    op.drop_table("profile_ids")


def _packed(columns: list[tuple[int, ...]]) -> bytes:
    record_id, profile_id, since = (pa.array(values, pa.int64()) for values in columns)
    batch = pa.record_batch(
        {"record_id": record_id, "profile_id": profile_id, "since": since.cast(pa.timestamp("us", tz="UTC"))}
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as stream:
        stream.write_batch(batch)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed
