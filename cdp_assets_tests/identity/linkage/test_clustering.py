"""Groups are joined best first, as wholes, and never against a limit or a ban."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.identity.linkage import clustering
from cdp_assets.identity.linkage.clustering import Constraints, Edges, Join, Joins, Sizes, cluster
from cdp_assets.identity.linkage.joining import groups_of, weight_for
from cdp_assets.identity.linkage.scoring import SILENCES
from cdp_assets.identity.spec import NOT_COMPARED
from cdp_assets_tests.examples import examples

Votes = Mapping[tuple[int, int], int]


def edges(*pairs: tuple[int, int, float], dates: Votes | None = None, names: Votes | None = None) -> Edges:
    """Pairs of groups of one face each with the weight between them, and what birth dates and given names say where
    they do; numbers say nothing."""
    left, right, weight = zip(*pairs, strict=True)
    votes = [
        np.array([(said or {}).get((one, other), 0) for one, other in zip(left, right, strict=True)])
        for said in (dates, names, None)
    ]
    return Edges(np.array(left), np.array(right), np.array(weight, float) - NOT_COMPARED, *votes)


def constraints(
    cannot: Iterable[tuple[int, int]] = (),
    held: Iterable[tuple[int, int, int]] = (),
    limit: int = 1,
    born: Iterable[tuple[int, int]] = (),
) -> Constraints:
    """Pairs that must not be together; (label, kind, value) of what is held; (label, day) of who was born when."""
    left, right = np.array(list(cannot), np.int64).reshape(-1, 2).T
    holder, kind, value = np.array(list(held), np.int64).reshape(-1, 3).T
    bearer, day = np.array(list(born), np.int64).reshape(-1, 2).T
    return Constraints(left, right, holder, kind, value, bearer, day, {int(each): limit for each in kind})


def sizes(faces: Mapping[int, int]) -> Sizes:
    """Label → its number of faces."""
    return Sizes(np.array(list(faces.keys()), np.int64), np.array(list(faces.values()), np.int64))


def rows(joins: Joins) -> list[Join]:
    return [Join(*row) for row in zip(*(column.tolist() for column in joins), strict=True)]


def groups(joins: Joins, least: float, everyone: Iterable[int]) -> set[frozenset[int]]:
    nodes, joined = groups_of(joins, least)
    home = {label: label for label in everyone} | dict(zip(nodes.tolist(), joined.tolist(), strict=True))
    return {frozenset(label for label in home if home[label] == name) for name in set(home.values())}


def test_two_groups_are_joined_from_the_weight_asked_for_on() -> None:
    joins, _ = cluster(edges((1, 2, 3.0), (3, 4, -1.0)), sizes({}), 0.0, Constraints.none())
    assert rows(joins) == [Join(1, 2, 3.0)]


def test_a_chain_is_not_joined_by_its_links_alone() -> None:
    # 1–2 and 2–3 look alike, but 1 and 3 were not even worth comparing: their mean with the pair is below 0.
    joins, _ = cluster(edges((1, 2, 4.0), (2, 3, 3.0)), sizes({}), 0.0, Constraints.none())
    assert groups(joins, 0.0, (1, 2, 3)) == {frozenset({1, 2}), frozenset({3})}


def test_records_without_a_birth_date_do_not_join_two_people_who_have_one() -> None:
    # 1 and 4 were born on other days; 2 and 3 say nothing of that and resemble both.
    pairs = edges(*((left, right, 6.0) for left in range(1, 5) for right in range(left + 1, 5)), dates={(1, 4): 1})
    joins, refused = cluster(pairs, sizes({}), 0.0, Constraints.none())
    assert groups(joins, 0.0, range(1, 5)) == {frozenset({1, 2, 3}), frozenset({4})}
    assert {each.reason for each in refused} == {"dates_differ"}


def test_who_has_no_given_name_does_not_join_two_who_have_different_ones() -> None:
    # Twins, and somebody of their birth date and address who may be either: the mean of 2 to both is above 0.
    pairs = edges((1, 2, 7.5), (1, 3, -6.5), (2, 3, 7.0), names={(1, 3): 1})
    joins, refused = cluster(pairs, sizes({}), 0.0, Constraints.none())
    assert groups(joins, 0.0, (1, 2, 3)) == {frozenset({1, 2}), frozenset({3})}
    assert {each.reason for each in refused} == {"names_differ"}


def test_one_pair_of_given_names_that_agree_is_enough() -> None:
    pairs = edges((1, 2, 7.5), (1, 3, -6.5), (2, 3, 7.0), names={(1, 3): 1, (2, 3): -SILENCES})
    joins, _ = cluster(pairs, sizes({}), 0.0, Constraints.none())
    assert groups(joins, 0.0, (1, 2, 3)) == {frozenset({1, 2, 3})}


def test_birth_dates_that_kept_two_apart_still_count_when_one_of_them_has_grown() -> None:
    # 1 and 2 are found to be two people before 3, which says nothing of birth dates, is joined with 1.
    pairs = edges((1, 2, 12.0), (1, 3, 9.0), (2, 3, 8.0), dates={(1, 2): 1})
    joins, refused = cluster(pairs, sizes({}), 0.0, Constraints.none())
    assert groups(joins, 0.0, (1, 2, 3)) == {frozenset({1, 3}), frozenset({2})}
    assert {each.reason for each in refused} == {"dates_differ"}


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ([19710304], [20030912], False),
        ([19710000], [20030912], False),
        ([19710304], [20030304], True),  # one digit or two
        ([19710304], [19790912], True),  # what a difference is worth is learned
        ([19710304, 20030912], [20030912], True),
        ([19710304], [], True),
    ],
)
def test_whom_nobody_compared_are_not_brought_together_if_they_were_born_a_generation_apart(
    one: list[int], other: list[int], together: bool
) -> None:
    """2 has no birth date, and resembles both 1 and 3."""
    born = [(label, day) for label, days in ((1, one), (3, other)) for day in days]
    found = edges((1, 2, 10.0), (2, 3, 12.0))
    joins, refused = cluster(found, sizes({}), 0.0, constraints(born=born))
    assert (frozenset({1, 2, 3}) in groups(joins, 0.0, (1, 2, 3))) is together
    assert {each.reason for each in refused} == (set() if together else {"dates_differ"})


def test_one_odd_birth_date_among_equal_ones_parts_nobody() -> None:
    # 2, 3 and 4 agree; that of 1 is too far from 4's, but not from those of 2 and 3, with whom it is joined first.
    dates = {(1, 4): 1, (2, 3): -1, (2, 4): -1, (3, 4): -1}
    pairs = edges((1, 2, 9.0), (1, 3, 9.0), (1, 4, 1.0), (2, 3, 6.0), (2, 4, 6.0), (3, 4, 6.0), dates=dates)
    joins, refused = cluster(pairs, sizes({}), 0.0, Constraints.none())
    assert groups(joins, 0.0, range(1, 5)) == {frozenset({1, 2, 3, 4})}
    assert not refused


def test_a_triangle_is_joined_though_one_side_is_weak() -> None:
    joins, _ = cluster(edges((1, 2, 9.0), (2, 3, 8.0), (1, 3, -2.0)), sizes({}), 0.0, Constraints.none())
    assert groups(joins, 0.0, (1, 2, 3)) == {frozenset({1, 2, 3})}


def test_all_faces_of_a_group_count_not_one_lucky_pair() -> None:
    # Group 1 has four faces, of which one was compared with 2, and agreed.
    joins, _ = cluster(edges((1, 2, 10.0)), sizes({1: 4}), 0.0, Constraints.none())
    assert rows(joins) == []


@pytest.mark.parametrize("extra", [(), ((2, 5, 1.0), (5, 6, 0.5))])
def test_a_ban_holds_whatever_the_weight_and_is_reported(extra: tuple[tuple[int, int, float], ...]) -> None:
    joins, refused = cluster(
        edges((1, 2, 20.0), (2, 3, 18.0), (1, 3, 18.0), *extra), sizes({}), 0.0, constraints(cannot=[(1, 3)])
    )
    assert not any({1, 3} <= group for group in groups(joins, 0.0, (1, 2, 3)))
    assert [each.reason for each in refused] == ["kept_apart"]


def test_two_user_ids_are_not_joined() -> None:
    joins, refused = cluster(edges((1, 2, 20.0)), sizes({}), 0.0, constraints(held=[(1, 7, 100), (2, 7, 200)]))
    assert rows(joins) == []
    assert [each.reason for each in refused] == ["ids_differ"]


def test_the_same_user_id_twice_breaks_no_limit() -> None:
    joins, refused = cluster(edges((1, 2, 20.0)), sizes({}), 0.0, constraints(held=[(1, 7, 100), (2, 7, 100)]))
    assert (len(rows(joins)), refused) == (1, [])


def test_what_a_limit_refused_leaves_the_rest_joined() -> None:
    joins, refused = cluster(
        edges((1, 2, 9.0), (1, 3, 8.0), (2, 3, 8.0)), sizes({}), 0.0,
        constraints(held=[(1, 7, 100), (2, 7, 100), (3, 7, 200)]),
    )  # fmt: skip
    assert groups(joins, 0.0, (1, 2, 3)) == {frozenset({1, 2}), frozenset({3})}
    assert {each.reason for each in refused} == {"ids_differ"}


weights = st.floats(-12, 20).map(lambda weight: round(weight, 1))
pairs = st.dictionaries(
    st.tuples(st.integers(1, 9), st.integers(1, 9)).filter(lambda pair: pair[0] < pair[1]), weights, min_size=1
)


@given(pairs, st.dictionaries(st.integers(1, 9), st.integers(1, 4)))
@examples(100)
def test_settling_in_bulk_gives_what_settling_one_by_one_gives(
    found: dict[tuple[int, int], float], faces: dict[int, int]
) -> None:
    given_edges = edges(*((left, right, weight) for (left, right), weight in found.items()))
    in_bulk, _ = cluster(given_edges, sizes(faces), 0.0, Constraints.none())
    everyone, every_size = np.arange(len(given_edges.left)), dict.fromkeys(range(1, 10), 1.0) | faces
    one_by_one, _ = clustering._settle_one(given_edges, everyone, every_size, 0.0, clustering._Bans(Constraints.none()))
    weigh = [sorted(round(join.weight, 6) for join in joins) for joins in (rows(in_bulk), one_by_one)]
    assert weigh[0] == weigh[1]


@given(pairs, st.randoms(use_true_random=False))
@examples(100)
def test_the_order_of_the_pairs_does_not_matter(found: dict[tuple[int, int], float], random: object) -> None:
    listed = [(left, right, weight) for (left, right), weight in found.items()]
    shuffled = sorted(listed, key=lambda _pair: random.random())  # type: ignore[attr-defined]
    one, _ = cluster(edges(*listed), sizes({}), 0.0, Constraints.none())
    other, _ = cluster(edges(*shuffled), sizes({}), 0.0, Constraints.none())
    assert groups(one, 0.0, range(1, 10)) == groups(other, 0.0, range(1, 10))


@given(pairs, st.sets(st.tuples(st.integers(1, 9), st.integers(1, 9)).filter(lambda pair: pair[0] < pair[1])))
@examples(100)
def test_no_ban_is_ever_broken(found: dict[tuple[int, int], float], banned: set[tuple[int, int]]) -> None:
    listed = [(left, right, weight) for (left, right), weight in found.items()]
    joins, _ = cluster(edges(*listed), sizes({}), -4.9, constraints(cannot=banned))
    for group in groups(joins, -4.9, range(1, 10)):
        assert not any({left, right} <= group for left, right in banned)


@given(pairs, st.floats(-4.9, 12))
@examples(100)
def test_cutting_at_a_higher_weight_is_stopping_there(found: dict[tuple[int, int], float], weight: float) -> None:
    given_edges = edges(*((left, right, value) for (left, right), value in found.items()))
    down, _ = cluster(given_edges, sizes({}), -4.9, Constraints.none())
    stopped, _ = cluster(given_edges, sizes({}), weight, Constraints.none())
    assert groups(down, weight, range(1, 10)) == groups(stopped, weight, range(1, 10))


def test_a_target_of_wrong_joins_becomes_the_lowest_weight_that_keeps_it() -> None:
    # Expected wrong: 1/(1+2^10) ≈ .001, 1/(1+2^4) ≈ .059, 1/2.
    joins = Joins.of([Join(1, 2, 10.0), Join(3, 4, 4.0), Join(5, 6, 0.0)])
    assert weight_for(joins, 0.001) == 10.0
    assert weight_for(joins, 0.03) == 4.0
    assert weight_for(joins, 0.2) == 0.0
    assert weight_for(joins, 0.0001) == float("inf")
