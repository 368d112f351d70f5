"""What the channels of messages are called, however a source spells them.

Belongs here: one channel at a time. Does not belong here: what goes by a channel (`activation/`), and the words that
sources have for them (`headings.yaml`).
"""

from __future__ import annotations

from functools import cache

import ibis
import ibis.expr.types as ir

from cdp_assets.sources.proposing import cells

CHANNELS = (*cells.CHANNELS, "web_push", "app_push", "ads", "onsite", "event")
"""As consents and engagements call them. One that is none of these is as its source spells it, in lower case."""


def known_channel(said: ir.StringValue) -> ir.StringValue:
    """A channel as the platform calls it: ``E-Mail`` and ``courriel`` are ``email``."""
    word = said.strip().lower()
    spelled = ibis.cases(*((word.isin(words), kind) for kind, words in _words().items()), else_=word)
    return ibis.ifelse(said.isin(CHANNELS), said, spelled)


@cache
def _words() -> dict[str, list[str]]:
    """Channel → other words for it."""
    return {kind: [word for word in cells.says(kind) if word != kind] for kind in cells.CHANNELS}
