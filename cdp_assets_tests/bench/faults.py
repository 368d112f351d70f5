"""What arrives at a receiver in every kind of trouble, from a worker that is killed twenty times."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cdp_assets_tests.bench.harness import Figure

PEOPLE, KILLS = 4000, 20


def figures(seed: int = 23) -> list[Figure]:
    """Each change has to be there exactly once by its key, in order for each profile, and none may be missing."""
    from cdp_assets_tests.activation.faults import delivered_in_spite_of_everything

    with tempfile.TemporaryDirectory() as folder:
        arrived = delivered_in_spite_of_everything(
            f"sqlite:///{Path(folder) / 'ledger.sqlite'}",
            people=int(os.environ.get("CDP_BENCH_PEOPLE", PEOPLE)),
            kills=KILLS,
            seed=seed,
        )
    for trouble, times in arrived.troubles.most_common():
        print(f"the receiver {trouble}: {times:,}")
    return [
        Figure("kills of the worker while it delivered", arrived.kills, "kills", f"= {KILLS}", arrived.kills == KILLS),
        Figure("changes to deliver to a receiver in trouble", arrived.expected, "messages"),
        Figure("of them repeated, and dropped by their key", arrived.repeats, "messages"),
        *(
            Figure(name, number, "messages", "= 0", number == 0)
            for name, number in (
                ("changes missing", arrived.missing),
                ("changes kept twice", arrived.surplus),
                ("profiles out of order", arrived.out_of_order),
                ("changes not noted as delivered", arrived.unsettled),
            )
        ),
    ]
