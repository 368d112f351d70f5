"""Which rows meet which of very many formulas, on DuckDB: as bits in memory, unfolded while they are written.

Belongs here: `Matches` of this engine. Does not belong here: how formulas are answered (`matching.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import ibis

from cdp_assets.warehouse.duckdb_streams import Stream
from cdp_assets.warehouse.matching import NAME, Bits

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    import pyarrow as pa

    from cdp_assets.warehouse.duckdb_engine import DuckDBEngine


class DuckDBMatches:
    """`Matches` kept as bits.

    Args:
        engine: Takes the rows.
        bits: The answers.
        key: The column that tells rows apart.
        origin: The same as an expression, for lineage.
    """

    def __init__(self, engine: DuckDBEngine, bits: Bits, key: str, origin: ir.Table) -> None:
        self._engine = engine
        self._bits = bits
        self._key = key
        self._origin = origin

    def pairs(self, names: Collection[str] | None = None, keys: ir.Table | None = None) -> ir.Table:
        """See `Matches.pairs`."""
        import pyarrow as pa

        chosen = None if keys is None else self._engine.to_arrow(keys.select(self._key))[self._key].to_numpy()
        labels = pa.array(self._bits.names, pa.string())
        schema = pa.schema([(NAME, pa.dictionary(pa.int32(), pa.string())), (self._key, pa.int64())])

        def batches() -> Iterator[pa.RecordBatch]:
            for numbers, found in (batch.columns for batch in self._bits.pairs(names, chosen)):
                yield pa.record_batch([pa.DictionaryArray.from_arrays(numbers, labels), found], schema=schema)

        return self._engine.stream(Stream(schema, batches), self._origin)

    def totals(self) -> ir.Table:
        """See `Matches.totals`."""
        import pyarrow as pa

        counts, digests, _ = self._totals
        return self._engine.from_arrow(
            pa.table({NAME: pa.array(self._bits.names, pa.string()), "rows": counts, "digest": digests}),
            ibis.schema({NAME: "string", "rows": "int64", "digest": "int64"}),
        )

    def marks(self) -> ir.Table:
        """See `Matches.marks`."""
        import pyarrow as pa

        return self._engine.from_arrow(
            pa.table({self._key: self._bits.keys, "mark": self._totals[2]}),
            ibis.schema({self._key: "int64", "mark": "int64"}),
        )

    @cached_property
    def _totals(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self._bits.totals()
