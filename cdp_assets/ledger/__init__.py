"""The operational store: what must survive between runs and may not be recomputed.

One module per concern (`loads.py`, `profile_ids.py`, `outbox.py` …), each a handful of functions that take the
connection of `Ledger.transaction()` or `Ledger.reading()`. SQLite by default, PostgreSQL by URL.
"""

from cdp_assets.ledger.ledger import Ledger, LedgerBusyError

__all__ = ["Ledger", "LedgerBusyError"]
