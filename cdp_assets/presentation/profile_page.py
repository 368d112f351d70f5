"""One person's profile as a page of its own: one HTML file, nothing loaded from elsewhere, light, dark and printable.

Belongs here: what the page shows beside the profile's own values (tiles, bars, groups). Does not belong here: queries
(`read_profile.py`), the layout itself (`templates/profile.html.j2`), the terminal's form (`profile_text.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from cdp_assets.presentation import wording
from cdp_assets.presentation.pages import render
from cdp_assets.presentation.views import Consent, Moment, Profile, Suppression

CONSENT_TONE = {"granted": "good", "denied": "bad", "pending": "warn", "expired": "warn", "withdrawn": "bad"}

_MESSAGE_TONE = {"delivered": "good", "dead": "bad", "withheld": ""}

_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Buying", ("orders", "orders_365d", "orders_90d", "order_value", "net_spend", "net_spend_365d",
                "average_order_value", "favourite_category", "first_order_at", "last_order_at", "days_since_order",
                "refunds", "refunded")),
    ("Value and risk", ("probability_alive", "mean_order_value", "expected_purchases_90d", "expected_purchases_365d",
                        "expected_value_90d", "expected_value_365d", "churn_risk", "risk_band", "churn_reasons",
                        "reasons", "running_subscriptions", "cancellation_risk_30d", "cancellation_reasons")),
    ("About to buy", ("purchase_propensity_30d", "propensity_reasons", "intent_band", "intent_score", "intent_reason",
                      "last_intent_at")),
    ("On web and app", ("last_event_at", "events_30d", "events_90d", "active_days_30d", "product_views_30d",
                        "carts_30d", "checkouts_30d", "ads_clicked_90d")),
    ("Messages", ("preferred_channel", "best_hour", "best_hour_zone", "email_open_rate", "email_click_rate",
                  "email_fatigue", "emails_sent_90d", "emails_opened_90d", "emails_clicked_90d",
                  "last_email_opened_at")),
    ("Support and loyalty", ("support_health", "support_band", "support_reasons", "first_response_hours",
                             "satisfaction",
                             "open_tickets", "tickets_365d", "bad_ratings", "last_ticket_at", "last_nps_score",
                             "last_nps_at", "loyalty_tier", "loyalty_points")),
)  # fmt: skip
"""Attributes under headings, in the order in which they are read."""

_MONEY = ("net_spend", "net_spend_365d", "order_value", "average_order_value", "mean_order_value", "refunded",
          "expected_value_90d", "expected_value_365d")  # fmt: skip
_SHARES = ("churn_risk", "probability_alive", "purchase_propensity_30d", "cancellation_risk_30d", "email_open_rate",
           "email_click_rate", "email_fatigue", "satisfaction")  # fmt: skip
_HIDDEN = ("profile_id", "anonymous", "records", "sources", "model", "lifetime_value_model", "churn_model",
           "propensity_model", "r_score", "f_score", "m_score", "rfm_group", "frequency", "recency_days",
           "monetary")  # fmt: skip
"""Shown elsewhere on the page, or only of use to a model."""

_FEW = 3
"""So many events of one day in a row are shown one by one; more are folded."""


@dataclass(frozen=True)
class Tile:
    """One key figure at the head of the page; ``meter`` is a share of one drawn as a bar in the colour of ``band``."""

    label: str
    figure: str
    note: str = ""
    meter: float | None = None
    band: str = ""


@dataclass(frozen=True)
class Stretch:
    """Moments shown as one line: one, or many events of one day."""

    moments: tuple[Moment, ...]

    @property
    def summary(self) -> str:
        """What the events were, most frequent first."""
        names = Counter(moment.title.partition(": ")[0] for moment in self.moments)
        return ", ".join(name if number == 1 else f"{number} × {name}" for name, number in names.most_common(4))


@dataclass(frozen=True)
class Bar:
    """One month's spend; ``height`` is its share of the highest month."""

    month: str
    height: float
    title: str


def profile_page(profile: Profile) -> str:
    """The page as HTML text."""
    bars, highest = _bars(profile)
    return render(
        "profile.html.j2",
        profile=profile,
        reach=_reach(profile),
        tiles=tiles(profile),
        bars=bars,
        highest=highest,
        months=months(profile.timeline),
        permissions=permissions(profile),
        attribute_groups=attribute_groups(profile),
        tone=CONSENT_TONE,
        message_tone=_MESSAGE_TONE,
    )


def tiles(profile: Profile) -> list[Tile]:
    """The key figures that the profile has."""
    known = profile.attributes
    found: list[Tile] = []
    if (spend := known.get("net_spend")) is not None:
        orders = known.get("orders")
        note = wording.plural(int(orders), "order") if orders is not None else ""
        found.append(Tile("Net spend", wording.money(spend, profile.currency), note))
    if (last := known.get("last_order_at")) is not None:
        found.append(Tile("Last order", wording.day(last), wording.ago(last, profile.as_of)))
    if (value := known.get("expected_value_365d")) is not None:
        alive = known.get("probability_alive")
        note = f"{wording.share(alive)} likely to buy again" if alive is not None else ""
        found.append(Tile("Expected in the next year", wording.money(value, profile.currency), note))
    if (risk := known.get("churn_risk")) is not None:
        band = str(known.get("risk_band") or "")
        found.append(Tile("Churn risk", wording.share(risk), band, meter=min(max(float(risk), 0.0), 1.0), band=band))
    if group := known.get("rfm_group"):
        scores = [known.get(f"{letter}_score") for letter in "rfm"]
        note = "R {} · F {} · M {}".format(*scores) if all(score is not None for score in scores) else ""
        found.append(Tile("RFM group", wording.label(str(group)), note))
    return found


def attribute_groups(profile: Profile) -> list[tuple[str, list[tuple[str, str]]]]:
    """Computed attributes under headings; what no heading claims comes last. Unknown values are left out."""
    left = {name: item for name, item in profile.attributes.items() if item is not None and name not in _HIDDEN}
    groups = []
    for heading, names in _GROUPS:
        pairs = [(wording.label(name), attribute_text(profile, name, left.pop(name))) for name in names if name in left]
        if pairs:
            groups.append((heading, pairs))
    if left:
        groups.append(("More", [(wording.label(name), attribute_text(profile, name, left[name])) for name in left]))
    return groups


def attribute_text(profile: Profile, name: str, item: Any) -> str:
    """One attribute's value for people, by what its name says it measures."""
    if name in _MONEY:
        return wording.money(item, profile.currency)
    if name in _SHARES:
        return wording.share(item)
    if name == "rfm_group":
        return wording.label(str(item))
    return wording.value(item)


def permissions(profile: Profile) -> list[tuple[str, list[Consent], list[Suppression]]]:
    """Per contact point: its consents and what suppresses it, suppressed ones first."""
    points = dict.fromkeys(
        [item.contact_point for item in profile.suppressions] + [item.contact_point for item in profile.consents]
    )
    return [
        (
            point,
            [item for item in profile.consents if item.contact_point == point],
            [item for item in profile.suppressions if item.contact_point == point],
        )
        for point in points
    ]


def months(timeline: tuple[Moment, ...]) -> list[tuple[str, list[Stretch]]]:
    """The timeline by month, newest first; many events of one day in a row are one stretch."""
    by_month = groupby(timeline, lambda moment: wording.month(moment.occurred_at))
    return [(heading, _stretches(moments)) for heading, moments in by_month]


def _stretches(moments: Iterable[Moment]) -> list[Stretch]:
    found: list[Stretch] = []
    for (kind, _), group in groupby(moments, lambda moment: (moment.kind, moment.occurred_at.date())):
        together = tuple(group)
        if kind == "event" and len(together) > _FEW:
            found.append(Stretch(together))
        else:
            found += [Stretch((moment,)) for moment in together]
    return found


def _bars(profile: Profile) -> tuple[list[Bar], str]:
    spend = profile.spend_by_month
    top = max((amount for _, amount in spend), default=0.0)
    if top <= 0 or len(spend) < 2:
        return [], ""
    bars = [
        Bar(f"{month:%b %Y}", max(amount, 0.0) / top, f"{month:%b %Y}: {wording.money(amount, profile.currency)}")
        for month, amount in spend
    ]
    return bars, wording.money(top, profile.currency)


def _reach(profile: Profile) -> list[str]:
    golden = profile.golden
    place = ", ".join(str(golden[part]) for part in ("city", "country") if golden.get(part))
    return [str(each) for each in (golden.get("email"), golden.get("phone"), place) if each]
