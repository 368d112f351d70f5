"""The model as people look at it in the UI: its card, its weights drawn, and one link taken apart.

Belongs here: Markdown and pictures without personal data. Does not belong here: how anything is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cdp_assets.identity.linkage.labels import GIVEN_NAME
from cdp_assets.identity.linkage.link import Linked
from cdp_assets.identity.linkage.scoring import probability, waterfall
from cdp_assets.identity.spec import LinkageRules
from cdp_assets.warehouse.built import markdown, plot

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from cdp_assets.identity.linkage.blocking import Block
    from cdp_assets.identity.linkage.model import Model
    from cdp_assets.warehouse.engine import Engine

_GOOD, _BAD, _CALM = "#2a9d8f", "#e76f51", "#8d99ae"


def described(linked: Linked, rules: LinkageRules, engine: Engine, *, anew: bool) -> dict[str, dict[str, Any]]:
    """Table → what the UI shows about it.

    Args:
        linked: What likeness did.
        rules: From which weight on.
        engine: Fetches one link.
        anew: Whether everybody was compared; what was said of everybody stands, where only those who changed were.
    """
    if linked.model is not None and linked.joined is None:
        told = "not used in this run: likeness is switched off"
        return {"linkage_model": {"model": told}}
    if linked.model is None or linked.joined is None:
        return {"linkage_model": {"model": "none: likeness is switched off, or there are too few people to learn from"}}
    joined, model = linked.joined, linked.model
    applied = joined.joins.weight[joined.joins.weight >= joined.auto]
    if not anew:
        return {"likeness": {"groups joined in this run": len(applied), "pairs compared in this run": joined.pairs}}
    expected = sum(1 - probability(weight) for weight in applied.tolist())
    shown: dict[str, dict[str, Any]] = {
        "linkage_model": {
            "card": markdown(card(linked, rules)),
            "blocks": markdown(_blocks(model)),
            "match weights": plot(match_weights(model)),
            "what true pairs and others show": plot(estimates(model)),
            "trained in this run": linked.trained,
        },
        "likeness": {
            "groups joined": len(applied),
            "joins kept from being made by limits and bans": len(joined.refused),
            "pairs compared": joined.pairs,
            "wrong joins expected at most": round(expected, 1),
        },
    }
    weakest = engine.to_arrow(joined.ties.order_by("weight", "face_l").limit(1)).to_pylist()
    if weakest:
        parts = waterfall(weakest[0], weakest[0]["weight"], model)
        shown["likeness"]["the weakest link, taken apart"] = plot(waterfall_picture(parts, weakest[0]["weight"]))
    return shown


def card(linked: Linked, rules: LinkageRules) -> str:
    """The model's card."""
    model = linked.model
    assert model is not None
    from_bits = linked.joined.auto if linked.joined is not None else rules.auto_weight + model.surer
    rows = [
        ("kind", "Fellegi–Sunter, by expectation maximisation without labels (Splink)"),
        ("trained on", f"{model.faces:,} appearances of people"),
        ("two at random are one person", f"1 in {1 / model.prior:,.0f}"),
        ("compared", ", ".join(name.replace("_", " ") for name in model.levels() if name != GIVEN_NAME)),
        ("joined from", f"{from_bits:.3g} bits on, as the mean over all pairs of two groups"),
        ("asked from", f"{rules.review_weight:g} bits on"),
        ("generation", str(model.generation)),
    ]
    if model.untrained:
        rows.append(("assumed, since nothing could be learned of it", ", ".join(model.untrained).replace("_", " ")))
    if linked.free_truth is not None and linked.free_truth[0]:
        pairs, found = linked.free_truth
        rows.append(
            ("recall of the blocks", f"{found / pairs:.1%} of {pairs:,} pairs that are one person's by what they share")
        )
    learned = "\n".join(f"| {name} | {pairs:,} | {share:.1%} |" for name, (pairs, share) in model.learned_from.items())
    told = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return (
        f"| | |\n|---|---|\n{told}\n\nLearned from pairs that agree in:\n\n| columns | pairs | of them one person |\n"
        f"|---|--:|--:|\n{learned}"
    )


def _blocks(model: Model) -> str:
    lines = [
        f"| {', '.join(block.wanted)} | {', '.join(block.columns)} | {block.pairs:,} | {_use(block)} |"
        for block in model.blocks
    ]
    return "\n".join(["| agree in | narrowed to | pairs | compared |", "|---|---|--:|---|", *lines])


def _use(block: Block) -> str:
    if block.crowds:
        return f"yes, but for {len(block.crowds):,} values of crowds"
    return "yes" if block.used else "too many"


def match_weights(model: Model) -> Figure:
    """Each level's weight in bits, as bars."""
    from matplotlib.figure import Figure

    rows = [
        (f"{name.replace('_', ' ')}: {level}", bits)
        for name, levels in model.levels().items()
        if name != GIVEN_NAME
        for level, bits in levels.items()
    ]
    figure = Figure(figsize=(8, 0.24 * len(rows) + 1), layout="constrained")
    axes = figure.subplots()
    axes.barh([name for name, _ in rows], [bits for _, bits in rows], color=[_GOOD if b > 0 else _BAD for _, b in rows])
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel("bits for (+) or against (−) one person")
    axes.tick_params(labelsize=7)
    return figure


def estimates(model: Model) -> Figure:
    """How often true pairs (m) and other pairs (u) show each level."""
    from matplotlib.figure import Figure

    rows = [
        (f"{comparison['output_column_name'].replace('_', ' ')}: {level['label_for_charts']}",
         level["m_probability"], level["u_probability"])
        for comparison in model.settings["comparisons"]
        if comparison["output_column_name"] != GIVEN_NAME
        for level in comparison["comparison_levels"]
        if not level.get("is_null_level")
    ]  # fmt: skip
    figure = Figure(figsize=(8, 0.24 * len(rows) + 1), layout="constrained")
    one, other = figure.subplots(1, 2, sharey=True)
    for axes, place, title, colour in ((one, 1, "true pairs", _GOOD), (other, 2, "others (logarithmic)", _CALM)):
        axes.barh([row[0] for row in rows], [row[place] for row in rows], color=colour)
        axes.set_title(title, fontsize=9)
        axes.tick_params(labelsize=7)
    other.set_xscale("log")
    one.invert_yaxis()
    return figure


def waterfall_picture(parts: list[dict[str, Any]], weight: float) -> Figure:
    """One pair's weight, built up part by part."""
    from matplotlib.figure import Figure

    names = [f"{part['comparison']}: {part['level']}" for part in parts]
    figure = Figure(figsize=(8, 0.4 * len(parts) + 1.2), layout="constrained")
    axes = figure.subplots()
    start = 0.0
    for name, part in zip(names, parts, strict=True):
        axes.barh(name, part["weight"], left=start, color=_GOOD if part["weight"] > 0 else _BAD)
        start += part["weight"]
    axes.barh("together", weight, color=_CALM)
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel(f"bits; together {weight:.1f}, a probability of {probability(weight):.3f}")
    axes.tick_params(labelsize=7)
    return figure
