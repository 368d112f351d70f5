from __future__ import annotations

import csv
import gzip
import json
from itertools import pairwise
from pathlib import Path

import pytest

from cdp_assets.demo.generator import GeneratedSummary

HEADERS = {
    "shop/customers_export_2025-12-31.csv": (
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,"
        "Default Address Address1,Default Address Address2,Default Address City,Default Address Province Code,"
        "Default Address Country Code,Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,"
        "Total Spent,Total Orders,Note,Tax Exempt,Tags"
    ),
    "shop/orders_export_1.csv": (
        "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,"
        "Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,"
        "Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,"
        "Lineitem taxable,Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,"
        "Billing Company,Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,"
        "Shipping Street,Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,"
        "Shipping Province,Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,"
        "Payment Reference,Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,"
        "Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,"
        "Tax 4 Value,Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,"
        "Shipping Province Name,Payment ID,Payment Terms Name,Next Payment Due At,Payment References"
    ),
    "shop/payment_transactions_export_1.csv": (
        "Transaction Date,Type,Order,Card Brand,Card Source,Payout Status,Payout Date,Payout ID,Available On,Amount,"
        "Fee,Net,Checkout,Payment Method Name,Presentment Amount,Presentment Currency,Currency"
    ),
    "crm/Contact_2026-03-31.csv": (
        "Id,IsDeleted,LastName,FirstName,Salutation,MailingStreet,MailingCity,MailingState,MailingPostalCode,"
        "MailingCountry,MailingCountryCode,Phone,MobilePhone,Email,Title,LeadSource,Birthdate,HasOptedOutOfEmail,"
        "CreatedDate,LastModifiedDate,Shop_Customer_Id__c,Loyalty_Number__c"
    ),
    "pos/customers.csv": (
        "Reference ID,First Name,Last Name,Email Address,Phone Number,Nickname,Company Name,Street Address 1,"
        "Street Address 2,City,State,Postal Code,Birthday,Memo,Square Customer ID,Creation Source,First Visit,"
        "Last Visit,Transaction Count,Lifetime Spend,Email Subscription Status,Instant Profile"
    ),
    "pos/transactions_1.csv": (
        "Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Gift Card Sales,Tax,Tip,Partial Refunds,Total Collected,"
        "Source,Card,Card Entry Methods,Cash,Square Gift Card,Other Tender,Other Tender Type,Other Tender Note,Fees,"
        "Net Total,Transaction ID,Payment ID,Card Brand,PAN Suffix,Device Name,Staff Name,Staff ID,Details,"
        "Description,Event Type,Location,Dining Option,Customer ID,Customer Name,Customer Reference ID,"
        "Device Nickname"
    ),
    "pos/items_1.csv": (
        "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,"
        "Tax,Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,"
        "Customer Name,Customer Reference ID,Unit,Count,Itemization Type,Commission,Employee"
    ),
    "email/subscribed_members_export.csv": (
        "Email Address,First Name,Last Name,Phone Number,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,"
        "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
    ),
    "email/email_activity_1.csv": (
        "campaign_id,list_id,campaign_title,variant,email_id,unique_email_id,email_address,action,type,timestamp,url,ip"
    ),
    "consent/transactions_1.csv": (
        "Transaction ID,Identifier,Identifier Type,Purpose,Channel,Transaction Type,Interaction Date,"
        "Collection Point,Legal Basis,Expiry Date,Customer Reference"
    ),
    "nps/responses_1.csv": (
        "id,survey_type,score,comment,permalink,created_at,person_email,person_name,customer_id,channel"
    ),
    "ads/click_view_1.csv": (
        "Google Click ID,Day,Campaign,Campaign ID,Ad group,Ad group ID,Network,Device,Click type,Clicks"
    ),
    "reference/eurofxref-hist.csv": "Date,USD,JPY,GBP,CHF",
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_file_begins_with_the_header_of_its_export(name: str, demo: GeneratedSummary) -> None:
    assert (demo.landing / name).read_bytes().split(b"\n", 1)[0].decode("latin-1") == HEADERS[name]


def _rows(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as file:
        return [row for row in csv.DictReader(file) if None not in row and None not in row.values()]


def test_columns_of_an_order_stand_on_its_first_line_only(demo: GeneratedSummary) -> None:
    rows = _rows(demo.landing / "shop" / "orders_export_2.csv")
    seen: set[str] = set()
    several = 0
    for row, following in pairwise(rows):
        if row["Name"] not in seen and row["Name"] == following["Name"] and row["Total"]:
            several += 1
            assert row["Billing Name"]
            assert following["Total"] == following["Currency"] == following["Billing Name"] == ""
            assert following["Lineitem name"]
            assert following["Created at"] == row["Created at"]
        seen.add(row["Name"])
    assert several > 50


def test_the_lines_of_an_order_add_up_to_what_it_says(demo: GeneratedSummary) -> None:
    rows = _rows(demo.landing / "shop" / "orders_export_3.csv")
    lines: dict[str, dict[str, float]] = {}
    heads = {}
    for row in rows:
        if not (row["Lineitem quantity"].isdigit() and row["Lineitem price"][:1].isdigit()):
            continue
        lines.setdefault(row["Name"], {})[row["Lineitem sku"]] = float(row["Lineitem price"]) * int(
            row["Lineitem quantity"]
        )
        if row["Subtotal"]:
            heads[row["Name"]] = float(row["Subtotal"]) + float(row["Discount Amount"])
    agreeing = [abs(sum(lines[name].values()) - gross) < 0.005 for name, gross in heads.items()]
    assert sum(agreeing) / len(agreeing) > 0.95  # the others lost a line to a broken or wrong row


def test_spreadsheets_leave_numbers_alone_thanks_to_an_apostrophe(demo: GeneratedSummary) -> None:
    rows = _rows(demo.landing / "shop" / "customers_export_2026-06-29.csv")
    phones = [row["Phone"] for row in rows if row["Phone"]]
    assert phones
    assert all(phone.startswith("'+") for phone in phones)
    assert any(row["Default Address Zip"].startswith("'0") for row in rows)


def test_prices_are_in_the_currency_of_the_buyers_country(demo: GeneratedSummary) -> None:
    rows = _rows(demo.landing / "shop" / "orders_export_1.csv")
    pairs = {(row["Billing Country"], row["Currency"]) for row in rows if row["Currency"]}
    assert {("DE", "EUR"), ("GB", "GBP"), ("CH", "CHF"), ("US", "USD"), ("JP", "JPY")} <= pairs
    assert len(dict(pairs)) == len(pairs)


def _events(demo: GeneratedSummary) -> list[dict[str, object]]:
    events = []
    for name in demo.files:
        if not name.startswith("web/"):
            continue
        data = (demo.landing / name).read_bytes()
        for line in (gzip.decompress(data) if name.endswith(".gz") else data).splitlines():
            try:
                events.append(json.loads(line))
            except json.JSONDecodeError:
                continue
    return events


def test_events_follow_the_segment_specification(demo: GeneratedSummary) -> None:
    events = _events(demo)
    assert {event["type"] for event in events} == {"identify", "track", "page", "screen", "alias"}
    common = {"type", "messageId", "anonymousId", "userId", "context", "originalTimestamp", "sentAt", "receivedAt",
              "timestamp"}  # fmt: skip
    own = {"identify": {"traits"}, "track": {"event", "properties"}, "page": {"name", "properties"},
           "screen": {"name", "properties"}, "alias": {"previousId"}}  # fmt: skip
    for event in events:
        assert set(event) == common | own[str(event["type"])]
    assert any("device" in event["context"] for event in events)
    assert any(event["userId"] == "anonymous" for event in events)


def test_names_appear_in_several_scripts_and_in_latin_letters_elsewhere(demo: GeneratedSummary) -> None:
    shop = (demo.landing / "shop" / "customers_export_2026-06-29.csv").read_text()
    assert any("\u0391" <= letter <= "\u03c9" for letter in shop)  # Greek
    assert any("\u0410" <= letter <= "\u044f" for letter in shop)  # Cyrillic
    assert any("\u4e00" <= letter <= "\u9fff" for letter in shop)  # Japanese
    greeks = [row for row in _rows(demo.landing / "crm" / "Contact_2026-06-29.csv", "latin-1")
              if row["MailingCountryCode"] == "GR"]  # fmt: skip
    assert greeks
    assert all(row["LastName"].isascii() for row in greeks)
