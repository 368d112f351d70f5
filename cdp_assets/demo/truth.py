"""What is true of the exported rows: whose each is, and which are bad. The pipeline never reads it.

Belongs here: collecting the truth and writing it. Does not belong here: scoring against it (`scoring.py`).

The files, all Parquet, in the folder ``truth``:

- ``people``: person_id, country, and what happened to them (one row a person; visitors nobody ever knew are not there).
- ``records``: source, stream, native_id → person_id, for rows that are records of people.
- ``facts``: source, stream, table, native_id → person_id, for rows of facts; a row here is a row of a canonical table.
  ``carries`` says what the row knows its person by (see `CARRIES`), ``owner_identified`` whether the device it happened
  on is ever identified as its person's, ``bad`` whether the source row has a value of a wrong type or is broken.
- ``bad_rows``: source, stream, file, row (from 1, without the header), kind (``duplicate``, ``late``, ``wrong_type``,
  ``broken``).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cdp_assets.demo.text import Bools, Ints, Texts

CARRIES = ("person", "shared", "device", "none")
"""What a fact knows its person by: an identifier of theirs alone; only ones that a family member has too; only a
cookie, device or click; nothing (but perhaps an order number)."""

PERSON, SHARED, DEVICE, NONE = range(4)

BAD_KINDS = ("duplicate", "late", "wrong_type", "broken")


class Truth:
    """Collects the truth while the exports are written."""

    def __init__(self) -> None:
        self._records: list[pa.Table] = []
        self._facts: list[pa.Table] = []
        self._bad_rows: list[pa.Table] = []

    def add_records(self, source: str, stream: str, native_id: Texts, person: Ints) -> None:
        """Note whose record each native id is."""
        self._records.append(
            pa.table(
                {
                    "source": _repeated(source, len(person)),
                    "stream": _repeated(stream, len(person)),
                    "native_id": native_id,
                    "person_id": pa.array(person, type=pa.int64()),
                }
            )
        )

    def add_facts(
        self,
        source: str,
        stream: str,
        table: str,
        native_id: Texts,
        person: Ints,
        *,
        carries: Ints | int,
        bad: Bools,
        owner_identified: Bools | bool = False,
    ) -> None:
        """Note whose fact each native id of a canonical table is, and what the row knows the person by."""
        count = len(person)
        known = pa.array(np.broadcast_to(np.asarray(carries, dtype=np.int8), count))
        self._facts.append(
            pa.table(
                {
                    "source": _repeated(source, count),
                    "stream": _repeated(stream, count),
                    "table": _repeated(table, count),
                    "native_id": native_id,
                    "person_id": pa.array(person, type=pa.int64()),
                    "carries": pa.DictionaryArray.from_arrays(known, pa.array(CARRIES)),
                    "owner_identified": pa.array(np.broadcast_to(np.asarray(owner_identified), count)),
                    "bad": pa.array(bad),
                }
            )
        )

    def add_bad_rows(self, source: str, stream: str, file: str, rows: dict[str, Ints]) -> None:
        """Note the bad rows of one file: for each kind their numbers, from 1."""
        numbers = [rows[kind] for kind in BAD_KINDS if kind in rows]
        kinds = [np.full(len(rows[kind]), BAD_KINDS.index(kind), dtype=np.int8) for kind in BAD_KINDS if kind in rows]
        if not numbers:
            return
        row, kind = np.concatenate(numbers), np.concatenate(kinds)
        order = np.lexsort((kind, row))
        self._bad_rows.append(
            pa.table(
                {
                    "source": _repeated(source, len(row)),
                    "stream": _repeated(stream, len(row)),
                    "file": _repeated(file, len(row)),
                    "row": pa.array(row[order], type=pa.int64()),
                    "kind": pa.DictionaryArray.from_arrays(pa.array(kind[order]), pa.array(BAD_KINDS)),
                }
            )
        )

    @property
    def records(self) -> int:
        """How many records of people there are."""
        return sum(table.num_rows for table in self._records)

    def bad_rows(self) -> dict[str, int]:
        """How many rows are bad, by kind."""
        counts = dict.fromkeys(BAD_KINDS, 0)
        for table in self._bad_rows:
            for pair in table["kind"].combine_chunks().value_counts().to_pylist():
                counts[pair["values"]] += pair["counts"]
        return counts

    def write(self, folder: Path, people: pa.Table) -> None:
        """Write everything into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, tables in (
            ("people", [people]),
            ("records", self._records),
            ("facts", self._facts),
            ("bad_rows", self._bad_rows),
        ):
            pq.write_table(pa.concat_tables(tables).unify_dictionaries(), folder / f"{name}.parquet")


def _repeated(value: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype=np.int8)), pa.array([value]))
