"""Each template turns a small file in the true layout of its export into exactly the rows that it means."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cdp_assets.catalog import load_catalog
from cdp_assets.definition_files import DefinitionError
from cdp_assets.identity.spec import DEFAULT_IDENTIFIERS
from cdp_assets.sources import template
from cdp_assets.sources.component import Source
from cdp_assets.sources.spec import SourceSpec
from cdp_assets_tests.normalised.bench import load, typed
from cdp_assets_tests.sources.shop import Bench
from cdp_assets_tests.sources.template_samples import expected, outcome, sample, source_of

REAL_SYSTEMS = (
    "shopify_customers", "shopify_orders", "woocommerce_customers", "woocommerce_orders", "magento_customers",
    "magento_orders", "wix_contacts", "wix_orders", "salesforce_contacts", "salesforce_leads", "salesforce_accounts",
    "salesforce_opportunities", "hubspot_contacts", "hubspot_deals", "mailchimp_members", "mailchimp_activity",
    "klaviyo_profiles", "klaviyo_events", "zendesk_tickets", "ga4_events", "segment_events", "stripe_customers",
    "stripe_subscriptions", "stripe_refunds", "square_transactions", "square_loyalty_events", "delighted_nps",
    "aircall_calls", "meta_ads_leads", "google_ads_clicks", "onetrust_consents",
)  # fmt: skip


@pytest.mark.parametrize("name", template.names())
def test_a_template_reads_its_export_row_for_row(bench: Bench, name: str) -> None:
    assert outcome(bench, name) == expected(name)


def test_every_system_that_people_really_have_is_there() -> None:
    assert set(REAL_SYSTEMS) <= set(template.names())


def test_each_identifier_of_a_template_is_evidence_of_something() -> None:
    types = {each["type"] for name in template.names() for each in template.find(name).stream.get("identifiers", ())}
    assert types - set(DEFAULT_IDENTIFIERS) == set()


@pytest.mark.parametrize("name", template.names())
def test_a_template_names_the_public_page_of_its_layout(name: str) -> None:
    found = template.find(name)
    assert found.layout.startswith("https://")
    assert found.system
    assert found.export


def test_times_in_magentos_grid_are_read_as_browsers_write_them(bench: Bench) -> None:
    source = source_of("magento_orders")
    text = sample("magento_orders").read_text().replace("2026 2:30:05 PM", "2026, 2:30:05\u202fPM")
    bench.drop("shop/export1.csv", text.replace("Jan 05, 2026 10:00:00 AM", "Jan 5, 2026, 10:00:00 AM").encode())
    load(bench, source)
    read = [(row["cdp_disposition"], row["Purchase Date"].hour) for row in typed(bench, "shop__magento_orders")]
    assert read == [("accepted", 10), *[("accepted", 14)] * 3]


@pytest.mark.parametrize("of", ["members", "email_audience"])
@pytest.mark.parametrize("who", ["subscribed", "unsubscribed", "cleaned", "nonsubscribed"])
def test_each_file_of_mailchimps_zip_is_taken_by_its_earlier_name_and_the_present_one(who: str, of: str) -> None:
    assert fnmatch(f"{who}_{of}_export_0a1b2c3d4e.csv", template.find("mailchimp_members").stream["files"])


def loaded(folder: Path, stream: str) -> SourceSpec:
    (folder / "shop").mkdir(exist_ok=True)
    text = f"type: cdp_assets.sources.component.Source\nattributes:\n  name: shop\n  streams:\n    - {stream}\n"
    (folder / "shop" / "defs.yaml").write_text(text)
    (source,) = load_catalog(folder).sources
    return source


def test_what_a_stream_says_beside_a_template_overrides_it(tmp_path: Path) -> None:
    (plain,) = loaded(tmp_path, "{name: orders, template: shopify_orders}").streams
    (own,) = loaded(
        tmp_path,
        "{name: orders, template: shopify_orders, files: 'x/*.csv', zone: Europe/Berlin, columns: {Email: "
        "{required: true}, Size: {type: integer}}, derive: {customer_id: Name}, "
        "identifiers: [{type: email, value: Email}]}",
    ).streams
    assert (plain.files, own.files) == ("shop/orders_export*.csv*", "x/*.csv")
    assert (own.zone, own.event_time) == ("Europe/Berlin", "Created at")
    assert (own.column("Email").required, own.column("Email").type) == (True, "string")
    assert own.column_names == (*plain.column_names, "Size")
    assert dict(own.derive) == {**dict(plain.derive), "customer_id": "Name"}
    assert [identifier.type for identifier in own.identifiers] == ["email"]
    assert own.maps == plain.maps


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        ("{name: orders, template: shopify_order}", "no template `shopify_order`; did you mean `shopify_orders`?"),
        ("{name: orders, format: csv}", "`files` is missing; give it, or name a `template`"),
        (
            "{name: orders, template: shopify_orders, key: [Nmae]}",
            "the key names `Nmae`, which is no column; did you mean `Name`?",
        ),
    ],
)
def test_a_mistake_beside_a_template_names_file_and_line(tmp_path: Path, stream: str, said: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        loaded(tmp_path, stream)
    assert "defs.yaml:5: " in str(raised.value)
    assert said in str(raised.value)


def test_what_another_export_tells_better_is_left_to_it_where_the_source_has_that_too() -> None:
    orders: dict[str, Any] = {"name": "orders", "template": "shopify_orders"}
    payouts = {"name": "payouts", "template": "shopify_transactions"}

    def told_apart(*streams: dict[str, Any]) -> str:
        source = Source(name="shop", streams=list(streams)).spec
        return dict(source.streams[0].derive)["told_apart"]

    assert told_apart(orders) == "false"
    left = told_apart(orders, payouts)
    methods = ("Shopify Payments", "gift_card + Shopify Payments", "card", None, "PayPal Express Checkout", "gift_card")
    with duckdb.connect() as connection:
        told = [
            connection.execute(f'SELECT {left} FROM (SELECT ?::VARCHAR AS "Payment Method")', [each]).fetchall()
            for each in methods
        ]
    assert told == [[(True,)]] * 4 + [[(False,)]] * 2
    assert told_apart(orders | {"derive": {"told_apart": "true"}}, payouts) == "true"
