"""Which value survives, why, and what it beat."""

from __future__ import annotations

import json
from typing import Any

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.canonical.tables import CONTACT_POINTS, CONTACTS, IDENTIFIERS, IDENTITY_RECORDS
from cdp_assets.identity.schemas import REJECTED_LINKS
from cdp_assets.profiles import golden, survivorship
from cdp_assets.profiles.schemas import GOLDEN_RECORDS, PROVENANCE
from cdp_assets.profiles.spec import Group, SurvivorshipRules
from cdp_assets.warehouse.operations import stable_id
from cdp_assets_tests.examples import examples
from cdp_assets_tests.profiles.tables import ENGINE, PROFILE_MAP, day, loaded, profile_map, table

Rows = list[dict[str, Any]]
NOBODYS = ibis.schema({"namespace": "string", "identifier_type": "string", "identifier_value": "string"})


def contact(record: int, source: str, changed: int | None = None, **values: Any) -> dict[str, Any]:
    times = {f"{name}_changed_at": day(changed) for name in values if changed is not None}
    return {"record_id": record, "source": source, **values, **times}


def point(record: int, kind: str, value: str, changed: int = 0, **others: Any) -> dict[str, Any]:
    return {
        "record_id": record,
        "kind": kind,
        "value": value,
        "changed_at": day(changed),
        "status": "active",
        **others,
    }


def resolve(
    rules: SurvivorshipRules,
    contacts: Rows,
    points: Rows | None = None,
    profiles: dict[int, int] | None = None,
    records: Rows | None = None,
    identifiers: Rows | None = None,
    nobodys: Rows | None = None,
) -> tuple[dict[int, dict[str, Any]], dict[tuple[int, str], dict[str, Any]]]:
    """Golden records by profile, and provenance by profile and attribute. All records are of profile 1 if not said."""
    points = points or []
    ids = {row["record_id"] for row in (*contacts, *points, *(records or []), *(identifiers or []))}
    profiles = profiles or dict.fromkeys(ids, 1)
    records = records or [{"record_id": record, "stream": "s", "kind": "person", "rows": 1} for record in profiles]
    known = golden.Records(
        table(CONTACTS, contacts),
        table(CONTACT_POINTS, points),
        table(IDENTITY_RECORDS, records),
        table(IDENTIFIERS, identifiers or []),
    )
    records_table, explained = golden.made(known, profile_map(profiles), loaded(nobodys or [], NOBODYS), rules, ENGINE)
    golden_rows = ENGINE.to_arrow(records_table.cast(GOLDEN_RECORDS.ibis_schema)).to_pylist()
    provenance_rows = ENGINE.to_arrow(explained.cast(PROVENANCE.ibis_schema)).to_pylist()
    return (
        {row["profile_id"]: row for row in golden_rows},
        {(row["profile_id"], row["attribute"]): row for row in provenance_rows},
    )


def rules_for(attribute: str, *strategies: str, sources: tuple[str, ...] = ()) -> SurvivorshipRules:
    return SurvivorshipRules.with_defaults(sources, [Group(attribute, (attribute,), strategies)])


def test_the_most_trusted_source_wins() -> None:
    rules = rules_for("gender", "source_priority", sources=("crm", "shop"))
    rows = [contact(1, "web", gender="x"), contact(2, "shop", gender="f"), contact(3, "crm", gender="m")]
    records, provenance = resolve(rules, rows)
    assert records[1]["gender"] == "m"
    assert (provenance[1, "gender"]["source"], provenance[1, "gender"]["strategy"]) == ("crm", "source_priority")


def test_the_value_that_changed_last_wins_even_if_another_was_delivered_later() -> None:
    rules = rules_for("job_title", "most_recently_changed")
    rows = [
        contact(1, "crm", changed=5, job_title="Countess"),
        contact(2, "shop", changed=1, job_title="Analyst") | {"updated_at": day(9)},
    ]
    records, provenance = resolve(rules, rows)
    assert records[1]["job_title"] == "Countess"
    assert provenance[1, "job_title"]["observed_at"] == day(5)


def test_what_most_records_agree_on_wins_whatever_the_case_of_its_letters() -> None:
    rules = rules_for("company", "most_frequent", "source_priority", sources=("crm", "shop"))
    rows = [
        contact(1, "crm", company="Engine Ltd"),
        contact(2, "shop", company="Analytical Ltd"),
        contact(3, "web", company="ANALYTICAL LTD"),
    ]
    records, provenance = resolve(rules, rows)
    assert records[1]["company"] == "Analytical Ltd"
    assert provenance[1, "company"]["strategy"] == "most_frequent"
    assert provenance[1, "company"]["record_id"] == 2


def test_the_next_strategy_decides_only_where_the_one_before_calls_it_even() -> None:
    rules = rules_for("company", "most_frequent", "most_recently_changed")
    rows = [contact(1, "crm", changed=1, company="Old"), contact(2, "shop", changed=2, company="New")]
    records, provenance = resolve(rules, rows)
    assert records[1]["company"] == "New"
    assert provenance[1, "company"]["strategy"] == "most_recently_changed"


def test_a_value_without_a_rival_says_so() -> None:
    _, provenance = resolve(SurvivorshipRules(), [contact(1, "crm", company="One"), contact(2, "web", company="one")])
    assert provenance[1, "company"]["strategy"] == "only_value"
    assert provenance[1, "company"]["beaten"] == "[]"


def test_a_tie_is_broken_the_same_way_whatever_the_order_of_arrival() -> None:
    rules = rules_for("company", "most_frequent")
    rows = [contact(1, "crm", company="Beta"), contact(2, "web", company="Alpha")]
    for order in (rows, rows[::-1]):
        records, provenance = resolve(rules, order)
        assert records[1]["company"] == "Alpha"
        assert provenance[1, "company"]["strategy"] == "tie_break"


def test_beaten_values_are_listed_best_first_with_where_they_came_from() -> None:
    rules = rules_for("company", "most_recently_changed")
    rows = [
        contact(1, "crm", changed=1, company='The "Old" \\ Co\n'),
        contact(2, "web", changed=2, company="Middle"),
        contact(3, "shop", changed=3, company="New"),
    ]
    _, provenance = resolve(rules, rows)
    assert json.loads(provenance[1, "company"]["beaten"]) == [
        {
            "place": 1,
            "value": "Middle",
            "source": "web",
            "record_id": "2",
            "observed_at": "2026-01-03T00:00:00Z",
        },
        {
            "place": 2,
            "value": 'The "Old" \\ Co ',
            "source": "crm",
            "record_id": "1",
            "observed_at": "2026-01-02T00:00:00Z",
        },
    ]


def test_a_beaten_value_without_a_time_is_still_valid_json() -> None:
    rules = rules_for("company", "source_priority", sources=("crm",))
    _, provenance = resolve(rules, [contact(1, "crm", company="A"), contact(2, "web", company="B")])
    assert json.loads(provenance[1, "company"]["beaten"])[0]["observed_at"] is None


def test_a_name_stays_whole() -> None:
    rows = [
        contact(1, "shop", changed=9, given_name="Ada", family_name="King"),
        contact(2, "crm", changed=1, full_name="Augusta Ada Byron", given_name="Augusta", family_name="Byron"),
    ]
    records, provenance = resolve(SurvivorshipRules.with_defaults(["crm"]), rows)
    assert (records[1]["full_name"], records[1]["given_name"], records[1]["family_name"]) == (
        "Augusta Ada Byron",
        "Augusta",
        "Byron",
    )
    records, provenance = resolve(SurvivorshipRules(), rows)
    assert (records[1]["full_name"], records[1]["given_name"], records[1]["family_name"]) == ("Ada King", "Ada", "King")
    assert provenance[1, "given_name"]["record_id"] == provenance[1, "family_name"]["record_id"] == 1


def test_a_name_in_one_piece_agrees_with_the_same_name_in_parts() -> None:
    rules = SurvivorshipRules.with_defaults(
        groups=[Group("name", ("full_name", "given_name", "family_name"), ("most_frequent",))]
    )
    rows = [
        contact(1, "nps", full_name="Ada King"),
        contact(2, "crm", given_name="Ada", family_name="King"),
        contact(3, "shop", given_name="Aad", family_name="King"),
    ]
    records, provenance = resolve(rules, rows)
    assert (records[1]["full_name"], records[1]["given_name"]) == ("Ada King", "Ada")
    assert (provenance[1, "full_name"]["record_id"], provenance[1, "full_name"]["strategy"]) == (2, "most_frequent")


def test_an_address_is_one_unit() -> None:
    old = point(1, "postal", "a", 1, line_1="Old Street 1", line_2="Flat 2", city="Bath", country="GB")
    new = point(2, "postal", "b", 5, line_1="New Street 9", city="London", postal_code="N1", country="GB")
    records, provenance = resolve(SurvivorshipRules(), [], [old, new])
    golden_record = records[1]
    assert (golden_record["address_line_1"], golden_record["city"]) == ("New Street 9", "London")
    assert golden_record["address_line_2"] is None
    assert [item["value"] for item in json.loads(provenance[1, "city"]["beaten"])] == ["Bath"]
    assert json.loads(provenance[1, "country"]["beaten"]) == []
    assert (1, "address_line_2") not in provenance


def test_an_address_in_one_piece_is_a_first_line() -> None:
    records, _ = resolve(SurvivorshipRules(), [], [point(1, "postal", "1 Street, Bath")])
    assert records[1]["address_line_1"] == "1 Street, Bath"


def test_the_most_complete_address_wins_where_the_rules_say_so() -> None:
    address = ("address_line_1", "address_line_2", "city", "region", "postal_code", "country")
    rules = SurvivorshipRules.with_defaults(groups=[Group("address", address, ("most_complete",))])
    points = [
        point(1, "postal", "a", 9, line_1="New Street"),
        point(2, "postal", "b", 1, line_1="Old Street", city="Bath"),
    ]
    records, provenance = resolve(rules, [], points)
    assert records[1]["city"] == "Bath"
    assert provenance[1, "city"]["strategy"] == "most_complete"


def test_a_verified_address_beats_a_newer_one_and_a_dead_one_survives_only_alone() -> None:
    points = [
        point(1, "email", "verified@example.org", 1, verified=True),
        point(2, "email", "newer@example.org", 5),
        point(3, "email", "dead@example.org", 9, verified=True, status="bounced"),
    ]
    records, provenance = resolve(SurvivorshipRules(), [], points)
    assert records[1]["email"] == "verified@example.org"
    assert provenance[1, "email"]["strategy"] == "verified_first"
    records, _ = resolve(SurvivorshipRules(), [], points[2:])
    assert records[1]["email"] == "dead@example.org"


def test_the_token_that_a_device_was_given_last_survives() -> None:
    points = [point(1, "push_token", "old", 1, verified=True), point(2, "push_token", "new", 5)]
    records, provenance = resolve(SurvivorshipRules(), [], points)
    assert (records[1]["push_token"], records[1]["push_subscription"]) == ("new", None)
    assert provenance[1, "push_token"]["strategy"] == "most_recently_changed"


def test_empty_texts_are_no_values() -> None:
    records, provenance = resolve(SurvivorshipRules(), [contact(1, "crm", company="", gender=None)])
    assert records[1]["company"] is None
    assert provenance == {}


def test_birth_dates_keep_their_type() -> None:
    born = day(0).date()
    records, provenance = resolve(SurvivorshipRules(), [contact(1, "crm", birth_date=born)])
    assert records[1]["birth_date"] == born
    assert provenance[1, "birth_date"]["value"] == "2026-01-01"


def test_profiles_do_not_mix() -> None:
    rows = [contact(1, "crm", company="A"), contact(2, "crm", company="B")]
    records, _ = resolve(SurvivorshipRules(), rows, profiles={1: 10, 2: 20})
    assert {profile: row["company"] for profile, row in records.items()} == {10: "A", 20: "B"}


def test_anonymous_are_those_of_whom_only_the_device_or_a_document_is_known() -> None:
    records = [{"record_id": number, "stream": "s", "kind": "fact", "rows": 1} for number in range(1, 8)]
    identifiers = [
        {"record_id": 1, "namespace": "web", "identifier_type": "device_id", "identifier_value": "d"},
        {"record_id": 2, "namespace": "shop", "identifier_type": "customer_number", "identifier_value": "1"},
        {"record_id": 6, "namespace": "till", "identifier_type": "order_number", "identifier_value": "r-1"},
        {"record_id": 7, "namespace": "till", "identifier_type": "order_number", "identifier_value": "r-2"},
        {"record_id": 7, "namespace": "till", "identifier_type": "loyalty_number", "identifier_value": "l-1"},
    ]
    golden_records, _ = resolve(
        SurvivorshipRules(),
        [contact(3, "crm", company="A")],
        [point(4, "email", "a@example.org")],
        {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7},
        records,
        identifiers,
    )
    assert {profile: row["anonymous"] for profile, row in golden_records.items()} == {
        1: True,
        2: False,
        3: False,
        4: False,
        5: True,
        6: True,
        7: False,
    }


def test_an_identifier_that_stands_for_nothing_known_makes_nobody_known() -> None:
    identifier = {"namespace": "web", "identifier_type": "user_id", "identifier_value": "anonymous"}
    carried = table(
        IDENTIFIERS, [identifier | {"record_id": 1}, identifier | {"record_id": 1, "identifier_value": "ada"}]
    )
    hashed = carried.select(
        "identifier_value",
        number=stable_id(carried.namespace, carried.identifier_type, carried.identifier_value, key="key"),
    )
    ids = {row["identifier_value"]: row["number"] for row in ENGINE.to_arrow(hashed).to_pylist()}
    refusal = {"link_id": 1, "left_record_id": 1, "identifier_id": ids["anonymous"], "reason": "placeholder"}
    refused = table(REJECTED_LINKS, [refusal, refusal | {"identifier_id": ids["ada"], "reason": "hub"}])
    found = golden.nobodys_identifiers(carried, refused, "key")
    assert ENGINE.to_arrow(found).to_pylist() == [identifier]


def identifier(record: int, kind: str, value: str, seen: int = 0) -> dict[str, Any]:
    named = {"record_id": record, "namespace": "global", "identifier_type": kind, "identifier_value": value}
    return named | {"first_seen_at": day(seen), "last_seen_at": day(seen)}


def test_who_has_no_address_is_reached_by_the_one_that_facts_know_them_by() -> None:
    identifiers = [identifier(1, "email", "ada@example.org", 3), identifier(1, "ticket_id", "7")]
    records, provenance = resolve(SurvivorshipRules.with_defaults(["crm"]), [], identifiers=identifiers)
    assert (records[1]["email"], records[1]["phone"]) == ("ada@example.org", None)
    why = provenance[1, "email"]
    assert (why["record_id"], why["source"], why["observed_at"]) == (1, "crm", day(3))


def test_an_address_that_facts_know_somebody_by_stands_behind_any_that_a_source_gives_of_them() -> None:
    identifiers = [identifier(2, "email", "old@example.org", 9), identifier(2, "phone", "+441234567890", 9)]
    points = [point(1, "email", "ada@example.org", 1)]
    records, provenance = resolve(
        SurvivorshipRules.with_defaults(["crm"]), [], points, identifiers=identifiers, profiles={1: 1, 2: 1}
    )
    assert (records[1]["email"], records[1]["phone"]) == ("ada@example.org", "+441234567890")
    assert provenance[1, "email"]["beaten"] == "[]"


def test_nobody_is_reached_by_what_only_a_closed_record_said() -> None:
    records = [
        {"record_id": number, "stream": "s", "kind": "person", "rows": 1, "closed": number == 1} for number in (1, 2)
    ]
    identifiers = [identifier(1, "email", "ada@example.org"), identifier(1, "phone", "+441234567890")]
    identifiers.append(identifier(2, "phone", "+441234567891"))
    found, _ = resolve(SurvivorshipRules(), [], records=records, identifiers=identifiers)
    assert (found[1]["email"], found[1]["phone"], found[1]["records"]) == (None, "+441234567891", 2)


def test_nobody_is_reached_by_an_address_that_stands_for_none() -> None:
    shared = {"kind": "email", "value": "noemail@x.org", "status": "active"}
    points = [shared | {"record_id": 1}, shared | {"record_id": 2}, shared | {"record_id": 2, "value": "bo@x.org"}]
    nobodys = [{"namespace": "global", "identifier_type": "email", "identifier_value": "noemail@x.org"}]
    found, _ = resolve(SurvivorshipRules(), [], points, {1: 1, 2: 2}, nobodys=nobodys)
    assert {profile: (row["email"], row["anonymous"]) for profile, row in found.items()} == {
        1: (None, True),
        2: ("bo@x.org", False),
    }


REAL = {"email": "ada@example.org", "phone": "+4917695273502"}
NOT_REAL = [
    *(("email", text) for text in ("n/a", "-", "unknown", "ada@", "a***@example.org", "+4917695273502")),
    *(("phone", text) for text in ("n/a", "-1", "0000000000", "9999999999", "123456789", "00000", "12", "+0")),
    *(("phone", text) for text in ("+9999999999", "ada@example.org", "+49 1234567")),
]


def test_what_is_no_address_or_number_survives_over_nothing() -> None:
    newer = [point(2 * place, kind, text, 9, verified=True) for place, (kind, text) in enumerate(NOT_REAL)]
    older = [point(2 * place + 1, kind, REAL[kind], 1) for place, (kind, _) in enumerate(NOT_REAL)]
    whose = {record: record // 2 for record in range(2 * len(NOT_REAL))}
    records, provenance = resolve(SurvivorshipRules(), [], [*older, *newer], whose)
    for place, (kind, text) in enumerate(NOT_REAL):
        assert records[place][kind] == REAL[kind]
        assert provenance[place, kind]["strategy"] == "usable_first"
        assert [lost["value"] for lost in json.loads(provenance[place, kind]["beaten"])] == [text]
    records, provenance = resolve(SurvivorshipRules(), [], newer, whose)
    assert provenance == {}
    for place in range(len(NOT_REAL)):
        assert (records[place]["email"], records[place]["phone"], records[place]["anonymous"]) == (None, None, True)
    known = [identifier(2 * place + 1, kind, REAL[kind]) for place, (kind, _) in enumerate(NOT_REAL)]
    records, _ = resolve(SurvivorshipRules(), [], newer, whose, identifiers=known)
    assert [records[place][kind] for place, (kind, _) in enumerate(NOT_REAL)] == [REAL[kind] for kind, _ in NOT_REAL]


@pytest.mark.parametrize("text", ["030 901820", "(030) 90-18/20", "+49 (0)30 901820", "555.0142"])
def test_a_number_of_no_known_country_survives_where_there_is_none_that_reaches_from_everywhere(text: str) -> None:
    local = point(2, "phone", text, 9, verified=True)
    records, provenance = resolve(SurvivorshipRules(), [], [point(1, "phone", REAL["phone"], 1), local])
    assert (records[1]["phone"], provenance[1, "phone"]["strategy"]) == (REAL["phone"], "usable_first")
    records, provenance = resolve(SurvivorshipRules(), [], [point(1, "phone", "n/a", 19), local])
    assert (records[1]["phone"], records[1]["anonymous"]) == (text, False)
    assert provenance[1, "phone"]["strategy"] == "usable_first"


def test_a_profile_knows_its_records_sources_and_times() -> None:
    records = [
        {"record_id": 1, "source": "shop", "stream": "s", "kind": "person", "rows": 1, "first_seen_at": day(3)}
        | {"last_seen_at": day(4)},
        {"record_id": 2, "source": "crm", "stream": "s", "kind": "person", "rows": 1, "first_seen_at": day(1)}
        | {"last_seen_at": day(2)},
        {"record_id": 3, "source": "shop", "stream": "s", "kind": "fact", "rows": 1},
    ]
    golden_records, _ = resolve(SurvivorshipRules(), [], None, {1: 1, 2: 1, 3: 1}, records)
    row = golden_records[1]
    assert (row["records"], row["sources"]) == (3, "crm,shop")
    assert (row["first_seen_at"], row["last_seen_at"]) == (day(1), day(4))


def test_a_device_shared_in_time_counts_for_each_only_within_its_time() -> None:
    mapped = loaded(
        [
            {"record_id": 1, "profile_id": 10, "valid_from": None, "valid_to": day(5)},
            {"record_id": 1, "profile_id": 20, "valid_from": day(5), "valid_to": None},
        ],
        PROFILE_MAP,
    )
    records = table(
        IDENTITY_RECORDS,
        [{"record_id": 1, "stream": "s", "kind": "fact", "rows": 9, "first_seen_at": day(1), "last_seen_at": day(9)}],
    )
    known = golden.Records(table(CONTACTS, []), table(CONTACT_POINTS, []), records, table(IDENTIFIERS, []))
    result, _ = golden.made(known, mapped, loaded([], NOBODYS), SurvivorshipRules(), ENGINE)
    times = {
        row["profile_id"]: (row["first_seen_at"], row["last_seen_at"]) for row in ENGINE.to_arrow(result).to_pylist()
    }
    assert times == {10: (day(1), day(5)), 20: (day(5), day(9))}


# An oracle that reads the rules one candidate at a time.

SOURCES = ("crm", "shop")
STRATEGY_ORDER = st.permutations(["source_priority", "most_recently_changed", "most_frequent", "most_complete"])
CONTACT_ROWS = st.lists(
    st.tuples(
        st.integers(1, 2),
        st.sampled_from(["crm", "shop", "web"]),
        st.none() | st.integers(0, 3),
        st.sampled_from(["a", "A", "bb", "c", "CC"]),
    ),
    min_size=1,
    max_size=8,
)


def expected(rows: list[tuple[int, str, int | None, str]], profile: int, order: list[str]) -> tuple[int, str]:
    ours = [(record, *row[1:]) for record, row in enumerate(rows) if row[0] == profile]
    agreeing = {value.lower(): sum(1 for row in ours if row[3].lower() == value.lower()) for *_, value in ours}

    def merit(row: tuple[int, str, int | None, str]) -> tuple[int, ...]:
        _, source, changed, value = row
        numbers = {
            "source_priority": -(SOURCES.index(source) if source in SOURCES else len(SOURCES)),
            "most_recently_changed": -1 if changed is None else changed,
            "most_frequent": agreeing[value.lower()],
            "most_complete": len(value),
        }
        return tuple(numbers[strategy] for strategy in order)

    best = max(merit(row) for row in ours)
    winner = min((row for row in ours if merit(row) == best), key=lambda row: (row[3].lower(), row[0]))
    rivals = [merit(row) for row in ours if row[3].lower() != winner[3].lower()]
    if not rivals:
        return winner[0], "only_value"
    strongest = max(rivals)
    for strategy, own, other in zip(order, merit(winner), strongest, strict=True):
        if own != other:
            return winner[0], strategy
    return winner[0], "tie_break"


@examples(15)
@given(rows=CONTACT_ROWS, order=STRATEGY_ORDER)
def test_the_survivor_is_the_one_that_reading_the_rules_one_by_one_gives(
    rows: list[tuple[int, str, int | None, str]], order: list[str]
) -> None:
    contacts = [contact(record, row[1], row[2], company=row[3]) for record, row in enumerate(rows)]
    profiles = {record: row[0] for record, row in enumerate(rows)}
    records, provenance = resolve(rules_for("company", *order, sources=SOURCES), contacts, profiles=profiles)
    for profile in set(profiles.values()):
        found = provenance[profile, "company"]
        assert (found["record_id"], found["strategy"]) == expected(rows, profile, order)
        assert found["value"] == records[profile]["company"] == rows[found["record_id"]][3]
        beaten = {item["value"].lower() for item in json.loads(found["beaten"])}
        everything = {row[3].lower() for row in rows if row[0] == profile}
        assert beaten == everything - {found["value"].lower()}


def test_the_rules_compile_for_spark() -> None:
    rules = SurvivorshipRules.with_defaults(["crm"])
    empty = {
        name: ibis.table(schema.ibis_schema, name=name)
        for name, schema in (("contacts", CONTACTS), ("contact_points", CONTACT_POINTS))
    }
    mapped = ibis.table(PROFILE_MAP, name="profile_map")
    ranked = survivorship.ranked(survivorship.candidates(**empty, profile_map=mapped, rules=rules), rules)
    leaf = ibis.table(ranked.schema(), name="ranked")
    others = [ibis.table(schema.ibis_schema, name=schema.name) for schema in (IDENTITY_RECORDS, IDENTIFIERS)]
    refused = ibis.table(REJECTED_LINKS.ibis_schema, name="rejected_links")
    for expression in (
        ranked,
        golden.golden_records(
            leaf,
            mapped,
            golden.Records(*empty.values(), *others),
            rules,
        ),
        golden.nobodys_identifiers(others[1], refused, "key"),
        golden.provenance(leaf, golden.beaten(leaf, rules), rules),
    ):
        assert ibis.to_sql(expression, dialect="pyspark")
