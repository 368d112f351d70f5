"""Stewards' words as the ledger keeps them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cdp_assets.ledger import Ledger, stewardship
from cdp_assets.ledger.stewardship import Contradiction, Said, UnknownWord

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def decided(ledger: Ledger, left: int, right: int, *, same: bool) -> Said:
    with ledger.transaction() as connection:
        return stewardship.decide(connection, left, right, same=same, by="ann", at=NOON, why="they called")


def revoked(ledger: Ledger, name: str) -> None:
    with ledger.transaction() as connection:
        stewardship.revoke(connection, name, by="bob", at=NOON + timedelta(days=1), why="a mistake")


def test_a_decision_is_kept_with_who_when_and_why_and_stays_when_it_is_revoked(ledger: Ledger) -> None:
    assert decided(ledger, 2**62, 7, same=True) == Said("d1", new=True)
    revoked(ledger, "d1")
    with ledger.reading() as connection:
        assert stewardship.decisions(connection) == []
        [kept] = stewardship.decisions(connection, revoked=True)
    assert (kept.left_record_id, kept.right_record_id, kept.same) == (7, 2**62, True)
    assert (kept.decided_by, kept.decided_at, kept.why) == ("ann", NOON, "they called")
    assert (kept.revoked_by, kept.revoked_at, kept.revoked_why) == ("bob", NOON + timedelta(days=1), "a mistake")


def test_saying_the_same_again_adds_nothing_but_after_revoking_it_does(ledger: Ledger) -> None:
    decided(ledger, 1, 2, same=True)
    assert decided(ledger, 2, 1, same=True) == Said("d1", new=False)
    revoked(ledger, "1")
    assert decided(ledger, 1, 2, same=True) == Said("d2", new=True)


def test_the_opposite_is_refused_by_name_and_with_the_way_out(ledger: Ledger) -> None:
    decided(ledger, 1, 2, same=True)
    with pytest.raises(Contradiction, match=r"d1 \(ann, 2026-06-01\): 1 and 2 are one person.*revoke d1 --why"):
        decided(ledger, 1, 2, same=False)
    revoked(ledger, "d1")
    assert decided(ledger, 1, 2, same=False).new


def test_a_chain_of_decisions_that_says_the_opposite_is_found(ledger: Ledger) -> None:
    decided(ledger, 1, 2, same=True)
    decided(ledger, 2, 3, same=True)
    with pytest.raises(Contradiction, match=r"d1 .*; d2 "):
        decided(ledger, 3, 1, same=False)
    decided(ledger, 3, 4, same=False)
    decided(ledger, 4, 5, same=True)
    with pytest.raises(Contradiction, match=r"d1 .*; d2 .*; d3 .*different people; d4 .*revoke d3 --why"):
        decided(ledger, 1, 5, same=True)


def test_one_record_cannot_be_decided_on(ledger: Ledger) -> None:
    with pytest.raises(Contradiction, match="the same record"):
        decided(ledger, 1, 1, same=True)


def test_retractions_are_kept_once_and_revoked_by_their_own_names(ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        spoken = {"by": "ann", "at": NOON, "why": "typed by hand"}
        assert stewardship.retract(connection, "rule", name="email_base", **spoken) == Said("r1", new=True)
        assert stewardship.retract(connection, "rule", name="email_base", **spoken) == Said("r1", new=False)
        pair = stewardship.retract(connection, "pair", record_id=9, other_record_id=3, **spoken)
        assert pair == Said("r2", new=True)
    decided(ledger, 1, 2, same=True)
    revoked(ledger, "r1")
    with ledger.reading() as connection:
        assert stewardship.in_force(connection) == ("d1", "r2")
        [kept] = stewardship.retractions(connection)
    assert (kept.record_id, kept.other_record_id) == (3, 9)


@pytest.mark.parametrize("name", ["d9", "r1", "9", "x", ""])
def test_an_unknown_word_is_told_with_those_that_are_known(ledger: Ledger, name: str) -> None:
    decided(ledger, 1, 2, same=True)
    with pytest.raises(UnknownWord, match="in force: d1"):
        revoked(ledger, name)


def test_a_revoked_word_cannot_be_revoked_again(ledger: Ledger) -> None:
    decided(ledger, 1, 2, same=True)
    revoked(ledger, "d1")
    with pytest.raises(UnknownWord, match="in force: none"):
        revoked(ledger, "d1")
