"""Profile ids that are kept in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import ibis
import pyarrow as pa

from cdp_assets.identity.ids import ASSIGNED, REDIRECTED


class InMemoryProfileIds:
    """A `ProfileIdStore` that lives as long as its object."""

    def __init__(self) -> None:
        self._assigned: dict[int, tuple[int, datetime]] = {}
        self._redirects: dict[int, tuple[int, datetime]] = {}
        self._former: dict[int, list[int]] = {}
        self.writes = 0

    def revision(self) -> str:
        return str(self.writes or "")

    def assigned(self, records: Sequence[int] | None = None) -> pa.Table:
        wanted = sorted(self._assigned if records is None else self._assigned.keys() & set(records))
        return _table([(record, *self._assigned[record]) for record in wanted], ASSIGNED)

    def redirects(self) -> pa.Table:
        rows = [(old, profile, since) for old, (profile, since) in sorted(self._redirects.items())]
        return _table(rows, REDIRECTED)

    def former(self, record_ids: Sequence[int]) -> dict[int, list[int]]:
        return {record: self._former[record] for record in record_ids if record in self._former}

    def revision_after(
        self, assigned: pa.Table, unassigned: Sequence[int], redirected: pa.Table, revived: Sequence[int]
    ) -> str:
        return str(self.writes + assigned.num_rows + len(unassigned) + redirected.num_rows + len(revived))

    def save(self, assigned: pa.Table, unassigned: Sequence[int], redirected: pa.Table, revived: Sequence[int]) -> str:
        for record in (*assigned["record_id"].to_pylist(), *unassigned):
            if record in self._assigned:
                self._former.setdefault(record, []).insert(0, self._assigned[record][0])
        self.writes += assigned.num_rows + len(unassigned) + redirected.num_rows + len(revived)
        for row in assigned.to_pylist():
            self._assigned[row["record_id"]] = (row["profile_id"], row["since"])
        for record in unassigned:
            self._assigned.pop(record, None)
        for row in redirected.to_pylist():
            self._redirects[row["old_profile_id"]] = (row["profile_id"], row["since"])
        for old in revived:
            self._redirects.pop(old, None)
        return self.revision()


def _table(rows: Sequence[tuple[object, ...]], schema: ibis.Schema) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema.to_pyarrow())
