"""What differs between two folders of definitions, and which stages that can touch."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.plan.definitions import as_rows, changed_definitions, differences, restore, stages_from, texts_of
from cdp_assets.plan.findings import DefinitionChange, Detail

KINDS = {"cdp_assets.segments.component.Segment": "segment", "cdp_assets.identity.component.IdentityRules": "rules"}
LOYAL = "type: cdp_assets.segments.component.Segment\nattributes: {name: loyal, where: orders > 2}\n"


def folder(at: Path, **texts: str) -> Path:
    at.mkdir()
    restore({f"{name}/defs.yaml": text for name, text in texts.items()}, at)
    return at


def test_what_is_added_removed_and_changed_is_told_apart(tmp_path: Path) -> None:
    before = folder(tmp_path / "before", loyal=LOYAL, new=LOYAL.replace("loyal", "new"))
    after = folder(tmp_path / "after", big=LOYAL.replace("loyal", "big"), moved=LOYAL.replace("> 2", "> 3"))
    found = changed_definitions(before, after, KINDS)
    assert [(each.kind, each.name, each.change, each.file) for each in found] == [
        ("segment", "big", "added", "big/defs.yaml"),
        ("segment", "loyal", "changed", "moved/defs.yaml"),
        ("segment", "new", "removed", "new/defs.yaml"),
    ]
    assert found[1].details == (Detail("where", "orders > 2", "orders > 3"),)


def test_comments_order_and_place_are_no_difference(tmp_path: Path) -> None:
    before = folder(tmp_path / "before", loyal=LOYAL)
    after = folder(
        tmp_path / "after",
        elsewhere="# Loyal people.\nattributes:\n  where: orders > 2\n  name: loyal\n"
        "type: cdp_assets.segments.component.Segment\n",
    )
    assert changed_definitions(before, after, KINDS) == ()


def test_items_of_lists_are_told_apart_by_their_names() -> None:
    before = {"identifiers": [{"type": "email", "limit": 5}, {"type": "phone"}], "placeholders": ["none"]}
    after = {"identifiers": [{"type": "phone"}, {"type": "email", "limit": 3}], "placeholders": ["none", "na"]}
    assert list(differences(before, after)) == [
        Detail("identifiers.email.limit", "5", "3"),
        Detail("placeholders", "[none]", "[none, na]"),
    ]


def test_a_difference_at_the_end_of_a_long_text_is_seen() -> None:
    [detail] = differences({"where": "x" * 500 + "1"}, {"where": "x" * 500 + "2"})
    assert detail.before is not None
    assert len(detail.before) == 160


def test_texts_are_kept_and_restored_as_they_are(tmp_path: Path) -> None:
    before = folder(tmp_path / "before", loyal=LOYAL)
    (before / "loyal" / "rates.csv").write_text("a,b\n1,é\n", encoding="utf-8")
    (before / "loyal" / "notes.py").write_text("print('not a definition')")
    rows = as_rows(texts_of(before)).to_pylist()
    (tmp_path / "after").mkdir()
    restore({row["file"]: row["text"] for row in rows}, tmp_path / "after")
    assert texts_of(tmp_path / "after") == texts_of(before)
    assert sorted(texts_of(before)) == ["loyal/defs.yaml", "loyal/rates.csv"]


def test_a_file_beside_the_yaml_that_differs_is_told(tmp_path: Path) -> None:
    before, after = folder(tmp_path / "before", loyal=LOYAL), folder(tmp_path / "after", loyal=LOYAL)
    (after / "loyal" / "rates.csv").write_text("a,b\n")
    [found] = changed_definitions(before, after, KINDS)
    assert (found.kind, found.name, found.change, stages_from([found])[0]) == (
        "file",
        "loyal/rates.csv",
        "added",
        "sources",
    )


def test_nothing_is_restored_outside_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="outside"):
        restore({"../evil.yaml": ""}, tmp_path)


@pytest.mark.parametrize(
    ("stages", "first"),
    [(("segments",), "segments"), (("activation", "identity"), "identity"), (("sources", "segments"), "sources")],
)
def test_a_rehearsal_begins_with_the_first_stage_that_looks_at_a_change(stages: tuple[str, ...], first: str) -> None:
    found = stages_from([DefinitionChange("x", "x", "changed", "x", stage) for stage in stages])
    assert (found[0], found[-1]) == (first, "activation")
