"""A project of one's own, and definitions of files that nobody described, from the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cdp_assets.catalog import load_catalog
from cdp_assets.cli_sources import init, sources
from cdp_assets.ledger import Ledger, loads
from cdp_assets.ledger.loads import LOADED, Load
from cdp_assets.settings import Settings, SettingsError, project_settings

ORDERS = "order_id,customer_id,order_date,total,currency\nB1,1,2026-01-05,24.90,EUR\nB2,2,2026-01-06,10.00,EUR\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, with its settings as the command would take them."""
    folder = tmp_path / "mine"
    assert CliRunner().invoke(init, [str(folder), "--currency", "CHF"]).exit_code == 0
    for name, value in project_settings(folder).items():
        monkeypatch.setenv(name, value)
    return folder


def propose(*arguments: str | Path) -> Result:
    return CliRunner().invoke(sources, ["propose", *map(str, arguments)])


def export(folder: Path, name: str = "old_shop/orders_1.csv") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(ORDERS)
    return file


def test_a_new_project_loads_and_says_where_its_things_are(project: Path) -> None:
    assert load_catalog(project / "defs").reporting.currency == "CHF"
    assert (project / "data" / "landing").is_dir()
    assert len((project / "README.md").read_text().splitlines()) <= 12
    assert project_settings(project) == {"CDP_DEFS": str(project / "defs"), "CDP_DATA": str(project / "data")}
    assert project_settings(project / "defs" / "sources") == project_settings(project)


def test_a_folder_that_is_in_use_is_left_alone(project: Path) -> None:
    told = CliRunner().invoke(init, [str(project)])
    assert told.exit_code == 1
    assert "is there already" in told.output


def test_nothing_is_written_among_the_definitions_that_come_with_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CDP_DEFS", raising=False)
    monkeypatch.setenv("CDP_DATA", str(tmp_path / "data"))
    file = export(tmp_path)
    told = propose(file, "--name", "not_of_the_demo")
    assert told.exit_code == 1
    assert "start one with `cdp init DIR`" in told.output
    assert not (tmp_path / "data").exists()
    assert propose(file, "--name", "not_of_the_demo", "--print").exit_code == 0


def test_a_line_that_is_no_setting_is_named(tmp_path: Path) -> None:
    (tmp_path / "cdp.env").write_text("# mine\n\nCDP_DATA data\n")
    with pytest.raises(SettingsError, match=r"cdp\.env:3: write a setting as CDP_NAME=value"):
        project_settings(tmp_path)


def test_files_from_anywhere_are_described_and_copied_to_where_they_are_read(project: Path, tmp_path: Path) -> None:
    told = propose(export(tmp_path), "--json")
    assert told.exit_code == 0, told.output
    (stream,) = json.loads(told.stdout)["streams"]
    assert (stream["rows_are"], stream["key"], stream["feeds"]) == ("orders", ["order_id"], ["orders"])
    (source,) = load_catalog(project / "defs").sources
    assert (source.name, source.streams[0].files) == ("old_shop", "old_shop/orders*.csv*")
    assert (project / "data" / "landing" / "old_shop" / "orders_1.csv").read_text() == ORDERS


def test_people_without_names_and_what_may_refuse_are_told_of_at_once(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "shop" / "members.csv"
    file.parent.mkdir()
    rows = (f"{n},{n % 7} of {n},+49151123450{n},p{n}@example.org,yes\n" for n in range(10, 30))
    file.write_text(f"Member No,Qqqq,Phone,Email,Mailing List\n{''.join(rows)}")
    told = propose(file)
    assert "look at members first: no column is read as names" in " ".join(told.output.split())
    assert "look at members first: Mailing List may say who wants advertising" in " ".join(told.output.split())
    written = [path.read_text() for path in (project / "defs").rglob("*.y*ml")]
    assert sum("# - no column is read as names" in text for text in written) == 1


def test_a_folder_stands_for_the_files_in_it(project: Path, tmp_path: Path) -> None:
    file = export(tmp_path)
    (file.parent / ".hidden").write_text("x")
    (file.parent / "older").mkdir()
    (file.parent / ".git").mkdir()
    told = propose(file.parent)
    assert told.exit_code == 0
    assert (
        told.stderr
        == f"left out: {file.parent / 'older'} is a folder in a folder; name it to have its files described\n"
    )
    assert [stream.name for stream in load_catalog(project / "defs").sources[0].streams] == ["orders"]
    assert propose(file.parent, file.parent / "older", "--force").stderr.count("left out") == 0
    told = propose(file.parent / "older")
    assert told.exit_code == 1
    assert "there is no file in" in told.output


def test_several_folders_are_several_sources_unless_a_name_says_that_they_are_one(
    project: Path, tmp_path: Path
) -> None:
    folders = [export(tmp_path, f"{name}/orders.csv").parent for name in ("till", "web_shop")]
    told = propose(*folders, "--json")
    assert told.exit_code == 0, told.output
    assert [each["source"] for each in json.loads(told.stdout)] == ["till", "web_shop"]
    found = {source.name: source.streams[0].files for source in load_catalog(project / "defs").sources}
    assert found == {name: f"{name}/orders*.csv*" for name in ("till", "web_shop")}
    assert (project / "data" / "landing" / "web_shop" / "orders.csv").is_file()
    named = propose(*folders, "--name", "shop", "--print")
    assert "name: shop" in named.output
    assert "name: web_shop" not in named.output


def test_files_that_have_landed_stay_where_they_are(project: Path) -> None:
    export(project / "data" / "landing", "till/sub/orders.csv")
    told = propose(project / "data" / "landing" / "till" / "sub" / "orders.csv")
    assert told.exit_code == 0, told.output
    (source,) = load_catalog(project / "defs").sources
    assert (source.name, source.streams[0].files) == ("till", "till/sub/orders*.csv*")


def test_a_definition_that_is_there_is_only_replaced_on_demand(project: Path, tmp_path: Path) -> None:
    file = export(tmp_path)
    assert propose(file).exit_code == 0
    again = propose(file)
    assert again.exit_code == 1
    assert "--force" in again.output
    assert propose(file, "--force").exit_code == 0


def test_a_definition_that_does_not_load_with_the_others_is_not_written(project: Path, tmp_path: Path) -> None:
    assert propose(export(tmp_path)).exit_code == 0
    elsewhere = project / "defs" / "sources" / "moved"
    (project / "defs" / "sources" / "old_shop").rename(elsewhere)
    told = propose(export(tmp_path, "more/orders_2.csv"), "--name", "old_shop")
    assert told.exit_code == 1
    assert "two sources are called `old_shop`" in told.output
    assert not (project / "defs" / "sources" / "old_shop" / "defs.yaml").exists()


def test_printing_writes_and_copies_nothing(project: Path, tmp_path: Path) -> None:
    told = propose(export(tmp_path), "--print")
    assert "type: cdp_assets.sources.component.Source" in told.output
    assert not (project / "defs" / "sources").exists()
    assert list((project / "data" / "landing").iterdir()) == []


def test_a_file_of_which_nothing_can_be_said_keeps_no_other_out(project: Path, tmp_path: Path) -> None:
    empty = tmp_path / "old_shop" / "empty.csv"
    file = export(tmp_path)
    empty.write_bytes(b"")
    told = propose(empty, file)
    assert told.exit_code == 0
    assert "left out: empty.csv is empty" in told.stderr
    assert [stream.name for stream in load_catalog(project / "defs").sources[0].streams] == ["orders"]


def test_another_file_of_that_name_is_not_overwritten(project: Path, tmp_path: Path) -> None:
    export(project / "data" / "landing").write_text("other")
    told = propose(export(tmp_path))
    assert told.exit_code == 1
    assert "rename orders_1.csv" in told.output


def test_files_of_several_systems_become_as_many_sources(project: Path, tmp_path: Path) -> None:
    head = "Customer ID,First Name,Last Name,Email\n"
    for shop in ("berlin", "paris"):
        text = head + "".join(f"{n},Ann,Lee,{shop}{n}@example.org\n" for n in range(25))
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{shop}.csv").write_text(text)
    told = propose(tmp_path / "in" / "berlin.csv", tmp_path / "in" / "paris.csv")
    assert told.exit_code == 0, told.output
    assert "2 sources" in told.output
    (berlin, paris) = load_catalog(project / "defs").sources
    assert (berlin.name, paris.name) == ("in", "in_paris")
    namespaces = {each.namespace for source in (berlin, paris) for each in source.streams[0].identifiers}
    assert namespaces == {"in", "in_paris", "global"}


def test_a_shop_and_who_collects_its_payments_count_orders_once_and_people_apart(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    people = [f"{n},Ann,Lee,p{n}@example.org,2026-01-01" for n in range(20)]
    orders = [f"{n},{n},p{n}@example.org,2026-01-02,10.00,EUR" for n in range(20)]
    payments = [f"ch_{n},2026-01-02,10.00,EUR,cus_{n},p{n}@example.org,{n}" for n in range(20)]
    for name, head, rows in (
        ("customers.csv", "Customer ID,First Name,Last Name,Email,Joined", people),
        ("orders.csv", "Order ID,Customer ID,Email,Order Date,Total,Currency", orders),
        ("payments.csv", "id,Created,Amount,Currency,Customer ID,Email,Order ID", payments),
    ):
        (folder / name).write_text("\n".join((head, *rows, "")))
    assert propose(folder).exit_code == 0
    [source] = load_catalog(project / "defs").sources
    numbered = {(stream.name, each.namespace) for stream in source.streams for each in stream.identifiers
                if each.type == "customer_number"}  # fmt: skip
    assert numbered == {("customers", "shop"), ("orders", "shop"), ("payments", "shop.payments")}
    assert [stream.name for stream in source.streams for map_ in stream.maps if map_.to == "orders"] == ["orders"]


def test_a_delivery_is_given_up_by_its_id(project: Path) -> None:
    load = Load(
        "abc", "shop", "orders", "shop/orders.csv", "f00", 10, 1, 1200, LOADED, datetime(2026, 1, 5, tzinfo=UTC)
    )
    ledger = Ledger.open(Settings.from_env().ledger_url)
    with ledger.transaction() as connection:
        loads.record(connection, [load])
    refused = CliRunner().invoke(sources, ["forget", "abc", "abd"])
    assert refused.exit_code == 1
    assert "no delivery is called abd" in refused.output
    told = CliRunner().invoke(sources, ["forget", "abc"])
    assert told.output == "forgotten: shop/orders.csv, 1,200 rows; now run `cdp run`\n"
    with ledger.reading() as connection:
        assert loads.everything(connection) == []
    ledger.close()


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("my-shop", "my_shop"),
        ("SHOP", "shop"),
        ("s__", "s"),
        ("Café Süd", "cafe_sud"),
        ("24", "source_24"),
        ("", "source"),
    ],
)
def test_what_cannot_name_a_source_is_refused_before_anything_is_read(
    project: Path, tmp_path: Path, name: str, like: str
) -> None:
    told = propose(export(tmp_path), "--name", name)
    assert told.exit_code == 1
    assert f"`{name}` cannot name a source" in told.output
    assert f"such as `{like}`" in told.output
    assert not (project / "defs" / "sources").exists()


def test_a_folder_and_a_file_of_any_name_give_names_that_load(project: Path, tmp_path: Path) -> None:
    assert propose(export(tmp_path, "a-고객-b/x_注文_y.csv")).exit_code == 0
    (source,) = load_catalog(project / "defs").sources
    assert (source.name, [stream.name for stream in source.streams]) == ("a_b", ["x_y"])


def test_the_currency_that_is_given_is_that_of_a_sign_that_several_have(project: Path, tmp_path: Path) -> None:
    file = export(tmp_path)
    file.write_text("order_id,order_date,total\nB1,2026-01-05,$24.90\nB2,2026-01-06,$10.00\n")
    assert "'USD'" in propose(file, "--print").output
    assert "'BBD'" in propose(file, "--print", "--currency", "BBD").output


def test_a_project_cannot_report_in_a_currency_that_there_is_not(tmp_path: Path) -> None:
    told = CliRunner().invoke(init, [str(tmp_path / "own"), "--currency", "XXQ"])
    assert (told.exit_code, "XXQ is no code of ISO 4217" in told.output) == (1, True)
    assert not (tmp_path / "own").exists()
