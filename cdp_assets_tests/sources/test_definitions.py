"""A source's definition is refused at load, with file, line and the nearest valid name."""

from __future__ import annotations

from dataclasses import astuple, replace
from pathlib import Path

import pytest

from cdp_assets.catalog import load_catalog
from cdp_assets.definition_files import DefinitionError
from cdp_assets.sources.fetching import fetch
from cdp_assets.sources.spec import ColumnSpec, DatabaseSpec, MapSpec, SourceSpec
from cdp_assets.sources.validation import problems
from cdp_assets_tests.sources.shop import orders, shop

YAML = """\
type: cdp_assets.sources.component.Source
attributes:
  name: shop
  streams:
    - name: orders
      files: shop/orders*.csv
      format: csv
      key: [order]
      event_time: placed
      columns:
        order: {type: string, required: true}
        placed: {type: timestamp, required: true}
        total: {type: decimal}
        email: {type: string}
      derive:
        gross: "total * 1.2"
      identifiers:
        - {type: email, value: email}
      maps:
        - to: orders
          set:
            order_id: '"order"'
            ordered_at: placed
            currency: "'EUR'"
            gross: gross
"""


def loaded(folder: Path, text: str) -> SourceSpec:
    (folder / "shop").mkdir(exist_ok=True)
    (folder / "shop" / "defs.yaml").write_text(text)
    (source,) = load_catalog(folder).sources
    return source


def test_a_definition_becomes_a_source_with_everything_filled_in(tmp_path: Path) -> None:
    source = loaded(tmp_path, YAML)
    (stream,) = source.streams
    assert (stream.load, stream.zone, stream.delimiter, stream.person) == ("append", "UTC", ",", False)
    assert [(each.type, each.namespace) for each in stream.identifiers] == [("email", "global")]
    assert dict(stream.expression_schema.items())["gross"].is_numeric()


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("gross: gross", "gross: totl", 25, "did you mean `total`?"),
        ("gross: gross", "grss: gross", 25, "orders has no column `grss`; did you mean `gross`?"),
        ("gross: gross", "gross: email", 25, "`gross` of orders is decimal(18, 2), and the expression gives string"),
        ("gross: gross", "net_reporting: total", 25, "`net_reporting` of orders is filled by the platform"),
        ("gross: gross", "gross: select 1", 25, "SQL statement"),
        ("gross: gross", "gross: total +", 25, "not a valid expression"),
        ("gross: gross", "gross: read_csv('x')", 25, "function `read_csv` is not available"),
        ("to: orders", "to: order", 20, "there is no canonical table `order`; did you mean `orders`?"),
        ("value: email}", "value: emial}", 18, "did you mean `email`?"),
        ("total * 1.2", "totel * 1.2", 16, "did you mean `total`?"),
        ("key: [order]", "key: [odrer]", 8, "did you mean `order`?"),
        ("event_time: placed", "event_time: plcaed", 9, "did you mean `placed`?"),
        ("event_time: placed", "event_time: total", 9, "event_time must be a timestamp"),
        ("files: shop/orders*.csv", "files: ../secrets*.csv", 6, "a glob below the landing folder"),
        ("format: csv", "format: jsonlines", 7, "did you mean `jsonl`?"),
        ("type: decimal", "type: decimel", 13, "did you mean `decimal`?"),
        ("email: {type: string}", "email: {typ: string}", 14, "typ"),
        ("currency: \"'EUR'\"", "sales_channel: \"'web'\"", 21, "orders needs `currency`"),
    ],
)
def test_a_mistake_names_its_file_its_line_and_what_is_valid(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    with pytest.raises(DefinitionError) as raised:
        loaded(tmp_path, YAML.replace(old, new, 1))
    assert f"defs.yaml:{line}: " in str(raised.value)
    assert said in str(raised.value)


def only_problem(source: SourceSpec) -> str:
    (problem,) = problems(source)
    return problem.message


def test_columns_that_differ_only_in_case_are_refused_since_engines_confuse_them() -> None:
    columns = (*orders().columns, ColumnSpec("EMAIL", "string"))
    assert "`EMAIL` and `email` differ only in case" in only_problem(shop(orders(columns=columns)))


def test_names_that_the_platform_uses_are_refused() -> None:
    columns = (*orders().columns, ColumnSpec("load_id", "string"))
    assert "give its header as `path`" in only_problem(shop(orders(columns=columns)))


def test_several_paths_are_for_json() -> None:
    columns = (*orders().columns, ColumnSpec("note", "string", path="said", others=("told",)))
    assert only_problem(shop(orders("csv", columns=columns))) == "several paths are for JSON, and the stream is csv"
    assert not problems(shop(orders("jsonl", columns=columns)))


def test_people_need_a_key() -> None:
    assert "records of people need a key" in only_problem(shop(orders(key=(), person=True)))


def test_only_keys_of_facts_repeat() -> None:
    for wrong in (orders(key=(), key_repeats=True), orders(person=True, key_repeats=True)):
        assert "may repeat it" in only_problem(shop(wrong))
    assert not problems(shop(orders(key_repeats=True)))


def test_an_upsert_needs_a_key() -> None:
    assert "an upsert needs a key" in only_problem(shop(orders(load="upsert", key=())))


def test_a_delete_marker_is_for_upserts_and_snapshots() -> None:
    assert "a delete marker is for upserts" in only_problem(shop(orders(deleted="total < 0")))
    assert not problems(shop(orders(load="snapshot", deleted="total < 0")))


def test_a_condition_must_be_true_or_false() -> None:
    (first,) = orders().maps
    maps = (MapSpec(first.to, first.set, where="total"),)
    assert "must be true or false" in only_problem(shop(orders(maps=maps)))


def test_a_grain_needs_an_id() -> None:
    (first,) = orders().maps
    assert "needs an `id`" in only_problem(shop(orders(maps=(MapSpec(first.to, first.set, grain=("order",)),))))


WORD = {"purpose": "'marketing'", "channel": "'any'", "status": "'denied'", "explicit": "true", "occurred_at": "at"}


def test_a_word_on_consent_needs_somebody_whose_it_is() -> None:
    words = orders(maps=(MapSpec("consents", tuple(WORD.items())),))
    assert not problems(shop(words))
    assert "identifiers that say whose word it is" in only_problem(shop(replace(words, identifiers=())))


def test_two_streams_of_one_name_are_refused() -> None:
    assert "two streams are called `orders`" in only_problem(shop(orders(), orders()))


def test_the_instant_of_the_run_has_no_place_in_a_map() -> None:
    (first,) = orders().maps
    maps = (MapSpec(first.to, first.set, where="at < as_of"),)
    assert "`as_of` is not available here" in only_problem(shop(orders(maps=maps)))


@pytest.mark.parametrize(("name", "fault"), [("total", "is a column already"), ("load_id", "cannot name a column")])
def test_the_time_of_delivery_needs_a_name_of_its_own(name: str, fault: str) -> None:
    assert fault in only_problem(shop(orders(delivered_at=name)))


def test_the_time_of_delivery_is_no_time_of_what_happened() -> None:
    assert "which is no column" in only_problem(shop(orders(delivered_at="heard_at", event_time="heard_at")))


@pytest.mark.parametrize("zone", ["Europe/Berln", "CEST+2", ""])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    assert "is no time zone" in only_problem(shop(orders(zone=zone)))


@pytest.mark.parametrize(
    ("country", "hint"), [("UK", "did you mean `GB`?"), ("ZZ", "ISO 3166-1"), ("de", "two capitals")]
)
def test_a_country_from_which_no_telephone_number_could_be_read_is_refused(country: str, hint: str) -> None:
    assert hint in only_problem(shop(orders(), country=country))


def test_the_address_of_a_database_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = YAML.replace(
        "      files: shop/orders*.csv\n      format: csv\n",
        '      database: {url: "{{ env.SHOP_URL }}", query: "SELECT * FROM orders WHERE name = \'x\'"}\n',
    )
    (stream,) = loaded(tmp_path, text).streams
    (error,) = fetch(loaded(tmp_path, text), stream, tmp_path, tmp_path).failed
    assert "the environment variable SHOP_URL is not set" in str(error), "and nothing else has to wait for it"
    monkeypatch.setenv("SHOP_URL", "sqlite:///shop.sqlite")
    (stream,) = loaded(tmp_path, text).streams
    assert stream.origin == DatabaseSpec("sqlite:///shop.sqlite", query="SELECT * FROM orders WHERE name = 'x'")
    assert (stream.files, stream.format) == ("shop/orders/*.parquet", "parquet")


@pytest.mark.parametrize(
    "fetched",
    [
        'rest: {url: "https://{{ env.SHOP_VALUE }}/orders"}',
        'rest: {url: "https://shop.example/orders", headers: {X-Key: "key {{ env.SHOP_VALUE }}"}}',
        'rest: {url: "https://shop.example/orders", auth: {type: bearer, token: "{{ env.SHOP_VALUE }}"}}',
        'files: "s3://exports/orders*.csv"\n      storage_options: {key: "{{ env.SHOP_VALUE }}", anon: false}\n'
        "      format: csv",
    ],
)
def test_a_variable_that_is_not_set_holds_up_its_own_stream_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fetched: str
) -> None:
    text = YAML.replace("files: shop/orders*.csv\n      format: csv", fetched)
    assert text != YAML
    source = loaded(tmp_path, text)
    (error,) = fetch(source, source.streams[0], tmp_path / "landing", tmp_path / "dlt").failed
    assert "the environment variable SHOP_VALUE is not set" in str(error)
    monkeypatch.setenv("SHOP_VALUE", "from.the.environment")
    (stream,) = loaded(tmp_path, text).streams
    assert "from.the.environment" in str(astuple(stream.origin))
    assert "env." not in str(astuple(stream.origin))


@pytest.mark.parametrize("written", ["%Q", "dd.mm.yyyy", "%d.%m.%Y %"])
def test_a_format_of_times_that_cannot_be_read_is_refused_with_its_line(tmp_path: Path, written: str) -> None:
    text = YAML.replace("placed: {type: timestamp,", f"placed: {{type: timestamp, format: '{written}',")
    with pytest.raises(DefinitionError) as refused:
        loaded(tmp_path, text)
    assert f"`{written}` of `placed` cannot be read" in str(refused.value)
    assert "defs.yaml:12" in str(refused.value)
    assert loaded(tmp_path, text.replace(f"'{written}'", "[iso, '%d.%m.%Y %H:%M']")).name == "shop"
