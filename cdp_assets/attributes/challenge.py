"""Who is published: what was learnt, its best named baseline, or its predecessor, all judged on the same hold-out.

Belongs here: the contest, what a check says of it, and a model as it is kept from one contest to the next. Does not
belong here: when to learn (`model_training.py`), and how a model is fitted and measured.

Whoever was published later has usually seen what followed the day of the hold-out, and would win by having seen it. So
beside a model is kept what it was before its own back-test, and that is what its successor meets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Generic, Literal, TypeVar

from cdp_assets.attributes.drift import Bins
from cdp_assets.quality.checks import CheckResult, Judged

T = TypeVar("T")
Contender = Literal["learnt", "baseline", "predecessor"]

DIGITS = 4
"""Significant digits by which contenders are told apart: of equals the newer is published."""

CHALLENGER_WINS = Judged(
    "challenger_wins",
    "What was learnt did no worse in its back-test than its best named baseline and than its predecessor as it was "
    "kept; otherwise the better of the two is what is published.",
    blocking=False,
)


@dataclass(frozen=True)
class Measure:
    """What contenders are compared by.

    Args:
        name: As it is told.
        more_is_better: Whether the larger figure wins.
    """

    name: str
    more_is_better: bool


AUC = Measure("AUC", more_is_better=True)
ABSOLUTE_ERROR = Measure("mean absolute error", more_is_better=False)
LOG_LOSS = Measure("log loss", more_is_better=False)
_MEASURES = {measure.name: measure for measure in (AUC, ABSOLUTE_ERROR, LOG_LOSS)}


@dataclass(frozen=True)
class YearAgo:
    """How contenders did in the season of the coming horizon a year ago.

    Args:
        learnt: Figure of what was learnt.
        baselines: Name of a baseline → its figure.
    """

    learnt: float
    baselines: Mapping[str, float]


@dataclass(frozen=True)
class Contest:
    """How contenders did on the same hold-out.

    Args:
        measure: What they are compared by.
        cut: Last day that any of them had seen.
        until: Last day of the training that it was part of.
        cases: How many customers, subscriptions or messages they were judged on.
        learnt: Figure of what was learnt.
        baselines: Name of a baseline → its figure.
        predecessor: Figure of the predecessor as it was kept; None without one that can be compared.
        predecessor_until: Last day that it has seen, as it was published.
        year_ago: How all but the predecessor, which has seen it, did in the same season a year ago; None without one.
    """

    measure: Measure
    cut: date
    until: date
    cases: int
    learnt: float
    baselines: Mapping[str, float]
    predecessor: float | None = None
    predecessor_until: date | None = None
    year_ago: YearAgo | None = None

    @property
    def best_baseline(self) -> str:
        best = max if self.measure.more_is_better else min
        return best(self.baselines, key=self._of_baseline)

    @property
    def beats_baseline(self) -> bool:
        """Whether what was learnt did no worse than any baseline, on average of both hold-outs where there are two."""
        return not self._better(self._of_baseline(self.best_baseline), self._of_learnt)

    @property
    def _of_learnt(self) -> float:
        return self.learnt if self.year_ago is None else (self.learnt + self.year_ago.learnt) / 2

    def _of_baseline(self, name: str) -> float:
        figure = self.baselines[name]
        return figure if self.year_ago is None else (figure + self.year_ago.baselines.get(name, figure)) / 2

    @property
    def winner(self) -> Contender:
        """Who is published; a predecessor only if it did better than both others."""
        best = self.learnt if self.beats_baseline else self.baselines[self.best_baseline]
        if self.predecessor is not None and self._better(self.predecessor, best):
            return "predecessor"
        return "learnt" if self.beats_baseline else "baseline"

    @property
    def figure(self) -> float:
        """Figure of the winner."""
        if self.winner == "predecessor" and self.predecessor is not None:
            return self.predecessor
        return self.learnt if self.beats_baseline else self.baselines[self.best_baseline]

    @property
    def figures(self) -> dict[str, float]:
        """Who was compared, and how they did."""
        found = {"learnt": self._of_learnt, "best_baseline": self._of_baseline(self.best_baseline)}
        return found if self.predecessor is None else {**found, "predecessor": self.predecessor}

    @property
    def told(self) -> str:
        """Who is published, and by which figures."""
        who = {
            "learnt": "what was learnt is published",
            "baseline": f"{self.best_baseline} is published",
            "predecessor": f"the predecessor of {self.predecessor_until} stays",
        }[self.winner]
        figures = (f"{name.replace('_', ' ')} {figure:.4g}" for name, figure in self.figures.items())
        on = "" if self.year_ago is None else " (mean of the last horizon and of the same season a year ago)"
        return f"{who}: {self.measure.name}{on} {', '.join(figures)}"

    def _better(self, one: float, other: float) -> bool:
        one, other = _rounded(one), _rounded(other)
        return one > other if self.measure.more_is_better else one < other

    def to_plain(self) -> dict[str, Any]:
        """As values that JSON knows."""
        return {
            "measure": self.measure.name,
            "cut": self.cut.isoformat(),
            "until": self.until.isoformat(),
            "cases": self.cases,
            "learnt": _rounded(self.learnt),
            "baselines": {name: _rounded(figure) for name, figure in self.baselines.items()},
            "predecessor": None if self.predecessor is None else _rounded(self.predecessor),
            "predecessor_until": self.predecessor_until and self.predecessor_until.isoformat(),
            "year_ago": self.year_ago
            and {
                "learnt": _rounded(self.year_ago.learnt),
                "baselines": {name: _rounded(figure) for name, figure in self.year_ago.baselines.items()},
            },
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Contest:
        """Read what `to_plain` wrote."""
        before = plain["predecessor_until"]
        return cls(
            _MEASURES[plain["measure"]],
            date.fromisoformat(plain["cut"]),
            date.fromisoformat(plain["until"]),
            plain["cases"],
            plain["learnt"],
            plain["baselines"],
            plain["predecessor"],
            before and date.fromisoformat(before),
            plain["year_ago"] and YearAgo(**plain["year_ago"]),
        )


def _rounded(figure: float) -> float:
    return float(f"{figure:.{DIGITS}g}")


@dataclass(frozen=True)
class Approved(Generic[T]):
    """A model as it is kept: plain numbers, and what the next one will be measured by.

    Args:
        model: What is published.
        until: Last day that it has seen.
        report: What is told of it on its card, JSON-able.
        contest: The last that it took part in; None if nothing could be compared.
        rehearsed: What it was before its own back-test; None without one.
        rehearsed_at: Last day that this had seen.
        then: Figure → how those whom it was learnt from were spread over it.
    """

    model: T
    until: date
    report: Mapping[str, Any]
    contest: Contest | None = None
    rehearsed: T | None = field(default=None, repr=False)
    rehearsed_at: date | None = None
    then: Mapping[str, Bins] = field(default_factory=dict, repr=False)

    def unseeing(self, cut: date) -> T | None:
        """It, as it was when it had seen nothing after a day; None if that was not kept."""
        return unseeing(cut, (self.model, self.until), (self.rehearsed, self.rehearsed_at))

    def after(self, contest: Contest) -> Approved[T]:
        """The same after a contest, by which it keeps its place."""
        return replace(self, contest=contest)

    def to_plain(self, write: Callable[[T], Any]) -> dict[str, Any]:
        """As values that JSON knows, given how the model is written."""
        return {
            "model": write(self.model),
            "until": self.until.isoformat(),
            "report": dict(self.report),
            "contest": self.contest and self.contest.to_plain(),
            "rehearsed": None if self.rehearsed is None else write(self.rehearsed),
            "rehearsed_at": self.rehearsed_at and self.rehearsed_at.isoformat(),
            "then": {name: bins.to_plain() for name, bins in self.then.items()},
        }

    @classmethod
    def of(cls, plain: Mapping[str, Any], read: Callable[[Any], T]) -> Approved[T]:
        """Read what `to_plain` wrote."""
        return cls(
            read(plain["model"]),
            date.fromisoformat(plain["until"]),
            plain["report"],
            plain["contest"] and Contest.of(plain["contest"]),
            None if plain["rehearsed"] is None else read(plain["rehearsed"]),
            plain["rehearsed_at"] and date.fromisoformat(plain["rehearsed_at"]),
            {name: Bins.of(bins) for name, bins in plain["then"].items()},
        )


def contest(
    measure: Measure,
    cut: date,
    until: date,
    cases: int,
    contenders: tuple[float, Mapping[str, float]],
    predecessor: Approved[T] | None,
    judge: Callable[[T], float | None],
) -> Contest:
    """A contest with the predecessor as it was kept, if that had seen nothing after the day.

    Args:
        measure, cut, until, cases: As in `Contest`.
        contenders: Figure of what was learnt, and of the baselines by name.
        predecessor: What has been published so far.
        judge: Figure of a model on the hold-out.
    """
    found = Contest(measure, cut, until, cases, *contenders)
    before = None if predecessor is None else predecessor.unseeing(cut)
    if predecessor is None or before is None:
        return found
    return replace(found, predecessor=judge(before), predecessor_until=predecessor.until)


def unseeing(cut: date, whole: tuple[T, date], rehearsed: tuple[T | None, date | None]) -> T | None:
    """What of a model had seen nothing after a day.

    Args:
        cut: The day.
        whole: The model as it is published, and the last day that it has seen.
        rehearsed: The same before its own back-test; None without one.
    """
    model, until = whole
    if until <= cut:
        return model
    before, at = rehearsed
    return before if at is not None and at <= cut else None


@dataclass(frozen=True)
class Standing:
    """What a model is, and how it came to be published.

    Args:
        name: What is published.
        is_learnt: Whether it was learnt, rather than stated for want of facts.
        until: Last day that it has seen.
        contests: What was contended for → the last contest; empty where nothing could be compared.
        why: Why nothing could be, in a sentence.
        horizon_days: Days ahead that it foretells, if that is fixed.
    """

    name: str
    is_learnt: bool
    until: date
    contests: Mapping[str, Contest] = field(default_factory=dict)
    why: str = ""
    horizon_days: int | None = None

    @classmethod
    def of(cls, approved: Approved[Any], name: str, contended: str, *, is_learnt: bool) -> Standing:
        """Of a model that contends as a whole."""
        contests = {} if approved.contest is None else {contended: approved.contest}
        return cls(name, is_learnt, approved.until, contests, str(approved.report.get("none", "")))

    @property
    def is_kept(self) -> bool:
        """Whether it is its own predecessor, or part of it is."""
        return any(contest.winner == "predecessor" for contest in self.contests.values())

    @property
    def tried(self) -> date:
        """Last day that whatever was learnt last has seen, published or not."""
        return max([self.until, *(contest.until for contest in self.contests.values())])

    @property
    def judged_on(self) -> date | None:
        """Day of the hold-out."""
        return max((contest.cut for contest in self.contests.values()), default=None)

    @property
    def measured(self) -> tuple[str | None, float | None]:
        """What was measured, and how what is published did, over all cases."""
        found = list(self.contests.values())
        cases = sum(contest.cases for contest in found)
        if not cases:
            return None, None
        return found[0].measure.name, _rounded(sum(each.cases * each.figure for each in found) / cases)

    def verdict(self) -> CheckResult:
        """The outcome of `CHALLENGER_WINS`."""
        if not self.contests:
            nothing = "nothing could be compared" if self.is_learnt else "nothing could be learnt"
            return CHALLENGER_WINS.outcome(True, f"{nothing}: {self.why}")
        won = all(contest.winner == "learnt" for contest in self.contests.values())
        if len(self.contests) == 1:
            [contest] = self.contests.values()
            return CHALLENGER_WINS.outcome(won, contest.told, **contest.figures)
        told = "; ".join(f"{of}: {contest.told}" for of, contest in self.contests.items())
        figures = {
            f"{name}, {of}": figure for of, contest in self.contests.items() for name, figure in contest.figures.items()
        }
        return CHALLENGER_WINS.outcome(won, told, **figures)
