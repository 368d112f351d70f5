"""Which word on consent stands: the rules by example, and against a row-by-row oracle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.canonical.tables import CONSENTS, CONTACT_POINTS, IDENTIFIERS
from cdp_assets.identity.schemas import PROFILE_MAP
from cdp_assets.privacy.addresses import addresses
from cdp_assets.privacy.consent import consent_state, of_contact_points
from cdp_assets.privacy.schemas import CONSENT_STATE
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.examples import examples

DAY = timedelta(days=1)
T0 = datetime(2026, 1, 1, tzinfo=UTC)
AS_OF = T0 + 10 * DAY

ENGINE = DuckDBEngine.in_memory()


def word(
    status: str,
    day: int,
    *,
    explicit: bool = True,
    channel: str = "email",
    purpose: str = "marketing",
    point: str | None = "ada@example.org",
    expires: int | None = None,
    source: str = "forms",
) -> dict[str, Any]:
    return {
        "contact_point": point,
        "purpose": purpose,
        "channel": channel,
        "status": status,
        "explicit": explicit,
        "occurred_at": T0 + day * DAY,
        "expires_at": None if expires is None else T0 + expires * DAY,
        "source": source,
    }


def state(words: list[dict[str, Any]], as_of: datetime = AS_OF) -> dict[tuple[str, str, str], str]:
    return decided(spoken(words), as_of)


def spoken(words: list[dict[str, Any]]) -> ir.Table:
    rows = [
        {name: given.get(name) for name in CONSENTS.column_names}
        | {"native_id": f"{number}", "record_id": given.get("record_id", 1), "load_id": "l", "source_row": number}
        for number, given in enumerate(words)
    ]
    return ibis.memtable(rows, schema=CONSENTS.ibis_schema)


def decided(words: ir.Table, as_of: datetime = AS_OF) -> dict[tuple[str, str, str], str]:
    found = ENGINE.to_arrow(consent_state(words, as_of).cast(CONSENT_STATE.ibis_schema)).to_pylist()
    return {(row["contact_point"], row["purpose"], row["channel"]): row["status"] for row in found}


def status(*words: dict[str, Any], as_of: datetime = AS_OF) -> str | None:
    return state(list(words), as_of).get(("ada@example.org", "marketing", "email"))


def test_the_latest_explicit_word_wins() -> None:
    assert status(word("denied", 1), word("granted", 2)) == "granted"
    assert status(word("granted", 1), word("withdrawn", 2)) == "denied"


def reached(words: ir.Table, as_of: datetime = AS_OF) -> dict[tuple[str, str, str], str]:
    """What is decided where record 1 speaks, records 2 and 3 are the same person's, record 5 is a third one's, whom no
    source gives an address, and record 4 is somebody else's."""
    places = [(2, "email", "ada@example.org"), (3, "phone", "+4930123"), (3, "email", "a@example.net"),
              (4, "email", "bob@example.org"), (4, "phone", "+4930456")]  # fmt: skip
    points = ibis.memtable(
        [
            dict.fromkeys(CONTACT_POINTS.column_names) | {"record_id": record, "kind": kind, "value": value}
            for record, kind, value in places
        ],
        schema=CONTACT_POINTS.ibis_schema,
    )
    whose = [(1, 7), (2, 7), (3, 7), (4, 8), (5, 9), (6, 9)]
    profile_map = ibis.memtable(
        [dict.fromkeys(PROFILE_MAP.column_names) | {"record_id": record, "profile_id": who} for record, who in whose],
        schema=PROFILE_MAP.ibis_schema,
    )
    until = ibis.literal(as_of, type="timestamp('UTC')")
    known = {"record_id": 5, "namespace": "global", "identifier_type": "email", "identifier_value": "old@example.net"}
    identifiers = ibis.memtable([dict.fromkeys(IDENTIFIERS.column_names) | known], schema=IDENTIFIERS.ibis_schema)
    at = addresses(points, identifiers, profile_map)
    return decided(of_contact_points(words, until, at, profile_map), as_of)


def test_a_refusal_without_an_address_reaches_those_that_facts_alone_know_the_person_by_and_a_grant_does_not() -> None:
    refused, permitted = (word(status, 1, point=None) | {"record_id": 6} for status in ("withdrawn", "granted"))
    assert reached(spoken([refused])) == {("old@example.net", "marketing", "email"): "denied"}
    assert reached(spoken([permitted])) == {}


def test_a_word_without_an_address_is_for_all_of_the_person_that_the_channel_reaches() -> None:
    said = spoken(
        [
            word("granted", 1, point="ada@example.org"),
            word("withdrawn", 2, point=None),
            word("granted", 3, point=None, channel="sms"),
            word("denied", 4, point=None, channel="any", purpose="analytics"),
        ]
    )
    assert reached(said) == {
        ("ada@example.org", "marketing", "email"): "denied",
        ("a@example.net", "marketing", "email"): "denied",
        ("+4930123", "marketing", "sms"): "granted",
        ("ada@example.org", "analytics", "any"): "denied",
        ("a@example.net", "analytics", "any"): "denied",
        ("+4930123", "analytics", "any"): "denied",
    }


def test_a_word_on_a_channel_that_does_not_go_to_its_address_is_for_where_the_channel_goes() -> None:
    granted, withdrawn = word("granted", 1, channel="sms", point="+4930123"), word("withdrawn", 2, channel="sms")
    phone = ("+4930123", "marketing", "sms")
    assert reached(spoken([granted, withdrawn]))[phone] == "denied"
    assert reached(spoken([granted, withdrawn, word("granted", 3, channel="sms")]))[phone] == "granted"
    assert ("a@example.net", "marketing", "sms") not in reached(spoken([withdrawn]))
    by_phone = reached(spoken([word("granted", 1), word("denied", 2, point="+4930123")]))
    assert by_phone["ada@example.org", "marketing", "email"] == "denied"


def test_a_refusal_of_every_channel_is_for_all_of_the_person_until_it_is_taken_back() -> None:
    phone = ("+4930123", "marketing", "sms")
    said = [word("granted", 1, channel="sms", point="+4930123"), word("withdrawn", 2, channel="any")]
    assert reached(spoken(said))[phone] == "denied"
    again = [*said, word("granted", 4, channel="any")]
    assert reached(spoken(again))[phone] == "granted"
    assert reached(spoken(again), T0 + 3 * DAY)[phone] == "denied"
    assert ("+4930123", "marketing", "any") not in reached(spoken([word("granted", 1, channel="any")]))


def test_a_refusal_is_for_everybody_who_has_the_address_and_a_grant_is_not() -> None:
    bobs: dict[str, Any] = {"channel": "sms", "point": "bob@example.org"}
    assert reached(spoken([word("denied", 1, **bobs)]))["+4930456", "marketing", "sms"] == "denied"
    assert ("+4930456", "marketing", "sms") not in reached(spoken([word("granted", 1, **bobs)]))


def test_a_refusal_stamped_by_a_fast_clock_counts_at_once_and_a_grant_does_not() -> None:
    day = (AS_OF - T0).days
    assert status(word("granted", 1), word("withdrawn", day + 1)) == "denied"
    assert status(word("granted", 1), word("withdrawn", day + 2)) == "granted"
    assert status(word("denied", 1), word("granted", day + 1)) == "denied"


def test_a_word_for_push_is_one_for_web_and_app() -> None:
    said = decided(of_contact_points(spoken([word("withdrawn", 1, channel="push")]), ibis.literal(AS_OF)))
    assert said == {("ada@example.org", "marketing", kind): "denied" for kind in ("web_push", "app_push")}


def test_a_stamped_flag_never_overrides_an_explicit_refusal() -> None:
    assert status(word("denied", 1), word("granted", 5, explicit=False)) == "denied"


def test_a_default_flag_does_not_undo_what_the_person_said() -> None:
    assert status(word("granted", 1), word("denied", 5, explicit=False)) == "granted"


def test_flags_count_where_the_person_said_nothing() -> None:
    assert status(word("granted", 1, explicit=False)) == "granted"
    assert status(word("granted", 1, explicit=False), word("denied", 2, explicit=False)) == "denied"


def test_contradictory_words_of_the_same_instant_deny() -> None:
    assert status(word("granted", 3, source="a"), word("denied", 3, source="z")) == "denied"
    assert status(word("granted", 3, source="z"), word("denied", 3, source="a")) == "denied"


def test_double_opt_in_counts_only_once_confirmed() -> None:
    assert status(word("pending", 1)) == "pending"
    assert status(word("pending", 1), word("granted", 2)) == "granted"
    assert status(word("granted", 1), word("pending", 1)) == "pending"


def test_a_grant_ends_when_it_expires_and_a_refusal_does_not() -> None:
    assert status(word("granted", 1, expires=10)) == "expired"
    assert status(word("granted", 1, expires=11)) == "granted"
    assert status(word("denied", 1, expires=2)) == "denied"


def test_an_expired_word_of_the_person_is_not_replaced_by_an_older_flag() -> None:
    assert status(word("granted", 1, expires=5), word("granted", 0, explicit=False)) == "expired"


def test_words_after_the_instant_do_not_count() -> None:
    words = (word("granted", 1), word("withdrawn", 8))
    assert status(*words, as_of=T0 + 6 * DAY) == "granted"
    assert status(*words, as_of=T0 + 8 * DAY) == "denied"
    assert status(*words, as_of=T0) is None


def test_a_refusal_of_every_channel_reaches_each_channel() -> None:
    decided = state([word("granted", 1), word("denied", 2, channel="any"), word("granted", 1, channel="sms")])
    assert set(decided.values()) == {"denied"}


def test_a_later_specific_word_stands_against_an_earlier_general_one() -> None:
    decided = state([word("denied", 1, channel="any"), word("granted", 2)])
    assert decided[("ada@example.org", "marketing", "email")] == "granted"
    assert decided[("ada@example.org", "marketing", "any")] == "denied"


def test_a_word_on_one_channel_says_nothing_of_another_or_of_every() -> None:
    decided = state([word("granted", 1, channel="any"), word("denied", 2, channel="sms"), word("granted", 1)])
    assert decided[("ada@example.org", "marketing", "email")] == "granted"
    assert decided[("ada@example.org", "marketing", "any")] == "granted"


def test_an_unknown_status_denies() -> None:
    assert status(word("maybe", 1)) == "denied"


def test_no_words_make_an_empty_state() -> None:
    assert state([]) == {}


# The oracle: the rules, read one row at a time.

RANK = {"denied": 0, "pending": 1, "expired": 2, "granted": 3}


def oracle(words: list[dict[str, Any]], as_of: datetime) -> dict[tuple[str, str, str], str]:
    past = [
        one | {"occurred_at": min(one["occurred_at"], as_of)}
        for one in words
        if one["occurred_at"] <= as_of
        or (one["status"] in ("denied", "withdrawn") and one["occurred_at"] <= as_of + DAY)
    ]
    decided = {}
    for scope in {(one["contact_point"], one["purpose"], one["channel"]) for one in past}:
        point, purpose, channel = scope
        heard = [
            one
            for one in past
            if one["contact_point"] == point
            and one["purpose"] in (purpose, "any")
            and one["channel"] in (channel, "any")
        ]
        counted = [one for one in heard if one["explicit"]] or heard
        latest = max(one["occurred_at"] for one in counted)
        statuses = []
        for one in counted:
            if one["occurred_at"] == latest:
                said = "denied" if one["status"] == "withdrawn" else one["status"]
                if said in ("granted", "pending") and one["expires_at"] and one["expires_at"] <= as_of:
                    said = "expired"
                statuses.append(said)
        decided[scope] = min(statuses, key=RANK.__getitem__)
    return decided


WORDS = st.lists(
    st.builds(
        word,
        st.sampled_from(["granted", "denied", "withdrawn", "pending"]),
        st.integers(0, 4),
        explicit=st.booleans(),
        channel=st.sampled_from(["email", "sms", "any"]),
        purpose=st.sampled_from(["marketing", "analytics", "any"]),
        point=st.sampled_from(["ada@example.org", "bob@example.org"]),
        expires=st.none() | st.integers(1, 6),
        source=st.sampled_from(["forms", "shop"]),
    ),
    min_size=1,
    max_size=12,
)


@examples(30)
@given(words=WORDS, day=st.integers(0, 5))
def test_the_state_is_what_reading_the_rules_row_by_row_gives(words: list[dict[str, Any]], day: int) -> None:
    as_of = T0 + day * DAY
    assert state(words, as_of) == oracle(words, as_of)


@examples(10)
@given(words=WORDS, order=st.randoms(use_true_random=False))
def test_the_order_in_which_words_arrive_does_not_matter(words: list[dict[str, Any]], order: Any) -> None:
    shuffled = list(words)
    order.shuffle(shuffled)
    assert state(words) == state(shuffled)


def test_the_rules_compile_for_spark() -> None:
    table = ibis.table(CONSENTS.ibis_schema, name="consents")
    assert "ROW_NUMBER" in str(ibis.to_sql(consent_state(table, AS_OF), dialect="pyspark"))
