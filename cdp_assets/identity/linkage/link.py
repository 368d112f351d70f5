"""The step as a whole: groups of records joined by likeness, between the deterministic partition and the devices.

Belongs here: the order of the substeps, and what they are given. Does not belong here: any of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.agreement import IN_WORDS, Agreement
from cdp_assets.identity.evidence import KINDS, Evidence
from cdp_assets.identity.linkage.blocking import in_crowd
from cdp_assets.identity.linkage.clustering import Constraints
from cdp_assets.identity.linkage.faces import faces
from cdp_assets.identity.linkage.frequencies import counted, kept, looked_up
from cdp_assets.identity.linkage.joining import Joined, drawn_in, join
from cdp_assets.identity.linkage.memory import Memory, Others, described, faces_of, others, remembered
from cdp_assets.identity.linkage.model import FEWEST_FACES, Model, describe, train
from cdp_assets.identity.linkage.scoring import Scored, score
from cdp_assets.identity.partition import Partition
from cdp_assets.identity.spec import Kind, LinkageRules

if TYPE_CHECKING:
    from cdp_assets.identity.comparable import Comparable
    from cdp_assets.identity.stewardship import Stewardship
    from cdp_assets.warehouse.engine import Engine


@dataclass(frozen=True)
class Linked:
    """What likeness made of a partition.

    Args:
        partition: The partition with the labels of joined groups.
        joined: What was joined, and what is left to a person; None if nothing was compared.
        model: The model that was used; None if there was too little to learn one.
        trained: Whether it was trained now.
        shown: The faces that were joined or might have been; None if linking is off.
        frequencies: `schemas.LINKAGE_FREQUENCIES`, which belong to the model; None if there is none.
        free_truth: Pairs of faces that are one person's by what they share, and how many of them some block brought
            together: how many true pairs blocking finds. None where it was not measured.
    """

    partition: Partition
    joined: Joined | None
    model: Model | None
    trained: bool
    shown: ir.Table | None
    frequencies: ir.Table | None = None
    free_truth: tuple[int, int] | None = None


def link(
    people: Partition,
    told: Comparable,
    evidence: Evidence,
    usable: ir.Table,
    rules: LinkageRules,
    known: tuple[Model, ir.Table] | None,
    engine: Engine,
    said: Stewardship | None = None,
    lowest: float | None = None,
) -> Linked:
    """Join groups of a partition that look like one person, all of them compared with all.

    Args:
        people: The partition by what records share. What it refused stays apart.
        told: What records say of people.
        evidence: Names the identifier types with a limit.
        usable: Evidence without placeholders and hubs.
        rules: From which weight on to join, and to ask.
        known: The model of an earlier run and its frequencies, used again if it still fits.
        engine: Computes.
        said: What stewards said; null for nothing.
        lowest: See `joining.join`. Whoever draws a curve knows the truth, and measures blocking by that.
    """
    if not compares(told.contacts, rules, engine, said):
        return not_compared(people, known)
    shown = faces(*told.of(None, engine), _settled(people), engine)
    if known is not None and known[0].fits(*describe(shown, engine), rules.generation):
        model, frequencies = known
        trained, counts = False, looked_up(shown, frequencies, model, engine)
    else:
        learned = train(shown, engine, rules.generation)
        if learned is None:
            return Linked(people, None, None, False, shown)
        model, trained, counts = learned, True, counted(shown, learned, engine)
        frequencies = kept(counts, engine)
    scored = score(shown, model, counts, engine)
    constraints = _constraints(people, shown, evidence, usable, said, engine)
    auto = rules.auto_weight + model.surer
    joined = join(scored, shown, auto, rules.review_weight, constraints, engine, lowest, rules.most_wrong)
    return Linked(
        _relabelled(people, joined, engine), joined, model, trained, shown, frequencies,
        _found_by_blocks(shown, model, engine) if lowest is None else None,
    )  # fmt: skip


def not_compared(people: Partition, known: tuple[Model, ir.Table] | None) -> Linked:
    """A partition that likeness leaves alone; what it learned is kept.

    Args:
        people, known: As in `link`.
    """
    model, frequencies = known if known is not None else (None, None)
    return Linked(people, None, model, False, None, frequencies)


@dataclass(frozen=True)
class Look:
    """Those whose evidence changed, compared with everybody.

    Args:
        shown: `faces.FACES` of those who changed.
        others: Whom they were compared with.
        scored: The outcome.
        drawn: record_id of records in groups that may belong together with theirs, and have to be looked at as well.
    """

    shown: ir.Table
    others: Others
    scored: Scored
    drawn: ir.Table


def look(
    people: Partition,
    told: Comparable,
    rules: LinkageRules,
    known: tuple[Model, ir.Table] | None,
    memory: Memory,
    engine: Engine,
) -> Look | None:
    """Compare those who changed with everybody; None if there is no model for it.

    Args:
        people: The partition, by what they share, of those who changed.
        told: What records say of people, these and others.
        rules: From which weight on to join.
        known: The model and its frequencies.
        memory: What is remembered of all others.
        engine: Computes.
    """
    if known is None:
        return None
    model, frequencies = known
    settled = _settled(people)
    shown = faces_of(settled, told, engine)
    mine = engine.scratch(remembered(shown))
    if not model.fits(*described(memory, mine, engine), rules.generation):
        return None
    found = others(memory, shown, mine, model, told, engine)
    both = engine.scratch(shown.union(found.faces))
    scored = score(
        both, model, looked_up(both, frequencies, model, engine), engine, of=engine.scratch(shown.select("face"))
    )
    drawn = drawn_in(scored, shown, rules.auto_weight + model.surer, found, engine)
    return Look(shown, found, scored, engine.scratch(drawn.select(record_id="label")))


def link_again(
    people: Partition,
    seen: Look,
    evidence: Evidence,
    usable: ir.Table,
    rules: LinkageRules,
    known: tuple[Model, ir.Table],
    engine: Engine,
    said: Stewardship | None = None,
) -> Linked:
    """Join groups of those who changed that look like one person; what comes of it is what `link` would make of them.

    Args:
        people: The partition of those who changed; with everybody whom likeness has to look at together with them.
        seen: What `look` found, with nobody drawn in any more.
        evidence, usable, rules, engine, said: As in `link`.
        known: As in `look`.
    """
    model, frequencies = known
    constraints = _constraints(people, seen.shown, evidence, usable, said, engine)
    auto = rules.auto_weight + model.surer
    joined = join(seen.scored, seen.shown, auto, rules.review_weight, constraints, engine, others=seen.others)
    return Linked(_relabelled(people, joined, engine), joined, model, False, seen.shown, frequencies)


def together(people: Partition, linked: Linked, engine: Engine) -> ir.Table | None:
    """component, together (the smallest of the components that likeness has to look at as a whole), where they are
    several; None where likeness compared nothing.

    Args:
        people: The partition before likeness.
        linked: What likeness did.
        engine: Computes.
    """
    if linked.joined is None:
        return None
    of_label = people.records.select("record_id", "component")
    left = of_label.select(label_l="record_id", left="component")
    right = of_label.select(label_r="record_id", right="component")
    ends = linked.joined.strong.join(left, "label_l").join(right, "label_r")
    spanned = engine.connected_components(ends.filter(ends.left != ends.right).select("left", "right"))
    return engine.scratch(spanned.select(component="node", together="component"))


def _settled(people: Partition) -> ir.Table:
    return people.records.filter(people.records.settled)


LIKENESS = "likeness"
"""Namespace and identifier type of links that are made of likeness."""

_MOST_FACES = 30
"""Profiles with more faces than this are left out of the measure of blocking: their pairs would be most of it."""

_MILD = ("names_differ", "recycled", "ambiguous")


def compares(contacts: ir.Table, rules: LinkageRules, engine: Engine, said: Stewardship | None = None) -> bool:
    """Whether groups are compared at all.

    Args:
        contacts: The canonical table.
        rules, engine, said: As in `link`.
    """
    return rules.enabled and not (said is not None and LIKENESS in said.types) and not _too_few(contacts, engine)


def _too_few(contacts: ir.Table, engine: Engine) -> bool:
    return len(engine.to_arrow(contacts.select("record_id").limit(FEWEST_FACES))) < FEWEST_FACES


def _found_by_blocks(shown: ir.Table, model: Model, engine: Engine) -> tuple[int, int]:
    sizes = shown.group_by("label").aggregate(faces=shown.count())
    several = sizes.filter((sizes.faces > 1) & (sizes.faces <= _MOST_FACES)).select("label")
    columns = sorted({column for block in model.blocks for column in block.columns})
    left = shown.semi_join(several, "label").select("label", "face", *columns)
    right = left.rename({f"{name}_r": name for name in ("face", *columns)})
    pairs = left.join(right, "label").filter(lambda pair: pair.face < pair.face_r)
    blocked = ibis.or_(
        *(
            ibis.and_(
                *(pairs[column] == pairs[f"{column}_r"] for column in block.columns),
                *([~in_crowd(pairs, block)] if block.crowds else []),
            ).fill_null(False)
            for block in model.blocks
            if block.used
        )
    )
    row = engine.to_arrow(pairs.aggregate(pairs=pairs.count(), found=blocked.cast("int64").sum().coalesce(0)))
    return int(row["pairs"][0].as_py()), int(row["found"][0].as_py())


def _constraints(
    people: Partition,
    shown: ir.Table,
    evidence: Evidence,
    usable: ir.Table,
    said: Stewardship | None,
    engine: Engine,
) -> Constraints:
    """Groups kept apart on purpose, who holds which identifier of a type with a limit, and who was born when."""
    home = people.records.select("record_id", "label")
    # That family names differ, or a number was handed on, is said of one shared identifier; likeness knows more.
    grave = [IN_WORDS[grade] for grade in (Agreement.DIFFERENT_KIND, Agreement.DIFFERENT_GENERATION)]
    mild = people.refusals.reason.isin(_MILD) & people.refusals.detail.notin(grave)
    apart = people.refusals.filter(people.refusals.right_record_id.notnull() & ~mild)
    apart = apart.select("left_record_id", "right_record_id")
    if said is not None:
        apart = apart.union(said.apart)
    left = home.select(left_record_id="record_id", label_l="label")
    right = home.select(right_record_id="record_id", label_r="label")
    placed = apart.join(left, "left_record_id").join(right, "right_record_id")
    cannot = engine.to_arrow(placed.filter(placed.label_l != placed.label_r).select("label_l", "label_r").distinct())
    limited = evidence.types.filter(evidence.types.most.notnull() & (evidence.types.kind != KINDS[Kind.DEVICE]))
    held = usable.join(limited.select("type_id"), "type_id").join(home, "record_id")
    held = held.select("label", held.type_id.cast("int64").name("type_id"), "identifier_id").distinct()
    columns = engine.to_arrow(held)
    dated = shown.birth_date.replace("-", "").cast("int64").coalesce(shown.birth_year.cast("int64") * 10_000)
    births = engine.to_arrow(shown.select("label", born=dated).filter(_.born.notnull()).distinct())
    limits = {row["type_id"]: row["most"] for row in evidence.type_rows.to_pylist() if row["most"] is not None}
    return Constraints(
        cannot["label_l"].to_numpy(),
        cannot["label_r"].to_numpy(),
        columns["label"].to_numpy(),
        columns["type_id"].to_numpy(),
        columns["identifier_id"].to_numpy(),
        births["label"].to_numpy(),
        births["born"].to_numpy(),
        limits,
    )


def _relabelled(people: Partition, joined: Joined, engine: Engine) -> Partition:
    """The partition with joined labels, and without refusals that likeness has overcome."""
    placed = people.records.left_join(joined.labels, "label")
    records = engine.scratch(placed.mutate(label=placed.joined.coalesce(placed.label)).select(*people.records.columns))
    home = records.select("record_id", "label")
    left = home.select(left_record_id="record_id", label_l="label")
    right = home.select(right_record_id="record_id", label_r="label")
    ends = people.refusals.left_join(left, "left_record_id").drop("left_record_id_right")
    ends = ends.left_join(right, "right_record_id").drop("right_record_id_right")
    apart = ends.filter((ends.label_l != ends.label_r).fill_null(True)).select(*people.refusals.columns)
    return people.with_records(records, engine.scratch(apart))
