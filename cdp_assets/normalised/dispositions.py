"""Which version of a row counts: every source row gets exactly one disposition.

Belongs here: duplicates, newer versions, closed rows. Does not belong here: whether a row's values are sound
(`faults.py`).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cdp_assets.sources.spec import StreamSpec

ACCEPTED = "accepted"
DUPLICATE = "duplicate"
SUPERSEDED = "superseded"
QUARANTINED = "quarantined"

ROW = ["cdp_load_id", "cdp_source_row"]
"""What tells source rows apart within a stream."""


def with_dispositions(rows: ir.Table, stream: StreamSpec) -> ir.Table:
    """Add each row's disposition.

    Versions of a key are ordered by the time of change at the source, then by delivery, then by row. A row that says
    the same as the one before it is a duplicate; of the others the last is accepted, and the rest are superseded. In a
    snapshot stream a key that the latest delivery leaves out is closed: its rows are superseded by its absence.

    Args:
        rows: ``cdp_key``, ``cdp_content`` (a hash of the row), ``cdp_version_at``, ``cdp_sequence``, ``cdp_reason``
            (null for sound rows), and `ROW`.
        stream: Says whether there is a key, and how deliveries relate.

    Returns:
        The rows with ``cdp_disposition``, and ``cdp_latest``: the last sound version of its key, closed or not.
    """
    faulty = rows.cdp_reason.notnull()
    if not stream.key:
        return rows.mutate(cdp_disposition=ibis.ifelse(faulty, QUARANTINED, ACCEPTED), cdp_latest=~faulty)
    judged = _judged(rows.filter(~faulty))
    joined = rows.left_join(judged, [rows[name] == judged[f"judged_{name}"] for name in ROW])
    verdict = joined.cdp_verdict.fill_null(ACCEPTED)
    joined = joined.mutate(cdp_verdict=verdict, cdp_latest=joined.cdp_reason.isnull() & (verdict == ACCEPTED))
    if stream.load == "snapshot":
        # A row that is quarantined still says that its key is there: a typing error closes nobody.
        newest = rows.filter(rows.cdp_sequence == rows.cdp_sequence.max())
        present = newest.select(cdp_present="cdp_key").distinct()
        joined = joined.left_join(present, joined.cdp_key == present.cdp_present)
        closed = (joined.cdp_verdict == ACCEPTED) & joined.cdp_present.isnull()
        joined = joined.mutate(cdp_verdict=ibis.ifelse(closed, SUPERSEDED, joined.cdp_verdict))
    disposed = joined.mutate(cdp_disposition=ibis.ifelse(joined.cdp_reason.notnull(), QUARANTINED, joined.cdp_verdict))
    return disposed.select(*rows.columns, "cdp_disposition", "cdp_latest")


def _judged(sound: ir.Table) -> ir.Table:
    """Verdicts on the rows whose key occurs more than once, which are few."""
    counted = sound.group_by("cdp_key").aggregate(versions=sound.count())
    several = counted.filter(counted.versions > 1)
    versions = sound.semi_join(several, "cdp_key").select(
        "cdp_key", "cdp_content", "cdp_version_at", "cdp_sequence", *ROW
    )
    in_order = ibis.window(
        group_by=versions.cdp_key,
        order_by=[
            versions.cdp_version_at.asc(nulls_first=True),
            versions.cdp_sequence,
            versions.cdp_load_id,
            versions.cdp_source_row,
        ],
    )
    compared = versions.mutate(
        repeats=(versions.cdp_content.lag().over(in_order) == versions.cdp_content).fill_null(False)
    )
    news_last_first = ibis.window(
        group_by=compared.cdp_key,
        order_by=[
            compared.repeats,
            compared.cdp_version_at.desc(nulls_first=False),
            compared.cdp_sequence.desc(),
            compared.cdp_load_id.desc(),
            compared.cdp_source_row.desc(),
        ],
    )
    ranked = compared.mutate(place=ibis.row_number().over(news_last_first))
    verdict = ibis.cases((ranked.repeats, DUPLICATE), (ranked.place == 0, ACCEPTED), else_=SUPERSEDED)
    return ranked.select(
        judged_cdp_load_id=ranked.cdp_load_id, judged_cdp_source_row=ranked.cdp_source_row, cdp_verdict=verdict
    )
