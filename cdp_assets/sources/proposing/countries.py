"""Names of countries and their codes, by `countries.yaml`, their signs, and how dates are written there.

Belongs here: looking countries up. Does not belong here: whether a column holds countries (`values.py`, `roles.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import TZPATH

import yaml

_MONTH_FIRST = frozenset({"US", "AS", "GU", "MP", "PR", "UM", "VI", "FM", "MH", "PW", "PA", "PH"})
_EITHER = frozenset({"CA"})
"""Countries in which dates are written with the month first, and with either first (Unicode CLDR)."""


def writes_day_first(country: str | None, zone: str | None) -> bool | None:
    """Whether dates are written with the day before the month; None if that is not known.

    Args:
        country: ISO 3166-1 alpha-2 code, if it is known.
        zone: IANA zone, which says the country where that is not known.
    """
    where = country.upper() if country else _countries_of_zones().get(zone or "")
    return None if where is None or where in _EITHER else where not in _MONTH_FIRST


@cache
def _countries_of_zones() -> dict[str, str]:
    """Zone → country, by the table that comes with the time zones; empty where it is not installed."""
    package = find_spec("tzdata")
    folders = [
        *map(Path, TZPATH),
        *(Path(each) / "zoneinfo" for each in (package and package.submodule_search_locations) or ()),
    ]
    tables = (folder / "zone.tab" for folder in folders)
    table = next((each for each in tables if each.is_file()), None)
    lines = table.read_text(encoding="utf-8").splitlines() if table else []
    return {fields[2]: fields[0] for line in lines if not line.startswith("#") and len(fields := line.split("\t")) > 2}


SIGNS = {
    "d": "DE", "f": "FR", "e": "ES", "i": "IT", "s": "SE", "a": "AT", "b": "BE", "l": "LU", "p": "PT", "h": "HU",
    "n": "NO", "m": "MT", "v": "VA", "fl": "LI", "slo": "SI", "irl": "IE", "fin": "FI", "est": "EE", "bih": "BA",
    "srb": "RS", "mne": "ME", "nmk": "MK", "rks": "XK", "rsm": "SM", "and": "AD", "rus": "RU", "cdn": "CA",
}  # fmt: skip
"""Signs of countries on vehicles that are no codes of ISO 3166-1, in lower case; the other ones in Europe are."""


def codes_of(texts: Iterable[str]) -> dict[str, str]:
    """Each of the texts of one column that means a country, in lower case, with its ISO 3166-1 alpha-2 code: it is its
    name, its sign on vehicles, or its code already.
    """
    said = {text.strip().casefold() for text in texts}
    known = {*_codes().values()}
    meant = {text: SIGNS.get(text) or code_of(text) or text.replace(".", "").upper() for text in said}
    return {text: code for text, code in meant.items() if code in known}


def code_of(name: str) -> str | None:
    """ISO 3166-1 alpha-2 code of a country by its name, or None if it is not known."""
    plain = name.strip().casefold()
    return _codes().get(plain) or _codes().get(plain.replace(".", ""))


@cache
def _codes() -> dict[str, str]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = yaml.load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"), loader)
    return {name.casefold(): code for code, names in content.items() for name in names}
