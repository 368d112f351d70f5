"""What services say of the requests they take: the operations that connectors use, condensed from what is published.

Each operation names its source: an OpenAPI description, a discovery document, a protocol definition or the reference
page. Only the parts of a schema that concern what a connector may send are here, and they are closed: a field that the
service does not know is a fault, whether or not the service itself would overlook it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from cdp_assets_tests.activation.servers import Call

JSON, FORM = "application/json", "application/x-www-form-urlencoded"

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
HASH: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def closed(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def some(items: Schema, most: int) -> Schema:
    return {"type": "array", "items": items, "minItems": 1, "maxItems": most}


@dataclass(frozen=True)
class Operation:
    """One operation of a service.

    Args:
        method, path: As the description writes them.
        source: Where the service publishes it.
        body: Schema of the body; of a form, every value is text.
        media: Its media type.
        parameters: Patterns of path parameters; anything but a slash where there is none.
        headers: Patterns of headers that it needs.
    """

    method: str
    path: str
    source: str
    body: Schema
    media: str = JSON
    parameters: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def takes(self, call: Call) -> bool:
        """Whether a request is meant for it."""
        return call.method == self.method and re.fullmatch(self._pattern(strict=False), call.path) is not None

    def faults(self, call: Call) -> list[str]:
        """What the service would not take."""
        found = [] if re.fullmatch(self._pattern(strict=True), call.path) else [f"path {call.path}"]
        if call.headers.get("content-type", "").partition(";")[0] != self.media:
            found.append(f"content-type {call.headers.get('content-type')}")
        found += [
            f"header {name}"
            for name, pattern in self.headers.items()
            if not re.fullmatch(pattern, call.headers.get(name, ""))
        ]
        for error in Draft202012Validator(self.body).iter_errors(_body(call, self.media)):
            found.append(f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}")
        return [f"{self.method} {self.path}: {each}" for each in found]

    def _pattern(self, *, strict: bool) -> str:
        parts = re.split(r"\{(\w+)\}", self.path)
        named = (self.parameters.get(part, "[^/]+") if strict else "[^/]+" for part in parts[1::2])
        return "".join(re.escape(fixed) + varying for fixed, varying in zip(parts[::2], [*named, ""], strict=True))


def _body(call: Call, media: str) -> Any:
    if media == JSON:
        return json.loads(call.content)
    form = parse_qs(call.content.decode(), keep_blank_values=True, strict_parsing=True)
    return {name: values[0] if len(values) == 1 else values for name, values in form.items()}


def faults_of(call: Call) -> list[str]:
    """What is wrong with a request to one of the services; nothing if it is to none of them."""
    return [fault for operation in OPERATIONS if operation.takes(call) for fault in operation.faults(call)]


BEARER = {"authorization": r"Bearer \S+"}
BASIC = {"authorization": r"Basic [A-Za-z0-9+/]+={0,2}"}

TWILIO = Operation(
    "POST",
    "/2010-04-01/Accounts/{AccountSid}/Messages.json",
    "github.com/twilio/twilio-oai, spec/json/twilio_api_v2010.json, CreateMessage",
    {
        **closed(
            ("To",),
            To=TEXT,
            From=TEXT,
            MessagingServiceSid={"type": "string", "pattern": "^MG[0-9a-fA-F]{32}$"},
            Body={"type": "string", "minLength": 1, "maxLength": 1600},
            ContentSid={"type": "string", "pattern": "^HX[0-9a-fA-F]{32}$"},
            ContentVariables={"type": "string", "pattern": r"^\{.*\}$"},
        ),
        "allOf": [
            {"oneOf": [{"required": ["From"]}, {"required": ["MessagingServiceSid"]}]},
            {"oneOf": [{"required": ["Body"]}, {"required": ["ContentSid"]}]},
        ],
    },
    FORM,
    {"AccountSid": "AC[0-9a-fA-F]{32}"},
    BASIC,
)

FCM = Operation(
    "POST",
    "/v1/projects/{project}/messages:send",
    "fcm.googleapis.com/$discovery/rest?version=v1, SendMessageRequest",
    closed(
        ("message",),
        validateOnly={"type": "boolean"},
        message={
            **closed(
                token=TEXT,
                topic=TEXT,
                condition=TEXT,
                notification=closed(title={"type": "string"}, body={"type": "string"}, image={"type": "string"}),
                data={
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                    # Reserved words: "from", "message_type", and anything that begins with "google" or "gcm".
                    "propertyNames": {"not": {"pattern": r"^(from$|message_type$|google|gcm)"}},
                },
            ),
            "oneOf": [{"required": ["token"]}, {"required": ["topic"]}, {"required": ["condition"]}],
        },
    ),
    headers=BEARER,
)

GOOGLE_TOKEN = Operation(
    "POST",
    "/token",
    "developers.google.com/identity/protocols/oauth2/service-account, HTTP/REST",
    closed(
        ("grant_type", "assertion"),
        grant_type={"const": "urn:ietf:params:oauth:grant-type:jwt-bearer"},
        assertion={"type": "string", "pattern": r"^[\w-]+\.[\w-]+\.[\w-]+$"},
    ),
    FORM,
)

_ACCOUNT = closed(
    ("accountId",),
    accountId={"type": "string", "pattern": "^[0-9]+$"},
    accountType={"enum": ["GOOGLE_ADS", "DISPLAY_VIDEO_PARTNER", "DISPLAY_VIDEO_ADVERTISER", "DATA_PARTNER"]},
)
_CONSENT: Schema = {"enum": ["CONSENT_GRANTED", "CONSENT_DENIED"]}
_MEMBERS: dict[str, Schema] = {
    "destinations": some(
        closed(
            ("operatingAccount", "productDestinationId"),
            reference=TEXT,
            loginAccount=_ACCOUNT,
            linkedAccount=_ACCOUNT,
            operatingAccount=_ACCOUNT,
            productDestinationId=TEXT,
        ),
        10,
    ),
    "audienceMembers": some(
        closed(
            ("userData",),
            userData=closed(
                ("userIdentifiers",),
                userIdentifiers=some(
                    {
                        **closed(
                            emailAddress=HASH,
                            phoneNumber=HASH,
                            address=closed(
                                ("givenName", "familyName", "regionCode", "postalCode"),
                                givenName=HASH,
                                familyName=HASH,
                                regionCode={"type": "string", "pattern": "^[A-Z]{2}$"},
                                postalCode=TEXT,
                            ),
                        ),
                        "minProperties": 1,
                        "maxProperties": 1,
                    },
                    10,
                ),
            ),
        ),
        10_000,
    ),
    "encoding": {"enum": ["HEX", "BASE64"]},
    "validateOnly": {"type": "boolean"},
}

GOOGLE_INGEST = Operation(
    "POST",
    "/v1/audienceMembers:ingest",
    "github.com/googleapis/googleapis, google/ads/datamanager/v1, IngestAudienceMembersRequest",
    closed(
        ("destinations", "audienceMembers", "encoding"),
        **_MEMBERS,
        consent=closed(adUserData=_CONSENT, adPersonalization=_CONSENT),
        termsOfService=closed(customerMatchTermsOfServiceStatus={"enum": ["ACCEPTED", "REJECTED"]}),
    ),
    headers=BEARER,
)

GOOGLE_REMOVE = Operation(
    "POST",
    "/v1/audienceMembers:remove",
    "github.com/googleapis/googleapis, google/ads/datamanager/v1, RemoveAudienceMembersRequest",
    closed(("destinations", "audienceMembers", "encoding"), **_MEMBERS),
    headers=BEARER,
)

_META_KEYS = (
    "EXTERN_ID", "EMAIL", "PHONE", "GEN", "DOBY", "DOBM", "DOBD", "LN", "FN", "FI", "CT", "ST", "ZIP", "COUNTRY",
    "MADID",
)  # fmt: skip
_META_BODY = closed(
    ("payload",),
    payload=closed(
        ("schema", "data"),
        schema={**some({"enum": list(_META_KEYS)}, len(_META_KEYS)), "uniqueItems": True},
        # What is not known of a person is an empty text in its place.
        data=some(some({"anyOf": [HASH, {"const": ""}]}, len(_META_KEYS)), 10_000),
    ),
)
_META_SOURCE = "developers.facebook.com/docs/marketing-api/reference/custom-audience/users"

META_ADD = Operation("POST", "/{version}/{audience}/users", _META_SOURCE, _META_BODY, headers=BEARER)
META_REMOVE = Operation("DELETE", "/{version}/{audience}/users", _META_SOURCE, _META_BODY, headers=BEARER)

HUBSPOT = Operation(
    "POST",
    "/crm/v3/objects/contacts/batch/upsert",
    "github.com/HubSpot/HubSpot-public-api-spec-collection, Contacts v3, BatchInputSimplePublicObjectBatchInputUpsert",
    closed(
        ("inputs",),
        inputs=some(
            closed(
                ("id", "properties"),
                id=TEXT,
                idProperty=TEXT,
                objectWriteTraceId=TEXT,
                properties={"type": "object", "additionalProperties": {"type": "string"}},
            ),
            100,
        ),
    ),
    headers=BEARER,
)

SALESFORCE_TOKEN = Operation(
    "POST",
    "/services/oauth2/token",
    "help.salesforce.com, OAuth 2.0 Client Credentials Flow for Server-to-Server Integration",
    closed(
        ("grant_type", "client_id", "client_secret"),
        grant_type={"const": "client_credentials"},
        client_id=TEXT,
        client_secret=TEXT,
    ),
    FORM,
)

SALESFORCE = Operation(
    "PATCH",
    "/services/data/{version}/composite/sobjects/{object}/{externalId}",
    "developer.salesforce.com, REST API, Upsert Records with sObject Collections",
    closed(
        ("records",),
        allOrNone={"type": "boolean"},
        records=some(
            {
                "type": "object",
                "properties": {"attributes": closed(("type",), type=TEXT), "id": False, "Id": False},
                "required": ["attributes"],
                "minProperties": 2,
            },
            200,
        ),
    ),
    parameters={"version": r"v\d+\.0"},
    headers=BEARER,
)

ZENDESK = Operation(
    "POST",
    "/api/v2/users/create_or_update.json",
    "developer.zendesk.com/zendesk/oas.yaml, CreateOrUpdateUser",
    closed(
        ("user",),
        user={
            **closed(
                ("name",),
                name=TEXT,
                email=TEXT,
                phone=TEXT,
                external_id=TEXT,
                skip_verify_email={"type": "boolean"},
                user_fields={
                    "type": "object",
                    "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
                },
            ),
            "anyOf": [{"required": ["email"]}, {"required": ["external_id"]}],
        },
    ),
    headers=BASIC,
)

OPERATIONS = (
    TWILIO, FCM, GOOGLE_TOKEN, GOOGLE_INGEST, GOOGLE_REMOVE, META_ADD, META_REMOVE, HUBSPOT, SALESFORCE_TOKEN,
    SALESFORCE, ZENDESK,
)  # fmt: skip
