"""How well identities were resolved, measured against the truth.

Belongs here: scores of a partition of records and of the attribution of anonymous activity. Does not belong here: how
the partition is made (`identity/`) and what the truth holds (`truth.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import ibis
import ibis.expr.types as ir

from cdp_assets.identity.scores import PartitionScore, counts_of, partition_score

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    AnyTable: TypeAlias = ir.Table | pa.Table | pd.DataFrame

_KEYS = ("source", "stream", "table", "native_id")


@dataclass(frozen=True)
class AnonymousScore:
    """Where the anonymous events of people who are identified later (or were before) ended up.

    Args:
        events: How many such events there are.
        right: Share with a profile of the right person.
        wrong: Share with a profile of another person.
    """

    events: int
    right: float
    wrong: float

    @property
    def unattributed(self) -> float:
        """Share that stayed with nobody."""
        return 1.0 - self.right - self.wrong


@dataclass(frozen=True)
class DemoScore:
    """All scores of a run on the demo's data."""

    identity: PartitionScore
    anonymous: AnonymousScore


def score_demo(records: AnyTable, facts: AnyTable, truth: Path) -> DemoScore:
    """Score a run on the demo's data.

    Args:
        records: Records of people: source, stream, native_id, profile_id.
        facts: Rows of canonical fact tables: source, table, native_id, profile_id, record_id. Facts that hang on one
            record (the same identifiers) count once, as one record.
        truth: The folder ``truth`` that the generator wrote.

    Returns:
        The partition of everything that carries an identifier of a person (records of people, and fact records that
        know their person by something that is theirs alone), and the attribution of anonymous events.

    Raises:
        FileNotFoundError: if the truth is not there.
        ValueError: if a table lacks a column.
    """
    import pyarrow.parquet as pq

    true_records = pq.read_table(truth / "records.parquet")
    true_facts = pq.read_table(truth / "facts.parquet")
    con = ibis.duckdb.connect()
    people = _matched(con, records, true_records, "records").select("person_id", "profile_id")
    happened = con.create_table("happened", _matched(con, facts, true_facts, "facts"), temp=True)
    known = happened.filter((happened.carries == "person") & ~happened.bad)
    known = known.select("record_id", "person_id", "profile_id").distinct().select("person_id", "profile_id")
    units = con.create_table("units", people.union(known), temp=True)
    anonymous = happened.filter((happened.carries == "device") & happened.owner_identified & ~happened.bad)
    return DemoScore(partition_score(units), _anonymous(anonymous, units))


def score_partition(assigned: AnyTable, truth: AnyTable) -> PartitionScore:
    """Score a partition of records.

    Args:
        assigned: ``profile_id`` of each record, and the columns that name it (of source, stream, table, native_id).
        truth: ``person_id`` of each record, and the same columns. Records on one side only do not count.

    Raises:
        ValueError: if a column is missing.
    """
    con = ibis.duckdb.connect()
    matched = _matched(con, assigned, truth, "records").select("person_id", "profile_id")
    return partition_score(con.create_table("units", matched, temp=True))


def score_anonymous(events: AnyTable, identified: AnyTable, truth: AnyTable) -> AnonymousScore:
    """Score where anonymous events ended up.

    Args:
        events: ``profile_id`` of each anonymous event, and the columns that name it.
        identified: ``person_id`` and ``profile_id`` of records that carry an identifier of a person. The person of a
            profile is the one with most of its records.
        truth: ``person_id`` of each event, and the columns that name it.

    Raises:
        ValueError: if a column is missing.
    """
    con = ibis.duckdb.connect()
    matched = con.create_table("happened", _matched(con, events, truth, "events"), temp=True)
    return _anonymous(matched, _loaded(con, identified, "identified", ("person_id", "profile_id")))


def _matched(con: Any, assigned: AnyTable, truth: AnyTable, name: str) -> ir.Table:
    """The truth of each row that was assigned, joined on the columns that both name rows by."""
    ours = _loaded(con, assigned, f"assigned_{name}", ("source", "native_id", "profile_id"))
    theirs = _loaded(con, truth, f"true_{name}", ("source", "native_id", "person_id"))
    keys = [key for key in _KEYS if key in ours.columns and key in theirs.columns]
    ours = ours.select(*keys, *(column for column in ("record_id", "profile_id") if column in ours.columns))
    rest = [column for column in theirs.columns if column not in {*_KEYS, "record_id", "profile_id"}]
    return ours.join(theirs.select(*keys, *rest), keys)


def _loaded(con: Any, table: AnyTable, name: str, needed: tuple[str, ...]) -> ir.Table:
    data = table.to_pyarrow() if isinstance(table, ir.Table) else table
    names = list(getattr(data, "column_names", None) or data.columns)
    missing = [column for column in needed if column not in names]
    if missing:
        raise ValueError(f"{name} lacks {', '.join(missing)}; it has {', '.join(names)}")
    loaded: ir.Table = con.create_table(name, data, temp=True)
    texts = {column: loaded[column].cast("string") for column in _KEYS if column in loaded.columns}
    return loaded.mutate(**texts)


def _anonymous(events: ir.Table, identified: ir.Table) -> AnonymousScore:
    counts = counts_of(identified.select("person_id", "profile_id"))
    first = ibis.row_number().over(group_by="profile_id", order_by=[ibis.desc("both"), "person_id"])
    ranked = counts.mutate(place=first)
    owners = ranked.filter(ranked.place == 0).select("profile_id", owner_id="person_id")
    placed = events.left_join(owners, "profile_id")
    row = _one(
        placed.aggregate(
            events=placed.count(),
            right=(placed.owner_id == placed.person_id).fill_null(False).cast("int64").sum().fill_null(0),
            wrong=(placed.owner_id != placed.person_id).fill_null(False).cast("int64").sum().fill_null(0),
        )
    )
    count = int(row["events"])
    return AnonymousScore(count, row["right"] / count if count else 1.0, row["wrong"] / count if count else 0.0)


def _one(row: ir.Table) -> dict[str, float]:
    found: dict[str, float] = row.to_pyarrow().to_pylist()[0]
    return found
