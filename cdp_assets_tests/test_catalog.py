"""Loading a folder of definitions, and what a person is told when something in it is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cdp_assets.catalog import editor_schema, load_catalog, load_identity_rules
from cdp_assets.definition_files import DefinitionError
from cdp_assets.definition_specs import TYPES
from cdp_assets.settings import PROJECT

SEGMENT = """
type: cdp_assets.segments.component.Segment
attributes:
  name: {name}
  description: People.
  owner: team:marketing
  where: {where}
"""

SOURCE = """
type: cdp_assets.sources.component.Source
attributes:
  name: shop
  description: The shop.
  owner: team:commerce
  streams:
    - name: orders
      files: shop/orders*.csv
      format: csv
      load: append
      key: [Name]
      event_time: Created at
      zone: Europe/Berlin
      columns:
        Name: {type: string, required: true}
        Created at: {type: timestamp, required: true}
        Total: {type: decimal}
        Email: {type: string}
      identifiers:
        - {type: email, value: Email}
      maps:
        - to: orders
          set:
            order_id: Name
            ordered_at: '"Created at"'
            currency: "'EUR'"
            gross: Total
"""

DESTINATION = """
type: cdp_assets.activation.component.Destination
attributes:
  name: mailing
  description: Tells the mailing platform.
  owner: team:marketing
  segment: loyal
  channel: email
  purpose: marketing
  connector: {type: file, path: mailing, format: csv}
  payload:
    email: email
    name: given_name
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "defs"


def write(folder: Path, **documents: str) -> Path:
    """Write definitions, each into a folder of its own."""
    for name, text in documents.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "defs.yaml").write_text(text.lstrip("\n"))
    return folder


def segment(name: str = "loyal", where: str = "orders > 2") -> str:
    return SEGMENT.format(name=name, where=where)


def faults(folder: Path) -> list[str]:
    """What is said, without the folder's own place."""
    with pytest.raises(DefinitionError) as caught:
        load_catalog(folder)
    text = str(caught.value)
    assert "Traceback" not in text
    assert "└──" not in text
    return [line.replace(f"{folder}{os.sep}", "") for line in text.splitlines()]


def test_a_folder_anywhere_is_a_catalog(folder):
    write(folder, shop=SOURCE, loyal=segment(), small=segment("all_orders", "orders > 0"), mailing=DESTINATION)
    catalog = load_catalog(folder)
    assert [source.name for source in catalog.sources] == ["shop"]
    assert [spec.name for spec in catalog.segments] == ["all_orders", "loyal"]
    assert [destination.segment for destination in catalog.destinations] == ["loyal"]
    assert len(catalog.files) == 4


def test_what_is_not_defined_has_defaults(folder):
    folder.mkdir()
    catalog = load_catalog(folder)
    assert catalog.segments == catalog.sources == catalog.destinations == ()
    assert catalog.reporting.currency
    assert catalog.identity_rules is not None
    assert catalog.survivorship is not None


def test_two_folders_of_one_name_do_not_meet(tmp_path):
    for place, where in (("one", "orders > 1"), ("two", "orders > 2")):
        write(tmp_path / place / "defs", loyal=segment(where=where))
    loaded = [load_catalog(tmp_path / place / "defs").segments[0].where for place in ("one", "two", "one")]
    assert loaded == ["orders > 1", "orders > 2", "orders > 1"]


def test_a_changed_file_is_read_again(folder):
    load_catalog(write(folder, loyal=segment(where="orders > 1")))
    assert load_catalog(write(folder, loyal=segment(where="orders > 5"))).segments[0].where == "orders > 5"


def test_one_file_may_hold_several_documents(folder):
    write(folder, segments=segment() + "---" + segment("big", "net_spend > 100"))
    assert [spec.name for spec in load_catalog(folder).segments] == ["big", "loyal"]


def test_values_come_from_the_environment(folder, monkeypatch):
    write(folder, loyal=segment().replace("team:marketing", '"{{ env.CDP_TEST_OWNER }}"'))
    monkeypatch.setenv("CDP_TEST_OWNER", "team:sales")
    assert load_catalog(folder).segments[0].owner == "team:sales"
    monkeypatch.delenv("CDP_TEST_OWNER")
    assert faults(folder) == ["loyal/defs.yaml:5: `owner`: the environment variable CDP_TEST_OWNER is not set"]


def test_a_text_with_a_variable_that_is_not_set_is_no_text_with_none(folder, monkeypatch):
    write(folder, loyal=segment().replace("team:marketing", '"team:{{ env.CDP_TEST_TEAM }}"'))
    assert faults(folder) == ["loyal/defs.yaml:5: the environment variable CDP_TEST_TEAM is not set"]
    monkeypatch.setenv("CDP_TEST_TEAM", "sales")
    assert load_catalog(folder).segments[0].owner == "team:sales"


def test_a_text_is_what_is_written(folder):
    write(folder, loyal=segment(where="country = 'DE'").replace("People.", "\"'007'\""))
    [spec] = load_catalog(folder).segments
    assert (spec.where, spec.description) == ("country = 'DE'", "'007'")


@pytest.mark.parametrize("name", ["cdp_assets/defs", "examples/online_retail"])
def test_the_definitions_that_come_with_the_project_are_valid(name):
    assert load_catalog(PROJECT / name).segments


def test_an_unknown_column_names_its_nearest_match(folder):
    assert faults(write(folder, loyal=segment(where="ordrs > 2"))) == [
        "loyal/defs.yaml:6: where: unknown column `ordrs`; did you mean `orders`? (at character 1, in `ordrs > 2`)"
    ]


def test_the_line_is_that_within_a_condition_of_several_lines(folder):
    where = "|\n    orders > 2\n    and emial is null"
    [fault] = faults(write(folder, loyal=segment(where=where)))
    assert fault.startswith("loyal/defs.yaml:8: where: unknown column `emial`; did you mean `email`?")


def test_a_statement_instead_of_an_expression_is_refused(folder):
    [fault] = faults(write(folder, loyal=segment(where="SELECT * FROM customer_360")))
    assert fault.startswith("loyal/defs.yaml:6: where: this is an SQL statement; write one condition or value")


def test_an_owner_that_dagster_would_refuse_is_told_with_its_line(folder):
    write(folder, loyal=segment().replace("team:marketing", "marketing"))
    assert faults(folder) == [
        "loyal/defs.yaml:5: owner: `marketing` is neither a team nor an e-mail address; write `team:marketing`"
    ]


def test_a_value_instead_of_a_condition_is_refused(folder):
    [fault] = faults(write(folder, loyal=segment(where="orders + 1")))
    assert fault.startswith("loyal/defs.yaml:6: where: a condition is true or false")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (segment().replace("where: orders > 2", "where: 'orders > 2"), "6: is not valid YAML: a quote is not closed"),
        (segment(where="status: x"), "6: is not valid YAML: mapping values are not allowed here; put a text with a"),
        (segment().replace("  owner", "\towner"), "5: is not valid YAML: found character '\\t'"),
        (segment() + "  name: again\n", "7: `name` is given twice (first in line 3)"),
        ("- a\n- b\n", "1: is not a definition: write `type:` and `attributes:`"),
        (segment() + "---\n", "8: this document is empty; remove a `---`"),
        ("\n", "1: is empty; write `type:` and `attributes:`, or remove the file"),
        ("attributes: {}\n", "1: `type` is missing; there are: cdp_assets.sources.component.Source"),
    ],
)
def test_a_file_that_is_no_definition_says_which_line(folder, text, says):
    [fault] = faults(write(folder, loyal=text))
    assert fault.startswith(f"loyal/defs.yaml:{says}")


def test_an_unknown_field_names_the_nearest_one(folder):
    assert faults(write(folder, loyal=segment() + "  minimun: 0.1\n")) == [
        "loyal/defs.yaml:7: unknown field `minimun`; did you mean `minimum`?"
    ]


def test_an_unknown_field_deep_inside_names_the_nearest_one_of_that_place(folder):
    assert faults(write(folder, shop=SOURCE.replace("          set:", "          sett:"))) == [
        "shop/defs.yaml:22: `set` is missing",
        "shop/defs.yaml:23: unknown field `sett`; did you mean `set`?",
    ]


def test_a_bare_word_that_yaml_takes_for_a_truth_value_is_said(folder):
    said = "a bare yes, no, on or off is a truth value in YAML; put what is a text in quotes"
    assert faults(write(folder, shop=SOURCE.replace("Name", "no"))) == [
        f"shop/defs.yaml:11: `key`: {said}",
        f"shop/defs.yaml:14: `columns`: {said}",
        f"shop/defs.yaml:24: `order_id`: {said}",
    ]


def test_a_missing_field_and_a_wrong_type_are_said_together(folder):
    text = segment().replace("  owner: team:marketing\n", "") + "  minimum: [1]\n"
    said = faults(write(folder, loyal=text))
    assert said[0] == "loyal/defs.yaml:2: `owner` is missing"
    assert said[1].startswith("loyal/defs.yaml:6: `minimum`: ")


def test_an_unknown_type_names_the_nearest_one(folder):
    [fault] = faults(write(folder, loyal=segment().replace("component.Segment", "component.Segmnt")))
    assert fault == (
        "loyal/defs.yaml:1: unknown type `cdp_assets.segments.component.Segmnt`; "
        "did you mean `cdp_assets.segments.component.Segment`?"
    )


def test_two_segments_of_one_name_are_refused(folder):
    [fault] = faults(write(folder, a=segment(), b=segment(where="orders > 3")))
    assert fault.startswith("b/defs.yaml:3: two segments are called `loyal`; the other is in ")
    assert fault.endswith("defs.yaml:3")


def test_two_sources_and_two_destinations_of_one_name_are_refused(folder):
    write(folder, a=SOURCE, b=SOURCE, c=DESTINATION, d=DESTINATION, loyal=segment())
    assert [fault.partition(";")[0] for fault in faults(folder)] == [
        "b/defs.yaml:3: two sources are called `shop`",
        "d/defs.yaml:3: two destinations are called `mailing`",
    ]


def test_rules_that_hold_for_all_are_given_once(folder):
    text = "type: cdp_assets.normalised.component.Reporting\nattributes:\n  currency: {}\n"
    [fault] = faults(write(folder, a=text.format("EUR"), b=text.format("GBP")))
    assert fault.startswith("b/defs.yaml:1: there is a second reporting definition; the other is in ")


def test_a_destination_for_an_unknown_segment_names_the_nearest_one(folder):
    [fault] = faults(write(folder, loyal=segment("loyals"), mailing=DESTINATION))
    assert fault.startswith("mailing/defs.yaml:6: segment: unknown 'loyal'; did you mean 'loyals'?")


def test_a_destination_is_not_blamed_for_the_fault_of_its_segment(folder):
    said = faults(write(folder, loyal=segment(where="ordrs > 1"), mailing=DESTINATION))
    assert [fault.partition(":")[0] for fault in said] == ["loyal/defs.yaml"]


def test_a_segment_is_not_blamed_for_the_fault_of_another_that_it_is_made_of(folder):
    made_of_it = segment("both").replace("where: orders > 2", "all_of: [loyal]")
    said = faults(write(folder, a=made_of_it, loyal=segment(where="ordrs > 1")))
    assert [fault.partition(":")[0] for fault in said] == ["loyal/defs.yaml"]


@pytest.mark.parametrize(
    ("written", "instead", "says"),
    [
        ("type: file,", "type: fil,", "9: connector: unknown type `fil`; did you mean `file`?"),
        (
            "  segment: loyal",
            '  segment: loyal\n  quiet_hours: {start: "21:00", end: "08:00", zone: Europe/Berlinn}',
            "7: quiet_hours.zone: `Europe/Berlinn` is no time zone; write an IANA name such as Europe/Berlin",
        ),
        (
            "  segment: loyal",
            "  segment: loyal\n  quiet_hours: {start: 21:00, end: '08:00', zone: Europe/Berlin}",
            "7: `start`: a bare number, or a time such as 21:00, is a number in YAML; put what is a text in quotes",
        ),
    ],
)
def test_a_fault_of_a_destination_is_said_in_its_words(folder, written, instead, says):
    [fault] = faults(write(folder, loyal=segment(), mailing=DESTINATION.replace(written, instead)))
    assert fault == f"mailing/defs.yaml:{says}"


def test_trusting_a_source_that_there_is_not_names_the_nearest_one(folder):
    trust = "type: cdp_assets.profiles.component.Survivorship\nattributes:\n  sources: [shopp]\n"
    [fault] = faults(write(folder, shop=SOURCE, trust=trust))
    assert fault == "trust/defs.yaml:3: there is no source 'shopp'; did you mean 'shop'?"


def test_nobody_is_blamed_for_naming_what_stands_in_a_file_that_cannot_be_read(folder):
    [fault] = faults(write(folder, loyal=segment() + "  name: again\n", mailing=DESTINATION))
    assert fault == "loyal/defs.yaml:7: `name` is given twice (first in line 3)"


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (
            "{type: email, kind: shared}",
            "4: 'shared' is no `kind`: input should be 'personal', 'shareable' or 'device'",
        ),
        ("{type: email, limit: 0}", "4: identifiers.email: limit is 0, but must be at least 1"),
    ],
)
def test_a_fault_of_an_identifier_names_it(folder, item, says):
    rules = f"type: cdp_assets.identity.component.IdentityRules\nattributes:\n  identifiers:\n    - {item}\n"
    assert faults(write(folder, rules=rules)) == [f"rules/defs.yaml:{says}"]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("orders: [{orderd_at: 1}]", "`orderd_at` is no column of `orders`; did you mean `ordered_at`?"),
        ("order: []", "`order` is no table of facts; did you mean `orders`?"),
    ],
)
def test_a_test_of_a_trait_names_columns_that_there_are(folder, rows, says):
    trait = (
        "type: cdp_assets.attributes.component.Trait\nattributes:\n  name: placed\n  description: Orders.\n"
        "  table: orders\n  aggregate: count\n"
        f"  tests: [{{as_of: '2026-06-30T00:00:00Z', rows: {{{rows}}}, expect: 1}}]\n"
    )
    [fault] = faults(write(folder, placed=trait))
    assert fault == f"placed/defs.yaml:7: tests: {says}"


def test_an_unknown_column_in_a_payload_is_found(folder):
    [fault] = faults(write(folder, loyal=segment(), mailing=DESTINATION.replace("given_name", "givn_name")))
    assert fault.startswith("mailing/defs.yaml:12: ")
    assert "unknown column `givn_name`; did you mean `given_name`?" in fault


def test_an_unknown_column_in_a_mapping_is_found(folder):
    [fault] = faults(write(folder, shop=SOURCE.replace("gross: Total", "gross: Totl * 2")))
    assert fault.startswith("shop/defs.yaml:27: ")
    assert "unknown column `Totl`; did you mean `Total`?" in fault


def test_faults_of_several_files_are_said_at_once(folder):
    write(folder, a=segment("first", "ordrs > 1"), b=segment("second", "now() > last_order_at"))
    assert [fault.partition(": ")[0] for fault in faults(folder)] == ["a/defs.yaml:6", "b/defs.yaml:6"]


def test_a_file_that_would_not_be_read_is_refused(folder):
    write(folder, segments=segment())
    (folder / "segments" / "loyal").mkdir()
    (folder / "segments" / "loyal" / "defs.yaml").write_text(segment("other"))
    (folder / "big.yml").write_text(segment("big"))
    assert [fault.partition(",")[0] for fault in faults(folder)] == [
        "big.yml:1: is not read: call it `defs.yaml`",
        "segments/loyal/defs.yaml:1: is not read",
    ]


def test_a_file_in_another_encoding_is_refused(folder):
    write(folder, loyal=segment())
    (folder / "loyal" / "defs.yaml").write_bytes(segment("käufer").encode("latin-1"))
    [fault] = faults(folder)
    assert "is not UTF-8 text" in fault


def test_a_folder_that_is_not_there_is_said(tmp_path):
    assert "is not a folder of definitions" in faults(tmp_path / "nowhere")[0]


def test_the_definitions_are_never_imported_as_code(folder):
    write(folder, loyal=segment())
    (folder / "loyal" / "trap.py").write_text("raise SystemExit('imported')")
    (folder / "trap.py").write_text("raise SystemExit('imported')")
    assert load_catalog(folder).segments


def test_editors_get_a_schema_that_knows_every_type_and_field():
    schema = editor_schema()
    json.dumps(schema)
    types = [choice["properties"]["type"]["const"] for choice in schema["oneOf"]]
    assert types == list(TYPES)
    assert "where" in json.dumps(schema)


def test_loading_a_catalog_does_not_import_the_heavy_libraries(folder):
    write(folder, shop=SOURCE, loyal=segment(), mailing=DESTINATION)
    script = textwrap.dedent(
        f"""
        import sys
        from pathlib import Path
        from cdp_assets.catalog import load_catalog
        load_catalog(Path({str(folder)!r}))
        heavy = ("great_expectations", "sklearn", "lifetimes", "scipy", "matplotlib")
        print([name for name in heavy if name in sys.modules])
        """
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert done.stdout.strip() == "[]"


RULES = """
type: cdp_assets.identity.component.IdentityRules
attributes:
  linkage: {auto_weight: 3.5}
"""


def _written(defs: Path, name: str, text: str) -> None:
    (defs / name).mkdir()
    (defs / name / "defs.yaml").write_text(text)


def test_identity_rules_are_those_of_the_catalog_whatever_is_wrong_elsewhere(tmp_path: Path) -> None:
    _written(tmp_path, "rules", RULES)
    rules = load_identity_rules(tmp_path)
    assert rules == load_catalog(tmp_path).identity_rules
    assert rules.linkage.auto_weight == 3.5
    _written(tmp_path, "other", "type: nothing.that.there.Is\n")
    assert load_identity_rules(tmp_path) == rules


def test_second_identity_rules_are_a_fault(tmp_path: Path) -> None:
    for name in ("one", "two"):
        _written(tmp_path, name, RULES)
    with pytest.raises(DefinitionError, match="there is a second"):
        load_identity_rules(tmp_path)
