"""Records of made-up people, as many as wanted, with what happens to people's data.

Belongs here: drawing them, in numpy and from one seed. Does not belong here: what is measured with them (`linkage.py`).

Names follow Zipf's law: a few hundred common ones first, then names made of syllables. Most people have one record, the
others up to four: some with a typing error, a nickname, another address after a move, another e-mail, or with nothing
in a column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Texts = npt.NDArray[np.object_]

_RECORDS_OF_A_PERSON = (0.56, 0.26, 0.13, 0.05)
_MISSING = {
    "given_name": 0.01, "family_name": 0.01, "birth_date": 0.1, "email": 0.2, "street": 0.1, "postcode": 0.07,
    "city": 0.04,
}  # fmt: skip
_MISSPELT = {"given_name": 0.05, "family_name": 0.05, "email": 0.02, "street": 0.05, "city": 0.02}
_WRONG_DATE, _MOVED, _OTHER_EMAIL, _NICKNAMED = 0.03, 0.1, 0.15, 0.02
_FIRST_DAY, _DAYS = np.datetime64("1938-01-01"), 25_000
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_GIVEN = """
Mary James Anna John Maria Robert Elizabeth Michael Sarah William Laura David Katharina Thomas Susan Daniel Julia
Joseph Margaret Christopher Emma Andrew Catherine Edward Patricia Anthony Jennifer Alexander Barbara Matthew Eva
Richard Rebecca Charles Helen Samuel Victoria Benjamin Christina Nicholas Deborah Stephen Martha Peter Frances
"""
_FAMILY = """
Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green
Hall Wood Jackson Clarke Huber Wagner Mayer Gruber Steiner Moser Fuchs Bauer Berger Hofer Garcia Rossi Novak Silva
"""
_NICKNAMES = {
    "James": "Jim", "Robert": "Bob", "Elizabeth": "Liz", "Michael": "Mike", "William": "Bill", "David": "Dave",
    "Thomas": "Tom", "Susan": "Sue", "Daniel": "Dan", "Joseph": "Joe", "Margaret": "Peggy", "Christopher": "Chris",
    "Andrew": "Andy", "Catherine": "Kate", "Edward": "Ted", "Patricia": "Pat", "Anthony": "Tony", "Jennifer": "Jenny",
    "Alexander": "Alex", "Matthew": "Matt", "Richard": "Dick", "Rebecca": "Becky", "Charles": "Charlie",
    "Samuel": "Sam", "Victoria": "Vicky", "Benjamin": "Ben", "Nicholas": "Nick", "Deborah": "Debbie",
    "Stephen": "Steve",
}  # fmt: skip


def write(file: Path, records: int = 1_000_000, seed: int = 11) -> None:
    """Write records as Parquet, in no order: record_id, cluster (who it is), given_name, family_name, birth_date (text,
    ISO), email, street, postcode, city; all text."""
    columns = draw(records, seed)
    pq.write_table(pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()}), file)


def draw(records: int, seed: int) -> dict[str, Texts]:
    """The columns of the file."""
    random = np.random.default_rng(seed)
    often = random.choice(np.arange(1, 5), size=records, p=_RECORDS_OF_A_PERSON)
    person = np.repeat(np.arange(records), often)[:records]
    later = np.append(False, person[1:] == person[:-1])
    people = int(person[-1]) + 1
    given = _zipf(random, _names(random, _GIVEN.split(), 4_000, (2, 3)), people)[person]
    family = _zipf(random, _names(random, _FAMILY.split(), 40_000, (2, 4)), people)[person]
    born = (_FIRST_DAY + random.integers(0, _DAYS, people))[person]
    # Most addresses are made of the name; a number keeps namesakes' apart.
    number = random.integers(1, 100_000, people).astype(str).astype(object)[person]
    domain = _zipf(random, _names(random, ["Mail", "Post", "Inbox"], 2_000, (2, 3)), people)[person]
    email = _lower(given + "." + family + number + "@" + domain + ".example")
    other = later & (random.random(records) < _OTHER_EMAIL)
    email[other] = _lower(family + number + "@" + domain + ".test")[other]
    cities, streets = _names(random, [], 1_500, (2, 4)), _names(random, [], 5_000, (2, 3))
    street, postcode, city = (each[person] for each in _addresses(random, cities, streets, people))
    moved = later & (random.random(records) < _MOVED)
    for column, elsewhere in zip((street, postcode, city), _addresses(random, cities, streets, records), strict=True):
        column[moved] = elsewhere[moved]
    _change(given, random.random(records) < _NICKNAMED, lambda name: _NICKNAMES.get(name, name))
    columns = {
        "given_name": given, "family_name": family, "birth_date": _wrong_dates(random, born),
        "email": email, "street": street, "postcode": postcode, "city": city,
    }  # fmt: skip
    _spoil(random, columns)
    order = random.permutation(records)
    shuffled = {name: values[order] for name, values in columns.items()}
    names = {"record_id": np.arange(records), "cluster": person[order]}
    return {**{name: values.astype(str).astype(object) for name, values in names.items()}, **shuffled}


def _names(random: np.random.Generator, common: list[str], count: int, syllables: tuple[int, int]) -> Texts:
    """Common names, then made-up ones."""
    parts = np.array(
        [one + two for one in "bdfghjklmnprstvwz" for two in ("a", "e", "i", "o", "u", "er", "an")], object
    )
    drawn = parts[random.integers(0, len(parts), (count, syllables[1]))]
    length = random.integers(syllables[0], syllables[1] + 1, count)
    made = ["".join(line[:used]).capitalize() for line, used in zip(drawn, length, strict=True)]
    return np.array(list(dict.fromkeys([*common, *made])), object)


def _zipf(random: np.random.Generator, values: Texts, count: int) -> Texts:
    weights = 1 / (np.arange(len(values)) + 10) ** 0.9
    drawn: Texts = values[random.choice(len(values), size=count, p=weights / weights.sum())]
    return drawn


def _addresses(random: np.random.Generator, cities: Texts, streets: Texts, count: int) -> tuple[Texts, Texts, Texts]:
    """Street with house number, postcode, city; a city has up to a few dozen postcodes."""
    weights = 1 / (np.arange(len(cities)) + 5)
    place = random.choice(len(cities), size=count, p=weights / weights.sum())
    districts = np.maximum(1, 30 - np.arange(len(cities)) // 10)
    district = (random.random(count) * districts[place]).astype(int)
    postcode = (10_000 + place * 53 + district).astype(str).astype(object)
    house = random.integers(1, 120, count).astype(str).astype(object)
    return _zipf(random, streets, count) + "street " + house, postcode, cities[place]


def _wrong_dates(random: np.random.Generator, born: npt.NDArray[np.datetime64]) -> Texts:
    """As text; some a few days, months or years off."""
    wrong = random.random(len(born)) < _WRONG_DATE
    steps = random.choice(np.array([1, 2, 10, 31, 365, 3653]), size=len(born))
    moved: Texts = np.where(wrong, born + steps, born).astype("datetime64[D]").astype(str).astype(object)
    return moved


def _spoil(random: np.random.Generator, columns: Mapping[str, Texts]) -> None:
    """Typing errors and gaps, in place."""
    for name, values in columns.items():
        chosen = random.random(len(values)) < _MISSPELT.get(name, 0.0)
        draws = iter(random.random((int(chosen.sum()), 3)).tolist())
        _change(values, chosen, lambda text, draws=draws: _misspelt(text, *next(draws)))
        values[random.random(len(values)) < _MISSING[name]] = None


def _change(values: Texts, chosen: npt.NDArray[np.bool_], change: Callable[[str], str]) -> None:
    values[chosen] = np.array([change(text) for text in values[chosen]], object)


def _misspelt(text: str, what: float, where: float, letter: float) -> str:
    """One letter left out, exchanged with the next one, or another."""
    place = int(where * (len(text) - 1))
    if what < 0.3:
        return text[:place] + text[place + 1 :]
    if what < 0.6:
        return text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    return text[:place] + _LETTERS[int(letter * len(_LETTERS))] + text[place + 1 :]


def _lower(texts: Texts) -> Texts:
    return np.array([text.lower() for text in texts], object)
