"""The YAML form of a destination.

Belongs here: fields and their descriptions, as editors show them. Does not belong here: what they mean (`spec.py`).
"""

import os
import re
from datetime import time
from functools import cached_property
from typing import Annotated, Any, Literal

import dagster as dg
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from cdp_assets.activation import spec as specs
from cdp_assets.activation import ways
from cdp_assets.activation.quiet_hours import clock_time
from cdp_assets.attributes.schemas import CUSTOMER_360
from cdp_assets.canonical.schema import TableSchema
from cdp_assets.definition_files import FROM_ENVIRONMENT
from cdp_assets.warehouse.sql_fields import SqlByName

_STRICT = ConfigDict(extra="forbid")


class WebhookConnector(dg.Model):
    """Signed HTTP requests, of one message or several."""

    model_config = _STRICT

    type: Literal["webhook"] = Field(description="`webhook`")
    url_env: str = Field(description="Environment variable that holds the address (https, or http to this machine).")
    secret_env: str = Field(description="Environment variable that holds the signing secret.")
    rate_per_second: float | None = Field(default=None, gt=0, description="At most so many requests a second.")
    timeout_seconds: float = Field(default=10.0, gt=0, description="How long to wait for an answer.")
    concurrency: int = Field(default=8, ge=1, le=64, description="Requests under way at the same time.")
    batch_size: int = Field(default=1, ge=1, le=1000, description="Messages in one request: `{batch: […]}` above 1.")
    body: Literal["message", "identify", "track"] = Field(
        default="message", description="`message`, or the form of Segment's `identify` or `track` calls."
    )


class FileConnector(dg.Model):
    """Files dropped into a folder, one a batch."""

    model_config = _STRICT

    type: Literal["file"] = Field(description="`file`")
    path: str = Field(
        description="The folder, relative to the data folder unless absolute; or a URL: `s3://bucket/audiences`, "
        "`gs://…`, `sftp://host/folder`, or any other that fsspec opens."
    )
    format: Literal["csv", "parquet"] = Field(default="csv", description="`csv` or `parquet`.")
    storage_options: dict[str, str | int | bool] = Field(
        default_factory=dict,
        description="What fsspec needs to open the URL: keys, an endpoint. Secrets as `{{ env.NAME }}`.",
    )


AnyConnector = Annotated[
    WebhookConnector
    | FileConnector
    | ways.EmailWay
    | ways.TwilioWay
    | ways.FcmWay
    | ways.WebPushWay
    | ways.AppriseWay
    | ways.MetaWay
    | ways.GoogleWay
    | ways.OnsiteWay
    | ways.HubSpotWay
    | ways.SalesforceWay
    | ways.ZendeskWay
    | ways.ReverseEtlWay
    | ways.PythonWay,
    Field(discriminator="type"),
]


def _with_environment(written: Any) -> Any:
    """What is written, with `{{ env.NAME }}` replaced; all other templates are filled for each message."""
    if isinstance(written, BaseModel):
        written = written.model_dump()
    if isinstance(written, dict):
        return {name: _with_environment(value) for name, value in written.items()}
    if isinstance(written, list):
        return [_with_environment(value) for value in written]
    return FROM_ENVIRONMENT.sub(_value_of, written) if isinstance(written, str) else written


def _value_of(found: re.Match[str]) -> str:
    value = os.environ.get(found.group(1))
    if value is None:
        raise specs.DestinationError(f"connector: the environment variable {found.group(1)} is not set")
    return value


AsWritten = Annotated[
    Any, dg.Resolver(lambda _context, written: _with_environment(written), model_field_type=AnyConnector)
]
"""A way as YAML has it, but for the environment. (Dagster wants fields of models without bounds unless it resolves
them, so it is told that this may be anything; `_connector` checks it.)"""


class Cap(dg.Model, dg.Resolvable):
    """A limit on messages per person and channel, over all destinations."""

    model_config = _STRICT

    messages: int = Field(description="At most so many messages …")
    per_days: int = Field(description="… in so many days.")


class QuietHours(dg.Model, dg.Resolvable):
    """When messages wait; by the person's clock."""

    model_config = _STRICT

    start: str = Field(description="Begin, HH:MM.")
    end: str = Field(description="End, HH:MM; may be on the next day.")
    zone: str = Field(default="UTC", description="IANA time zone for people whose own is not known.")


class VolumeGuard(dg.Model, dg.Resolvable):
    """What holds a change far above the usual until someone confirms it."""

    model_config = _STRICT

    minimum: int = Field(default=1000, ge=0, description="Changes up to this size always pass.")
    factor: float = Field(default=5.0, ge=0, description="Larger ones pass up to this many times the usual size.")


class Retry(dg.Model, dg.Resolvable):
    """How a failed delivery is tried again."""

    model_config = _STRICT

    attempts: int = Field(default=100, ge=1, description="Tries in all, at most.")
    within_hours: float = Field(default=48.0, gt=0, description="Given up so long after the first try.")
    base_seconds: float = Field(default=2.0, gt=0, description="Wait before the second try; doubles each time.")
    longest_seconds: float = Field(default=3600.0, gt=0, description="Longest wait.")


class Breaker(dg.Model, dg.Resolvable):
    """When a destination that fails is left alone for a while."""

    model_config = _STRICT

    failures: int = Field(default=10, ge=1, description="Calls that failed in a row.")
    pause_seconds: float = Field(default=30.0, gt=0, description="First pause; doubles each time it still fails.")
    longest_seconds: float = Field(default=600.0, gt=0, description="Longest pause.")


class Destination(dg.Component, dg.Model, dg.Resolvable):
    """Who is told of a segment's changes: by which way, with what, and with which restraint."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))

    name: str = Field(description="Lower case with underscores; names the asset.")
    description: str = Field(description="What it is for, in a sentence.")
    owner: str = Field(description="Who answers for it: `team:…` or an e-mail address.")
    segment: str = Field(description="The segment whose changes it is told.")
    channel: str = Field(description=f"One of {', '.join(specs.CHANNELS)}: which consent counts.")
    purpose: str = Field(description=f"One of {', '.join(specs.PURPOSES)}: what the consent has to be for.")
    connector: AsWritten = Field(description="The way messages go.")
    payload: SqlByName = Field(description="Field → SQL expression over `customer_360`.")
    mode: str = Field(
        default="enter",
        description="`enter` or `leave` (a message when that happens), or `mirror` (keep the destination equal).",
    )
    initial: str = Field(
        default="seed_only",
        description="At the first activation: `seed_only` records the present members, `send` tells of them.",
    )
    contact_point: str | None = Field(
        default=None,
        description="SQL expression for what consent is asked for; by default the e-mail or phone, "
        "and for push messages the e-mail of whoever has a device.",
    )
    holdout: float = Field(default=0.0, description="Share of people never told, to measure against.")
    variants: dict[str, float] = Field(
        default={}, description="Name → weight: whoever is told gets one, always the same, and messages say which."
    )
    campaign: str | None = Field(default=None, description="Name of the holdout, where destinations share one.")
    priority: int = Field(default=0, description="The higher one goes first where a cap leaves no room for both.")
    cap: Cap | None = Field(default=None, description="Limit on messages per person and channel.")
    quiet_hours: QuietHours | None = Field(default=None, description="When messages wait.")
    volume_guard: VolumeGuard | None = Field(default=None, description="What holds a change far above the usual.")
    retry: Retry | None = Field(default=None, description="How failures are tried again.")
    breaker: Breaker | None = Field(default=None, description="When it is left alone after failures in a row.")

    @cached_property
    def spec(self) -> specs.DestinationSpec:
        """The destination, with its expressions checked against the columns that `customer_360` always has."""
        return self.spec_over(CUSTOMER_360)

    def spec_over(self, customer: TableSchema) -> specs.DestinationSpec:
        """The destination, with its expressions checked against `customer_360` as it will be, traits included."""
        quiet = self.quiet_hours
        spec = specs.DestinationSpec(
            name=self.name,
            description=self.description,
            owner=self.owner,
            segment=self.segment,
            channel=self.channel,
            purpose=self.purpose,
            connector=_connector(self.connector),
            payload=dict(self.payload),
            mode=self.mode,
            initial=self.initial,
            contact_point=self.contact_point,
            holdout=self.holdout,
            variants=dict(self.variants),
            campaign=self.campaign,
            priority=self.priority,
            cap=specs.Cap(self.cap.messages, self.cap.per_days) if self.cap else None,
            quiet_hours=specs.QuietHours(
                _time("quiet_hours.start", quiet.start), _time("quiet_hours.end", quiet.end), quiet.zone
            )
            if quiet
            else None,
            volume_guard=specs.VolumeGuard(**self.volume_guard.model_dump())
            if self.volume_guard
            else specs.VolumeGuard(),
            retry=specs.Retry(**self.retry.model_dump()) if self.retry else specs.Retry(),
            breaker=specs.Breaker(**self.breaker.model_dump()) if self.breaker else specs.Breaker(),
        )
        specs.validate(spec, customer)
        return spec

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Nothing of its own: the stage makes the assets of all destinations (`assets.py`)."""
        return dg.Definitions()


class ControlGroup(dg.Component, dg.Model, dg.Resolvable):
    """People who are left out of all campaigns, so that the effect of all together can be measured."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))

    share: float = Field(default=0.0, ge=0, lt=1, description="Their share of all people.")
    purposes: list[str] = Field(
        default=["marketing"], description="Destinations for these purposes leave them out; others tell them as well."
    )

    @cached_property
    def spec(self) -> specs.ControlGroup:
        """The group.

        Raises:
            DestinationError: if a purpose does not exist.
        """
        return specs.ControlGroup(self.share, _purposes(self.purposes))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Nothing of its own: the stage makes the assets of all destinations (`assets.py`)."""
        return dg.Definitions()


class FrequencyCap(dg.Component, dg.Model, dg.Resolvable):
    """A limit on messages to one person over all channels, beside the limits of single destinations."""

    model_config = ConfigDict(extra="forbid", ignored_types=(cached_property,))

    messages: int = Field(default=0, ge=0, description="At most so many messages …")
    per_days: int = Field(default=0, ge=0, description="… in so many days; 0 for no limit.")
    purposes: list[str] = Field(
        default=["marketing"], description="Destinations for these purposes are counted and limited; others are free."
    )

    @cached_property
    def spec(self) -> specs.FrequencyCap:
        """The limit.

        Raises:
            DestinationError: if a purpose does not exist.
        """
        return specs.FrequencyCap(self.messages, self.per_days, _purposes(self.purposes))

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Nothing of its own: the stage makes the assets of all destinations (`assets.py`)."""
        return dg.Definitions()


def _purposes(written: list[str]) -> tuple[str, ...]:
    for purpose in written:
        if purpose not in specs.PURPOSES:
            raise specs.DestinationError(f"purposes: unknown {purpose!r}; valid: {', '.join(specs.PURPOSES)}")
    return tuple(written)


def _connector(written: Any) -> specs.Connector:
    way: WebhookConnector | FileConnector | ways.Way = TypeAdapter(AnyConnector).validate_python(written)
    if isinstance(way, ways.Way):
        return way
    values = way.model_dump(exclude={"type"})
    return specs.WebhookConnector(**values) if isinstance(way, WebhookConnector) else specs.FileConnector(**values)


def _time(attribute: str, text: str) -> time:
    try:
        return clock_time(text)
    except ValueError:
        raise specs.DestinationError(f"{attribute}: {text!r} is no time of day; write for example 21:00") from None
