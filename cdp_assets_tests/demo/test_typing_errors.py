"""Slips of the hand: what is chosen to have one has one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from cdp_assets.demo.typing_errors import mistyped

TEXTS = ["Charlotte", "Νεόκλεια", "Ирина", "Bobby", "j.o.99@x.example", "1984", "Łukasz"]


@pytest.mark.parametrize("seed", range(20))
def test_every_chosen_text_of_four_letters_gets_a_slip_and_keeps_its_first_letter(seed: int) -> None:
    values = pa.array(TEXTS)
    after = mistyped(np.random.default_rng(seed), values, np.ones(len(TEXTS), dtype=bool)).to_pylist()
    assert [before for before, text in zip(TEXTS, after, strict=True) if before == text] == []
    assert [text[0] for text in after] == [text[0] for text in TEXTS]


def test_what_is_not_chosen_and_what_is_short_stays() -> None:
    chosen = np.array([True, False])
    assert mistyped(np.random.default_rng(1), pa.array(["Bob", "Charlotte"]), chosen).to_pylist() == [
        "Bob",
        "Charlotte",
    ]
