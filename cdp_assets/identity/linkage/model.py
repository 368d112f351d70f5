"""The trained model: how much each level of each comparison weighs, learned from the data without labels.

Belongs here: training (Fellegi and Sunter 1969, by expectation maximisation in Splink), and the model as a value that
can be stored and used again. Does not belong here: levels (`comparisons.py`), and scoring (`scoring.py`).

A level's weight is log2(m / u): m is the share of true pairs that show it, u that of all others. Splink estimates u
from random pairs, some of which are true ones; in small or much-repeated data these are most of the agreeing ones. They
are taken out again (`_without_matches`). What the data did not show often enough to learn gets a cautious weight; of a
comparison of which they taught nothing, it is assumed (`assumptions.py`).

Pairs that agree in some columns are not all one person: relatives and namesakes are among them, and what is learned
from these takes them in. Nobody has two birth dates, so that of all combinations the one whose true pairs differ in it
least has the fewest others among them: birth dates, and numbers of people, are learned from that one
(`_of_fewest_others`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.linkage.assumptions import assumed
from cdp_assets.identity.linkage.blocking import Block, blocks, count_pairs, thinned
from cdp_assets.identity.linkage.comparisons import COMPARISONS, creators, possible
from cdp_assets.identity.linkage.faces import FACES
from cdp_assets.identity.linkage.labels import (
    ASKED_FOR,
    BIRTH_YEAR,
    BORNE,
    DIFFERENT,
    GENERATION_APART,
    GIVEN_NAME,
    NO_NAME_IN_COMMON,
    OF_ONE_PERSON,
    OWN_NUMBER,
    SLIPPED,
    THE_SAME,
    YEAR_APART,
)
from cdp_assets.identity.linkage.levels import remember_conditions

if TYPE_CHECKING:
    from cdp_assets.warehouse.engine import Engine

SEED = 1
FEWEST_FACES = 50
"""Fewer faces than this teach nothing: no model, and nothing is linked."""

_SAMPLED_PAIRS, _FEWEST_SAMPLED, _SAMPLED_PER_FACE = 500_000, 200_000, 20
"""Random pairs to learn from how often what agrees by chance: so many a face, within bounds."""

_MOST_LEARNED_FROM = 200_000
"""Pairs of one combination that true pairs are learned from."""

_TRAINED_ON = (
    ("birth_date",),
    ("given", "family"),
    ("postcode", "given_start"),
    ("email", "given_start"),
    ("phone", "given_start"),
    ("family", "city", "given_start"),
)
"""Combinations in which enough true pairs agree to learn the other comparisons from them. What a household shares comes
with the given name, or its members would be learned as one person."""

GIVEN_CONTRADICTS = -14.0
"""Weight of given names that are not one person's: an equal birth date does not outweigh it, since twins share that."""

EQUAL = 1e-6
"""Weights in bits that differ by less are the same; those of different levels do not."""

UNCOMPARED = -8 * EQUAL
"""Weight of given names that say nothing of one another: next to nothing, which tells them from those not known."""

_GIVEN_AGREES = 0.9
"""Share of true pairs whose given names agree."""

_BORNE_BY = 2.0
"""A name that as many faces show as so many people have is borne by several."""

_ITERATIONS = 5
"""Of expectation maximisation. What no match shows loses twice as many orders of magnitude each time, until it is no
number any more, which Splink refuses; all others are near their end by then."""

_CROWD = 100_000
_BITS_A_DOUBLING = 0.5
"""See `Model.surer`."""

_FEWEST_PAIRS = 30
_LEAST_U = 0.05
"""So much of an estimated u stays at least when matches are taken out of it."""


@dataclass(frozen=True)
class Model:
    """A trained model.

    Args:
        settings: Splink's settings with all weights.
        filled: Column of the faces → share of faces that had it.
        faces: How many faces it was trained on.
        blocks: Which faces are compared.
        learned_from: Combination it was trained on → pairs seen and the share of them that were one person.
        generation: Which training it is.
        untrained: Comparisons of which the data taught nothing (`assumptions`).
    """

    settings: Mapping[str, Any]
    filled: Mapping[str, float]
    faces: int
    blocks: tuple[Block, ...]
    learned_from: Mapping[str, tuple[int, float]]
    generation: int = 1
    untrained: tuple[str, ...] = ()

    @property
    def prior(self) -> float:
        """How likely two faces taken at random are one person."""
        return float(self.settings["probability_two_random_records_match"])

    @property
    def surer(self) -> float:
        """How many bits more have to speak for a join among so many faces: half a bit for each doubling of 100,000.

        That more people are more often alike by chance is in the prior, as far as the parts of a person's data are
        independent of each other. They are not, quite, and what that leaves grows with the pairs of strangers: at one
        and the same weight, of made-up people (`bench linkage`), .06% of the joins were wrong among 100,000 records,
        .10% among a million, .26% among five.
        """
        return _BITS_A_DOUBLING * math.log2(max(self.faces / _CROWD, 1.0))

    @property
    def faces_a_person(self) -> float:
        """How many faces people have in the mean."""
        return 1 + self.prior * (self.faces - 1)

    def levels(self) -> dict[str, dict[str, float]]:
        """Comparison → its levels in words → their weights in bits."""
        return {
            comparison["output_column_name"]: {
                level["label_for_charts"]: _weight(level)
                for level in comparison["comparison_levels"]
                if not level.get("is_null_level")
            }
            for comparison in self.settings["comparisons"]
        }

    def seen(self, column: str) -> int:
        """How many of the faces it was trained on had a column."""
        return round(self.filled[column] * self.faces)

    def fits(self, filled: Mapping[str, float], count: int, generation: int) -> bool:
        """Whether the model may be used again: no newer one is asked for, it has all levels that scoring asks for, the
        faces have the same columns, and they are neither half nor twice as many as it was trained on.

        Args:
            filled: Column of the faces as they are now → the share of them that have it.
            count: How many they are.
            generation: The training that the rules ask for.
        """
        now = [comparison.name for comparison in possible(filled)]
        levels = self.levels()
        return (
            self.generation == generation
            and all(level in levels[comparison] for comparison, level in ASKED_FOR if comparison in levels)
            and now == [comparison["output_column_name"] for comparison in self.settings["comparisons"]]
            and self.faces / 2 <= count <= self.faces * 2
        )

    def to_json(self) -> str:
        """The model as text."""
        plain = {
            "settings": dict(self.settings),
            "filled": dict(self.filled),
            "faces": self.faces,
            "blocks": [[block.columns, block.pairs, block.wanted, block.used, block.crowds] for block in self.blocks],
            "learned_from": {name: list(seen) for name, seen in self.learned_from.items()},
            "generation": self.generation,
            "untrained": self.untrained,
        }
        return json.dumps(plain, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Model:
        """The reverse of `to_json`."""
        plain = json.loads(text)
        return cls(
            plain["settings"],
            plain["filled"],
            plain["faces"],
            tuple(
                Block(tuple(columns), pairs, tuple(wanted), used, tuple(crowds))
                for columns, pairs, wanted, used, crowds in plain["blocks"]
            ),
            {name: (int(pairs), float(share)) for name, (pairs, share) in plain["learned_from"].items()},
            plain["generation"],
            tuple(plain["untrained"]),
        )


def describe(shown: ir.Table, engine: Engine) -> tuple[dict[str, float], int]:
    """Column → share of faces that have it, and the number of faces."""
    counted = shown.aggregate(**{f"filled_{name}": shown[name].count() for name in FACES.names}, faces=shown.count())
    row = engine.to_arrow(counted).to_pylist()[0]
    count = int(row["faces"])
    return {name: row[f"filled_{name}"] / max(count, 1) for name in FACES.names}, count


def train(shown: ir.Table, engine: Engine, generation: int = 1) -> Model | None:
    """Learn a model from faces; None if there are too few, or too little to compare.

    Args:
        shown: `faces.FACES`.
        engine: Computes.
        generation: Kept with the model: a higher number in the rules asks for a new one.
    """
    filled, count = describe(shown, engine)
    comparisons = possible(filled)
    if count < FEWEST_FACES or len(comparisons) < 2:
        return None
    some, one_in = thinned(shown, count, engine)
    chosen = blocks(some, one_in, filled, count, engine)
    if not any(block.used for block in chosen):
        return None
    from splink import Linker, SettingsCreator, block_on

    # Given names weigh what they weigh, whatever is learned.
    with engine.splink(faces=some.mutate(**{BORNE: ibis.literal(False)})) as database:
        settings = SettingsCreator(
            link_type="dedupe_only",
            comparisons=creators(comparisons),
            unique_id_column_name="face",
            additional_columns_to_retain=[],
            retain_matching_columns=False,
            retain_intermediate_calculation_columns=True,
            em_convergence=0.001,
            max_iterations=_ITERATIONS,
            probability_two_random_records_match=min(1 / count, 0.5),
        )
        linker = Linker(database.inputs["faces"], settings, log_level=None, validate_settings=False)
        remember_conditions(linker)
        linker.training.estimate_u_using_random_sampling(
            max_pairs=_sampled(count), seed=SEED, min_count_per_level=None, num_chunks=1
        )
        sessions: dict[str, tuple[int, float]] = {}
        estimates: list[float] = []
        own: dict[str, list[dict[str, float]]] = {comparison: [] for comparison in OF_ONE_PERSON}
        for columns in _TRAINED_ON:
            if not all(filled.get(column, 0.0) > 0 for column in columns) or not _teach(linker, columns):
                continue
            whole = (block for block in chosen if block.wanted == columns == block.columns and not block.crowds)
            pairs = next((block.pairs for block in whole), None)
            if pairs is None:
                [counted] = count_pairs(some, [columns], engine)
                pairs = counted * one_in**2
            if pairs < _FEWEST_PAIRS * one_in**2:
                continue
            before = deepcopy(linker._settings_obj)
            try:
                session = linker.training.estimate_parameters_using_expectation_maximisation(
                    block_on(*columns),
                    estimate_without_term_frequencies=True,
                    max_pairs=_MOST_LEARNED_FROM if pairs > _MOST_LEARNED_FROM * one_in**2 else None,
                )
            except ValueError:
                # A weight was no number any more. Splink leaves such a session half done; the others have to do.
                linker._settings_obj = before
                continue
            share = _steady(session.core_model_settings.probability_two_random_records_match)
            sessions[", ".join(columns)] = (pairs, share)
            for name, learned in own.items():
                learned += _learned_of(session, name, min(pairs, _MOST_LEARNED_FROM) * share)
        trained = _of_fewest_others(linker.misc.save_model_to_json(), own)
    untrained = _assume(trained, filled)
    for name, (pairs, share) in sessions.items():
        estimates.append(_all_matches(trained, tuple(name.split(", ")), pairs * share, filled))
    every = count * (count - 1) / 2
    prior = min(max(median(estimates) if estimates else 0.1 * count, 1.0) / every, 0.5)
    completed = _completed(trained, prior, _namesakes(shown, engine), filled, count, untrained)
    return Model(completed, filled, count, tuple(chosen), sessions, generation, untrained)


def _teach(linker: Any, columns: Collection[str]) -> bool:
    """Whether pairs that agree in some columns teach anything: a comparison that asks for none of these. Splink leaves
    out the others, and fails if none is left.
    """
    asked = {
        each.output_column_name: {column.input_name.strip('"') for column in each._input_columns_used_by_case_statement}
        for each in linker._settings_obj.comparisons
    }
    return any(used.isdisjoint(columns) for name, used in asked.items() if name != GIVEN_NAME)


def _assume(trained: Mapping[str, Any], filled: Mapping[str, float]) -> tuple[str, ...]:
    """Give the comparisons that no session taught anything of the shares of true pairs that are assumed; their names.

    A share of 0 would say that true pairs show a level never, and not that nothing is known.
    """
    untrained = []
    for comparison in trained["comparisons"]:
        name = comparison["output_column_name"]
        levels = _levels(trained, name)
        if any(_known(level, "m_probability") for level in levels):
            continue
        by_chance = {level["label_for_charts"]: _known(level, "u_probability") for level in levels}
        shares = assumed(name, by_chance, filled)
        for level in levels:
            level["m_probability"] = shares[level["label_for_charts"]]
        untrained.append(name)
    return tuple(untrained)


def _learned_of(session: Any, comparison: str, matches: float) -> list[dict[str, float]]:
    """Level of a comparison in words → share of true pairs that show it, by one session of as many of them;
    nothing where it did not compare them.

    Half a pair more at every level (Jeffreys 1946), so that few pairs without a difference do not rule it out.
    """
    for each in session.core_model_settings.comparisons:
        if each.output_column_name == comparison:
            shares = {
                level.label_for_charts: level.m_probability if isinstance(level.m_probability, float) else 0.0
                for level in each.comparison_levels
                if not level.is_null_level
            }
            whole = matches + 0.5 * len(shares)
            return [{level: _steady((share * matches + 0.5) / whole) for level, share in shares.items()}]
    return []


def _of_fewest_others(
    trained: Mapping[str, Any], own: Mapping[str, Sequence[Mapping[str, float]]]
) -> Mapping[str, Any]:
    """What was trained, with what people have one of as the session learned it in which it differs least.

    Splink takes the mean of all sessions. Of a million made-up records .8% of the true pairs differ in the birth date
    by more than slips; four sessions learned 40%, 43%, 1.6% and 1.9%.
    """
    for comparison, learned in own.items():
        least = min(learned, key=lambda shares: shares[DIFFERENT], default={})
        for level in _levels(trained, comparison) if least else ():
            if _known(level, "m_probability") == _known(level, "u_probability") == 0:
                continue  # never seen
            level["m_probability"] = least[level["label_for_charts"]]
    return trained


def _namesakes(shown: ir.Table, engine: Engine) -> float:
    """How likely two people taken at random have one given name."""
    named = shown.filter(shown.given.notnull())
    counted = named.group_by("given").aggregate(n=named.count().cast("float64"))
    found = engine.to_arrow(
        counted.aggregate(chance=(counted.n * counted.n).sum() / (counted.n.sum() * counted.n.sum()))
    )
    return float(found["chance"][0].as_py() or 1.0)


def borne(shown: ir.Table, model: Model, counts: Mapping[str, ir.Table]) -> ir.Table:
    """Faces with `comparisons.BORNE`: whether so many show the given name that several people bear it.

    Args:
        shown: `faces.FACES`.
        model: The model that compares them.
        counts: How many faces show each value, as in `scoring.score`.
    """
    if "given" not in counts:
        return shown.mutate(**{BORNE: ibis.literal(False)})
    often = counts["given"].filter(_.faces >= _BORNE_BY * model.faces_a_person).select(known="value")
    joined = shown.left_join(often, shown.given == often.known)
    return joined.mutate(**{BORNE: joined.known.notnull()}).drop("known")


def _sampled(count: int) -> int:
    return min(_SAMPLED_PAIRS, max(_FEWEST_SAMPLED, _SAMPLED_PER_FACE * count))


_COMPARED_IN = {
    "birth_date": ("birth_date", ("the same",)),
    "given_start": ("name", ("the same whole name", "three words in common", "the same family name, given name alike",
                             "the same given name, family name alike", "both names alike")),
    "given": ("name", ("the same whole name", "three words in common")),
    "family": ("name", ("the same whole name", "three words in common", "the same family name, given name alike",
                        "the same family name, another given name")),
    "postcode": ("address", ("the same street and postcode", "the same postcode")),
    "city": ("address", ("the same street and postcode", "the same postcode", "the same city")),
    "email": ("email", ("the same",)),
    "phone": ("phone", ("the same",)),
}  # fmt: skip
"""Column → its comparison, and the levels at which faces agree in it."""


def _all_matches(
    trained: Mapping[str, Any], columns: tuple[str, ...], found: float, filled: Mapping[str, float]
) -> float:
    """How many true pairs there are in all, from those found among pairs that agree in some columns: divided by how
    many true pairs have the columns, and agree in them."""
    share = 1.0
    for name in {_COMPARED_IN[column][0] for column in columns}:
        agreeing = min((_COMPARED_IN[column][1] for column in columns if _COMPARED_IN[column][0] == name), key=len)
        levels = _levels(trained, name)
        share *= sum(level.get("m_probability") or 0.0 for level in levels if level["label_for_charts"] in agreeing)
    for column in columns:
        share *= filled[column] ** 2
    return found / max(share, 0.01)


def _levels(settings: Mapping[str, Any], comparison: str) -> list[dict[str, Any]]:
    for each in settings["comparisons"]:
        if each["output_column_name"] == comparison:
            return [level for level in each["comparison_levels"] if not level.get("is_null_level")]
    return []


def _completed(
    trained: Mapping[str, Any],
    prior: float,
    namesakes: float,
    filled: Mapping[str, float],
    count: int,
    untrained: Collection[str],
) -> dict[str, Any]:
    """Settings with every weight smoothed, and what true pairs added to u taken out.

    Half a pair more at every level (Jeffreys 1946) keeps a level that few data did not show from deciding everything.
    What is assumed of true pairs is no count of pairs, and stays as it is.
    """
    settings: dict[str, Any] = json.loads(json.dumps(trained))
    settings.pop("linker_uid", None)  # told at random
    settings["probability_two_random_records_match"] = prior = _steady(prior)
    columns = {comparison.name: comparison.columns for comparison in COMPARISONS}
    every = count * (count - 1) / 2
    for comparison in settings["comparisons"]:
        name = comparison["output_column_name"]
        levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        if name == GIVEN_NAME:
            agrees = math.log2(_GIVEN_AGREES / namesakes)
            weights = (UNCOMPARED, agrees, agrees - 4 * EQUAL, 0.0, GIVEN_CONTRADICTS)
            for level, bits in zip(levels, weights, strict=True):
                level["m_probability"] = _steady(0.5 * 2.0 ** min(bits, 0))
                level["u_probability"] = _steady(0.5 * 2.0 ** -max(bits, 0))
            continue
        both = max(filled[column] for column in columns[name]) ** 2
        matches, others = max(prior * every * both, 1.0), max(min(_sampled(count), every) * both, 1.0)
        for level in levels:
            if _known(level, "m_probability") == _known(level, "u_probability") == 0:
                level["m_probability"] = level["u_probability"] = 0.5 / others  # never seen: says nothing
                continue
            m = _known(level, "m_probability")
            if name not in untrained:
                m = (m * matches + 0.5) / (matches + 0.5 * len(levels))
            u = (_known(level, "u_probability") * others + 0.5) / (others + 0.5 * len(levels))
            level["m_probability"], level["u_probability"] = _steady(m), _steady(_without_matches(u, m, prior))
        _put_in_order(name, levels)
        _tell_apart(levels)
    return settings


_LESS_AND_LESS = {
    "name": (
        ("the same family name, given name alike", "both names alike"),
        ("the same given name, family name alike", "both names alike"),
    ),
    "birth_date": (
        ("the same", "one digit wrong, or day and month exchanged", "two digits wrong", "the same year"),
    ),
    BIRTH_YEAR: ((THE_SAME, YEAR_APART),),
    OWN_NUMBER: ((THE_SAME, SLIPPED),),
    "email": (("the same", "the same before the @", "alike"),),
    "phone": (("the same", "one digit wrong"),),
    "address": (
        ("the same street and postcode", "the same postcode", "one character of the postcode wrong",
         "the same postal area"),
        ("the same city", "a city of a like name"),
    ),
    "company": (("the same", "alike"),),
}  # fmt: skip
"""Comparison → levels each of which says less of the same thing than the one before. Names have few: they are alike in
many ways, and a name that is the same may be a common one."""


_AGAINST = (NO_NAME_IN_COMMON, GENERATION_APART, DIFFERENT)
"""Levels that never speak for one person, whatever a session took for its pairs."""


def _put_in_order(comparison: str, levels: Sequence[dict[str, Any]]) -> None:
    """Have no level speak for one person by more than one that says more of the same thing, and none that differs.

    Where each true pair has one slip, as in made-up data, or few pairs taught them, a slip seems to be worth more than
    none. The lesser weight is the cautious one. What was never seen keeps nothing down. Nothing at all is what a
    comparison weighs that was not made, so that what differs weighs next to that.
    """
    weigh = {level["label_for_charts"]: _weight(level) for level in levels}
    weigh |= {words: -4 * EQUAL for words in _AGAINST if weigh.get(words, 0.0) > EQUAL}
    for chain in _LESS_AND_LESS.get(comparison, ()):
        most = math.inf
        for words in chain:
            if weigh[words] > most:
                weigh[words] = most
            if abs(weigh[words]) > EQUAL:
                most = max(min(most, weigh[words]) - 4 * EQUAL, 0.0)
    for level in levels:
        if weigh[level["label_for_charts"]] != _weight(level):
            level["m_probability"] = _steady(level["u_probability"] * 2.0 ** weigh[level["label_for_charts"]])


def _weight(level: Mapping[str, Any]) -> float:
    return math.log2(level["m_probability"] / level["u_probability"])


def _tell_apart(levels: Sequence[dict[str, Any]]) -> None:
    """Have levels that weigh the same differ by next to nothing: Splink keeps what a comparison weighs and not its
    level, which scoring asks for."""
    weights: list[float] = []
    for level in levels:
        weight = told = _weight(level)
        while any(abs(weight - other) < 2 * EQUAL for other in weights):
            weight += 4 * EQUAL
        weights.append(weight)
        if weight != told:
            level["u_probability"] = _steady(level["m_probability"] / 2.0**weight)


def _steady(share: float) -> float:
    """Nine digits: an engine adds in whatever order, and the last ones would make another model of the same data."""
    return float(f"{float(share):.9g}")


def _known(level: Mapping[str, Any], name: str) -> float:
    """A trained share; 0 for one that the data never showed."""
    value = level.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _without_matches(u: float, m: float, prior: float) -> float:
    return min(max((u - prior * m) / (1 - prior), u * _LEAST_U), 1.0)
