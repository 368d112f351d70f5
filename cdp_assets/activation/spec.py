"""What a destination is: who is told what, by which way, and with which restraint.

Belongs here: the plain description and what makes one valid. Does not belong here: its YAML form (`component.py`) and
anything that acts on it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import time

from cdp_assets.activation.ways import Way
from cdp_assets.canonical.schema import Pii, TableSchema
from cdp_assets.canonical.zones import zone_fault
from cdp_assets.warehouse.expressions import check

CHANNELS = ("email", "sms", "whatsapp", "web_push", "app_push", "ads", "onsite", "event")
"""Ways to reach a person, as consent and engagements name them."""

MESSAGE_CHANNELS = ("email", "sms", "whatsapp", "web_push", "app_push")
"""Those on which a person is disturbed."""

CONSENT_PURPOSES = ("marketing", "personalisation", "analytics")
"""Purposes that need a standing grant: absence denies."""

SERVICE = "service"
"""What the person asked for, or a contract needs: goes out without a grant, but not against a refusal."""

PURPOSES = (*CONSENT_PURPOSES, SERVICE)

GLOBAL_CONTROL = "global_control"
"""The campaign of those who are left out of all campaigns."""

MODES = ("enter", "leave", "mirror")
INITIAL = ("seed_only", "send")
FORMATS = ("csv", "parquet")

_PUSHED = "case when {0} is not null then coalesce(email, {0}) end"
_CONTACT_POINT = {
    "sms": "phone",
    "whatsapp": "phone",
    "app_push": _PUSHED.format("push_token"),
    "web_push": _PUSHED.format("push_subscription"),
}
"""Whom consent is asked of: for push messages that of the e-mail address, where it is known whose device it is."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class DestinationError(ValueError):
    """A destination's definition cannot be used; the message says what to change."""


@dataclass(frozen=True)
class WebhookConnector:
    """Signed HTTP requests to one address.

    Args:
        url_env: Environment variable that holds the address.
        secret_env: Environment variable that holds the signing secret.
        rate_per_second: At most so many requests a second; null for no limit.
        timeout_seconds: How long to wait for an answer.
        concurrency: Requests under way at the same time.
        batch_size: Messages in one request; 1 for requests of single messages.
        body: ``message`` (our own form), or ``identify`` or ``track`` (Segment's).
    """

    url_env: str
    secret_env: str
    rate_per_second: float | None = None
    timeout_seconds: float = 10.0
    concurrency: int = 8
    batch_size: int = 1
    body: str = "message"


@dataclass(frozen=True)
class FileConnector:
    """Files dropped into a folder, one for each batch.

    Args:
        path: The folder, relative to the data folder unless absolute; or a URL in fsspec's form.
        format: ``csv`` or ``parquet``.
        storage_options: What fsspec needs to open the URL.
    """

    path: str
    format: str = "csv"
    storage_options: Mapping[str, object] = field(default_factory=dict)


Connector = WebhookConnector | FileConnector | Way


@dataclass(frozen=True)
class Cap:
    """At most ``messages`` to one person in ``per_days`` days, over all destinations of the same channel."""

    messages: int
    per_days: int


@dataclass(frozen=True)
class OverallCap(Cap):
    """At most ``messages`` to one person in ``per_days`` days over all these ``destinations``, whatever the channel."""

    destinations: tuple[str, ...] = ()


@dataclass(frozen=True)
class QuietHours:
    """When nobody is disturbed: from ``start`` to ``end`` in the person's time zone, or in ``zone`` if unknown."""

    start: time
    end: time
    zone: str = "UTC"


@dataclass(frozen=True)
class VolumeGuard:
    """Holds a change of more than ``minimum`` messages that is also more than ``factor`` times the usual."""

    minimum: int = 1000
    factor: float = 5.0


@dataclass(frozen=True)
class Retry:
    """How a failed delivery is tried again: doubling waits with jitter, until ``within_hours`` after the first try have
    passed or ``attempts`` tries are used up."""

    attempts: int = 100
    within_hours: float = 48.0
    base_seconds: float = 2.0
    longest_seconds: float = 3600.0


@dataclass(frozen=True)
class Breaker:
    """When a destination is left alone for a while: after ``failures`` calls in a row that failed. Then one call tries
    whether it is well again; each that fails doubles the pause."""

    failures: int = 10
    pause_seconds: float = 30.0
    longest_seconds: float = 600.0


@dataclass(frozen=True)
class ControlGroup:
    """People who are left out of all campaigns, so that the effect of all together can be measured.

    Args:
        share: Their share of all people (0..1); 0 for none.
        purposes: The purposes whose destinations leave them out.
    """

    share: float = 0.0
    purposes: tuple[str, ...] = ("marketing",)

    def applied_to(self, spec: DestinationSpec) -> DestinationSpec:
        """The destination, with the group left out where it serves one of the purposes."""
        return replace(spec, global_control=self.share) if spec.purpose in self.purposes else spec


@dataclass(frozen=True)
class FrequencyCap:
    """A limit on messages to one person over all channels.

    Args:
        messages: At most so many …
        per_days: … in so many days; 0 for no limit.
        purposes: The purposes whose destinations it counts and limits.
    """

    messages: int = 0
    per_days: int = 0
    purposes: tuple[str, ...] = ("marketing",)

    def applied_to(self, specs: Sequence[DestinationSpec]) -> list[DestinationSpec]:
        """The destinations, limited where they tell people something for one of the purposes."""
        telling = [spec for spec in specs if spec.tells_people and spec.purpose in self.purposes]
        if not self.per_days:
            return list(specs)
        cap = OverallCap(self.messages, self.per_days, tuple(spec.name for spec in telling))
        return [replace(spec, overall_cap=cap) if spec in telling else spec for spec in specs]


@dataclass(frozen=True)
class DestinationSpec:
    """One destination.

    Args:
        name: Its name; also the last part of its asset key.
        description: What it is for.
        owner: Who answers for it (``team:…``, or an e-mail address).
        segment: Whose members it is about.
        channel: One of `CHANNELS`: which consent counts, and which messages the cap adds up.
        purpose: One of `PURPOSES`.
        connector: The way.
        payload: Field → SQL expression over `customer_360`.
        mode: ``enter`` or ``leave`` (a message when that happens), or ``mirror`` (keep the destination equal).
        initial: At the first activation, ``seed_only`` records the present members, ``send`` tells of them.
        contact_point: SQL expression over `customer_360` for what consent is asked for; by default the phone for
            ``sms`` and ``whatsapp``, else the e-mail.
        holdout: Share of people who are never told, to measure against (0..1).
        variants: Name → weight: each person who is told gets one, always the same; messages say which.
        global_control: Share of people who are left out of all campaigns (0..1); see `ControlGroup`.
        campaign: Salt and name of the experiment; the destination's name by default. Destinations may share one.
        priority: Destinations with a higher one come first where a cap leaves no room for both.
        cap: Limit on messages per person and channel.
        overall_cap: Limit on messages per person over all channels; see `FrequencyCap`.
        quiet_hours: When messages wait.
        volume_guard: What holds a change far above the usual.
        retry: How failures are tried again.
        breaker: When the destination is left alone.
    """

    name: str
    description: str
    owner: str
    segment: str
    channel: str
    purpose: str
    connector: Connector
    payload: dict[str, str]
    mode: str = "enter"
    initial: str = "seed_only"
    contact_point: str | None = None
    holdout: float = 0.0
    variants: dict[str, float] = field(default_factory=dict)
    global_control: float = 0.0
    campaign: str | None = None
    priority: int = 0
    cap: Cap | None = None
    overall_cap: OverallCap | None = None
    quiet_hours: QuietHours | None = None
    volume_guard: VolumeGuard = field(default_factory=VolumeGuard)
    retry: Retry = field(default_factory=Retry)
    breaker: Breaker = field(default_factory=Breaker)

    @property
    def kind(self) -> str:
        """The way's name, as its YAML calls it."""
        if isinstance(self.connector, Way):
            return self.connector.type
        return "webhook" if isinstance(self.connector, WebhookConnector) else "file"

    @property
    def rate_per_second(self) -> float | None:
        """At most so many messages a second; null for no limit."""
        return None if isinstance(self.connector, FileConnector) else self.connector.rate_per_second

    @property
    def contact_expression(self) -> str:
        """The SQL expression for the contact point."""
        return self.contact_point or _CONTACT_POINT.get(self.channel, "email")

    @property
    def holdout_campaign(self) -> str:
        return self.campaign or self.name

    @property
    def campaigns(self) -> tuple[str, ...]:
        """The campaigns that its messages belong to."""
        return (self.holdout_campaign, *((GLOBAL_CONTROL,) if self.global_control else ()))

    @property
    def is_experiment(self) -> bool:
        """Whether people are drawn into arms or variants."""
        return self.holdout > 0.0 or bool(self.variants)

    @property
    def tells_people(self) -> bool:
        """Whether people get messages by it; a list kept equal tells nobody."""
        return self.mode != "mirror" and self.channel in MESSAGE_CHANNELS

    @property
    def needs_grant(self) -> bool:
        """Whether silence means no."""
        return self.purpose in CONSENT_PURPOSES


def validate(spec: DestinationSpec, customer: TableSchema, segments: Collection[str] | None = None) -> None:
    """Check a destination against what exists; nothing is run.

    Args:
        spec: The destination.
        customer: Schema of `customer_360`, with the PII class of each column.
        segments: Names of the segments there are; null if they are not known yet.

    Raises:
        DestinationError: names the attribute, the value, and what is valid.
        ExpressionError: if a payload or contact-point expression is not valid over `customer_360`.
    """
    if not _NAME.fullmatch(spec.name):
        raise DestinationError(f"name: {spec.name!r} must be lower case letters, digits and underscores")
    if spec.name in {"outbox", "deliveries", "destination_state", "exposures"}:
        raise DestinationError(f"name: {spec.name!r} is the name of a table of this stage; choose another")
    if segments is not None:
        _one_of("segment", spec.segment, segments)
    _one_of("channel", spec.channel, CHANNELS)
    _one_of("purpose", spec.purpose, PURPOSES)
    _one_of("mode", spec.mode, MODES)
    _one_of("initial", spec.initial, INITIAL)
    if isinstance(spec.connector, FileConnector):
        _one_of("connector.format", spec.connector.format, FORMATS)
    if isinstance(spec.connector, Way):
        _check_way(spec, spec.connector)
    if not 0.0 <= spec.holdout < 1.0:
        raise DestinationError(f"holdout: {spec.holdout} is not a share from 0 to below 1")
    if any(weight <= 0 for weight in spec.variants.values()) or len(spec.variants) == 1:
        raise DestinationError("variants: name at least two, each with a weight above 0")
    if spec.variants and spec.mode == "mirror":
        raise DestinationError("variants: a list kept equal holds everybody alike; use mode enter or leave")
    if spec.holdout_campaign == GLOBAL_CONTROL:
        raise DestinationError(f"campaign: {GLOBAL_CONTROL!r} is the global control group; choose another name")
    if spec.cap is not None and (spec.cap.messages < 1 or spec.cap.per_days < 1):
        raise DestinationError("cap: messages and per_days must be at least 1")
    if spec.quiet_hours is not None and (fault := zone_fault(spec.quiet_hours.zone)):
        raise DestinationError(f"quiet_hours.zone: {fault}")
    if not spec.payload:
        raise DestinationError("payload: name at least one field")
    _check_expressions(spec, customer)


def _check_way(spec: DestinationSpec, way: Way) -> None:
    if way.channels is not None:
        _one_of("channel", spec.channel, (way.type,) if way.type in way.channels else way.channels)
    if way.messages and spec.mode == "mirror":
        raise DestinationError(f"mode: {way.type} tells people something, so there is nothing to keep equal; use enter")
    for attribute in ("to", "key"):
        field = getattr(way, attribute, None)
        if field is not None and field not in spec.payload:
            raise DestinationError(f"connector.{attribute}: the payload has no field {field!r}; add it")


def _check_expressions(spec: DestinationSpec, customer: TableSchema) -> None:
    schema = customer.ibis_schema
    check(spec.contact_expression, schema, where="contact_point")
    for name, expression in spec.payload.items():
        checked = check(expression, schema, where=f"payload.{name}", as_of=True)
        for column in checked.columns:
            pii = customer.column(column).pii
            if pii is Pii.SENSITIVE:
                raise DestinationError(f"payload.{name}: column `{column}` is sensitive and may not leave the platform")
            if pii is Pii.DIRECT and spec.purpose == "analytics":
                raise DestinationError(
                    f"payload.{name}: column `{column}` identifies a person, which consent for analytics does not cover"
                )


def _one_of(attribute: str, value: str, valid: Collection[str]) -> None:
    if value in valid:
        return
    near = difflib.get_close_matches(value, valid, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"valid: {', '.join(sorted(valid)) or 'none'}"
    raise DestinationError(f"{attribute}: unknown {value!r}; {hint}")
