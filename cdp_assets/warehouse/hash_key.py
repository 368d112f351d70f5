"""That an installation goes on with the hash key that it was begun with.

Belongs here: telling another key, or none, from that one. Does not belong here: where the key comes from
(`settings.py`).

Ids of records are made with it. With another one all records are new ones: nobody would be who they were, what stewards
said would name nobody, and destinations would be told of everybody once more.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from cdp_assets.settings import Settings, SettingsError

if TYPE_CHECKING:
    from datetime import datetime

    from cdp_assets.ledger import Ledger

_NAME = "hash_key"


def keep_to_key(ledger: Ledger, settings: Settings, *, run_id: str, as_of: datetime) -> None:
    """Remember the key in the ledger of a new installation, and see that it is the same ever after.

    Args:
        ledger: The ledger.
        settings: The settings.
        run_id: The run that uses the key.
        as_of: Its instant, UTC.

    Raises:
        SettingsError: as `check_key` says.
    """
    if not check_key(ledger, settings):
        ledger.save_fingerprint(_NAME, _fingerprint(settings.hash_key), run_id=run_id, as_of=as_of)


def check_key(ledger: Ledger, settings: Settings) -> bool:
    """See that the key is the one that the ledger remembers, if it remembers one.

    Returns:
        Whether it does.

    Raises:
        SettingsError: if it is another one, or there is none.
    """
    remembered, given = ledger.fingerprint(_NAME), settings.given_hash_key
    if remembered is None or (given is not None and _fingerprint(given) == remembered):
        return remembered is not None
    kept = settings.hash_key_file
    found = f"{kept} is gone, and CDP_HASH_KEY is not set" if given is None else "it is another one now"
    raise SettingsError(
        f"this installation was begun with a hash key, and {found}. All profiles would be new ones, and destinations "
        f"would be told of everybody again: nothing was done. Set CDP_HASH_KEY to what it was, or, if it was not set, "
        f"unset it and put {kept} back from a copy. To begin anew with another key, take a new data folder and ledger"
    )


def _fingerprint(key: str) -> str:
    return hmac.new(key.encode(), b"hash key of an installation", hashlib.sha256).hexdigest()
