"""Names of countries and their codes, by `countries.yaml`, and how dates are written there.

Belongs here: looking countries up. Does not belong here: whether a column holds countries (`values.py`, `roles.py`).
"""

from __future__ import annotations

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


def code_of(name: str) -> str | None:
    """ISO 3166-1 alpha-2 code of a country by its name, or None if it is not known."""
    return _codes().get(name.strip().casefold())


@cache
def _codes() -> dict[str, str]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = yaml.load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"), loader)
    return {name.casefold(): code for code, names in content.items() for name in names}
