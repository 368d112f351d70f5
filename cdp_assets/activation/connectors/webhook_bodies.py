"""The forms of a webhook's body: our own, and those of Segment's `identify` and `track` calls.

The two are as Segment documents them (https://segment.com/docs/connections/spec/), with the names that its audiences
use, so that what takes Segment's events takes these.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from cdp_assets.activation.differences import ENTERED, LEFT
from cdp_assets.activation.message import Message
from cdp_assets.activation.payload import instant

_EVENTS = {ENTERED: "Audience Entered", LEFT: "Audience Exited"}
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def single(message: Message, form: str) -> str:
    """One message as JSON."""
    if form == "message":
        return message.body()
    inside = message.change != LEFT
    common = {
        "type": form,
        "messageId": message.idempotency_key,
        "userId": str(message.profile_id),
        "timestamp": instant(message.created_at),
    }
    variant = {"variant": message.variant} if message.variant else {}
    if form == "identify":
        return _encode({**common, "traits": {**message.fields, **variant, message.segment: inside}})
    about = {**message.fields, **variant, "audience_key": message.segment, message.segment: inside}
    return _encode({**common, "event": _EVENTS.get(message.change, "Audience Updated"), "properties": about})


def batch(messages: Sequence[Message], form: str) -> str:
    """Several messages as JSON: ``{"batch": […]}``, each with its own key."""
    if form != "message":
        return f'{{"batch":[{",".join(single(message, form) for message in messages)}]}}'
    keyed = (f'{{"idempotency_key":"{told.idempotency_key}",{told.body()[1:]}' for told in messages)
    return f'{{"batch":[{",".join(keyed)}]}}'
