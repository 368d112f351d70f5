"""What a dotted path says once the wrapping is taken off: of ``node.createdAt.$date`` *createdAt*.

Belongs here: words that databases and APIs put around everything. Does not belong here: what the rest means
(`headings.py`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

_TYPES = re.compile(r"\$(oid|date|uuid|symbol|number(Int|Long|Double|Decimal))")
"""MongoDB's Extended JSON: https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/"""

_LETTERS = frozenset({"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS"})
"""Types of DynamoDB's exports, which all values have:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html"""

_IMAGE = "NewImage"
"""What its streams hold of a record, of which alone the values have types."""

_AROUND = frozenset({
    "_airbyte_data", "_source", "after", "attributes", "data", "doc", "document", "dynamodb", "fields", "item",
    "newimage", "node", "payload", "properties", "record", "resource", "result", "value",
})  # fmt: skip
"""Objects that hold all that there is to say of a row."""


def unwrapped(addresses: Collection[str]) -> dict[str, str]:
    """Each address and what is left of it; of two of which the same is left, the second stays as it is."""
    # Of a value that is there at times, what it is at other times is no name.
    parts = {address: address.split(".") for address in sorted(addresses, key=lambda each: each.endswith(".NULL"))}
    typed = [address for address, each in parts.items() if _IMAGE in each] or list(parts)
    if all(parts[address][-1] in _LETTERS and len(parts[address]) > 1 for address in typed):
        parts |= {address: parts[address][:-1] for address in typed}
    for address, each in parts.items():
        while len(each) > 1 and _TYPES.fullmatch(each[-1]):
            each = each[:-1]
        parts[address] = each
    while around := _around(parts.values()):
        parts = {address: each[1:] if each[0] == around else each for address, each in parts.items()}
    left: dict[str, str] = {}
    taken = set(addresses)
    for address, each in parts.items():
        said = ".".join(each)
        left[address] = address if said != address and said in taken else said
        taken.add(left[address])
    return left


def _around(paths: Collection[list[str]]) -> str | None:
    """The object that most paths lie in, if that is what it is there for."""
    begun = Counter(path[0] for path in paths if len(path) > 1 and path[0].lower() in _AROUND)
    return next((most for most, times in begun.most_common(1) if 2 * times > len(paths)), None)
