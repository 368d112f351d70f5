"""How fast, and when again: the rate limit and the waits between tries.

Belongs here: arithmetic of time. Does not belong here: waiting, and what counts as a failure (`delivery.py`,
`connectors/`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from cdp_assets.activation.spec import Retry


@dataclass
class TokenBucket:
    """Lets ``rate`` messages a second through, and up to a second's worth at once.

    Args:
        rate: Messages a second; null for no limit.
        tokens: What may go at once now.
        at: Seconds on a monotonic clock when that was so.
    """

    rate: float | None
    tokens: float = 1.0
    at: float = 0.0

    def take(self, messages: int, now: float) -> float:
        """Take room for ``messages``, and return how many seconds to wait before sending them.

        Args:
            messages: How many are about to be sent.
            now: The present, in seconds on a monotonic clock.
        """
        if self.rate is None:
            return 0.0
        full = max(1.0, self.rate)
        self.tokens = min(full, self.tokens + (now - self.at) * self.rate)
        self.at = now
        self.tokens -= messages
        return max(0.0, -self.tokens / self.rate)


def wait_before(attempt: int, retry: Retry, retry_after: float | None, chance: random.Random) -> float:
    """Seconds until a message is tried again.

    Doubling waits with equal jitter: half of the wait is certain, half is left to chance, so that many messages that
    failed together do not come back together. Never earlier than the receiver asked.

    Args:
        attempt: Tries so far, from 1.
        retry: The destination's policy.
        retry_after: Seconds the receiver asked for, if it did.
        chance: Where the jitter comes from.
    """
    longest = min(retry.longest_seconds, retry.base_seconds * 2.0 ** min(attempt - 1, 60))
    wait = longest / 2 + chance.uniform(0.0, longest / 2)
    return max(wait, retry_after or 0.0)
