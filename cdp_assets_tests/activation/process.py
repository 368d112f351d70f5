"""Refreshes and deliveries as processes that a test can kill: ``python -m … refresh|deliver LEDGER [URL]``."""

from __future__ import annotations

import sys
from dataclasses import replace

from cdp_assets.activation.clock import wall_clock
from cdp_assets.activation.connectors.webhook import Webhook
from cdp_assets.activation.delivery import deliver
from cdp_assets.activation.spec import Breaker, Retry, WebhookConnector
from cdp_assets.ledger import Ledger
from cdp_assets_tests.activation.shop import MIRROR, MONDAY, Shop

SECRET = "not much of a secret"
PEOPLE = 400
TIMEOUT_SECONDS = 0.2
SPEC = replace(
    MIRROR,
    connector=WebhookConnector("URL", "SECRET", concurrency=4),
    retry=Retry(base_seconds=0.05, longest_seconds=0.2),
    breaker=Breaker(pause_seconds=0.05, longest_seconds=0.2),
)


def stocked(url: str, people: int = PEOPLE) -> Shop:
    """A shop all of whose people are members, a third of them without consent."""
    shop = Shop(url).with_people(*range(1, people + 1))
    shop.consents = [word for number, word in enumerate(shop.consents) if number % 3]
    shop.members = set(range(1, people + 1))
    return shop


def main() -> None:
    what, ledger_url, *rest = sys.argv[1:]
    print("ready", flush=True)
    if what == "refresh":
        stocked(ledger_url).refresh(SPEC, MONDAY)
    else:
        with Ledger.open(ledger_url) as ledger:
            webhook = Webhook(rest[0], SECRET, concurrency=4, timeout_seconds=TIMEOUT_SECONDS)
            deliver(SPEC, webhook, ledger, clock=wall_clock)


if __name__ == "__main__":
    main()
