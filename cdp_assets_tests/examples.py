"""How many inputs the tests of properties look at: a few in `make test`, many in `make soak`."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SOAKING = os.environ.get("CDP_SOAK") == "1"
_TIMES = 25


def examples(count: int) -> settings:
    """Look at so many examples, the same in every run; when soaking, at 25 times as many, others in every run."""
    return settings(
        max_examples=count * _TIMES if SOAKING else count,
        derandomize=not SOAKING,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
