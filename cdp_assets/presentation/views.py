"""What a page or report shows, as plain values.

Belongs here: dataclasses between the queries that fill them (`read_*.py`) and the renderings that show them
(`report.py`, `profile_page.py`, `profile_text.py`, `inbox_page.py`), and their JSON form. Does not belong here:
queries, layout.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdp_assets.ledger.history import Message


@dataclass(frozen=True)
class Beaten:
    """A value that survivorship passed over."""

    value: str
    source: str
    observed_at: datetime | None = None


@dataclass(frozen=True)
class Surviving:
    """One attribute of a golden record with where its value came from."""

    attribute: str
    value: str
    source: str
    record_id: int | None = None
    observed_at: datetime | None = None
    strategy: str = ""
    beaten: tuple[Beaten, ...] = ()


@dataclass(frozen=True)
class Identifier:
    """One identifier that a profile's records carry."""

    namespace: str
    identifier_type: str
    value: str
    sources: tuple[str, ...] = ()
    last_seen_at: datetime | None = None


@dataclass(frozen=True)
class Record:
    """One record that belongs to a profile: what `cdp explain` takes."""

    record_id: int
    source: str
    stream: str
    kind: str
    native_id: str | None
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    rows: int
    closed: bool
    """Whether its source has deleted it since, or leaves it out."""


@dataclass(frozen=True)
class Membership:
    """A segment the profile is in, and since when."""

    segment: str
    entered_at: datetime | None


@dataclass(frozen=True)
class Consent:
    """What may be done with one contact point for one purpose on one channel."""

    contact_point: str
    purpose: str
    channel: str
    status: str
    explicit: bool
    since: datetime | None
    expires_at: datetime | None = None
    legal_basis: str | None = None
    source: str | None = None


@dataclass(frozen=True)
class Suppression:
    """A contact point that is not to be written to."""

    contact_point: str
    channel: str
    reason: str
    since: datetime | None


@dataclass(frozen=True)
class Moment:
    """One entry of a timeline."""

    occurred_at: datetime
    kind: str
    source: str
    title: str
    native_id: str | None = None
    amount: Decimal | None = None


@dataclass(frozen=True)
class Profile:
    """Everything held about one person, as of one instant.

    Args:
        profile_id: The profile.
        as_of: The instant of the run that published it.
        anonymous: Whether nothing personal is known.
        golden: The golden record, column → value.
        redirected_from: The older id it was asked for by, if it was.
        survivals: The surviving values with their provenance.
        attributes: Computed attributes (everything of `customer_360` that is not the golden record).
        segments, consents, suppressions, identifiers, records: What they say.
        messages: What destinations were told of it or were not, under whatever id, newest first: from the ledger, which
            goes on after the run; null where nobody has asked it.
        timeline: The latest moments, newest first; ``moments`` counts all of them.
        spend_by_month: Month (first day) → net spend of its orders, oldest first.
        currency: The reporting currency.
    """

    profile_id: int
    as_of: datetime
    anonymous: bool = False
    golden: dict[str, Any] = field(default_factory=dict)
    redirected_from: int | None = None
    survivals: tuple[Surviving, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    segments: tuple[Membership, ...] = ()
    consents: tuple[Consent, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    messages: tuple[Message, ...] | None = None
    identifiers: tuple[Identifier, ...] = ()
    records: tuple[Record, ...] = ()
    timeline: tuple[Moment, ...] = ()
    moments: int = 0
    spend_by_month: tuple[tuple[date, float], ...] = ()
    currency: str = ""

    @property
    def name(self) -> str:
        """The person's name, or what stands for it."""
        if self.golden.get("full_name"):
            return str(self.golden["full_name"])
        if self.anonymous:
            return "Anonymous visitor"
        number = next((each for each in self.identifiers if each.namespace != "global"), None)
        known_as = f"{number.identifier_type.replace('_', ' ').capitalize()} {number.value}" if number else "Unnamed"
        return str(self.golden.get("email") or self.golden.get("phone") or known_as)


@dataclass(frozen=True)
class SourceRows:
    """Rows read from one source by what became of them."""

    source: str
    accepted: int = 0
    duplicate: int = 0
    superseded: int = 0
    quarantined: int = 0

    @property
    def rows(self) -> int:
        return self.accepted + self.duplicate + self.superseded + self.quarantined


@dataclass(frozen=True)
class SegmentSize:
    """A segment's size, its share of all profiles, and who came and went in the latest run that changed it."""

    segment: str
    members: int
    share: float
    entered: int = 0
    left: int = 0


@dataclass(frozen=True)
class Deliveries:
    """How the messages to one destination ended, outcome → count (``delivered``, ``pending``, ``no_consent`` …), and
    whether somebody paused it."""

    destination: str
    outcomes: dict[str, int]
    paused: bool = False


@dataclass(frozen=True)
class Refused:
    """Two people who share something and were kept apart, and why."""

    first: str
    second: str
    shared: str
    reasons: tuple[str, ...]
    records: tuple[int, int] | None = None


@dataclass(frozen=True)
class Agreement:
    """How well a partition of records agrees with the truth (shares of one)."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Attribution:
    """Where the anonymous events of people who are known elsewhere ended up (shares of one)."""

    events: int
    right: float
    wrong: float


@dataclass(frozen=True)
class Identity:
    """Identity against the truth of the demo."""

    records: int
    people: int
    profiles: int
    pairwise: Agreement
    bcubed: Agreement
    anonymous: Attribution


@dataclass(frozen=True)
class Run:
    """What one run did, where the report follows a run."""

    seconds: float
    launched: bool
    checks_passed: int = 0
    checks_failed: tuple[str, ...] = ()
    run_id: str | None = None


@dataclass(frozen=True)
class Unpriced:
    """Amounts of one kind and currency that no exchange rate was known for, and so count for nothing in sums."""

    kind: str
    currency: str
    rows: int


@dataclass(frozen=True)
class Report:
    """What a run has to say for itself."""

    as_of: datetime
    records: int
    profiles: int
    anonymous: int
    sources: tuple[SourceRows, ...] = ()
    segments: tuple[SegmentSize, ...] = ()
    deliveries: tuple[Deliveries, ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()
    unpriced: tuple[Unpriced, ...] = ()
    sample: Profile | None = None
    couple: Refused | None = None
    identity: Identity | None = None
    run: Run | None = None
    untaken: tuple[str, ...] = ()


def plain(item: Any) -> Any:
    """A view as JSON-able values: ids and amounts as text, so that no reader rounds them; instants in ISO 8601 UTC."""
    if is_dataclass(item) and not isinstance(item, type):
        return {
            each.name: str(getattr(item, each.name)) if _is_id(each.name, getattr(item, each.name)) else plain(value)
            for each in fields(item)
            for value in [getattr(item, each.name)]
        }
    if isinstance(item, dict):
        return {str(key): str(value) if _is_id(str(key), value) else plain(value) for key, value in item.items()}
    if isinstance(item, list | tuple):
        return [plain(each) for each in item]
    if isinstance(item, datetime | date):
        return item.isoformat().replace("+00:00", "Z")
    if isinstance(item, Decimal):
        return str(item)
    return item


def _is_id(name: str, value: Any) -> bool:
    return (
        isinstance(value, int) and not isinstance(value, bool) and (name.endswith("_id") or name == "redirected_from")
    )
