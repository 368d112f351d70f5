"""An explanation of two records in the terminal: the chain that ties them, or what kept them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from cdp_assets.presentation.terminal import facts, indented

if TYPE_CHECKING:
    from cdp_assets.identity.explain import Explanation, RecordShown


def explanation_text(told: Explanation) -> RenderableType:
    """The two records, the verdict, and its reasons sentence by sentence."""
    verdict, *reasons = told.words
    parts: list[RenderableType] = [
        Text(),
        facts([("left", _record(told.left)), ("right", _record(told.right))]),
        Text(f"\n{verdict}", "bold green" if told.together else "bold yellow"),
    ]
    after = told.without.words if told.without else ()
    parts += [indented(Text.assemble(("• ", "cyan"), reason)) for reason in reasons[: len(reasons) - len(after)]]
    if told.weakest is not None and len(told.chain) > 1:
        parts.append(Text(f"\nWeakest link: {told.weakest.words} (weight {told.weakest.strength:.2f}).", "dim"))
    parts += [Text(sentence, "dim") for sentence in after]
    return Group(*parts, Text())


def _record(record: RecordShown) -> Text:
    state = " · closed" if record.closed else ""
    where = f"  {record.source} · {record.stream}{state} · profile {', '.join(map(str, record.profiles)) or 'none'}"
    return Text.assemble((str(record.record_id), "bold"), (where, "dim"))
