"""Rows that are handed to DuckDB while it reads them, through Arrow's C stream interface.

Belongs here: how such rows are made. Does not belong here: what is asked of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdp_assets.warehouse.files import POSITION, whole_lines

if TYPE_CHECKING:
    import pyarrow as pa

_LINE_FEED = 10


class Stream:
    """Rows that are made anew whenever DuckDB asks for them, without ever being there all at once.

    Args:
        schema: Their columns.
        batches: Makes them. It must not ask the engine for anything: the engine is waiting for it.
    """

    def __init__(self, schema: pa.Schema, batches: Callable[[], Iterator[pa.RecordBatch]]) -> None:
        self._schema = schema
        self._batches = batches

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Arrow's C stream interface."""
        import pyarrow as pa

        reader = pa.RecordBatchReader.from_batches(self._schema, self._batches())
        return reader.__arrow_c_stream__(requested_schema)


def lines_of(path: Path) -> Stream:
    """The lines of a UTF-8 file, line ends included, with their `POSITION` in it.

    DuckDB's own reader of lines cannot number them on more than one thread.
    """
    import pyarrow as pa

    schema = pa.schema([("line", pa.large_string()), (POSITION, pa.int64())])

    def batches() -> Iterator[pa.RecordBatch]:
        import numpy as np

        first = 1
        with path.open("rb") as opened:
            for block in whole_lines(opened):
                ends = np.flatnonzero(np.frombuffer(block, np.uint8) == _LINE_FEED) + 1
                if not block.endswith(b"\n"):
                    ends = np.append(ends, len(block))
                bounds = np.concatenate([[0], ends])
                text = pa.Array.from_buffers(
                    pa.large_string(), len(ends), [None, pa.py_buffer(bounds), pa.py_buffer(block)]
                )
                numbers = np.arange(first, first + len(ends), dtype=np.int64)
                first += len(ends)
                yield pa.record_batch([text, pa.array(numbers)], schema=schema)

    return Stream(schema, batches)
