"""How right `cdp sources propose` is: against the templates, on their samples, without knowing them.

Belongs here: what a proposal makes of each column beside what the template does. Does not belong here: proposing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from cdp_assets.sources import template
from cdp_assets.sources.proposing.contracting import spec_of
from cdp_assets.sources.proposing.propose import propose
from cdp_assets.sources.proposing.sample import read
from cdp_assets.sources.spec import ITEM, ITEM_NUMBER, MapSpec, StreamSpec
from cdp_assets.warehouse.expressions import check
from cdp_assets_tests.bench.harness import Figure, at_least
from cdp_assets_tests.sources.template_samples import sample, source_of

_SAME = {
    **dict.fromkeys(("customer_number", "contact_id", "subscriber_id", "profile_id", "user_id", "external_id",
                     "lead_id", "loyalty_number"), "number of a person"),
    **dict.fromkeys(("order_number", "payment_number", "opportunity_id"), "number of a deal"),
    **dict.fromkeys(("anonymous_id", "device_id"), "device"),
}  # fmt: skip
"""Identifier types that only a person can tell apart."""

Use = tuple[str, str]
"""Canonical table and column, or `identifier` and its type."""


@dataclass(frozen=True)
class Compared:
    """What a proposal makes of one column of a sample.

    Args:
        template: The template.
        address: The column.
        proposed: What the proposal uses it for.
        right: What the template uses it for.
    """

    template: str
    address: str
    proposed: frozenset[Use]
    right: frozenset[Use]

    @property
    def is_right(self) -> bool:
        """Whether the template agrees: with each use, or at least with one and it knows no other for the rest."""
        return bool(self.proposed & self.right) and len(self.proposed - self.right) <= len(self.proposed & self.right)


def compared(name: str) -> Iterator[Compared]:
    """Compare a template's columns, as far as the sample has them, with the proposal for its sample."""
    (known,) = source_of(name).streams
    proposed = spec_of({**propose(sample(name), "shop", templates=False).stream, "files": "x"}, "shop")
    there = list(read(sample(name)).columns)
    right = {address: told for address, told in uses(known).items() if any(_lies_in(each, address) for each in there)}
    guessed = _under(uses(proposed), right)
    for address in dict.fromkeys((*right, *guessed)):
        yield Compared(name, address, frozenset(guessed.get(address, ())), frozenset(right.get(address, ())))


def _under(guessed: dict[str, set[Use]], right: Collection[str]) -> dict[str, set[Use]]:
    """What lies below a JSON property that the template takes as a whole counts as that property."""
    found: dict[str, set[Use]] = {}
    for address, told in guessed.items():
        whole = next((name for name in right if _lies_in(address, name)), address)
        found.setdefault(whole, set()).update(told)
    return found


def _lies_in(address: str, whole: str) -> bool:
    return address == whole or address.startswith(f"{whole}.")


def uses(stream: StreamSpec) -> dict[str, set[Use]]:
    """What each delivered column is used for, through derived ones; conditions and ids do not count."""
    found: dict[str, set[Use]] = {}

    def note(sql: str, use: Use, items_of: MapSpec | None = None) -> None:
        for name in _delivered(sql, stream, items_of):
            found.setdefault(stream.column(name).address, set()).add(use)

    for identifier in stream.identifiers:
        note(identifier.value, ("identifier", _SAME.get(identifier.type, identifier.type)))
    for map_ in stream.maps:
        for column, sql in map_.set:
            note(sql, (map_.to, column), map_)
    return found


def _delivered(sql: str, stream: StreamSpec, items_of: MapSpec | None = None) -> Iterator[str]:
    behind = dict(stream.derive)
    if items_of is not None and items_of.each is not None:
        behind |= dict.fromkeys((ITEM, ITEM_NUMBER), items_of.each)
    known = stream.expression_schema if items_of is None else stream.schema_of(items_of)
    for name in check(sql, known).columns:
        if name == stream.delivered_at:
            continue
        yield from _delivered(behind[name], stream) if name in behind else (name,)


def figures() -> list[Figure]:
    """The share of mapped columns that are mapped right, and how many of the template's the proposal maps."""
    found = [each for name in template.names() for each in compared(name)]
    mapped = [each for each in found if each.proposed]
    wanted = [each for each in found if each.right]
    right = sum(each.is_right for each in mapped)
    return [
        at_least("propose: mapped columns that are right, against the templates", right / len(mapped), 0.9),
        Figure(
            "propose: the templates' mapped columns that it maps",
            round(sum(bool(each.proposed) for each in wanted) / len(wanted), 5),
            "share",
        ),
    ]
