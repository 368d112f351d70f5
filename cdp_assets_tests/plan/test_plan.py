"""A plan from end to end on a small company: what it says, that it says it of a copy, and that a run then does it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cdp_assets.automation.planning import make_plan
from cdp_assets.cli_plan import confirmed_by, question
from cdp_assets.cli_plan import plan as command
from cdp_assets.ledger import Ledger, history
from cdp_assets.plan.findings import People, Plan
from cdp_assets.plan.workspace import workspace
from cdp_assets.settings import Settings
from cdp_assets_tests.plan.company import AS_OF, FILES, NOW, PLANNED, Company


@dataclass(frozen=True)
class Planned:
    company: Company
    now: Path
    planned: Path
    plan: Plan
    untouched: bool


def hashes(folder: Path) -> dict[str, str]:
    """Every file below a folder, with its content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def consume(steps: Iterable[object], _heading: str) -> None:
    for _step in steps:
        pass


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """The company after its first run, and the plan to change everything."""
    company = Company(tmp_path_factory.mktemp("company") / "data")
    company.drop(FILES)
    now, planned = company.defs(NOW, "now"), company.defs(PLANNED, "planned")
    company.refresh(now)
    before = hashes(company.data)
    with company.environment(planned) as settings:
        plan = make_plan(settings, consume, lambda _: nullcontext())
    return Planned(company, now, planned, plan, hashes(company.data) == before)


@pytest.fixture(scope="module")
def done(made: Planned, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The same company after a real run with the planned definitions."""
    folder = tmp_path_factory.mktemp("done") / "data"
    shutil.copytree(made.company.data, folder)
    company = Company(folder)
    company.refresh(made.planned)
    return company


def run(made: Planned, defs: Path, *arguments: str) -> Result:
    with made.company.environment(made.now):
        return CliRunner().invoke(command, ["--defs", str(defs), *arguments])


def test_nothing_of_the_real_thing_is_touched_and_nothing_is_left(made: Planned) -> None:
    assert made.untouched
    assert [path.name for path in made.company.data.glob("tmp/plan-*")] == []


def test_the_definitions_that_differ_are_named_with_what_differs(made: Planned) -> None:
    found = {(each.kind, each.name): each for each in made.plan.definitions}
    assert {key: each.change for key, each in found.items()} == {
        ("source", "fair"): "removed",
        ("identity rules", ""): "changed",
        ("survivorship rules", ""): "changed",
        ("segment", "buyers"): "changed",
        ("segment", "big"): "added",
    }
    [detail] = found["segment", "buyers"].details
    assert (detail.path, detail.before, detail.after) == ("where", "orders >= 1", "orders >= 2")
    assert [detail.path for detail in found["identity rules", ""].details] == ["identifiers.email.kind", "placeholders"]
    assert made.plan.stages[0] == "sources"


def test_profiles_are_counted_as_a_run_then_changes_them(made: Planned, done: Company) -> None:
    people = made.plan.people
    assert people is not None
    assert (people.before, people.after) == (5, 4)
    assert (people.merged, people.split, people.moved, people.created, people.removed) == (1, 1, 0, 0, 1)
    logged = (
        "SELECT change, count(*) FROM identity.profile_changes WHERE as_of = "
        "(SELECT max(as_of) FROM identity.profile_changes) GROUP BY ALL"
    )
    before = dict(made.company.rows(logged))
    after = dict(done.rows(logged))
    grown = {change: number - before.get(change, 0) for change, number in after.items()}
    assert {change: number for change, number in grown.items() if number} == {"merged": 1, "split": 1, "removed": 1}
    assert done.rows("SELECT count(DISTINCT profile_id) FROM identity.profile_map") == [(people.after,)]


def test_examples_say_why_and_not_who(made: Planned) -> None:
    people = made.plan.people
    assert people is not None
    by_change = {example.change: example for example in people.examples}
    assert by_change.keys() == {"merged", "split"}
    assert any("carry the same e-mail w•••@•••" in reason for reason in by_change["merged"].evidence)
    assert any("until now" in reason.lower() and "s•••@•••" in reason for reason in by_change["split"].evidence)
    text = json.dumps([vars(example) for example in people.examples], ensure_ascii=False)
    assert not [name for name in ("Weber", "Cleo", "Dora", "Hill", "weber@", "sales@", "example.com") if name in text]


def test_the_guard_says_what_a_run_would_meet(made: Planned) -> None:
    people = made.plan.people
    assert people is not None
    # Whom only the fair knew is nobody any more: removed, neither merged nor split.
    assert (people.known, people.known_touched, people.allowed) == (4, 2, 20)
    assert not people.needs_confirmation


def test_golden_values_change_as_a_run_then_changes_them(made: Planned, done: Company) -> None:
    [job] = [each for each in made.plan.values if each.attribute == "job_title"]
    assert job.replaced == 1
    assert [(flow.source_before, flow.source_after, flow.profiles) for flow in job.flows] == [("crm", "shop", 1)]
    assert made.company.rows("SELECT job_title FROM profiles.golden_records WHERE full_name = 'Ada Young'") == [
        ("Engineer",)
    ]
    assert done.rows("SELECT job_title FROM profiles.golden_records WHERE full_name = 'Ada Young'") == [("Director",)]


def test_segments_change_as_a_run_then_changes_them(made: Planned, done: Company) -> None:
    found = {each.segment: each for each in made.plan.segments}
    buyers, big = found["buyers"], found["big"]
    assert (buyers.change, buyers.before, buyers.after, buyers.entered, buyers.left) == ("changed", 3, 1, 0, 2)
    assert (big.change, big.before, big.after, big.causes) == ("added", 0, 1, {"new_segment": 1})
    assert dict(done.rows("SELECT segment, count(*) FROM segments.memberships GROUP BY ALL")) == {
        "buyers": buyers.after,
        "big": big.after,
    }


def test_messages_are_those_that_a_run_then_puts_up(made: Planned, done: Company) -> None:
    [mailing] = made.plan.sends
    assert (mailing.destination, mailing.segment, mailing.sends) == ("mailing", "buyers", {"left": 2})
    with Ledger.open(f"sqlite:///{made.company.data / 'ledger.sqlite'}") as ledger, ledger.reading() as connection:
        last = history.highest_id(connection)
    with Ledger.open(f"sqlite:///{done.data / 'ledger.sqlite'}") as ledger, ledger.reading() as connection:
        written = history.written_after(connection, last)
    assert [(row.destination, row.change, row.status, row.rows) for row in written] == [
        ("mailing", "left", "pending", 2)
    ]


def test_lifetime_value_moves_as_a_run_then_moves_it(made: Planned, done: Company) -> None:
    value = made.plan.value
    assert value is not None
    total = "SELECT coalesce(sum(expected_value_365d), 0) FROM attributes.customer_360"
    assert made.company.rows(total) == [(value.expected_before,)]
    assert done.rows(total) == [(value.expected_after,)]
    assert value.spend_before == value.spend_after == Decimal("150.00")
    assert value.currency == "EUR"


def test_a_source_that_goes_takes_its_rows_along(made: Planned) -> None:
    assert [(each.source, each.change, each.before, each.after) for each in made.plan.streams] == [
        ("fair", "removed", {"accepted": 2}, {})
    ]


def test_definitions_that_say_the_same_need_no_rehearsal(made: Planned, tmp_path: Path) -> None:
    same = Company(tmp_path / "data").defs({**NOW, "normalised": f"# The same.\n{NOW['normalised']}"}, "same")
    told = run(made, same, "--json", "--detailed-exitcode")
    assert told.exit_code == 0, told.output
    plan = json.loads(told.stdout)
    assert (plan["changes"], plan["definitions"], plan["stages"]) == (False, [], [])


def test_only_the_stages_that_can_differ_are_rehearsed_and_the_exit_code_tells(made: Planned, tmp_path: Path) -> None:
    changed = {**NOW, "destinations/mailing": NOW["destinations/mailing"].replace("{email: email}", "{mail: email}")}
    told = run(made, Company(tmp_path / "data").defs(changed, "other"), "--json", "--detailed-exitcode")
    assert told.exit_code == 2, told.output
    plan = json.loads(told.stdout)
    assert plan["stages"] == ["activation"]
    assert plan["sends"][0]["sends"] == {"updated": 3}
    assert plan["definitions"][0]["details"] == [
        {"path": "payload.email", "before": "email", "after": None},
        {"path": "payload.mail", "before": None, "after": "email"},
    ]


def test_the_command_shows_what_another_condition_would_do_to_members_and_messages(
    made: Planned, tmp_path: Path
) -> None:
    changed = {**NOW, "segments/buyers": PLANNED["segments/buyers"]}
    told = run(made, Company(tmp_path / "data").defs(changed, "changed"))
    assert told.exit_code == 0, told.output
    words = " ".join(told.stdout.replace("─", " ").split())
    assert "1 definition differs; no profile changes hands; 2 messages would follow." in words
    assert "~ segment buyers where: orders >= 1 → orders >= 2 segments/buyers" in words
    assert "~ buyers 3 → 1 −2 condition changed 2" in words
    assert "~ mailing buyers 2 left" in words


@pytest.mark.long
def test_files_that_came_since_are_no_part_of_the_plan(made: Planned, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(made.company.data, folder)
    company = Company(folder)
    company.drop({"shop/orders.csv": FILES["shop/orders.csv"] + "o5,s3,2026-06-01T10:00:00Z,5.00\n"})
    changed = {**NOW, "segments/buyers": PLANNED["segments/buyers"]}
    with company.environment(company.defs(changed, "changed")) as settings:
        plan = make_plan(settings, consume, lambda _: nullcontext())
    assert plan.notes == (
        "Files have come or changed since the last run: what that changes is left out of these figures.",
    )
    assert plan.stages == ("segments", "activation")
    assert [(each.segment, each.before, each.after) for each in plan.segments] == [("buyers", 3, 2)]
    assert plan.streams == ()
    assert plan.value is not None
    assert plan.value.spend_before == plan.value.spend_after == Decimal("155.00")


def test_the_copy_goes_whatever_happens(made: Planned) -> None:
    def ended(steps: Iterable[object], _heading: str) -> None:
        next(iter(steps))
        raise KeyboardInterrupt

    before = hashes(made.company.data)
    with made.company.environment(made.planned) as settings:
        with pytest.raises(KeyboardInterrupt):
            make_plan(settings, ended, lambda _: nullcontext())
        assert settings.data == made.company.data
    assert hashes(made.company.data) == before
    assert list(made.company.data.glob("tmp/plan-*")) == []


def test_what_a_killed_plan_left_is_removed_by_the_next(made: Planned) -> None:
    left = made.company.data / "tmp" / "plan-999999999-x"
    left.mkdir(parents=True)
    with made.company.environment(made.planned) as settings, workspace(settings):
        assert not left.exists()


def test_definitions_with_a_fault_are_told_by_file_and_line(made: Planned, tmp_path: Path) -> None:
    broken = {**NOW, "segments/buyers": NOW["segments/buyers"].replace("orders", "ordrs")}
    told = run(made, Company(tmp_path / "data").defs(broken, "broken"), "--detailed-exitcode")
    assert told.exit_code == 1
    assert "segments/buyers/defs.yaml:6" in told.output
    assert "did you mean `orders`" in told.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--defs", "/nowhere"), "--defs names /nowhere, which is not a folder"),
        (("--json", "--markdown", "-"), "give Markdown a file"),
        (("--frobnicate",), "No such option"),
    ],
)
def test_every_fault_ends_with_one(made: Planned, arguments: tuple[str, ...], says: str) -> None:
    told = run(made, made.now, *arguments)
    assert told.exit_code == 1
    assert says in told.output


def test_without_a_first_run_there_is_nothing_to_compare_with(made: Planned, tmp_path: Path) -> None:
    with Company(tmp_path / "data").environment(made.now):
        told = CliRunner().invoke(command, [])
    assert told.exit_code == 1
    assert "Run `cdp run`" in told.output
    assert not (tmp_path / "data").exists()


def test_applying_asks_first_and_then_publishes_with_the_planned_definitions(
    made: Planned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[Path] = []

    def run_refresh(settings: Settings, **_named: object) -> Iterable[object]:
        published.append(settings.defs)
        return []

    monkeypatch.setattr("cdp_assets.automation.refresh.run_refresh", run_refresh)
    changed = {**NOW, "destinations/mailing": NOW["destinations/mailing"].replace("{email: email}", "{mail: email}")}
    defs = Company(tmp_path / "data").defs(changed, "changed")
    with made.company.environment(made.now):
        refused = CliRunner().invoke(command, ["--defs", str(defs), "--apply"], input="n\n")
    assert (refused.exit_code, published) == (1, [])
    assert "Publish this? 3 messages then wait to be sent. [y/N]" in refused.output
    told = run(made, defs, "--apply", "--yes")
    assert (told.exit_code, published) == (0, [defs]), told.output
    assert f"CDP_DEFS still means {made.now}" in told.output
    assert f"CDP_DEFS={defs}" in told.output


def test_a_plan_that_the_guard_would_stop_says_so_and_a_yes_confirms_as_many_and_what_passes_anyway() -> None:
    people = People(before=900, after=870, merged=30, known=400, known_touched=30, allowed=20)
    plan = Plan("defs", AS_OF, people=people)
    assert people.needs_confirmation
    assert "merges or splits 30 known profiles (20 pass unasked)" in question(plan)
    assert confirmed_by(plan) == 50
    assert confirmed_by(replace(plan, people=replace(people, allowed=30))) == 0
