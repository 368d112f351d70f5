"""Segments made of other segments, lists of people and samples: written as one condition over `customer_360`.

So a composed segment is a segment like any other: evaluated in the same pass, with reasons, checks and history.
Does not belong here: what a definition may say by itself (`spec.py`).

A sample takes each profile by a universal hash of its id (Carter and Wegman, 1979), salted with the segment's name:
the same people on every run and engine, a larger sample holds a smaller one, and samples of two segments are
independent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cdp_assets.segments.lists import listed_id
from cdp_assets.segments.spec import SegmentError, SegmentSpec

_PRIME = 2**31 - 1
_STEPS = 1_000_000


def composed(specs: Sequence[SegmentSpec]) -> list[SegmentSpec]:
    """Every segment with all that it is made of written into its condition, and nothing left to look up.

    Raises:
        SegmentError: if one names a segment that does not exist, or itself by a detour.
    """
    by_name = {spec.name: spec for spec in specs}
    known: dict[str, str] = {}
    return [
        spec
        if not spec.is_composed
        else replace(spec.plain, where=_condition(spec, by_name, known, ()), listed=_addresses(spec, by_name))
        for spec in specs
    ]


def _addresses(spec: SegmentSpec, by_name: Mapping[str, SegmentSpec]) -> tuple[tuple[int, str], ...]:
    """The addresses listed by a segment and by all that it is made of, with their numbers."""
    own = {(listed_id(each), each) for each in (*spec.include, *spec.exclude) if isinstance(each, str)}
    parts = (by_name[name] for name in (*spec.all_of, *spec.any_of, *spec.none_of))
    return tuple(sorted(own.union(*(_addresses(part, by_name) for part in parts))))


def _condition(
    spec: SegmentSpec, by_name: Mapping[str, SegmentSpec], known: dict[str, str], above: tuple[str, ...]
) -> str:
    if spec.name in above:
        circle = " → ".join([*above[above.index(spec.name) :], spec.name])
        raise SegmentError(f"name: segments are made of each other in a circle: {circle}")
    if spec.name not in known:
        known[spec.name] = _written(spec, by_name, known, (*above, spec.name))
    return known[spec.name]


def _written(
    spec: SegmentSpec, by_name: Mapping[str, SegmentSpec], known: dict[str, str], above: tuple[str, ...]
) -> str:
    if not spec.is_composed:
        return spec.where

    def members(attribute: str, names: Sequence[str]) -> list[str]:
        for name in names:
            if name not in by_name:
                raise SegmentError(f"{attribute}: there is no segment `{name}`")
        return [f"coalesce(({_condition(by_name[name], by_name, known, above)}), false)" for name in names]

    terms = [f"({spec.where})"] if spec.where else []
    terms += members("all_of", spec.all_of)
    if spec.any_of:
        terms.append(f"({' or '.join(members('any_of', spec.any_of))})")
    terms += [f"not {each}" for each in members("none_of", spec.none_of)]
    if spec.sample is not None:
        terms.append(_sampled(spec.name, spec.sample))
    condition = " and ".join(terms) or "profile_id is null"
    if spec.include:
        condition = f"(coalesce({condition}, false) or profile_id in ({_listed(spec.include)}))"
    if spec.exclude:
        condition = f"{condition} and profile_id not in ({_listed(spec.exclude)})"
    return condition


def _sampled(name: str, share: float) -> str:
    digest = hashlib.sha256(name.encode()).digest()
    factor = int.from_bytes(digest[:8], "big") % (_PRIME - 1) + 1
    shift = int.from_bytes(digest[8:16], "big") % _PRIME
    return f"((profile_id % {_PRIME}) * {factor} + {shift}) % {_PRIME} % {_STEPS} < {round(share * _STEPS)}"


def _listed(people: Sequence[int | str]) -> str:
    return ", ".join(str(each if isinstance(each, int) else listed_id(each)) for each in people)
