"""Whether a file is the export of a system that there is a template for, and which.

Belongs here: comparing columns with those of templates. Does not belong here: what a template's file says otherwise
than the template (`fitting.py`, `own_columns.py`).
"""

from __future__ import annotations

from functools import cache

from cdp_assets.sources import template
from cdp_assets.sources.proposing.sample import Sample
from cdp_assets.sources.spec import first_path

_ENOUGH_OF_ONE, _MOST_OF_ONE = 6, 0.6
"""So many columns that only one system has, and so large a part of them, tell a row of it."""


def known_export(sample: Sample) -> str | None:
    """The template whose columns the file has, all required ones and most others; the one with most in common.

    Of the columns that only that system's templates have, half have to be there: anybody has an id, a name and an
    address. Of objects within objects it is enough to have most of the outermost ones, if they are many: what lies
    within them differs from row to row.
    """
    best, most = None, (False, 0)
    common = _common_addresses()
    for name in template.names():
        stream = template.find(name).stream
        addresses = {first_path(own, column): column for own, column in stream["columns"].items()}
        needed = {address for address, column in addresses.items() if column.get("required")}
        key = {own: stream["columns"][own] for own in stream.get("key", ())}
        # What has several places is in one or another of them.
        needed |= {first_path(own, column) for own, column in key.items() if not isinstance(column.get("path"), list)}
        json_like = stream["format"] in ("json", "jsonl")
        if json_like != (sample.format in ("json", "jsonl")) or not needed <= set(sample.columns):
            continue
        shared = sum(_present(address, sample) for address in addresses)
        telling = addresses.keys() - common
        outermost = {address.split(".")[0] for address in telling}
        there = sum(_present(name, sample) for name in outermost)
        sparse = json_like and there >= _ENOUGH_OF_ONE and there / len(outermost) >= _MOST_OF_ONE
        if not sparse and 2 * sum(_present(address, sample) for address in telling) < len(telling):
            continue
        if sparse or (len(addresses) >= 4 and shared / len(addresses) >= (0.5 if json_like else 0.7)):
            rank = (stream["files"].strip("*").split("*")[0].rstrip("_.") in sample.path.name, shared)
            if rank > most:
                best, most = name, rank
    return best


@cache
def _common_addresses() -> frozenset[str]:
    """The addresses of columns that templates of several systems have."""
    whose: dict[str, set[str]] = {}
    for known in map(template.find, template.names()):
        for name, column in known.stream["columns"].items():
            whose.setdefault(first_path(name, column), set()).add(known.system)
    return frozenset(address for address, systems in whose.items() if len(systems) > 1)


def _present(address: str, sample: Sample) -> bool:
    return address in sample.columns or any(name.startswith(f"{address}.") for name in sample.columns)
