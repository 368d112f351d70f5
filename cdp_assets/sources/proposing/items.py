"""Lists within the rows of JSON orders become their lines.

Belongs here: finding the list, and what its items hold. Does not belong here: orders themselves (`commerce.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cdp_assets.sources.proposing.cents import in_hundredths
from cdp_assets.sources.proposing.columns import columns_of
from cdp_assets.sources.proposing.draft import Draft, Map, only_where, quoted
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.sources.proposing.sample import flat
from cdp_assets.sources.spec import ITEM
from cdp_assets.warehouse.sql_parsing import plain_name

_MOST = 1_000


def lines_within(draft: Draft, order: str, placed: str, currency: str, where: str | None) -> Iterator[Map]:
    """A map of the first list whose items have a quantity and an article; none if there is no such list."""
    for column in draft.columns:
        if column.values.type != "json":
            continue
        roles = {found.role: found for found in reversed(_columns_of_items(draft, column)) if found.role is not None}
        if "quantity" not in roles or not roles.keys() & {"sku", "product_name", "name", "description"}:
            continue
        texts = {name: _text(roles[role]) for name, role in _wanted(roles).items()}
        numbers = {"quantity": f"try_cast({_text(roles['quantity'])} as double)"}
        for name, role in (("unit_price", "unit_price"), ("amount", "line_total")):
            if role in roles:
                amount = f"try_cast({_text(roles[role])} as decimal(18, 4))"
                numbers[name] = f"{amount} / 100" if roles[role].in_cents else amount
        yield {
            "to": "order_lines",
            **only_where(where),
            "each": plain_name(draft.names[column.address]),
            "set": {"order_id": order, "ordered_at": placed, **texts, **numbers, "currency": currency},
        }
        return


def _wanted(roles: dict[str, Column]) -> dict[str, str]:
    """Column of `order_lines` → the role that fills it."""
    named = next((role for role in ("product_name", "name", "description") if role in roles), None)
    return {
        name: role
        for name, role in (("product_id", "sku"), ("product_name", named), ("category", "category"))
        if role is not None and role in roles
    }


def _columns_of_items(draft: Draft, column: Column) -> list[Column]:
    items: list[dict[str, str | None]] = []
    for text in draft.sample.columns[column.address]:
        listed: Any = json.loads(text) if text else []
        if isinstance(listed, list):
            items.extend(dict(flat(item)) for item in listed if isinstance(item, dict))
        if len(items) > _MOST:
            break
    names = dict.fromkeys(name for item in items for name in item)
    texts = {name: [item.get(name) for item in items] for name in names}
    found = columns_of(texts)
    return in_hundredths(found, texts)[0] if any(each.in_cents for each in draft.columns) else found


def _text(column: Column) -> str:
    path = "$" + "".join(f'."{part}"' for part in column.address.split("."))
    return f"json_extract_string({ITEM}, {quoted(path)})"
