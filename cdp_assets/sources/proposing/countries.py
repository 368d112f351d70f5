"""Names of countries and their codes, by `countries.yaml`.

Belongs here: looking names up. Does not belong here: whether a column holds countries (`values.py`, `roles.py`).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml


def code_of(name: str) -> str | None:
    """ISO 3166-1 alpha-2 code of a country by its name, or None if it is not known."""
    return _codes().get(name.strip().casefold())


@cache
def _codes() -> dict[str, str]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = yaml.load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"), loader)
    return {name.casefold(): code for code, names in content.items() for name in names}
