"""From the serving snapshot to the `Report`, and what `cdp status` says.

Belongs here: queries over all profiles. Does not belong here: queries about one person (`read_profile.py`), layout
(`report.py`), the ledger's outbox (`read_deliveries.py`).
"""

from __future__ import annotations

from dataclasses import replace

from cdp_assets.presentation import views
from cdp_assets.presentation.read_deliveries import deliveries
from cdp_assets.presentation.read_profile import Match, as_of, read_profile
from cdp_assets.warehouse.changes import STAGE as CHANGES
from cdp_assets.warehouse.serving import Reader


def read_report(reader: Reader, *, with_sample: bool = False) -> views.Report:
    """What the snapshot has to say about all profiles.

    Args:
        reader: The snapshot.
        with_sample: Whether to read one complete profile along.
    """
    counts = reader.one(
        "SELECT count(*) AS profiles, count(*) FILTER (WHERE anonymous) AS anonymous FROM profiles.golden_records"
    )
    records = reader.one("SELECT count(*) AS records FROM normalised.identity_records")
    report = views.Report(
        as_of=as_of(reader),
        records=records["records"] if records else 0,
        profiles=counts["profiles"] if counts else 0,
        anonymous=counts["anonymous"] if counts else 0,
        sources=_sources(reader),
        segments=_segments(reader),
        deliveries=_deliveries(reader),
        reasons=_reasons(reader),
        unpriced=_unpriced(reader),
    )
    if with_sample and (match := sample_profile(reader)):
        report = replace(report, sample=read_profile(reader, match, moments=400))
    return report


def sample_profile(reader: Reader) -> Match | None:
    """The profile that shows most: named, reachable, with every kind of moment, known to many sources; ties by id."""
    row = reader.one(
        """
        SELECT golden.profile_id
        FROM profiles.golden_records AS golden
        LEFT JOIN (SELECT profile_id, count(DISTINCT kind) AS kinds FROM profiles.timeline GROUP BY profile_id) AS lived
            USING (profile_id)
        LEFT JOIN (SELECT profile_id, count(*) AS segments FROM segments.memberships GROUP BY profile_id) AS memberships
            USING (profile_id)
        WHERE NOT golden.anonymous
        ORDER BY (golden.full_name IS NOT NULL AND golden.email IS NOT NULL) DESC,
                 coalesce(lived.kinds, 0) + least(coalesce(memberships.segments, 0), 2)
                 + len(string_split(golden.sources, ',')) DESC, golden.profile_id
        LIMIT 1
        """
    )
    return Match(row["profile_id"], "profile id") if row else None


def tables(reader: Reader) -> list[tuple[str, str, int]]:
    """Every table of the snapshot's stages: stage, name, rows (as the file's statistics have them)."""
    rows = reader.rows(
        "SELECT schema_name AS stage, table_name AS name, estimated_size AS rows FROM duckdb_tables() "
        "WHERE database_name = 'serving' AND schema_name <> ? ORDER BY stage, name",
        [CHANGES],
    )
    return [(row["stage"], row["name"], row["rows"]) for row in rows]


def _sources(reader: Reader) -> tuple[views.SourceRows, ...]:
    rows = reader.rows(
        """
        SELECT source,
               CAST(coalesce(sum(rows) FILTER (disposition = 'accepted'), 0) AS BIGINT) AS accepted,
               CAST(coalesce(sum(rows) FILTER (disposition = 'duplicate'), 0) AS BIGINT) AS duplicate,
               CAST(coalesce(sum(rows) FILTER (disposition = 'superseded'), 0) AS BIGINT) AS superseded,
               CAST(coalesce(sum(rows) FILTER (disposition = 'quarantined'), 0) AS BIGINT) AS quarantined
        FROM normalised.dispositions GROUP BY source ORDER BY source
        """
    )
    return tuple(views.SourceRows(**row) for row in rows)


def _segments(reader: Reader) -> tuple[views.SegmentSize, ...]:
    rows = reader.rows(
        """
        SELECT sizes.segment, sizes.members, sizes.share,
               count_if(changes.change = 'entered') AS entered, count_if(changes.change = 'left') AS "left"
        FROM segments.segment_sizes AS sizes
        LEFT JOIN segments.membership_changes AS changes
            ON changes.segment = sizes.segment AND changes.changed_at = sizes.as_of
        WHERE sizes.as_of = (SELECT max(as_of) FROM segments.segment_sizes)
        GROUP BY ALL ORDER BY sizes.members DESC, sizes.segment
        """
    )
    return tuple(views.SegmentSize(**row) for row in rows)


def _deliveries(reader: Reader) -> tuple[views.Deliveries, ...]:
    """As the ledger knew them when the run began; whoever has the ledger at hand knows better."""
    if not reader.has("activation", "deliveries"):
        return ()
    rows = reader.rows(
        "SELECT destination, status, reason, count(*) AS messages FROM activation.deliveries GROUP BY ALL"
    )
    return deliveries((row["destination"], row["status"], row["reason"], row["messages"]) for row in rows)


def _reasons(reader: Reader) -> tuple[tuple[str, int], ...]:
    rows = reader.rows(
        "SELECT source || ': ' || reason AS reason, count(*) AS rows FROM normalised.quarantine "
        "GROUP BY ALL ORDER BY rows DESC, reason LIMIT 8"
    )
    return tuple((row["reason"], row["rows"]) for row in rows)


def _unpriced(reader: Reader) -> tuple[views.Unpriced, ...]:
    rows = reader.rows(
        """
        SELECT 'order' AS kind, currency, count(*) AS rows FROM normalised.orders
        WHERE net IS NOT NULL AND net_reporting IS NULL GROUP BY currency
        UNION ALL
        SELECT 'refund', currency, count(*) FROM normalised.refunds
        WHERE amount IS NOT NULL AND amount_reporting IS NULL GROUP BY currency
        ORDER BY kind, rows DESC, currency
        """
    )
    return tuple(views.Unpriced(**row) for row in rows)
