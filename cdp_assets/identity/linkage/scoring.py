"""Pairs of faces with their weight: how much speaks for one person, in bits.

Belongs here: scoring by a model, and words for a score. Does not belong here: training (`model.py`), and what follows
from a score (`clustering.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from cdp_assets.identity.linkage.blocking import coded, in_crowd
from cdp_assets.identity.linkage.frequencies import shares
from cdp_assets.identity.linkage.labels import (
    BIRTH_DATE,
    BIRTHS,
    DIFFERENT,
    GENERATION_APART,
    GIVEN_NAME,
    NO_GIVEN,
    NO_NAME_IN_COMMON,
    OF_ONE_PERSON,
    OTHER_FAMILY,
    OTHER_MIDDLE,
    OTHER_SCRIPT,
    OWN_NUMBER,
    SAME_NAMES,
    SECOND_NAME,
    THE_SAME,
)
from cdp_assets.identity.linkage.levels import remember_conditions
from cdp_assets.identity.linkage.model import EQUAL, GIVEN_CONTRADICTS, Model, borne

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cdp_assets.warehouse.engine import Engine

HOUSEHOLD = -1.0
"""Weight of two records of one household of whose given names and birth dates nothing is known. What nothing confirms
(`corroborated`) weighs no more."""

MOST_OF_ONES_OWN = 10.0
"""An equal birth date, or number, speaks for one person by no more than this, however rare it is."""

CONTRADICTS = -5.0
"""Birth dates, and numbers, at a level that weighs so little or less speak of two people: among true pairs it is thirty
times as rare as by chance."""

CORROBORATES = 1.0
"""From so many bits on another comparison confirms what name and birth date say: to live in the same city as half of
all does not."""

SILENCES = 1_000
"""So many pairs of given names that speak of two people one pair silences that speaks of one: who is garbled is so in
many ways."""

_OF_ONE, _OF_SEVERAL = ("email", "phone", OWN_NUMBER), ("address", "company", "job_title")
"""Comparisons that may: of what mostly one person has, and of what neighbours and colleagues have too."""

LEAST_SHOWN = -6.0
"""Of pairs above this weight it is kept what the weight is made of."""


_HELD_BACK = (
    "what a household shares or an e-mail address repeats counts once, and a mere likeness of name and date needs more"
)


@dataclass(frozen=True)
class Scored:
    """Pairs of faces that were compared.

    Args:
        weights: face_l, face_r, weight (log2 of the odds that both are one person), dates, names and numbers (1 if
            their birth dates, given names or numbers speak of two people, −1 or, of names, `-SILENCES` if of one, 0 if
            neither): every pair that a block brought together.
        parts: The same for pairs above `LEAST_SHOWN`, with the weight of each comparison (``mw_…``) and what the rarity
            of its value changed (``mw_tf_adj_…``).
    """

    weights: ir.Table
    parts: ir.Table


def score(
    shown: ir.Table, model: Model, counts: Mapping[str, ir.Table], engine: Engine, of: ir.Table | None = None
) -> Scored:
    """Compare faces of different groups.

    Args:
        shown: `faces.FACES`.
        model: The trained model.
        counts: How many faces show each value (`frequencies.counted`, `frequencies.looked_up`).
        engine: Computes.
        of: face: compare these with all, and not the others with one another; None for all with all.
    """
    from splink import Linker
    from splink.blocking_rule_library import CustomRule

    used = [block for block in model.blocks if block.used]
    also = ["l.label <> r.label", *(["(l.is_asked OR r.is_asked)"] if of is not None else [])]
    crowds = {f"crowd_{place}": block for place, block in enumerate(used) if block.crowds}
    rules = [
        CustomRule(
            " AND ".join(
                [
                    *(f"l.code_{name} = r.code_{name}" for name in block.columns),
                    *(f"NOT l.{name}" for name, crowded in crowds.items() if crowded is block),
                    *also,
                ]
            )
        )
        for block in used
    ]
    # Numbers are joined in half the time of texts. Two texts of one number would only be compared in vain.
    known = borne(shown, model, counts)
    codes = {f"code_{name}": coded(known[name]) for name in sorted({name for block in used for name in block.columns})}
    settings = {
        **model.settings,
        "blocking_rules_to_generate_predictions": [rule.create_blocking_rule_dict("duckdb") for rule in rules],
    }
    compared = known.mutate(**codes, **{name: in_crowd(known, block) for name, block in crowds.items()})
    if of is not None:
        asked = of.select(asked="face")
        compared = compared.left_join(asked, compared.face == asked.asked)
        compared = compared.mutate(is_asked=compared.asked.notnull()).drop("asked")
    frequencies = {f"tf_{name}": table for name, table in shares(counts, model).items()}
    with engine.splink(faces=compared, **frequencies) as database:
        linker = Linker(database.inputs["faces"], settings, log_level=None, validate_settings=False)
        for name in counts:
            linker.table_management.register_term_frequency_lookup(database.inputs[f"tf_{name}"], name)
        remember_conditions(linker)
        predicted = linker.inference.predict(warning_mode="never")
        pairs = database.table(predicted.physical_name)
        parts = [name for name in pairs.columns if name.startswith("mw_")]
        # The given name is part of the name, and counts once.
        whole = pairs.match_weight - pairs[f"mw_{GIVEN_NAME}"] if f"mw_{GIVEN_NAME}" in parts else pairs.match_weight
        weight = ibis.least(whole - said_twice(pairs, model), personal_weight(pairs, model))
        alone = ibis.least(weight, HOUSEHOLD)
        weighed = pairs.mutate(weight=ibis.ifelse(corroborated(pairs, model), weight, alone))
        shown_parts = {name: weighed[name].cast("float32") for name in parts}
        return Scored(
            engine.scratch(
                weighed.select(
                    "face_l",
                    "face_r",
                    "weight",
                    dates=vote_of_births(pairs, model),
                    names=_vote(pairs, GIVEN_NAME, GIVEN_CONTRADICTS, SILENCES),
                    numbers=_vote(pairs, OWN_NUMBER, CONTRADICTS, 1),
                )
            ),
            engine.scratch(
                weighed.filter(weighed.weight >= LEAST_SHOWN).select("face_l", "face_r", "weight", **shown_parts)
            ),
        )


def _vote(pairs: ir.Table, comparison: str, contradicts: float, agrees: int) -> ir.IntegerValue:
    """Whether a comparison speaks of two people (1), which it does by so many bits, of one (by as much less than
    nothing as ``agrees``), or of neither (0).
    """
    if f"mw_{comparison}" not in pairs.columns:
        return ibis.literal(0, "int16")
    weight = pairs[f"mw_{comparison}"]
    return ibis.cases((weight < contradicts + EQUAL, 1), (weight > 0, -agrees), else_=0).cast("int16")


def vote_of_births(pairs: ir.Table, model: Model) -> ir.IntegerValue:
    """Whether birth dates, or years, speak of two people (1), of one (-1) or of neither (0); a generation always does
    of two."""
    # One of them says nothing: years are compared where there are no two dates.
    date, year = (_vote(pairs, comparison, CONTRADICTS, 1) for comparison in BIRTHS)
    return ibis.ifelse(_are_born_apart(pairs, model), ibis.literal(1, "int16"), date + year)


def said_twice(pairs: ir.Table, model: Model) -> ir.FloatingValue:
    """What a like e-mail address only repeats of the name: addresses are made of names, so that namesakes have like
    ones.

    Of the weights of both only the greater counts, unless the whole address is the same.
    """
    if not {"mw_name", "mw_email"} <= set(pairs.columns):
        return ibis.literal(0.0)
    like = (pairs.mw_email > 0) & ~_has_level(pairs, model, "email", THE_SAME)
    repeated = ibis.least(_weight(pairs, "email"), _weight(pairs, "name"))
    return ibis.ifelse(like, ibis.greatest(repeated, 0.0), 0.0)


def personal_weight(pairs: ir.Table, model: Model) -> ir.FloatingValue:
    """What speaks for one person rather than for two of one household: given name, birth and number alone.

    Address, e-mail, phone and family name are shared in families, so that all of them together say no more than "of one
    household". A pair weighs no more than this, whatever else agrees. Two who were born a generation apart weigh no
    more than those of whom nothing is known.
    """
    weight = ibis.literal(HOUSEHOLD)
    if f"mw_{GIVEN_NAME}" in pairs.columns:
        weight = weight + pairs[f"mw_{GIVEN_NAME}"]
    for comparison in OF_ONE_PERSON:
        if f"mw_{comparison}" in pairs.columns:
            weight = weight + ibis.least(_weight(pairs, comparison), MOST_OF_ONES_OWN)
    return ibis.ifelse(_are_born_apart(pairs, model), ibis.least(weight, HOUSEHOLD), weight)


def _are_born_apart(pairs: ir.Table, model: Model) -> ir.BooleanValue:
    """Whether two were born a generation apart, which tells them apart whatever was learned of birth dates."""
    return ibis.or_(*(_has_level(pairs, model, comparison, GENERATION_APART) for comparison in BIRTHS))


def corroborated(pairs: ir.Table, model: Model) -> ir.BooleanValue:
    """Whether more than a likeness of names speaks for one person.

    Where nothing but name and birth date agrees, one of them has to be the same, and the other like it: among many
    people, some bear almost the same name and were born on almost the same date. A given name is no name: under another
    family name, and where no name agrees at all, only the same birth date confirms anything, together with an address,
    a number or a place. Families and offices share these, and where families come first in a name, theirs are taken for
    given ones. Where names are in scripts that cannot be compared, it takes both the same birth date and an address or
    number of one's own. With another middle name, or none of the given names known, the birth date has to be the same;
    where the family name is another one as well, only an address or number of one's own confirms anything. At one
    place, those of a like name and another birth date are two. Whose given name is a later one of the other may be the
    father, or the child: that takes a birth date or number, the same occupation, or all words of the name.
    """
    personal, shared = (_any_agrees(pairs, comparisons) for comparisons in (_OF_ONE, _OF_SEVERAL))
    if "mw_name" not in pairs.columns:
        return personal | shared
    same_name = ibis.or_(*(_has_level(pairs, model, "name", level) for level in SAME_NAMES))
    other_middle, no_given, nothing = (
        _has_level(pairs, model, "name", level) for level in (OTHER_MIDDLE, NO_GIVEN, NO_NAME_IN_COMMON)
    )
    other_name = ibis.or_(*(_has_level(pairs, model, "name", level) for level in (OTHER_FAMILY, DIFFERENT)))
    same_date = _has_level(pairs, model, BIRTH_DATE, THE_SAME)
    known = [pairs[f"mw_{comparison}"] for comparison in BIRTHS if f"mw_{comparison}" in pairs.columns]
    date = sum(known, ibis.literal(0.0))
    born = pairs[f"mw_{BIRTH_DATE}"] > 0 if f"mw_{BIRTH_DATE}" in pairs.columns else ibis.literal(False)
    second = _has_level(pairs, model, GIVEN_NAME, SECOND_NAME)
    same_words = _has_level(pairs, model, "name", SAME_NAMES[0]) & (personal | shared)
    relatives = second & ~(born | same_words | _any_agrees(pairs, (OWN_NUMBER, "job_title")))
    both = same_name & (date > 0) | same_date & (pairs.mw_name > 0)
    one_place = shared & (same_name | (date >= 0))
    return ibis.cases(
        (_has_level(pairs, model, GIVEN_NAME, OTHER_SCRIPT), same_date & personal),
        (relatives, False),
        (other_name, same_date & (personal | shared)),
        (personal, True),
        (nothing, False),
        (other_middle | no_given, same_date & (pairs.mw_name > 0)),
        else_=one_place | both,
    )


def _any_agrees(pairs: ir.Table, comparisons: Sequence[str]) -> ir.BooleanValue:
    """Whether one of some comparisons corroborates what name and birth date say."""
    known = [_weight(pairs, name) >= CORROBORATES for name in comparisons if f"mw_{name}" in pairs.columns]
    return ibis.or_(*known) if known else ibis.literal(False)


def _weight(pairs: ir.Table, comparison: str) -> ir.FloatingValue:
    """What a comparison weighs, with what the rarity of its value changed; some have none."""
    rarity = f"mw_tf_adj_{comparison}"
    return pairs[f"mw_{comparison}"] + (pairs[rarity] if rarity in pairs.columns else 0.0)


def _has_level(pairs: ir.Table, model: Model, comparison: str, level: str) -> ir.BooleanValue:
    """Whether a comparison came out at a level, which its weight tells: a model's levels weigh differently
    (`model._tell_apart`)."""
    if f"mw_{comparison}" not in pairs.columns:
        return ibis.literal(False)
    return (pairs[f"mw_{comparison}"] - model.levels()[comparison][level]).abs() < EQUAL


def probability(weight: float) -> float:
    """The probability that a weight in bits stands for."""
    return 1 / (1 + 2 ** -max(min(weight, 60.0), -60.0))


def waterfall(parts: Mapping[str, float], weight: float, model: Model) -> list[dict[str, Any]]:
    """What a score is made of: comparison, its level in words, its weight in bits; the strongest first.

    Args:
        parts: The ``mw_…`` columns of a pair.
        weight: Its whole weight.
        model: The model that gave it.

    The last entries are how rare matches are at all, and, where something held the weight down, what may have: that a
    household would share as much, that an address repeats the name, or that nothing confirms a likeness.
    """
    told: list[dict[str, Any]] = []
    for name, bits_of in model.levels().items():
        found = parts.get(f"mw_{name}")
        if name == GIVEN_NAME or not found:
            continue
        # Of levels that weigh the same the least is told: it is true of the others as well.
        level = min(reversed(bits_of), key=lambda words: round(abs(bits_of[words] - found), 6))
        rarity = parts.get(f"mw_tf_adj_{name}") or 0.0
        told.append(_part(name.replace("_", " "), level, found + rarity))
    told.sort(key=lambda part: -abs(part["weight"]))
    start = math.log2(model.prior / (1 - model.prior))
    told.append(_part("any two people", "before anything is known", start))
    rest = weight - sum(part["weight"] for part in told)
    if rest < -0.05:
        told.append(_part("held back", _HELD_BACK, rest))
    return told


def _part(comparison: str, level: str, weight: float) -> dict[str, Any]:
    return {"comparison": comparison, "level": level, "weight": round(weight, 2)}
