"""One profile as a graph to draw: its records, what ties them, and what was refused.

Belongs here: which points and lines a picture has, on plain masked values. Does not belong here: drawing
(`cluster_picture.py`, `presentation/cluster_text.py`), and reading single values (`published.py`).

A large profile is summarised: records of one stream that are tied by the same become one point, and if there are still
too many, all records of one stream do.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable
from dataclasses import asdict, dataclass
from typing import Any

from ibis import _

from cdp_assets.identity.explain import profile_ties
from cdp_assets.identity.published import Published, RecordShown, Tables, rows_of
from cdp_assets.identity.spec import spoken
from cdp_assets.identity.ties import Tie, Ties

_MOST_POINTS = 24
"""More points than this are no picture any more."""

_MOST_OUTSIDE = 6
"""So many other profiles, to which links were refused, are shown."""


@dataclass(frozen=True)
class Point:
    """One record, or several that a summary takes for one.

    Args:
        key: Names it within the cluster.
        source, stream: Where it is from; of other profiles ``other profile``.
        label: Masked.
        records: How many records it stands for.
        outside: Whether it is another profile.
        record_id: The record, if it is one.
    """

    key: str
    source: str
    stream: str
    label: str
    records: int
    outside: bool = False
    record_id: int | None = None


@dataclass(frozen=True)
class Line:
    """What ties two points, or was refused between them.

    Args:
        left, right: Keys of points.
        kinds: What they share, in words, the strongest first.
        strength: Of the strongest, 0 to 1; 0 for what was refused.
        links: How many links it stands for.
        refused: Why it was refused; null for what holds.
    """

    left: str
    right: str
    kinds: tuple[str, ...]
    strength: float
    links: int
    refused: str | None = None


@dataclass(frozen=True)
class Cluster:
    """The picture of one profile.

    Args:
        profile_id: The profile.
        records: How many records it has.
        summarised: Whether points stand for several records.
        points, lines: What is drawn.
        unseen: How many more profiles have refused links to it.
    """

    profile_id: int
    records: int
    summarised: bool
    points: tuple[Point, ...]
    lines: tuple[Line, ...]
    unseen: int = 0

    @property
    def weakest(self) -> Line | None:
        """The line that weighs least of those that hold."""
        return min((line for line in self.lines if not line.refused), key=lambda line: line.strength, default=None)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values; ids are text."""
        return {
            "profile_id": str(self.profile_id),
            "records": self.records,
            "summarised": self.summarised,
            "points": [
                {**asdict(point), "record_id": None if point.record_id is None else str(point.record_id)}
                for point in self.points
            ],
            "lines": [asdict(line) for line in self.lines],
            "profiles_not_shown": self.unseen,
        }


def draw_cluster(tables: Tables, called: str, key: str) -> Cluster:
    """The picture of a profile.

    Args:
        tables: Published tables.
        called: What a person calls it; see `Published.find_profile`.
        key: Secret of the keyed hashes of identifiers.

    Raises:
        RecordNotFound: if there is no such profile, or several.
    """
    reading = Published(tables, key)
    return cluster_of(reading, reading.find_profile(called))


def cluster_of(reading: Published, profile: int) -> Cluster:
    """The picture of a profile by its id."""
    shown = reading.shown(reading.members([profile]))
    ties = profile_ties(reading, profile)
    tied_by = {record: frozenset(ties.carries.get(record, ())) for record in shown}
    place: Callable[[int], Hashable] = lambda record: record  # noqa: E731
    if len(shown) > _MOST_POINTS:
        place = lambda record: (shown[record].source, shown[record].stream, tied_by[record])  # noqa: E731
        if len({place(record) for record in shown}) > _MOST_POINTS:
            place = lambda record: (shown[record].source, shown[record].stream)  # noqa: E731
    placed: dict[Hashable, list[int]] = defaultdict(list)
    # People's own records come first: what many share is drawn around them.
    for record in sorted(
        shown, key=lambda each: (shown[each].kind != "person", shown[each].source, shown[each].stream, each)
    ):
        placed[place(record)].append(record)
    points, where = [], {}
    for number, records in enumerate(placed.values(), start=1):
        points.append(_point(str(number), [shown[record] for record in records]))
        where.update(dict.fromkeys(records, str(number)))
    lines = _lines(ties, where)
    outside, refused, unseen = _outside(reading, where)
    return Cluster(profile, len(shown), len(points) < len(shown), (*points, *outside), (*lines, *refused), unseen)


def _point(key: str, records: list[RecordShown]) -> Point:
    first = records[0]
    if len(records) == 1:
        return Point(key, first.source, first.stream, first.short, 1, record_id=first.record_id)
    return Point(key, first.source, first.stream, f"{len(records)} records", len(records))


def _lines(ties: Ties, where: dict[int, str]) -> list[Line]:
    """One line between two points for all that ties them; each tie as a star around its first point."""
    between: dict[tuple[str, str], list[Tie]] = defaultdict(list)
    for tie, records in ties.carried.items():
        keys = sorted({where[record] for record in records if record in where}, key=int)
        for other in keys[1:]:
            between[keys[0], other].append(tie)
    found = []
    for (left, right), shared in sorted(between.items()):
        shared.sort(key=lambda tie: (-ties.strength(tie), repr(tie)))
        kinds = Counter(
            spoken(ties.described[tie]["namespace"], ties.described[tie]["identifier_type"]) for tie in shared
        )
        found.append(Line(left, right, tuple(kinds), ties.strength(shared[0]), len(shared)))
    return found


def _outside(reading: Published, where: dict[int, str]) -> tuple[list[Point], list[Line], int]:
    """Other profiles to which links were refused, and these links."""
    rejected = reading.tables("identity", "rejected_links")
    mine = sorted(where)
    rows = rows_of(
        rejected.filter(
            _.right_record_id.notnull() & (_.left_record_id.isin(mine) | _.right_record_id.isin(mine))
        ).order_by("link_id")
    )
    others = {row[side] for row in rows for side in ("left_record_id", "right_record_id")} - set(where)
    shown = reading.shown(others)
    refused: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    for row in rows:
        inside, other = row["left_record_id"], row["right_record_id"]
        if inside not in where:
            inside, other = other, inside
        if other in shown and inside in where:
            for profile in shown[other].profiles[:1]:
                kind = spoken(row["namespace"], row["identifier_type"])
                refused[profile].append((where[inside], kind, row["reason"].replace("_", " ")))
    ranked = sorted(refused, key=lambda profile: (-len(refused[profile]), profile))
    points, lines = [], []
    for number, profile in enumerate(ranked[:_MOST_OUTSIDE], start=1):
        key = f"x{number}"
        names = sorted({shown[record].name for record in others if profile in shown[record].profiles} - {""})
        points.append(Point(key, "other profile", "", names[0] if names else "another profile", 1, outside=True))
        by_point: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for inside_key, kind, reason in refused[profile]:
            by_point[inside_key].append((kind, reason))
        for inside_key, reasons in sorted(by_point.items(), key=lambda item: int(item[0])):
            kinds = tuple(dict.fromkeys(kind for kind, _reason in reasons))
            why = ", ".join(dict.fromkeys(reason for _kind, reason in reasons))
            lines.append(Line(inside_key, key, kinds, 0.0, len(reasons), why))
    return points, lines, max(0, len(ranked) - _MOST_OUTSIDE)
