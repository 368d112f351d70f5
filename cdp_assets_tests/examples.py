"""How many inputs the tests of properties look at: a few in `make test`, many in `make soak`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SOAKING = os.environ.get("CDP_SOAK") == "1"
_TIMES = 25
_SHARE = 0.15


def examples(count: int) -> settings:
    """Look at 25 times so many examples, others in every run, when soaking; else at a seventh, always the same."""
    return settings(
        max_examples=count * _TIMES if SOAKING else max(2, round(count * _SHARE)),
        derandomize=not SOAKING,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
