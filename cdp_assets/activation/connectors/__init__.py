"""The ways to destinations, and which one a destination takes in this environment.

In production a destination's own connector sends. In development everything goes to the inbox; a webhook whose address
is on this machine is sent as well, since that leaves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from cdp_assets.activation.connectors.connector import Connector, ConnectorError, Outcome
from cdp_assets.activation.connectors.file import FileDrop
from cdp_assets.activation.connectors.inbox import Inbox
from cdp_assets.activation.connectors.unset import UnsetWebhook
from cdp_assets.activation.connectors.webhook import Webhook, is_loopback
from cdp_assets.activation.spec import DestinationSpec, FileConnector, WebhookConnector
from cdp_assets.settings import Settings

__all__ = ["Connector", "ConnectorError", "Outcome", "connector_for"]


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
    if isinstance(settled, FileConnector):
        drop = FileDrop(settings.data / settled.path, settled.format)
        return drop if settings.production else Inbox(settings.inbox, drop)
    url, secret = env.get(settled.url_env), env.get(settled.secret_env)
    if settings.production or (url and is_loopback(url)):
        webhook = _webhook(spec, settled, url, secret)
        return webhook if settings.production else Inbox(settings.inbox, webhook, forward=True)
    return Inbox(settings.inbox, UnsetWebhook(url or f"${settled.url_env}", secret))


def _webhook(spec: DestinationSpec, settled: WebhookConnector, url: str | None, secret: str | None) -> Webhook:
    for name, value in ((settled.url_env, url), (settled.secret_env, secret)):
        if not value:
            raise ConnectorError(f"destination {spec.name}: set the environment variable {name}")
    assert url is not None
    assert secret is not None
    return Webhook(url, secret, timeout_seconds=settled.timeout_seconds, concurrency=settled.concurrency)
