"""Ids of guests whom a steward joined to somebody.

Belongs here: giving a guest, whose id needs no state as long as they are alone, the id that they had. Does not belong
here: any other id (`ids.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.ids import ForwardingProfileIds, ProfileIdStore, profile_id_of

if TYPE_CHECKING:
    import pyarrow as pa

    from cdp_assets.identity.stewardship import Stewardship
    from cdp_assets.warehouse.engine import Engine


class _WithGuests(ForwardingProfileIds):
    """A store that also knows the ids of some guests."""

    def __init__(self, store: ProfileIdStore, guests: Sequence[int], as_of: datetime) -> None:
        super().__init__(store)
        self._guests = guests
        self._as_of = as_of

    def assigned(self, records: Sequence[int] | None = None) -> pa.Table:
        import pyarrow as pa
        import pyarrow.compute as pc

        kept = self._store.assigned(records)
        guests = self._guests if records is None else sorted(set(self._guests) & set(records))
        known = pc.is_in(pa.array(guests, pa.int64()), value_set=kept["record_id"]).to_pylist()
        rows = [
            {"record_id": record, "profile_id": profile_id_of(record), "since": self._as_of}
            for record, is_known in zip(guests, known, strict=True)
            if not is_known
        ]
        return pa.concat_tables([kept, pa.Table.from_pylist(rows, kept.schema)])


def with_guests(
    store: ProfileIdStore, records: ir.Table, stewardship: Stewardship, as_of: datetime, engine: Engine
) -> ProfileIdStore:
    """The store, with the ids that joined guests had alone, so that these lead to the profile they are part of now.

    Args:
        store: What keeps ids.
        records: `canonical.identity_records`.
        stewardship: What stewards said.
        as_of: The run.
        engine: Computes.
    """
    if not stewardship.joins:
        return store
    guests = records.filter(_.kind == "guest").semi_join(stewardship.joined(), "record_id")
    found = sorted(engine.to_arrow(guests.select("record_id"))["record_id"].to_pylist())
    return _WithGuests(store, found, as_of) if found else store
