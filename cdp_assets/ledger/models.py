"""The ledger's tables, as SQLAlchemy models.

Belongs here: columns, keys and indexes. Does not belong here: queries (the module of each concern), and how the tables
come into being (`migrations/`; a test compares the two).

Instants are stored as whole microseconds since 1970-01-01 UTC (`Instant`): the same on every database, exact, free of
time zones, and they travel to Arrow without parsing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Dialect,
    Float,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970-01-01 UTC of a timezone-aware instant.

    Raises:
        ValueError: if ``instant`` has no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone; use datetime(..., tzinfo=UTC)")
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The UTC instant that many microseconds after 1970-01-01."""
    return _EPOCH + timedelta(microseconds=micros)


class Instant(TypeDecorator[datetime]):
    """A timezone-aware instant, stored as microseconds since 1970-01-01 UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)


# SQLite makes only a column spelled INTEGER the row's own key, which saves an index per table.
Id = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """The ledger's metadata."""

    type_annotation_map: ClassVar[dict[Any, TypeEngine[Any]]] = {
        int: BigInteger(),
        str: String(),
        bool: Boolean(),
        float: Float(),
        bytes: LargeBinary(),
        datetime: Instant(),
    }


class Load(Base):
    """One delivery of one file to one stream: the load manifest."""

    __tablename__ = "loads"

    load_id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    stream: Mapped[str]
    file: Mapped[str]
    content_hash: Mapped[str]
    bytes: Mapped[int]
    sequence: Mapped[int]
    rows: Mapped[int]
    status: Mapped[str]
    error: Mapped[str | None] = mapped_column(Text)
    loaded_at: Mapped[datetime]
    encoding: Mapped[str | None]
    delimiter: Mapped[str | None]

    __table_args__ = (Index("loads_by_stream", "source", "stream", "sequence"),)


class FileHash(Base):
    """The content hash of a file as last seen, so that an unchanged file is not read again to know it."""

    __tablename__ = "file_hashes"

    file: Mapped[str] = mapped_column(primary_key=True)
    bytes: Mapped[int]
    modified_ns: Mapped[int]
    content_hash: Mapped[str]


class ProfileIdBlock(Base):
    """Which profile records belong to, of one in 256 of them: ids are state, so that a rebuild changes none.

    Every record has an assignment, and millions of rows would take a database many times as long.
    """

    __tablename__ = "profile_id_blocks"

    block: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    records: Mapped[int]
    assigned: Mapped[bytes]


class ProfileIdNews(Base):
    """What changed of a block since it was written: a block is some hundred times as large as the news of a run."""

    __tablename__ = "profile_id_news"

    block: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    records: Mapped[int]
    assigned: Mapped[bytes]


class ProfileRedirect(Base):
    """A profile id that is used no more, and the one that took its place (always the final one)."""

    __tablename__ = "profile_redirects"

    old_profile_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    profile_id: Mapped[int]
    since: Mapped[datetime]

    __table_args__ = (Index("profile_redirects_by_target", "profile_id"),)


class ProfileIdHistory(Base):
    """Which profile a record belonged to before: what a profile that splits gives back."""

    __tablename__ = "profile_id_history"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    record_id: Mapped[int]
    profile_id: Mapped[int]
    since: Mapped[datetime]

    __table_args__ = (Index("profile_id_history_by_record", "record_id"),)


class StewardDecision(Base):
    """A steward's word that two records are one person, or are not. Revoked, never deleted."""

    __tablename__ = "steward_decisions"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    same: Mapped[bool]
    left_record_id: Mapped[int]
    right_record_id: Mapped[int]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text)
    revoked_by: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    revoked_why: Mapped[str | None] = mapped_column(Text)

    # Numbers are never given twice: people write them down.
    __table_args__ = ({"sqlite_autoincrement": True},)


class StewardRetraction(Base):
    """Evidence that a steward took back. Revoked, never deleted.

    `kind` says what: `observation` (``record_id`` carries ``identifier_id``), `pair` (``record_id`` and
    ``other_record_id`` look alike), `rule` (the identifier type ``name``) or `source` (``name``).
    """

    __tablename__ = "steward_retractions"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    kind: Mapped[str]
    name: Mapped[str | None]
    record_id: Mapped[int | None]
    other_record_id: Mapped[int | None]
    identifier_id: Mapped[int | None]
    decided_by: Mapped[str]
    decided_at: Mapped[datetime]
    why: Mapped[str] = mapped_column(Text)
    revoked_by: Mapped[str | None]
    revoked_at: Mapped[datetime | None]
    revoked_why: Mapped[str | None] = mapped_column(Text)

    __table_args__ = ({"sqlite_autoincrement": True},)


class RunFingerprint(Base):
    """What the last successful run of something ran on; equal again means there is nothing to do."""

    __tablename__ = "run_fingerprints"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    run_id: Mapped[str]
    as_of: Mapped[datetime]


class OutboxRow(Base):
    """One thing to tell one destination about one profile, or the reason why it is not told.

    `gate` is the reason that the refresh found for not sending and never changes; `reason` belongs to the status as it
    is now. `gated` says whether consent and the other gates apply: they do not to taking somebody off a list.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    destination: Mapped[str]
    profile_id: Mapped[int]
    sequence: Mapped[int]
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    segment: Mapped[str]
    change: Mapped[str]
    payload: Mapped[str | None] = mapped_column(Text)
    payload_hash: Mapped[int | None]
    contact_point: Mapped[str | None]
    purpose: Mapped[str]
    channel: Mapped[str]
    timezone: Mapped[str | None]
    gated: Mapped[bool]
    arm: Mapped[str | None]
    variant: Mapped[str | None]
    gate: Mapped[str | None]
    hold_id: Mapped[int | None]
    status: Mapped[str]
    reason: Mapped[str | None]
    attempts: Mapped[int]
    response_code: Mapped[int | None]
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    first_tried_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("destination", "profile_id", "sequence", name="outbox_order_per_profile"),
        # Only open rows are looked for by the deliverer and the sensor; the settled ones stay out of its way.
        Index(
            "outbox_open",
            "destination",
            "id",
            sqlite_where=text("status in ('pending', 'failed', 'held')"),
            postgresql_where=text("status in ('pending', 'failed', 'held')"),
        ),
        Index("outbox_by_channel", "channel", "created_at"),
        # The few whose receivers are not there, complained or unsubscribed.
        Index(
            "outbox_refused",
            "contact_point",
            sqlite_where=text("reason in ('bounced', 'complained', 'unsubscribed')"),
            postgresql_where=text("reason in ('bounced', 'complained', 'unsubscribed')"),
        ),
        # Ids are never given twice, so that a key made of the highest one never comes back.
        {"sqlite_autoincrement": True},
    )


class DeliveryAttempt(Base):
    """One try to deliver one outbox row."""

    __tablename__ = "delivery_attempts"

    outbox_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outcome: Mapped[str]
    response_code: Mapped[int | None]
    error: Mapped[str | None]
    finished_at: Mapped[datetime]


class DestinationState(Base):
    """What one destination has been told of one profile, under the id it was told."""

    __tablename__ = "destination_state"

    destination: Mapped[str] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member: Mapped[bool]
    payload_hash: Mapped[int | None]
    sequence: Mapped[int]
    withheld_change: Mapped[str | None]
    withheld_reason: Mapped[str | None]
    changed_at: Mapped[datetime]


class DestinationStatus(Base):
    """How a destination fares: runs begun, paused by hand, not to be called before an instant, failed in a row."""

    __tablename__ = "destination_status"

    destination: Mapped[str] = mapped_column(primary_key=True)
    runs: Mapped[int]
    paused: Mapped[bool]
    not_before: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")


class Activation(Base):
    """One comparison of a destination with its segment: the volumes that make up the usual."""

    __tablename__ = "activations"

    destination: Mapped[str] = mapped_column(primary_key=True)
    as_of: Mapped[datetime] = mapped_column(primary_key=True)
    initial: Mapped[bool]
    members: Mapped[int]
    entered: Mapped[int]
    updated: Mapped[int]
    left: Mapped[int]
    withheld: Mapped[int]
    held: Mapped[int]


class GuardHold(Base):
    """A change far above the usual, held until someone confirms or discards it."""

    __tablename__ = "guard_holds"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    destination: Mapped[str]
    as_of: Mapped[datetime]
    changes: Mapped[int]
    usual: Mapped[int]
    status: Mapped[str]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]

    __table_args__ = (Index("guard_holds_by_destination", "destination"), {"sqlite_autoincrement": True})


class HoldoutAssignment(Base):
    """Which arm of a campaign a profile is in, under the id it had when it was first considered. Never changes."""

    __tablename__ = "holdout_assignments"

    campaign: Mapped[str] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    arm: Mapped[str]
    variant: Mapped[str | None]
    contaminated: Mapped[bool]
    assigned_at: Mapped[datetime]


class Exposure(Base):
    """When a profile of either arm first came to the point where a message goes out or, for control, would have."""

    __tablename__ = "exposures"

    campaign: Mapped[str] = mapped_column(primary_key=True)
    profile_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    arm: Mapped[str]
    variant: Mapped[str | None]
    exposed_at: Mapped[datetime]


class Consent(Base):
    """Projection of privacy's consent state for the contact points that may be written to."""

    __tablename__ = "consents"

    contact_point: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    explicit: Mapped[bool]
    since: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class Suppression(Base):
    """Projection of privacy's suppressions for the same contact points."""

    __tablename__ = "suppressions"

    contact_point: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime | None]
