"""Settings of the ways to destinations that speak a service's own protocol.

Belongs here: fields, with the descriptions that editors show. Does not belong here: the protocols (`connectors/`).

A field that ends in ``_env`` names the environment variable that holds an address or a secret: neither is ever in YAML.
Contents (subjects, texts, titles) are Jinja2 templates over the payload's fields, ``profile_id``, ``segment`` and
``change``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Lookup = Callable[[str], str]
"""The value of an environment variable, by its name."""


class Way(BaseModel):
    """What all of them have. ``channels``: those it can serve; ``messages``: it tells people, so it mirrors nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    channels: ClassVar[tuple[str, ...] | None] = None
    messages: ClassVar[bool] = False

    type: str
    rate_per_second: float | None = Field(default=None, gt=0, description="At most so many messages a second.")
    timeout_seconds: float = Field(default=10.0, gt=0, description="How long to wait for an answer.")


class FolderOfMail(BaseModel):
    """A folder in which mails that come back arrive as files."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    folder: str = Field(description="Folder of `.eml` files, relative to the data folder unless absolute.")


class ImapOfMail(BaseModel):
    """A mailbox in which mails that come back arrive."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    host: str = Field(description="The IMAP server; it has to speak TLS.")
    port: int = Field(default=993, description="Its port.")
    username_env: str = Field(description="Environment variable with the user name.")
    password_env: str = Field(description="Environment variable with the password.")
    mailbox: str = Field(default="INBOX", description="The mailbox; mails are marked as seen.")
    ca_file: str | None = Field(default=None, description="Certificate to trust, where it is a private one.")
    timeout_seconds: float = Field(default=30.0, gt=0, description="How long to wait for an answer.")


class EmailWay(Way):
    """E-mail over SMTP, encrypted and authenticated."""

    channels = ("email",)
    messages = True
    type: Literal["email"] = Field(description="`email`")
    host: str = Field(description="The mail server.")
    port: int = Field(default=587, description="Its port.")
    security: Literal["starttls", "tls"] = Field(default="starttls", description="`starttls` (587) or `tls` (465).")
    username_env: str = Field(description="Environment variable with the user name.")
    password_env: str = Field(description="Environment variable with the password.")
    ca_file: str | None = Field(default=None, description="Certificate to trust, where it is a private one.")
    sender: str = Field(description="From: `Shop <hello@shop.example>`.")
    return_path: str | None = Field(
        default=None, description="Address that undeliverable mail comes back to; the sender's if absent."
    )
    bounces: ImapOfMail | FolderOfMail | None = Field(
        default=None, description="Where it arrives: bounces and complaints are taken in before each delivery."
    )
    to: str = Field(default="email", description="The payload field that holds the address.")
    subject: str = Field(description="Template of the subject.")
    text: str = Field(description="Template of the plain text.")
    html: str | None = Field(default=None, description="Template of the HTML; values are escaped.")
    unsubscribe_url: str | None = Field(
        default=None, description="Template of the https address that unsubscribes with one click (RFC 8058)."
    )


class TwilioWay(Way):
    """Text messages through Twilio."""

    channels = ("sms", "whatsapp")
    messages = True
    type: Literal["sms", "whatsapp"] = Field(description="`sms` or `whatsapp`")
    account_env: str = Field(description="Environment variable with the account SID.")
    token_env: str = Field(description="Environment variable with the auth token.")
    sender: str = Field(description="The sending number with `+`, or a messaging service (`MG…`).")
    to: str = Field(default="phone", description="The payload field that holds the number.")
    text: str | None = Field(default=None, description="Template of the text.")
    content_sid: str | None = Field(
        default=None, description="A content template of Twilio (`HX…`), filled with the payload's fields."
    )
    base_url: str = Field(default="https://api.twilio.com", description="Where the API is.")


class FcmWay(Way):
    """Push messages to apps through Firebase Cloud Messaging, HTTP v1."""

    channels = ("app_push",)
    messages = True
    type: Literal["app_push"] = Field(description="`app_push`")
    project: str = Field(description="The Firebase project.")
    service_account_env: str = Field(description="Environment variable with the service account's JSON.")
    to: str = Field(default="token", description="The payload field that holds the registration token.")
    title: str = Field(description="Template of the title.")
    text: str = Field(description="Template of the text.")
    data: list[str] = Field(default=[], description="Payload fields that the app gets as well.")
    base_url: str = Field(default="https://fcm.googleapis.com", description="Where the API is.")


class WebPushWay(Way):
    """Push messages to browsers: VAPID, and a payload that only the browser can read."""

    channels = ("web_push",)
    messages = True
    type: Literal["web_push"] = Field(description="`web_push`")
    vapid_key_env: str = Field(description="Environment variable with the private VAPID key (base64url, 32 bytes).")
    contact: str = Field(description="Whom a push service may ask: `mailto:…` or an https address.")
    to: str = Field(default="subscription", description="The payload field with the browser's subscription as JSON.")
    title: str = Field(description="Template of the title.")
    text: str = Field(description="Template of the text.")
    ttl_seconds: int = Field(default=86_400, ge=0, description="How long a push service keeps it.")


class AppriseWay(Way):
    """Messages to a chat or any other service that Apprise knows: Slack, Teams, Telegram, Matrix …"""

    messages = True
    type: Literal["apprise"] = Field(description="`apprise`")
    url_env: str = Field(description="Environment variable with the service's address in Apprise's form: `slack://…`.")
    title: str = Field(default="", description="Template of the title.")
    text: str = Field(description="Template of the text.")


class MetaWay(Way):
    """A Custom Audience of Meta, kept equal."""

    channels = ("ads",)
    type: Literal["meta_audience"] = Field(description="`meta_audience`")
    audience: str = Field(description="The audience's id.")
    token_env: str = Field(description="Environment variable with the access token.")
    version: str = Field(default="v23.0", description="Version of the Graph API.")
    base_url: str = Field(default="https://graph.facebook.com", description="Where the API is.")


class GoogleWay(Way):
    """A Customer Match list of Google, kept equal, through the Data Manager API."""

    channels = ("ads",)
    type: Literal["google_audience"] = Field(description="`google_audience`")
    account: str = Field(description="The Google Ads account that owns the list, digits only.")
    login_account: str | None = Field(default=None, description="The manager account that acts for it.")
    audience: str = Field(description="The user list's id.")
    service_account_env: str = Field(description="Environment variable with the service account's JSON.")
    base_url: str = Field(default="https://datamanager.googleapis.com", description="Where the API is.")


AUDIENCES = (MetaWay, GoogleWay)
"""Ways to lists that know people by hashes of what is told of them."""


class OnsiteWay(Way):
    """One compact JSON file with the present audience, for a site to look people up in."""

    channels = ("onsite",)
    type: Literal["onsite"] = Field(description="`onsite`")
    path: str = Field(description="The file; relative to the data folder unless absolute.")
    key: str = Field(description="The payload field that people are looked up by.")
    hashed: bool = Field(default=True, description="Whether keys are written as SHA-256 of trimmed lower case.")


class HubSpotWay(Way):
    """Properties of contacts in HubSpot."""

    type: Literal["hubspot"] = Field(description="`hubspot`")
    token_env: str = Field(description="Environment variable with the private app's token.")
    key: str = Field(default="email", description="Property that identifies a contact; also a payload field.")
    on_leave: dict[str, Any] = Field(default={}, description="Properties to set for whoever leaves.")
    base_url: str = Field(default="https://api.hubapi.com", description="Where the API is.")


class SalesforceWay(Way):
    """Fields of contacts in Salesforce."""

    type: Literal["salesforce"] = Field(description="`salesforce`")
    base_url: str = Field(description="The organisation's address: `https://….my.salesforce.com`.")
    client_id_env: str = Field(description="Environment variable with the connected app's client id.")
    client_secret_env: str = Field(description="Environment variable with its secret.")
    key: str = Field(description="External-id field that identifies a record; also a payload field.")
    record: str = Field(default="Contact", description="The kind of record.")
    on_leave: dict[str, Any] = Field(default={}, description="Fields to set for whoever leaves.")
    version: str = Field(default="v62.0", description="Version of the API.")


class ZendeskWay(Way):
    """User fields in Zendesk; payload fields `email`, `name`, `phone` and `external_id` are the user's own."""

    type: Literal["zendesk"] = Field(description="`zendesk`")
    base_url: str = Field(description="The account's address: `https://….zendesk.com`.")
    user_env: str = Field(description="Environment variable with the agent's e-mail.")
    token_env: str = Field(description="Environment variable with the API token.")
    on_leave: dict[str, Any] = Field(default={}, description="User fields to set for whoever leaves.")


class ReverseEtlWay(Way):
    """A table in a database, kept equal."""

    type: Literal["reverse_etl"] = Field(description="`reverse_etl`")
    url_env: str = Field(description="Environment variable with the SQLAlchemy URL.")
    table: str = Field(description="The table; made if it is not there.")
    schema_name: str | None = Field(default=None, description="Its schema, where it is not the default one.")
    columns: dict[str, Literal["text", "integer", "number", "boolean", "instant"]] = Field(
        default={}, description="Types of payload fields; text where none is given."
    )


class PythonWay(Way):
    """A connector of one's own."""

    type: Literal["python"] = Field(description="`python`")
    connector: str = Field(description="Module and class: `shop_tools.slack:Slack`.")
    options: dict[str, Any] = Field(default={}, description="Keyword arguments.")
    secrets: dict[str, str] = Field(default={}, description="Keyword argument → environment variable with its value.")
