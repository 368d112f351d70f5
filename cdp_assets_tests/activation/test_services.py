"""Connectors to services: each speaks its protocol with a server on this machine."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.activation import ways
from cdp_assets.activation.connectors import connector_for, way_to
from cdp_assets.activation.connectors.audience_hashes import sha256
from cdp_assets.activation.connectors.connector import DELIVERED, REFUSED, RETRY, Connector, ConnectorError
from cdp_assets.activation.connectors.google_account import base64url
from cdp_assets.activation.connectors.inbox_entries import entries, render
from cdp_assets.activation.message import Message
from cdp_assets.activation.spec import DestinationError, validate
from cdp_assets.attributes.schemas import CUSTOMER_360
from cdp_assets.ledger.outbox import BOUNCED, UNSUBSCRIBED
from cdp_assets.settings import Settings
from cdp_assets_tests.activation.servers import Call, MailServer, api, certificate, service_account
from cdp_assets_tests.activation.shop import WELCOME
from cdp_assets_tests.sources.servers import postgresql

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def message(number: int = 1, change: str = "entered", sequence: int = 1, **fields: object) -> Message:
    payload = json.dumps(fields, ensure_ascii=False)
    return Message(number, f"key{number}", "welcome", "members", change, 2**62 + number, sequence, NOON, payload)


def made(way: ways.Way, secrets: dict[str, str], data: Path = Path("unused")) -> Connector:
    return way_to(way, Settings(data=data, defs=data, production=True), secrets.__getitem__)


def sent(way: ways.Way, secrets: dict[str, str], *messages: Message, data: Path = Path("unused")) -> list[Any]:
    """Send one batch; kind and error of each outcome."""
    connector = made(way, secrets, data)
    outcomes = connector.send(messages, NOON)
    connector.close()
    return [(outcome.kind, outcome.error) for outcome in outcomes]


# E-mail


def mail_way(port: int, trusted: Path, **values: Any) -> ways.EmailWay:
    settings = {
        "type": "email",
        "host": "127.0.0.1",
        "port": port,
        "ca_file": str(trusted),
        "username_env": "USER",
        "password_env": "PASSWORD",
        "sender": "Shop <hello@shop.example>",
        "subject": "Hello {{ name }}",
        "text": "Dear {{ name }},",
        "html": "<p>Dear {{ name }},</p>",
        "unsubscribe_url": "https://shop.example/unsubscribe?who={{ profile_id }}",
    }
    return ways.EmailWay.model_validate({**settings, **values})


LOGIN = {"USER": "shop", "PASSWORD": "geheim"}


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_email_is_encrypted_authenticated_and_can_be_unsubscribed_with_one_click(
    tmp_path: Path, security: str
) -> None:
    pem = certificate(tmp_path)
    with MailServer(pem, ("shop", "geheim"), tls=security == "tls").running() as server:
        way = mail_way(server.port, pem, security=security)
        assert sent(way, LOGIN, message(1, email="p@example.org", name="Jürgen <3")) == [(DELIVERED, None)]
    (mail,) = server.mails
    assert mail["To"] == "p@example.org"
    assert mail["Subject"] == "Hello Jürgen <3"
    assert mail["Message-ID"] == "<key1@shop.example>"
    assert mail["List-Unsubscribe"] == f"<https://shop.example/unsubscribe?who={2**62 + 1}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part.get_content().strip() for part in mail.iter_parts()] == [
        "Dear Jürgen <3,",
        "<p>Dear Jürgen &lt;3,</p>",
    ]


def test_what_a_mail_server_refuses_now_or_for_good(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    answers = {
        "gone@example.org": "550 no such person",
        "unknown@example.org": "550 5.1.1 no such person",
        "policy@example.org": "550 5.7.1 not from you",
        "full@example.org": "452 mailbox full",
    }
    with MailServer(pem, ("shop", "geheim"), answers).running() as server:
        outcomes = sent(
            mail_way(server.port, pem),
            LOGIN,
            message(1, email="gone@example.org", name="A"),
            message(7, email="unknown@example.org", name="A"),
            message(8, email="policy@example.org", name="A"),
            message(2, email="full@example.org", name="B"),
            message(3, email="a@example.org"),
            message(4, name="D"),
            message(5, email="a@example.org", name="x\nBcc: everybody@example.org"),
            message(6, email="a@example.org", name="F"),
        )
    assert outcomes == [
        (REFUSED, "bounced"),
        (REFUSED, "bounced"),
        (REFUSED, "smtp_550"),
        (RETRY, "smtp_452"),
        (REFUSED, "template"),
        (REFUSED, "no_email"),
        (REFUSED, "invalid_header"),
        (DELIVERED, None),
    ]
    assert [mail["Subject"] for mail in server.mails] == ["Hello F"]


def test_an_email_waits_where_the_login_or_the_certificate_is_wrong(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    (tmp_path / "other").mkdir()
    told = message(1, email="p@example.org", name="P")
    with MailServer(pem, ("shop", "changed")).running() as server:
        assert sent(mail_way(server.port, pem), LOGIN, told) == [(RETRY, "smtp_535")]
        distrusted = mail_way(server.port, certificate(tmp_path / "other"))
        assert sent(distrusted, LOGIN, told) == [(RETRY, "SSLCertVerificationError")]
    assert sent(mail_way(server.port, pem), LOGIN, told) == [(RETRY, "ConnectionRefusedError")]


# SMS and WhatsApp

ACCOUNT = f"AC{'0' * 32}"
TWILIO = {"SID": ACCOUNT, "TOKEN": "t"}


def twilio_way(url: str, **values: Any) -> ways.TwilioWay:
    settings = {"account_env": "SID", "token_env": "TOKEN", "base_url": url, "sender": "+4930100"}
    return ways.TwilioWay.model_validate({**settings, **values})


def test_a_text_message_goes_to_twilio() -> None:
    with api(lambda call: (201, {"sid": "SM1"})) as (url, calls):
        way = twilio_way(url, type="sms", text="Hi {{ name }}")
        assert sent(way, TWILIO, message(1, phone="+49301", name="Jürgen")) == [(DELIVERED, None)]
    (call,) = calls
    assert (call.method, call.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert call.form == {"To": "+49301", "From": "+4930100", "Body": "Hi Jürgen"}
    assert call.headers["authorization"] == "Basic " + base64.b64encode(f"{ACCOUNT}:t".encode()).decode()


def test_whatsapp_fills_a_content_template() -> None:
    with api(lambda call: (201, {})) as (url, calls):
        way = twilio_way(url, type="whatsapp", content_sid=f"HX{'1' * 32}")
        sent(way, TWILIO, message(1, phone="+49301", name=None))
    form = calls[0].form
    assert (form["To"], form["From"], form["ContentSid"]) == ("whatsapp:+49301", "whatsapp:+4930100", f"HX{'1' * 32}")
    assert json.loads(form["ContentVariables"]) == {"phone": "+49301", "name": ""}


@pytest.mark.parametrize(
    ("code", "reason"), [(21211, BOUNCED), (21614, BOUNCED), (21610, UNSUBSCRIBED), (21612, "twilio_21612")]
)
def test_twilio_says_which_numbers_are_dead_and_who_has_unsubscribed(code: int, reason: str) -> None:
    with api(lambda call: (400, {"code": code, "message": "refused"})) as (url, _):
        way = twilio_way(url, type="sms", text="Hi", sender=f"MG{'2' * 32}")
        assert sent(way, TWILIO, message(1, phone="+49301")) == [(REFUSED, reason)]


def test_a_text_needs_one_source() -> None:
    with pytest.raises(ConnectorError, match="either text or content_sid"):
        made(twilio_way("http://127.0.0.1", type="sms"), TWILIO)


# Push


def google(then: Callable[[Call], tuple[int, Any]]) -> Callable[[Call], tuple[int, Any]]:
    return lambda call: (200, {"access_token": "ya29", "expires_in": 3600}) if call.path == "/token" else then(call)


def test_a_push_to_an_app_signs_in_once_and_says_which_tokens_are_gone() -> None:
    def answer(call: Call) -> tuple[int, Any]:
        if call.json["message"]["token"] == "old":
            return 404, {"error": {"status": "NOT_FOUND", "details": [{"errorCode": "UNREGISTERED"}]}}
        return 200, {"name": "projects/p/messages/1"}

    with api(google(answer)) as (url, calls):
        settings = {"type": "app_push", "project": "p", "service_account_env": "ACCOUNT", "base_url": url}
        way = ways.FcmWay.model_validate({**settings, "title": "Hi", "text": "{{ name }}!", "data": ["name"]})
        outcomes = sent(
            way,
            {"ACCOUNT": service_account(f"{url}/token")},
            message(1, token="new", name="Jo"),
            message(2, token="old", name="Al"),
        )
    assert outcomes == [(DELIVERED, None), (REFUSED, "fcm_unregistered")]
    assert [call.path for call in calls] == ["/token", *["/v1/projects/p/messages:send"] * 2]
    assert calls[1].headers["authorization"] == "Bearer ya29"
    assert calls[1].json == {
        "message": {
            "token": "new",
            "notification": {"title": "Hi", "body": "Jo!"},
            "data": {"name": "Jo", "message_id": "key1"},
        }
    }


def test_a_web_push_can_be_read_by_the_browser_alone_and_says_who_sends_it() -> None:
    import http_ece
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from py_vapid import Vapid02

    browser, auth = ec.generate_private_key(ec.SECP256R1()), b"sixteen bytes it"
    public = browser.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": base64url(public), "auth": base64url(auth)}
    with api(lambda call: (201 if call.path == "/here" else 410, {})) as (url, calls):
        settings = {"type": "web_push", "vapid_key_env": "KEY", "contact": "mailto:shop@example.org"}
        way = ways.WebPushWay.model_validate({**settings, "title": "Hi", "text": "{{ name }}"})
        outcomes = sent(
            way,
            {"KEY": "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"},
            message(1, name="Jo", subscription=json.dumps({"endpoint": f"{url}/here", "keys": keys})),
            message(2, name="Al", subscription=json.dumps({"endpoint": f"{url}/gone", "keys": keys})),
            message(3, name="Cy", subscription="{}"),
        )
    assert outcomes == [(DELIVERED, None), (REFUSED, "http_410"), (REFUSED, "invalid_subscription")]
    call = calls[0]
    assert (call.headers["content-encoding"], call.headers["ttl"]) == ("aes128gcm", "86400")
    told = http_ece.decrypt(call.content, private_key=browser, auth_secret=auth, version="aes128gcm")
    assert json.loads(told) == {"title": "Hi", "body": "Jo", "message_id": "key1"}
    assert Vapid02.verify(call.headers["authorization"])
    token = call.headers["authorization"].removeprefix("vapid t=").partition(",")[0]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims == {"aud": url, "exp": int(NOON.timestamp()) + 43_200, "sub": "mailto:shop@example.org"}
    with pytest.raises(ConnectorError, match="VAPID"):
        sent(way, {"KEY": "short"}, message(1, name="Jo", subscription=json.dumps({"endpoint": url, "keys": keys})))


# A team's chat


def test_a_team_is_told_through_apprise() -> None:
    answers = {"down": (503, {}), "well": (200, {})}
    with api(lambda call: answers[call.path.strip("/")]) as (url, calls):
        way = ways.AppriseWay(type="apprise", url_env="CHAT", title="{{ segment }}", text="{{ name }} {{ change }}")
        address = url.replace("http://", "json://")
        assert sent(way, {"CHAT": f"{address}/well"}, message(1, name="Jürgen"), message(2)) == [
            (DELIVERED, None),
            (REFUSED, "template"),
        ]
        assert sent(way, {"CHAT": f"{address}/down"}, message(1, name="Jürgen")) == [(RETRY, "apprise")]
    assert (calls[0].json["title"], calls[0].json["message"]) == ("members", "Jürgen entered")
    with pytest.raises(ConnectorError, match="CHAT"):
        sent(way, {"CHAT": "no address"}, message(1, name="Jürgen"))


# Records


def test_hubspot_updates_contacts_and_names_those_that_fail() -> None:
    def answer(call: Call) -> tuple[int, Any]:
        return 207, {"errors": [{"context": {"objectWriteTraceId": ["key2"]}}]}

    with api(answer) as (url, calls):
        way = ways.HubSpotWay(type="hubspot", token_env="T", base_url=url, on_leave={"champion": "no"})
        outcomes = sent(
            way,
            {"T": "pat"},
            message(1, email="a@example.org", champion=True, orders=3, last_order=None),
            message(2, email="b@example.org", champion="yes"),
            message(3, change="left", email="c@example.org", champion="yes"),
            message(4, champion="yes"),
        )
    assert outcomes == [
        (DELIVERED, None),
        (REFUSED, "hubspot_error"),
        (DELIVERED, None),
        (REFUSED, "no_email"),
    ]
    (call,) = calls
    assert call.path == "/crm/v3/objects/contacts/batch/upsert"
    assert call.headers["authorization"] == "Bearer pat"
    first, _, third = call.json["inputs"]
    assert first == {
        "id": "a@example.org",
        "idProperty": "email",
        "objectWriteTraceId": "key1",
        "properties": {"email": "a@example.org", "champion": "true", "orders": "3", "last_order": ""},
    }
    assert third["properties"] == {"email": "c@example.org", "champion": "no"}


def test_salesforce_signs_in_upserts_and_signs_in_again_when_asked() -> None:
    tokens: list[str] = []

    def answer(call: Call) -> tuple[int, Any]:
        if call.path == "/services/oauth2/token":
            tokens.append(f"t{len(tokens)}")
            return 200, {"access_token": tokens[-1]}
        if call.headers["authorization"] == "Bearer t0":
            return 401, [{"errorCode": "INVALID_SESSION_ID"}]
        return 200, [
            {"success": True, "created": True},
            {"success": False, "errors": [{"statusCode": "DUPLICATE_VALUE"}]},
            {"success": False, "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW"}]},
        ]

    with api(answer) as (url, calls):
        settings = {"type": "salesforce", "client_id_env": "ID", "client_secret_env": "SECRET", "key": "Cdp__c"}
        connector = made(ways.SalesforceWay.model_validate({**settings, "base_url": url}), {"ID": "i", "SECRET": "s"})
        batch = [message(number, Cdp__c=f"c{number}", Tier__c="gold") for number in (1, 2, 3)]
        first, second = connector.send(batch, NOON), connector.send(batch, NOON)
        connector.close()
    assert {outcome.kind for outcome in first} == {RETRY}
    assert [(outcome.kind, outcome.error) for outcome in second] == [
        (DELIVERED, None),
        (REFUSED, "salesforce_duplicate_value"),
        (RETRY, "salesforce_unable_to_lock_row"),
    ]
    assert calls[-1].method == "PATCH"
    assert calls[-1].path == "/services/data/v62.0/composite/sobjects/Contact/Cdp__c"
    assert calls[-1].json["records"][0] == {
        "attributes": {"type": "Contact"},
        "Cdp__c": "c1",
        "Tier__c": "gold",
    }


def test_zendesk_updates_a_user() -> None:
    with api(lambda call: (200, {"user": {}})) as (url, calls):
        way = ways.ZendeskWay(type="zendesk", base_url=url, user_env="U", token_env="T", on_leave={"vip": False})
        secrets = {"U": "agent@shop.example", "T": "t"}
        sent(way, secrets, message(1, email="a@example.org", name="Al", vip=True))
        sent(way, secrets, message(2, change="left", email="a@example.org", name="Al", vip=True))
    assert calls[0].path == "/api/v2/users/create_or_update.json"
    assert calls[0].headers["authorization"] == "Basic " + base64.b64encode(b"agent@shop.example/token:t").decode()
    assert [call.json["user"]["user_fields"] for call in calls] == [{"vip": True}, {"vip": False}]
    assert calls[0].json["user"]["email"] == "a@example.org"


# Audience files and tables


def test_an_onsite_file_holds_the_present_audience_under_hashed_keys(tmp_path: Path) -> None:
    way = ways.OnsiteWay(type="onsite", path="site/vip.json", key="email")
    sent(way, {}, message(1, email=" A@example.org ", tier="gold"), message(2, email="b@example.org"), data=tmp_path)
    sent(way, {}, message(1, "updated", 2, email="new@example.org", tier="gold"), data=tmp_path)
    leaving = message(2, "left", 2, email="b@example.org")
    for _ in range(2):
        assert sent(way, {}, leaving, message(3, tier="x"), data=tmp_path) == [
            (DELIVERED, None),
            (REFUSED, "no_email"),
        ]
    audience = json.loads((tmp_path / "site" / "vip.json").read_text())
    assert audience == {
        "segment": "members",
        "updated_at": "2026-06-01T12:00:00Z",
        "members": {sha256("new@example.org"): {"tier": "gold"}},
    }


def test_an_onsite_key_that_two_ids_of_a_person_have_stays_with_the_one_that_stays(tmp_path: Path) -> None:
    way = ways.OnsiteWay(type="onsite", path="vip.json", key="email", hashed=False)
    sent(way, {}, message(1, email="a"), message(2, email="b"), message(1, "updated", 2, email="b"), data=tmp_path)
    sent(way, {}, message(2, "left", 2, email=None), data=tmp_path)
    assert list(json.loads((tmp_path / "vip.json").read_text())["members"]) == ["b"]
    sent(way, {}, message(1, "left", 3, email="b"), data=tmp_path)
    assert json.loads((tmp_path / "vip.json").read_text())["members"] == {}


def table_rows(url: str) -> list[tuple[Any, ...]]:
    from sqlalchemy import create_engine, text

    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("select profile_id, sequence, email, orders from vip order by profile_id"))
        found = [tuple(row) for row in rows]
    engine.dispose()
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'crm.db'}"
        return
    with postgresql() as url:
        yield url


def test_a_table_is_kept_equal_and_a_late_or_repeated_message_changes_nothing(database: str) -> None:
    types: Any = {"orders": "integer", "spend": "number", "vip": "boolean", "since": "instant"}
    way = ways.ReverseEtlWay(type="reverse_etl", url_env="DB", table="vip", columns=types)
    connector = made(way, {"DB": database})
    more = {"spend": 12.5, "vip": True, "since": "2026-06-01T12:00:00Z"}
    first = [message(1, email="a@example.org", orders=3, **more), message(2, email="b@example.org", orders=1)]
    later = [message(1, "updated", 2, email="a@example.org", orders=4), message(2, "left", 2, email="b", orders=1)]
    for batch in (first, later, later, first[:1]):
        assert {outcome.kind for outcome in connector.send(batch, NOON)} == {DELIVERED}
    assert table_rows(database) == [(2**62 + 1, 2, "a@example.org", 4)]
    wrong = connector.send([message(3, email="c", orders="many"), message(4, email="d", orders=2)], NOON)
    assert [outcome.kind for outcome in wrong] == [REFUSED, DELIVERED]
    connector.close()


def test_a_database_that_is_not_there_is_tried_again(tmp_path: Path) -> None:
    way = ways.ReverseEtlWay(type="reverse_etl", url_env="DB", table="vip")
    url = f"sqlite:///{tmp_path / 'nowhere' / 'crm.db'}"
    assert sent(way, {"DB": url}, message(1, email="a")) == [(RETRY, "OperationalError")]


# One's own, and what all have in common


class Shout:
    """A connector of one's own."""

    batch_size = 1
    concurrency = 1

    def __init__(self, room: str, token: str) -> None:
        self.room, self.token = room, token

    def send(self, messages: Any, at: datetime) -> list[Any]:
        from cdp_assets.activation.connectors.connector import Outcome

        return [Outcome(DELIVERED) for _ in messages]

    def render(self, message: Message, at: datetime) -> dict[str, Any]:
        return {"kind": "row", "row": {"room": self.room, **message.fields}}

    def close(self) -> None:
        """Nothing is open."""


def test_a_connector_of_ones_own_gets_its_options_and_secrets() -> None:
    way = ways.PythonWay(
        type="python", connector=f"{__name__}:Shout", options={"room": "vip"}, secrets={"token": "ROOM_TOKEN"}
    )
    own = made(way, {"ROOM_TOKEN": "t"})
    assert isinstance(own, Shout)
    assert (own.room, own.token) == ("vip", "t")
    with pytest.raises(ConnectorError, match="cannot be imported"):
        made(way.model_copy(update={"connector": "nowhere:Shout"}), {})


def test_the_connector_that_the_documentation_shows_works() -> None:
    guide = Path(__file__).parents[2] / "docs" / "destinations.md"
    [written] = re.findall(r"```python\n# shop_tools/slack.py\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    module: dict[str, Any] = {}
    exec(written, module)
    answers = iter([(200, {}), (429, {}), (404, {})])
    with api(lambda call: next(answers)) as (url, calls):
        slack = module["Slack"]("#vip", url)
        outcomes = slack.send([message(1, name="Jo")] * 3, NOON)
    assert [outcome.kind for outcome in outcomes] == [DELIVERED, RETRY, REFUSED]
    assert (
        calls[0].json == slack.render(message(1, name="Jo"), NOON)["row"] == {"channel": "#vip", "text": "Jo entered"}
    )


def test_in_development_a_message_is_shown_and_no_secret_is_needed(tmp_path: Path) -> None:
    way = mail_way(1, tmp_path)
    spec = replace(WELCOME, connector=way)
    connector = connector_for(spec, Settings(data=tmp_path, defs=tmp_path, production=False), {})
    outcomes = connector.send([message(1, email="p@example.org", name="Jo"), message(2)], NOON)
    assert [outcome.error for outcome in outcomes] == [None, "no_email"]
    (entry,) = entries(tmp_path / "inbox", "welcome")
    assert "Subject: Hello Jo" in render(entry)
    with pytest.raises(ConnectorError, match="USER"):
        connector_for(spec, Settings(data=tmp_path, defs=tmp_path, production=True), {})


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"channel": "sms"}, "channel: unknown 'sms'"),
        ({"mode": "mirror"}, "nothing to keep equal"),
        ({"payload": {"name": "full_name"}}, "the payload has no field 'email'"),
    ],
)
def test_a_destination_that_its_way_cannot_serve_is_refused(
    changed: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(DestinationError, match=sentence):
        validate(replace(WELCOME, connector=mail_way(1, tmp_path), **changed), CUSTOMER_360)


def test_templates_of_messages_are_taken_from_yaml_as_written(tmp_path: Path) -> None:
    from cdp_assets.activation.component import Destination

    written = f"""
        name: welcome
        description: Greets.
        owner: team:marketing
        segment: members
        channel: email
        purpose: marketing
        connector: {json.dumps(mail_way(25, tmp_path).model_dump(mode="json"))}
        payload: {{email: email}}
    """
    spec = Destination.resolve_from_yaml(written).spec
    assert isinstance(spec.connector, ways.EmailWay)
    assert (spec.kind, spec.connector.subject) == ("email", "Hello {{ name }}")


def test_environment_variables_are_filled_in_when_a_way_is_loaded_and_missing_ones_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cdp_assets.catalog import load_catalog
    from cdp_assets.definition_files import DefinitionError

    definitions = tmp_path / "definitions"
    for name, document in (
        (
            "members",
            """
type: cdp_assets.segments.component.Segment
attributes: {name: members, description: All., owner: "team:crm", where: orders > 0}
""",
        ),
        (
            "welcome",
            """
type: cdp_assets.activation.component.Destination
attributes:
  name: welcome
  description: Greets.
  owner: team:marketing
  segment: members
  channel: email
  purpose: marketing
  connector:
    type: email
    host: "{{ env.SHOP_MAIL_HOST }}"
    username_env: U
    password_env: P
    sender: hello@shop.example
    subject: "{{ given_name }}, {{ env.SHOP_NAME }} misses you"
    text: Hello
  payload: {email: email, given_name: given_name}
""",
        ),
        ("reporting", "type: cdp_assets.normalised.component.Reporting\nattributes: {currency: EUR}\n"),
    ):
        file = definitions / name / "defs.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(document, encoding="utf-8")
    monkeypatch.setenv("SHOP_MAIL_HOST", "mail.shop.example")
    with pytest.raises(DefinitionError, match="environment variable SHOP_NAME is not set"):
        load_catalog(definitions)
    monkeypatch.setenv("SHOP_NAME", "Corner Shop")
    (spec,) = load_catalog(definitions).destinations
    assert isinstance(spec.connector, ways.EmailWay)
    assert spec.connector.host == "mail.shop.example"
    assert spec.connector.subject == "{{ given_name }}, Corner Shop misses you"
