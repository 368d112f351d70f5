"""What the website and the app record: events as JSON lines.

Belongs here: the layout of events. Does not belong here: the behaviour (`devices.py`, `events.py`).

Layout: the Segment specification (calls identify, track, page, screen and alias, with their common fields), one object
a line, as Segment's storage destinations write them. Source: segment.com/docs/connections/spec. ``context.sessionId``
is the site's own addition. Clients' clocks may be wrong: ``timestamp`` is what Segment makes of it (received at, less
the time from original timestamp to sent at).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.demo.catalogue import CATEGORIES, CATEGORY_NAMES, NAMES, PRICES, SKUS
from cdp_assets.demo.devices import BY_EMAIL, Devices, Sessions, draw_devices, draw_sessions
from cdp_assets.demo.events import (
    ADDED,
    CHECKOUT,
    IDENTIFY,
    LISTED,
    ORDERED,
    PRODUCT,
    RENAME,
    SEARCH_AD,
    SEARCHED,
    TRACKED,
    VIEW,
    Events,
    draw_events,
)
from cdp_assets.demo.landing import Landing, Part
from cdp_assets.demo.networks import Whereabouts, draw_whereabouts
from cdp_assets.demo.places import COUNTRIES, CURRENCIES
from cdp_assets.demo.shop import order_names
from cdp_assets.demo.spelling import NATIVE, family_names, given_names
from cdp_assets.demo.text import DAY, Bools, Ints, Texts, digits, gather, glue, hex_of, iso_millis, money, texts, where
from cdp_assets.demo.truth import DEVICE, PERSON, SHARED
from cdp_assets.demo.typing_errors import PLACEHOLDER_IDS, mistyped, replaced
from cdp_assets.demo.world import World

SITE = "https://lindenlark.example"
SEARCHES = ("mug", "gift", "coffee", "tea", "blanket", "candle", "knife", "lantern", "soap", "notebook")
PLACEHOLDER_USERS = 0.005
"""Share of anonymous events that bear a placeholder for a user id."""

_PLATFORMS = texts(
    [
        '"userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64)","userAgentData":{"mobile":false}',
        '"userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)","userAgentData":{"mobile":false}',
        '"userAgent":"Mozilla/5.0 (Linux; Android 14; Mobile)","userAgentData":{"mobile":true}',
        '"userAgent":"Mozilla/5.0 (iPhone; CPU iPhone OS 18_4)","userAgentData":{"mobile":true}',
    ]
)
_KINDS = texts([{VIEW: "page", IDENTIFY: "identify", RENAME: "alias"}.get(kind, "track") for kind in range(RENAME + 1)])
_CAMPAIGNS = texts(
    [
        "",
        '"campaign":{"name":"letter","source":"newsletter","medium":"email"},',
        '"campaign":{"name":"brand-search","source":"google","medium":"cpc","term":"linden and lark"},',
        '"campaign":{"name":"spring-ideas","source":"instagram","medium":"paid_social","content":"carousel"},',
        "",
    ]
)
_REFERRERS = texts(["", "", "https://www.google.com/", "https://l.instagram.com/", "https://duckduckgo.com/"])


@dataclass(frozen=True)
class Clicks:
    """Clicks on search ads.

    Args:
        id: The ad platform's id of the click.
        owner: Who clicked, as the owner of a device.
        identified: Whether that device is ever identified.
        at: When, in epoch seconds.
        mobile: Whether on a phone.
    """

    id: Texts
    owner: Ints
    identified: Bools
    at: Ints
    mobile: Bools


def export_events(world: World, landing: Landing) -> Clicks:
    """All events, in files of a few months each (one of them compressed); returns the clicks that led to the site."""
    devices = draw_devices(world)
    sessions = draw_sessions(world, devices)
    events = draw_events(world, devices, sessions)
    rng = world.chance(51)
    count = len(events.at)
    device = sessions.device[events.session]
    late_app = (devices.hardware[device] >= 0) & (rng.random(count) < 0.05)
    delay = rng.integers(150, 2_500, count) + np.where(late_app, rng.integers(600_000, 30_000_000, count), 0)
    words = rng.integers(0, 65_536, (count, 6), dtype=np.uint16)
    wrong = landing.wrong_types("web", "events", count)
    there = draw_whereabouts(world, devices, sessions)
    renderer = _Renderer(world, devices, sessions, there, events, device, delay, wrong)

    parts = [
        Part(f"web/events_{number}.jsonl{'.gz' if number == 1 else ''}", world.as_of - back * DAY)
        for number, back in ((1, 420), (2, 300), (3, 180), (4, 90), (5, 30))
    ]
    arrival = (events.at + delay) // 1000
    bad = landing.deliver(
        "web",
        "events",
        [*parts, Part("web/events_6.jsonl")],
        arrival,
        lambda rows: renderer.lines(rows, words[rows]),
        wrong=wrong,
    )
    owner = devices.owner[device]
    known = np.minimum(owner, world.people.count - 1)
    shared = world.reach.shared_email[known]
    carries = np.where(events.user, PERSON, np.where(events.mail, np.where(shared, SHARED, PERSON), DEVICE))
    landing.truth.add_facts("web", "events", "events", glue("ajs-", hex_of(words)), owner, carries=carries, bad=bad,
                            owner_identified=devices.identified[device])  # fmt: skip
    clicked = np.flatnonzero(events.origin == SEARCH_AD)
    return Clicks(
        id=renderer.click_ids.take(pa.array(events.session[clicked])),
        owner=owner[clicked],
        identified=devices.identified[device[clicked]],
        at=events.at[clicked] // 1000 - 2,
        mobile=devices.mobile[device[clicked]],
    )


class _Renderer:
    """Writes events as JSON lines, a slice at a time."""

    def __init__(
        self,
        world: World,
        devices: Devices,
        sessions: Sessions,
        there: Whereabouts,
        events: Events,
        device: Ints,
        delay: Ints,
        wrong: Bools,
    ) -> None:
        rng = world.chance(52)
        self.world, self.devices, self.events = world, devices, events
        self.device, self.delay, self.wrong = device, delay, wrong
        self.session_order = sessions.order
        self.renamed = sessions.renamed
        self.session_texts = digits(sessions.at)
        self.cookies = _uuids(rng, devices.count)
        self.hardware = _uuids(rng, 2 * devices.count)
        self.hosts = digits(rng.integers(1, 255, devices.count))
        self.contexts = self._contexts(rng)
        self.networks = there.network
        self.locations = glue('","location":{"city":"', there.city, '","country":"', there.country, '"},')
        self.click_ids = glue("Cj0KCQ", hex_of(rng.integers(0, 65_536, (len(sessions.at), 6), dtype=np.uint16)))
        self.placeholder = rng.random(len(device)) < PLACEHOLDER_USERS
        self.by_mail = np.where(devices.way == BY_EMAIL, world.accounts.mailing_email[self._person], 0)
        either = np.where(rng.random(devices.count) < 0.6, world.accounts.shop_email[self._person],
                          world.accounts.crm_email[self._person])  # fmt: skip
        self.email = np.where(devices.way == BY_EMAIL, self.by_mail, either)
        self.typo = rng.random(devices.count) < world.rates.typo
        self.properties, self.checkout_start = self._property_pool()
        self.paths = texts(
            ["/", *(f"/c/{name.lower()}" for name in CATEGORIES), *(f"/p/{sku}" for sku in SKUS.to_pylist()),
             "/search", "/cart", "/checkout/thanks", "/account"]
        )  # fmt: skip

    @property
    def _person(self) -> Ints:
        """The owner of each device, as far as there is one among the people."""
        return np.minimum(self.devices.owner, self.world.people.count - 1)

    def _contexts(self, rng: np.random.Generator) -> Texts:
        """The part of the context that a device always sends."""
        devices, count = self.devices, self.devices.count
        country = self.world.people.country[self._person]
        locales = gather(texts([place.locale.replace("_", "-") for place in COUNTRIES]), country)
        platform = np.where(devices.mobile, 2, 0) + (rng.random(count) < 0.4)
        browser = glue('"library":{"name":"analytics.js","version":"next-1.70.0"},', gather(_PLATFORMS, platform))
        app = glue(
            '"library":{"name":"analytics-kotlin","version":"1.16.3"},"app":{"name":"Linden & Lark","version":"3.2.1"},'
            '"device":{"id":"',
            gather(self.hardware, np.maximum(devices.hardware, 0)),
            '","type":"android"}',
        )
        own = where(devices.hardware >= 0, app, browser)
        return glue('"locale":"', locales, '",', own)

    def _property_pool(self) -> tuple[Texts, int]:
        """Properties of all events, and where those of the checkouts (then those of the orders placed) begin."""
        orders = self.world.orders
        products = [
            f'"product_id":"{sku}","name":"{name}","category":"{category}","price":{cents / 100:.2f},"currency":"EUR"'
            for sku, name, category, cents in zip(
                SKUS.to_pylist(), NAMES.to_pylist(), CATEGORY_NAMES.to_pylist(), PRICES[:, 0].tolist(), strict=True
            )
        ]
        lists = [f'"category":"{name}"' for name in CATEGORIES]
        searches = [f'"query":"{word}"' for word in SEARCHES]
        fixed = texts(["", *products, *lists, *searches])
        value, currency = money(orders.total), gather(texts(CURRENCIES), orders.currency)
        checkout = glue('"value":', value, ',"currency":"', currency, '"')
        ordered = glue('"order_id":"', order_names(orders), '","total":', value, ',"currency":"', currency, '"')
        return pa.concat_arrays([fixed, checkout, ordered]), len(fixed)

    def lines(self, rows: Ints, words: Ints) -> Texts:
        """The lines of the events at the given indexes, whose message ids are made of ``words``."""
        events, devices = self.events, self.devices
        kind, product, device = events.kind[rows], events.product[rows], self.device[rows]
        app = devices.hardware[device] >= 0
        at, delay = events.at[rows], self.delay[rows]
        skew = devices.skew[device] * 1000
        session = events.session[rows]
        category = product // (len(SKUS) // len(CATEGORIES))
        search = product % len(SEARCHES)
        order = self.session_order[session]

        placed = np.where(kind == CHECKOUT, order, order + self.world.orders.count)
        chosen = np.select(
            [np.isin(kind, (PRODUCT, ADDED)), kind == LISTED, kind == SEARCHED, np.isin(kind, (CHECKOUT, ORDERED))],
            [1 + product, 1 + len(SKUS) + category, 1 + len(SKUS) + len(CATEGORIES) + search,
             self.checkout_start + placed],
            0,
        )  # fmt: skip
        path = np.select(
            [np.isin(kind, (PRODUCT, ADDED)), kind == LISTED, kind == SEARCHED, kind == CHECKOUT, kind == ORDERED,
             np.isin(kind, (IDENTIFY, RENAME))],
            [1 + len(CATEGORIES) + product, 1 + category, len(self.paths) - 4, len(self.paths) - 3,
             len(self.paths) - 2, len(self.paths) - 1],
            np.where(events.first[rows] & (product % 2 == 0), 0, 1 + category),
        )  # fmt: skip
        names = texts([f'"event":"{TRACKED[index]}",' if index in TRACKED else "" for index in range(RENAME + 1)])
        name = where(kind == VIEW, where(path == 0, '"name":"Home",', '"name":"Category",'), gather(names, kind))
        types = where((kind == VIEW) & app, "screen", gather(_KINDS, kind))
        wrong = self.wrong[rows]
        timestamp = where(wrong & (rows % 2 == 0), "moments ago", iso_millis(at + 40))
        session_id = where(wrong & (rows % 2 == 1), '"new"', gather(self.session_texts, session))
        return glue(
            '{"type":"', types, '","messageId":"ajs-', hex_of(words), '","anonymousId":"',
            gather(self.cookies, devices.cookie[device]), '",', self._user(rows, device, kind), name,
            '"context":{"ip":"', gather(self.networks, session), gather(self.hosts, device),
            gather(self.locations, session), gather(self.contexts, device), ",", self._page(rows, app, path),
            '"sessionId":', session_id, '},', self._body(rows, device, kind, gather(self.properties, chosen)),
            '"originalTimestamp":"', iso_millis(at + skew), '","sentAt":"', iso_millis(at + skew + delay - 40),
            '","receivedAt":"', iso_millis(at + delay), '","timestamp":"', timestamp, '"}\n',
        )  # fmt: skip

    def _user(self, rows: Ints, device: Ints, kind: Ints) -> Texts:
        """Who the site takes the visitor for."""
        person = self._person[device]
        renamed = self.renamed[self.events.session[rows]] | (kind == RENAME)
        accounts = self.world.accounts
        own = where(renamed, gather(accounts.shop, person), gather(accounts.legacy, person))
        nobody = gather(texts(["null", *(f'"{word}"' for word in PLACEHOLDER_IDS)]),
                        np.where(self.placeholder[rows], 1 + rows % len(PLACEHOLDER_IDS), 0))  # fmt: skip
        user = where(self.events.user[rows], glue('"', own, '"'), nobody)
        previous = where(kind == RENAME, glue('"previousId":"', gather(accounts.legacy, person), '",'), "")
        return glue('"userId":', user, ",", previous)

    def _page(self, rows: Ints, app: Bools, path: Ints) -> Texts:
        """Page and campaign of events on the web; apps have neither."""
        origin = self.events.origin[rows]
        where_at = gather(self.paths, path)
        click = where(origin == SEARCH_AD, glue("?gclid=", gather(self.click_ids, self.events.session[rows])), "")
        page = glue('"page":{"path":"', where_at, '","referrer":"', gather(_REFERRERS, origin), '","url":"', SITE,
                    where_at, click, '"},', gather(_CAMPAIGNS, origin))  # fmt: skip
        return where(app, "", page)

    def _body(self, rows: Ints, device: Ints, kind: Ints, properties: Texts) -> Texts:
        """Properties, or traits of identify calls."""
        told = kind == IDENTIFY
        plain = where(kind == RENAME, "", glue('"properties":{', properties, "},"))
        if not told.any():
            return plain
        people, person = self.world.people, self._person[device[told]]
        count = len(person)
        day = self.events.at[rows[told]] // 1000 // DAY
        script, nickname = np.full(count, NATIVE), np.ones(count, dtype=bool)
        rng = np.random.default_rng([self.world.seed, 53])
        given = _same_slips(rng, given_names(people, person, script, nickname), self.typo[device[told]])
        family = family_names(people, person, script, day)
        mail = gather(self.world.reach.emails, self.email[device[told]])
        traits = glue(
            where(self.events.mail[rows[told]], glue('"email":"', mail, '",'), ""),
            '"firstName":"', given, '","lastName":"', family, '"',
        )  # fmt: skip
        return replaced(plain, told, glue('"traits":{', traits, "},"))


def _same_slips(rng: np.random.Generator, names: Texts, chosen: Bools) -> Texts:
    """Names with a slip in those chosen; the same name always with the same slip."""
    encoded = pc.dictionary_encode(names)
    slipped = mistyped(rng, encoded.dictionary, np.ones(len(encoded.dictionary), dtype=bool))
    return where(chosen, gather(slipped, encoded.indices.to_numpy()), names)


def _uuids(rng: np.random.Generator, count: int) -> Texts:
    words = rng.integers(0, 65_536, (count, 8), dtype=np.uint16)
    parts = [hex_of(words[:, column]) for column in (slice(0, 2), slice(2, 3), slice(3, 4), slice(4, 5), slice(5, 8))]
    return glue(*parts, between="-")
