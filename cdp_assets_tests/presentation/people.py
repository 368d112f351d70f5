"""A person written out, for the tests of what shows a person."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from cdp_assets.presentation import views

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


ADA = views.Profile(
    profile_id=4611686018427387905,
    as_of=AS_OF,
    golden={
        "full_name": "Ada Byron-King",
        "email": "ada@example.org",
        "phone": "+4930123456",
        "city": "Berlin",
        "country": "DE",
    },
    survivals=(
        views.Surviving(
            "full_name", "Ada Byron-King", "crm", 11, at("2026-03-02"), "most recent",
            (views.Beaten("Ada Byron", "shop", at("2024-01-02")),),
        ),
        views.Surviving("email", "ada@example.org", "shop", 12, at("2026-06-01"), "verified"),
        views.Surviving("city", "Berlin", "shop", 12, at("2026-06-01"), "most recent"),
    ),
    attributes={
        "orders": 4, "net_spend": Decimal("412.50"), "last_order_at": at("2026-06-12T09:30"), "refunds": 1,
        "r_score": 5, "f_score": 4, "m_score": 4, "rfm_group": "loyal_customers", "probability_alive": 0.93,
        "expected_value_365d": 310.2, "churn_risk": 0.18, "risk_band": "low", "emails_opened_90d": 7,
        "last_nps_score": 9.0, "open_tickets": None,
    },
    segments=(views.Membership("vip", at("2026-05-01")), views.Membership("newsletter_readers", at("2026-06-30"))),
    consents=(
        views.Consent("ada@example.org", "marketing", "email", "granted", True, at("2025-01-01")),
        views.Consent("+4930123456", "marketing", "sms", "denied", True, at("2025-01-01")),
    ),
    suppressions=(views.Suppression("+4930123456", "sms", "unsubscribed", at("2025-02-01")),),
    identifiers=(
        views.Identifier("global", "email", "ada@example.org", ("crm", "shop"), at("2026-06-12")),
        views.Identifier("shop", "customer_number", "1001", ("shop",), at("2026-06-12")),
    ),
    records=(
        views.Record(11, "crm", "contacts", "person", "C-7", at("2024-01-01"), at("2026-03-02"), 3, closed=True),
        views.Record(12, "shop", "customers", "person", "1001", at("2024-01-02"), at("2026-06-12"), 9, closed=False),
    ),
    timeline=(
        views.Moment(at("2026-06-12T09:30"), "order", "shop", "Order 1041, 3 lines", "1041", Decimal("99.90")),
        views.Moment(at("2026-06-10T18:02"), "engagement", "mail", "clicked summer_sale"),
        views.Moment(at("2026-05-02T11:00"), "ticket", "helpdesk", "<b>Where is</b> my parcel?"),
    ),
    moments=31,
    spend_by_month=((date(2026, 4, 1), 0.0), (date(2026, 5, 1), 312.6), (date(2026, 6, 1), 99.9)),
    currency="EUR",
)  # fmt: skip
"""A known customer."""

VISITOR = views.Profile(profile_id=42, as_of=AS_OF, anonymous=True)
"""A visitor of whom nothing is known."""
