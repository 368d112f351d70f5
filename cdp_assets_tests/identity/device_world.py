"""Homes with people and their devices, written out as canonical tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cdp_assets.canonical import tables as canonical
from cdp_assets.identity import schemas
from cdp_assets.identity.suggestions import Inputs
from cdp_assets.warehouse.duckdb_engine import DuckDBEngine
from cdp_assets_tests.identity.world import at, load

TASTES = ("mugs", "soap", "lanterns", "notebooks", "knives")


@dataclass(frozen=True)
class Device:
    """A device, and what was done on it.

    Args:
        id: The record of its events without a login; with one, they hang on the record ``id + 100_000``.
        person: Whose profile it is, if that is known.
        network, place, content, kind: Where it was, what was looked at, and what it is.
        days: Days into 2023 on which it was used, one event each.
        login: The first day with a login; None for never.
    """

    id: int
    person: int | None = None
    network: str | None = None
    place: str | None = None
    content: str | None = None
    kind: str = "desktop"
    days: Sequence[float] = (1, 2, 3, 4)
    login: float | None = None


def homes(count: int) -> list[Device]:
    """Homes of two people with two devices each, on all of which they log in at once.

    Person 2 n and person 2 n + 1 live in home n, have tastes of their own, and do not use the site on the same days.
    """
    return [
        Device(
            id=10 * person + number,
            person=person,
            network=f"home {person // 2}",
            place=f"town {person // 10}",
            content=TASTES[(person // 2 + 2 * (person % 2)) % len(TASTES)],
            kind=kind,
            days=[10 * (person % 2) + day + number / 10 for day in range(1, 6)],
            login=0,
        )
        for person in range(2 * count)
        for number, kind in enumerate(("desktop", "mobile"), start=1)
    ]


def another_of(device: Device, id: int, **changes: Any) -> Device:
    """A device nobody was identified on, that behaves like another one."""
    return replace(device, **{"id": id, "person": None, "login": None, **changes})


def inputs_of(devices: Sequence[Device], engine: DuckDBEngine) -> Inputs:
    """The tables that such devices make. Anonymous events on a person's device are that person's."""
    lineage = {"source": "web", "load_id": "1", "source_row": 1}
    events, identifiers, records, homes_of = [], [], [], []
    for device in devices:
        known = [day for day in device.days if device.login is not None and day >= device.login]
        parts = {device.id: [day for day in device.days if day not in known], device.id + 100_000: known}
        for record, days in parts.items():
            if not days:
                continue
            carried = [("anonymous_id", f"device {device.id}")]
            carried += [("user_id", f"user {device.person}")] if record != device.id else []
            records.append(
                {"record_id": record, "source": "web", "stream": "events", "kind": "fact", "rows": len(days)}
            )
            identifiers += [
                {"record_id": record, "namespace": "web", "identifier_type": kind, "identifier_value": value}
                for kind, value in carried
            ]
            homes_of.append({"record_id": record, "profile_id": -device.id if device.person is None else device.person})
            events += [
                {**lineage, "record_id": record, "native_id": f"{record} {day}", "event_id": f"{record} {day}",
                 "event_name": "page", "occurred_at": at(day), "network": device.network, "place": device.place,
                 "device_type": device.kind, "page_url": f"https://shop.example/c/{device.content}?page=2"}
                for day in days
            ]  # fmt: skip
    return Inputs(
        events=load(engine, canonical.EVENTS, events),
        identity_records=load(engine, canonical.IDENTITY_RECORDS, records),
        identifiers=load(engine, canonical.IDENTIFIERS, identifiers),
        profile_map=load(engine, schemas.PROFILE_MAP, homes_of),
        rejected_links=load(engine, schemas.REJECTED_LINKS, []),
    )
