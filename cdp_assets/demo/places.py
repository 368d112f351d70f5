"""The countries the demo company sells to, their phone numbers and their addresses.

Belongs here: facts of a country and pools of its addresses. Does not belong here: who lives where (`people.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cdp_assets.demo.text import Bools, Ints, Texts, digits, gather, glue, texts, where

STREETS = 300
"""Streets in each country's pool."""

CITIES = 60
"""Cities in each country's pool; each has one postal code."""


@dataclass(frozen=True)
class Country:
    """A country of the demo.

    Args:
        code: ISO 3166-1 alpha-2.
        name: In English, as exports spell it.
        share: Share of people who live there.
        locale: Whose names and addresses Faker gives.
        currency: ISO 4217 code of prices there.
        zone: IANA time zone.
        language: ISO 639-1 code.
        dial: Calling code.
        trunk: What is dialled before a national number.
        mobile: First digits of mobile numbers.
        length: Digits of a mobile number without calling code and trunk prefix.
        number_first: Whether the house number stands before the street.
    """

    code: str
    name: str
    share: float
    locale: str
    currency: str
    zone: str
    language: str
    dial: str
    trunk: str
    mobile: tuple[str, ...]
    length: int
    number_first: bool = False


COUNTRIES = (
    Country("DE", "Germany", 0.38, "de_DE", "EUR", "Europe/Berlin", "de", "49", "0", ("151", "157", "160", "176"), 11),
    Country("AT", "Austria", 0.09, "de_AT", "EUR", "Europe/Vienna", "de", "43", "0", ("664", "699"), 10),
    Country("CH", "Switzerland", 0.09, "de_CH", "CHF", "Europe/Zurich", "de", "41", "0", ("76", "78", "79"), 9),
    Country("FR", "France", 0.14, "fr_FR", "EUR", "Europe/Paris", "fr", "33", "0", ("61", "62", "66", "68"), 9, True),
    Country("GB", "United Kingdom", 0.14, "en_GB", "GBP", "Europe/London", "en", "44", "0",
            ("741", "747", "775", "798"), 10, True),
    Country("GR", "Greece", 0.05, "el_GR", "EUR", "Europe/Athens", "el", "30", "", ("694", "697"), 10),
    Country("BG", "Bulgaria", 0.03, "bg_BG", "EUR", "Europe/Sofia", "bg", "359", "0", ("878", "888", "898"), 9),
    Country("US", "United States", 0.06, "en_US", "USD", "America/New_York", "en", "1", "",
            ("212555", "415555", "312555", "617555"), 10, True),
    Country("JP", "Japan", 0.02, "ja_JP", "JPY", "Asia/Tokyo", "ja", "81", "0", ("802", "805", "904", "908"), 10),
)  # fmt: skip

CODES = texts([country.code for country in COUNTRIES])
CURRENCIES = ("EUR", "GBP", "CHF", "USD", "JPY")
CURRENCY_OF = np.array([CURRENCIES.index(country.currency) for country in COUNTRIES])
"""For each country, the index of its currency."""

_BULGARIAN_CITIES = (
    "София", "Пловдив", "Варна", "Бургас", "Русе", "Плевен", "Сливен", "Добрич", "Шумен", "Перник", "Хасково", "Ямбол",
)  # fmt: skip
_BULGARIAN_STREETS = (
    "ул. Иван Вазов", "ул. Христо Ботев", "бул. Витоша", "ул. Шипка", "ул. Раковски", "бул. България", "ул. Опълченска",
    "ул. Цар Симеон", "ул. Гурко", "ул. Оборище", "ул. Солунска", "бул. Васил Левски", "ул. Пирин", "ул. Рила",
)  # fmt: skip


@dataclass(frozen=True)
class AddressPool:
    """Streets and cities of all countries, one after the other; ``CITIES`` and ``STREETS`` a country."""

    streets: Texts
    cities: Texts
    postcodes: Texts
    regions: Texts

    @classmethod
    def draw(cls, seed: int) -> AddressPool:
        """Make the pools, the same for the same seed."""
        from faker import Faker

        rng = np.random.default_rng([seed, 11])
        streets: list[str] = []
        cities: list[str] = []
        postcodes: list[str] = []
        regions: list[str] = []
        for country in COUNTRIES:
            fake = Faker(country.locale)
            fake.seed_instance(seed)
            names = sorted({fake.street_name() for _ in range(STREETS * 2)})
            towns = sorted({fake.city() for _ in range(CITIES * 2)})
            if country.code == "BG":
                names, towns = list(_BULGARIAN_STREETS), list(_BULGARIAN_CITIES)
            streets += [str(name) for name in rng.choice(names, STREETS)]
            cities += [str(town) for town in rng.choice(towns, CITIES)]
            postcodes += [fake.postcode() for _ in range(CITIES)]
            regions += [fake.state_abbr() if country.code == "US" else "" for _ in range(CITIES)]
        return cls(texts(streets), texts(cities), texts(postcodes), texts(regions))


@dataclass(frozen=True)
class Addresses:
    """Postal addresses, one a row, in the columns that exports have."""

    line: Texts
    city: Texts
    postcode: Texts
    region: Texts

    @classmethod
    def of(cls, pool: AddressPool, country: Ints, street: Ints, number: Ints, city: Ints) -> Addresses:
        """Write addresses from their parts; ``street`` and ``city`` count within the country's pool."""
        name = gather(pool.streets, country * STREETS + street)
        house = digits(number)
        first = np.array([country.number_first for country in COUNTRIES])[country]
        line = where(first, glue(house, " ", name), glue(name, " ", house))
        place = country * CITIES + city
        return cls(line, gather(pool.cities, place), gather(pool.postcodes, place), gather(pool.regions, place))

    def choose(self, mask: Bools, other: Addresses) -> Addresses:
        """``other`` where the mask is true."""
        return Addresses(
            where(mask, other.line, self.line),
            where(mask, other.city, self.city),
            where(mask, other.postcode, self.postcode),
            where(mask, other.region, self.region),
        )

    def take(self, index: Ints) -> Addresses:
        """The addresses at an index; −1 gives an empty one."""
        return Addresses(
            gather(self.line, index), gather(self.city, index), gather(self.postcode, index), gather(self.region, index)
        )


def national_numbers(rng: np.random.Generator, country: Ints) -> Texts:
    """Distinct mobile numbers without calling code and trunk prefix, one for each country index given."""
    numbers = np.empty(len(country), dtype=object)
    for index, place in enumerate(COUNTRIES):
        rows = np.flatnonzero(country == index)
        prefix = rng.integers(0, len(place.mobile), len(rows))
        free = place.length - len(place.mobile[0])
        # Spread evenly over the free digits, then shuffled: distinct without a search.
        step = max(1, (10**free - 1) // max(1, len(rows)))
        rest = rng.permutation(np.arange(len(rows), dtype=np.int64)) * step + rng.integers(0, step, len(rows))
        for row, head, tail in zip(rows, prefix, rest, strict=True):
            numbers[row] = f"{place.mobile[head]}{tail:0{free}d}"
    return pa.array(numbers, type=pa.string())


E164, SPACED, NATIONAL, DOUBLE_ZERO, BRACKETS, GROUPED = range(6)
"""Ways to write a phone number."""


def phones(national: Texts, country: Ints, style: Ints) -> Texts:
    """Write numbers as people and systems do; an empty number stays empty.

    Args:
        national: Numbers without calling code and trunk prefix.
        country: Index of each number's country.
        style: `E164` (+4915…), `SPACED` (+49 151 …), `NATIONAL` (0151…), `DOUBLE_ZERO` (0049151…), `BRACKETS`
            (+49 (0)151 …) or `GROUPED` (0151/…), each.
    """
    dial = gather(texts([place.dial for place in COUNTRIES]), country)
    trunk = gather(texts([place.trunk for place in COUNTRIES]), country)
    has_trunk = np.array([bool(place.trunk) for place in COUNTRIES])[country]
    head, tail = pc.utf8_slice_codeunits(national, 0, 3), pc.utf8_slice_codeunits(national, 3)
    written = glue("+", dial, national)
    for number, other in (
        (SPACED, glue("+", dial, " ", head, " ", tail)),
        (NATIONAL, glue(trunk, national)),
        (DOUBLE_ZERO, glue("00", dial, national)),
        (BRACKETS, glue("+", dial, where(has_trunk, glue(" (", trunk, ")"), " "), head, " ", tail)),
        (GROUPED, glue(trunk, head, "/", tail)),
    ):
        written = where(style == number, other, written)
    return pc.if_else(pc.equal(national, ""), "", written)
