"""The gates: the same answer over tables and at the moment of sending, and never against the latest word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.activation import gates
from cdp_assets.activation.delivery import deliver
from cdp_assets.activation.spec import DestinationSpec
from cdp_assets.canonical.tables import CONSENTS
from cdp_assets.ledger import history, outbox, permissions
from cdp_assets.privacy.consent import consent_state
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.activation.shop import WELCOME, Shop, email_of
from cdp_assets_tests.examples import examples

NOW = datetime(2026, 6, 10, tzinfo=UTC)
POINTS = [email_of(number) for number in range(3)]


@st.composite
def words(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A history of consent: words on a few contact points, close together, some of them at the same instant."""
    history = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "contact_point": st.sampled_from(POINTS),
                    "purpose": st.sampled_from(["marketing", "analytics", "any"]),
                    "channel": st.sampled_from(["email", "sms", "any"]),
                    "status": st.sampled_from(["granted", "denied", "withdrawn", "pending"]),
                    "explicit": st.booleans(),
                    "hours": st.integers(-48, 0),
                    "expires": st.sampled_from([None, -2, 0, 2]),
                }
            ),
            max_size=8,
        )
    )
    return [
        {
            "contact_point": word["contact_point"],
            "purpose": word["purpose"],
            "channel": word["channel"],
            "status": word["status"],
            "explicit": word["explicit"],
            "legal_basis": "consent",
            "evidence": None,
            "occurred_at": NOW + timedelta(hours=word["hours"]),
            "expires_at": None if word["expires"] is None else NOW + timedelta(hours=word["expires"]),
            "record_id": 1,
            "source": "site",
            "native_id": str(number),
            "updated_at": None,
            "load_id": "l",
            "source_row": number,
        }
        for number, word in enumerate(history)
    ]


@pytest.fixture(scope="module")
def engine() -> DuckDBEngine:
    return DuckDBEngine.in_memory()


def states(engine: DuckDBEngine, history: list[dict[str, Any]]) -> ibis.Table:
    table = engine.from_arrow(pa.Table.from_pylist(history, CONSENTS.ibis_schema.to_pyarrow()), CONSENTS.ibis_schema)
    return engine.scratch(consent_state(table, NOW))


def latest_own_words(history: list[dict[str, Any]], point: str, spec: DestinationSpec) -> list[dict[str, Any]]:
    """What the person said last about this purpose and channel: one word, or several of the same instant."""
    own = [
        word
        for word in history
        if word["explicit"]
        and word["contact_point"] == point
        and word["purpose"] == spec.purpose
        and word["channel"] == spec.channel
    ]
    last = max((word["occurred_at"] for word in own), default=None)
    return [word for word in own if word["occurred_at"] == last]


@examples(15)
@given(history=words(), purpose=st.sampled_from(["marketing", "service"]))
def test_tables_and_the_moment_of_sending_agree_for_any_history(
    engine: DuckDBEngine, history: list[dict[str, Any]], purpose: str
) -> None:
    spec = replace(WELCOME, purpose=purpose)
    state = states(engine, history)
    people = ibis.memtable({"contact_point": POINTS})
    nobody = engine.from_arrow(
        permissions.SUPPRESSIONS.empty_table(), ibis.Schema.from_pyarrow(permissions.SUPPRESSIONS)
    )
    over_tables = {
        row["contact_point"]: row["forbidden"]
        for row in engine.to_arrow(gates.with_permission(people, state, nobody, spec, NOW)).to_pylist()
    }
    projected = [
        permissions.ConsentWord(**row) for row in engine.to_arrow(state.select(permissions.CONSENTS.names)).to_pylist()
    ]
    assert over_tables == {
        point: gates.at_sending(point, [word for word in projected if word.contact_point == point], [], spec, NOW)
        for point in POINTS
    }


@examples(10)
@given(before=words(), after=words())
def test_nothing_is_ever_sent_against_the_latest_explicit_word(
    tmp_path_factory: pytest.TempPathFactory, before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    shop = Shop(f"sqlite:///{tmp_path_factory.mktemp('shop') / 'ledger.sqlite'}").with_people(0, 1, 2, consenting=False)
    shop.members = {0, 1, 2}
    sent: list[str] = []

    class Sink:
        batch_size, concurrency = 1, 1

        def send(self, messages: Any, at: datetime) -> list[Any]:
            from cdp_assets.activation.connectors.connector import DELIVERED, Outcome

            sent.extend(message.contact_point for message in messages)
            return [Outcome(DELIVERED)]

        def render(self, message: Any, at: datetime) -> dict[str, Any]:
            return {}

        def close(self) -> None: ...

    # The refresh decides by the first history; by the time of sending, the ledger knows the whole of it.
    shop.consents = shop.engine.to_arrow(states(shop.engine, before)).to_pylist()
    shop.refresh(WELCOME, NOW)
    whole = before + [{**word, "native_id": f"later{number}"} for number, word in enumerate(after)]
    shop.consents = shop.engine.to_arrow(states(shop.engine, whole)).to_pylist()
    shop.refresh(replace(WELCOME, name="other", segment="nobody"), NOW)
    deliver(WELCOME, Sink(), shop.ledger, clock=lambda: NOW, sleep=lambda _: None)

    for point in sent:
        last = latest_own_words(whole, point, WELCOME)
        assert all(word["status"] == "granted" for word in last)
        assert all(word["expires_at"] is None or word["expires_at"] > NOW for word in last)
    with shop.ledger.reading() as connection:
        assert all(status != outbox.DEAD for _, status, _, _ in history.outcomes(connection))
    shop.ledger.close()


def test_permissions_of_more_contact_points_than_a_statement_takes_are_found(shop: Shop) -> None:
    points = [email_of(number) for number in range(25_000)]
    consents = pa.table(
        {
            "contact_point": points,
            "purpose": ["marketing"] * len(points),
            "channel": ["email"] * len(points),
            "status": ["granted"] * len(points),
            "explicit": [True] * len(points),
            "since": pa.array([NOW] * len(points), pa.timestamp("us", tz="UTC")),
            "expires_at": pa.array([None] * len(points), pa.timestamp("us", tz="UTC")),
        }
    )
    suppressions = pa.Table.from_pylist(
        [{"contact_point": points[-1], "channel": "any", "reason": "complained"}], permissions.SUPPRESSIONS
    )
    with shop.ledger.transaction() as connection:
        permissions.project(connection, points, consents, suppressions)
        permissions.project(connection, points[:1], consents.slice(0, 0), suppressions.slice(0, 0))
        found = permissions.consents_of(connection, points)
        assert len(found) == len(points) - 1
        assert found[points[1]][0].since == NOW
        assert permissions.suppressions_of(connection, points) == {points[-1]: [("any", "complained")]}
