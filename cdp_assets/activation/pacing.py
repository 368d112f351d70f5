"""How fast, and when again: the rate limit, the waits between tries, and the circuit breaker.

Belongs here: arithmetic of time. Does not belong here: waiting, and what counts as a failure (`delivery.py`,
`connectors/`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime

from cdp_assets.activation.spec import Breaker, Retry


@dataclass
class TokenBucket:
    """Lets ``rate`` messages a second through, and up to a second's worth at once.

    Args:
        rate: Messages a second; null for no limit.
        at: When it was last looked at.
        tokens: What may go at once then. A batch larger than a second's worth goes when the bucket is full, and leaves
            a debt.
    """

    rate: float | None
    at: datetime
    tokens: float = 1.0

    def wait(self, messages: int, now: datetime) -> float:
        """Seconds to wait before so many messages may be sent."""
        if self.rate is None:
            return 0.0
        full = max(1.0, self.rate)
        passed = max(0.0, (now - self.at).total_seconds())
        self.tokens, self.at = min(full, self.tokens + passed * self.rate), now
        # A billionth of a message is a matter of rounding, and not worth waiting for.
        missing = min(messages, full) - self.tokens
        return missing / self.rate if missing > 1e-9 else 0.0

    def take(self, messages: int) -> None:
        """Send so many."""
        self.tokens -= messages


@dataclass
class Circuit:
    """Notices a destination that fails again and again, and says how long to leave it alone.

    Args:
        rules: The destination's.
        failures: Calls that failed in a row.
    """

    rules: Breaker
    failures: int = 0

    @property
    def is_open(self) -> bool:
        """Whether it has failed so often that only single calls may try whether it is well again."""
        return self.failures >= self.rules.failures

    def succeeded(self) -> None:
        """A call came through."""
        self.failures = 0

    def failed(self, chance: random.Random) -> float | None:
        """A call failed; return for how many seconds to leave the destination alone, if at all."""
        self.failures += 1
        if not self.is_open:
            return None
        return _jittered(
            self.rules.pause_seconds, self.failures - self.rules.failures, self.rules.longest_seconds, chance
        )


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
    wait = _jittered(retry.base_seconds, attempt - 1, retry.longest_seconds, chance)
    return max(wait, retry_after or 0.0)


def _jittered(base: float, doublings: int, longest: float, chance: random.Random) -> float:
    wait = min(longest, base * 2.0 ** min(doublings, 60))
    return wait / 2 + chance.uniform(0.0, wait / 2)
