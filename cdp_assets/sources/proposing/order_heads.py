"""Orders that one file has and another one's lines would tell again.

Belongs here: which of the two says what. Does not belong here: what the files of one system are (`systems.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdp_assets.sources.proposing.numberings import order_numbers
from cdp_assets.sources.proposing.propose import Proposal


def told_once(system: Sequence[Proposal]) -> None:
    """Take from lines what the orders of the same system say: that there is an order, and when it was placed.

    Args:
        system: The proposals of a system; those of lines are changed.
    """
    heads = [(each, set(order_numbers(each))) for each in system if each.kind == "orders" and each.template is None]
    for lines in system:
        if lines.kind != "lines" or lines.template is not None:
            continue
        numbers = set(order_numbers(lines))
        head = next((head for head, known in heads if known & numbers), None)
        maps: list[dict[str, Any]] = lines.stream.get("maps", [])
        if head is None or not any(map_["to"] == "orders" for map_ in maps):
            continue
        lines.stream["maps"] = [map_ for map_ in maps if map_["to"] != "orders"]
        for map_ in lines.stream["maps"]:
            if map_["to"] == "order_lines":
                map_["set"].pop("ordered_at", None)
                if map_["set"].get("currency") in lines.stream.get("derive", {}):
                    del map_["set"]["currency"]  # a guess
        lines.doubts += (f"its orders are those of `{head.stream['name']}`, which say when they were placed",)
