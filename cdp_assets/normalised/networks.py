"""Addresses of clients become networks: enough to see that two devices were in one place, and no more.

Belongs here: the `network` of events. Does not belong here: what is made of it (`identity/device_signals.py`).

The last eight bits of an IP address, and all but 48 of an IPv6 address, are dropped, as web analytics does that
anonymises addresses; what is left is kept as a keyed hash.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cdp_assets.warehouse.engine import Engine
from cdp_assets.warehouse.operations import stable_id

_FOUR = r"^([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})\.[0-9]{1,3}$"
_SIX = r"^([0-9a-f]{1,4}:[0-9a-f]{1,4}:[0-9a-f]{0,4}):[0-9a-f:.]*$"
_MAPPED = "::ffff:"
_PRIVATE = r"^(0|10|127|169\.254|192\.168|172\.(1[6-9]|2[0-9]|3[01]))\.|^f[cd][0-9a-f]{2}:|^fe[89ab][0-9a-f]:"


def with_networks(events: ir.Table, engine: Engine, key: str) -> ir.Table:
    """Events with the network in place of the address.

    Args:
        events: ``network`` holds what the source says: an IP or IPv6 address in its usual spelling (RFC 5952).
        engine: Holds the network of each address.
        key: Secret of the keyed hash.

    Returns:
        The same with ``network`` as hash; null for what is no address, and for private ones, which say nothing.
    """
    # By themselves, since events that are read twice in one statement are kept from one time to the other.
    told = engine.scratch(_networks(events.select(address="network").distinct(), key))
    joined = events.left_join(told, [("network", "address")])
    return joined.select(**{name: joined["hashed" if name == "network" else name] for name in events.columns})


def _networks(addresses: ir.Table, key: str) -> ir.Table:
    """The network of each address; there are far fewer of them than events, and patterns are slow."""
    address = addresses.address.strip().lower().replace(_MAPPED, "")
    # In "2001:db8::1" the third group is zero, in "2001:db8:0:7::1" it is written out.
    six = address.re_extract(_SIX, 1).re_replace(r":0*$", ":")
    prefix = ibis.coalesce(address.re_extract(_FOUR, 1).nullif(""), six.nullif(""))
    public = ibis.ifelse(address.re_search(_PRIVATE), ibis.null("string"), prefix)
    hashed = stable_id(ibis.literal("network"), public, key=key).cast("string")
    return addresses.select("address", hashed=ibis.ifelse(public.notnull(), hashed, ibis.null("string")))
