"""How many people a channel reaches."""

from datetime import timedelta
from typing import Any

import ibis
import pytest

from cdp_assets.activation.reach import REACHED, reach
from cdp_assets_tests.activation.shop import MONDAY, consent

_PEOPLE = dict.fromkeys(("email", "phone", "push_token", "push_subscription"), "string")
_CONSENTS = {**dict.fromkeys(("contact_point", "purpose", "channel", "status"), "string"),
             "explicit": "boolean", "since": "timestamp('UTC')", "expires_at": "timestamp('UTC')"}  # fmt: skip
_STOPS = dict.fromkeys(("contact_point", "channel", "reason"), "string")


def reached(channel: str, people: list[dict[str, Any]], *words: dict[str, Any], **stops: str) -> tuple[int, int]:
    """People with a contact point, and those of them who may be told; stops are channel=contact point."""
    given = [{"profile_id": number, **dict.fromkeys(_PEOPLE), **person} for number, person in enumerate(people)]
    customers = ibis.memtable(given, schema={"profile_id": "int64", **_PEOPLE})
    said = ibis.memtable([{name: word[name] for name in _CONSENTS} for word in words], schema=_CONSENTS)
    stopped = ibis.memtable(
        [{"contact_point": point, "channel": name, "reason": "bounced"} for name, point in stops.items()], schema=_STOPS
    )
    [row] = reach(customers, said, stopped, channel, MONDAY + timedelta(days=1)).to_pyarrow().to_pylist()
    return row["contactable"], row["reachable"]


ANN, BO, CY = {"email": "ann@x.org"}, {"email": "bo@x.org", "phone": "+491"}, {"phone": "+492"}


def test_whoever_has_an_address_and_agreed_is_reached() -> None:
    people = [ANN, BO, CY]
    assert reached("email", people) == (2, 0)
    assert reached("email", people, consent("ann@x.org"), consent("bo@x.org", "denied")) == (2, 1)
    assert reached("sms", people, consent("+492", channel="sms")) == (2, 1)


def test_whoever_is_suppressed_is_not_reached() -> None:
    assert reached("email", [ANN], consent("ann@x.org"), email="ann@x.org") == (1, 0)


def test_a_push_reaches_those_whose_device_is_known_by_the_consent_of_their_address() -> None:
    people = [{**ANN, "push_token": "t1"}, BO, {"push_token": "t3"}]
    agreed = [consent("ann@x.org", channel="app_push"), consent("bo@x.org", channel="app_push")]
    assert reached("app_push", people, *agreed) == (2, 1)
    assert reached("app_push", people, *agreed, consent("t3", channel="app_push")) == (2, 2)
    assert reached("web_push", [{**ANN, "push_subscription": "{}"}, BO]) == (1, 0)


def test_a_number_of_no_known_country_reaches_nobody() -> None:
    people = [{"phone": "030 901820"}, CY]
    assert reached("sms", people, consent("030 901820", channel="sms"), consent("+492", channel="sms")) == (1, 1)


@pytest.mark.parametrize("channel", REACHED)
def test_nobody_is_reached_where_nobody_is(channel: str) -> None:
    assert reached(channel, []) == (0, 0)
