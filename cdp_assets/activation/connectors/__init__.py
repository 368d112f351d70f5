"""The ways to destinations, and which one a destination takes in this environment.

In production a destination's own connector sends. In development everything goes to the inbox; a webhook whose address
is on this machine is sent as well, since that leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from cdp_assets.activation import ways
from cdp_assets.activation.connectors.connector import Connector, ConnectorError, Outcome
from cdp_assets.activation.connectors.file import FileDrop
from cdp_assets.activation.connectors.http import is_loopback
from cdp_assets.activation.connectors.inbox import Inbox
from cdp_assets.activation.connectors.unset import UnsetWebhook
from cdp_assets.activation.connectors.webhook import Webhook
from cdp_assets.activation.spec import DestinationSpec, FileConnector, WebhookConnector
from cdp_assets.activation.ways import Lookup
from cdp_assets.settings import Settings

__all__ = ["Connector", "ConnectorError", "Outcome", "connector_for", "secrets_of"]

_CLASSES = {
    ways.EmailWay: "email:Email",
    ways.TwilioWay: "twilio:Twilio",
    ways.FcmWay: "fcm:Fcm",
    ways.WebPushWay: "web_push:WebPush",
    ways.AppriseWay: "chat:Chat",
    ways.MetaWay: "meta_audience:MetaAudience",
    ways.GoogleWay: "google_audience:GoogleAudience",
    ways.HubSpotWay: "hubspot:HubSpot",
    ways.SalesforceWay: "salesforce:Salesforce",
    ways.ZendeskWay: "zendesk:Zendesk",
    ways.ReverseEtlWay: "reverse_etl:ReverseEtl",
}
"""Settings → module of this folder and class, which takes them and looks secrets up; imported when needed."""


def connector_for(spec: DestinationSpec, settings: Settings, env: Mapping[str, str]) -> Connector:
    """The connector that serves a destination here.

    Args:
        spec: The destination.
        settings: Say whether this is production, and where data and inbox lie.
        env: Environment variables: addresses and secrets.

    Raises:
        ConnectorError: if its address or secret is missing in production, or cannot be used.
    """
    settled = spec.connector
    if isinstance(settled, ways.Way):
        own = way_to(settled, settings, secrets_of(spec, settings, env))
        return own if settings.production else Inbox(settings.inbox, own)
    if isinstance(settled, FileConnector):
        place = settled.path if "://" in settled.path else settings.data / settled.path
        drop = FileDrop(place, settled.format, settled.storage_options)
        return drop if settings.production else Inbox(settings.inbox, drop)
    url, secret = env.get(settled.url_env), env.get(settled.secret_env)
    if settings.production or (url and is_loopback(url)):
        webhook = _webhook(settled, secrets_of(spec, settings, env, needed=True))
        return webhook if settings.production else Inbox(settings.inbox, webhook, forward=True)
    return Inbox(settings.inbox, UnsetWebhook(url or f"${settled.url_env}", secret, settled.body))


def way_to(way: ways.Way, settings: Settings, secret: Lookup) -> Connector:
    """The connector of a way; nothing is opened yet.

    Raises:
        ConnectorError: if it cannot be used as it is set up.
    """
    if isinstance(way, ways.OnsiteWay):
        from cdp_assets.activation.connectors.onsite import Onsite

        return Onsite(way, settings.data)
    if isinstance(way, ways.PythonWay):
        made: Connector = _own_class(way)(**way.options, **{name: secret(env) for name, env in way.secrets.items()})
        return made
    name = next(name for kind, name in _CLASSES.items() if isinstance(way, kind))
    connector: Connector = _found(f"{__name__}.{name}")(way, secret)
    return connector


def _own_class(way: ways.PythonWay) -> Callable[..., Any]:
    try:
        return _found(way.connector)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConnectorError(f"connector: {way.connector!r} cannot be imported; write package.module:Class") from error


def _found(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def secrets_of(spec: DestinationSpec, settings: Settings, env: Mapping[str, str], *, needed: bool = False) -> Lookup:
    """Looks environment variables up for a destination; in development, one that is not set is shown by its name."""

    def look_up(name: str) -> str:
        value = env.get(name)
        if not value and (settings.production or needed):
            raise ConnectorError(f"destination {spec.name}: set the environment variable {name}")
        return value or f"${name}"

    return look_up


def _webhook(settled: WebhookConnector, secret: Lookup) -> Webhook:
    return Webhook(
        secret(settled.url_env),
        secret(settled.secret_env),
        timeout_seconds=settled.timeout_seconds,
        concurrency=settled.concurrency,
        batch_size=settled.batch_size,
        body=settled.body,
    )
