"""What must hold of the identity graph before anyone builds on it.

Belongs here: checks on the stage's tables. Does not belong here: scores against a known truth.
"""

from collections.abc import Callable

import ibis.expr.types as ir
from ibis import _

from cdp_assets.identity.changes import homes_of
from cdp_assets.identity.collecting import without
from cdp_assets.identity.evidence import ADDRESS
from cdp_assets.identity.known import IDENTIFIER, excluded_values
from cdp_assets.identity.spec import IdentityRules, Kind
from cdp_assets.identity.stewardship import CONTRADICTION, DIFFERENT, OBSERVATION, RULE, SAME, SOURCE, STEWARD
from cdp_assets.quality.checks import Check, expect, no_rows
from cdp_assets.settings import Settings
from cdp_assets.warehouse.stacking import stack

Tables = dict[str, ir.Table]


def all_checks(rules: IdentityRules) -> dict[str, list[Check]]:
    """The checks of each table, by its name."""
    return {
        "links": _LINKS,
        "rejected_links": _REJECTED_LINKS,
        "profile_map": [*_PROFILE_MAP, _limits(rules)],
        "profile_changes": _PROFILE_CHANGES,
        "redirects": _REDIRECTS,
        "review_queue": _REVIEW_QUEUE,
        "steward_words": _STEWARD_WORDS,
        "faces": _FACES,
        "undecided": _UNDECIDED,
    }


def _without_a_profile(table: ir.Table, tables: Tables) -> ir.Table:
    return tables["identity_records"].anti_join(table, "record_id")


def _in_other_profiles(table: ir.Table, tables: Tables) -> ir.Table:
    homes = homes_of(tables["profile_map"])
    ends = [table.select(record_id=f"{side}_record_id", said=f"{side}_profile_id") for side in ("left", "right")]
    return ends[0].union(ends[1]).anti_join(homes, ["record_id", ("said", "profile_id")])


def _without_a_record(table: ir.Table, tables: Tables) -> ir.Table:
    return table.anti_join(tables["identity_records"], "record_id")


def _gaps_and_overlaps(table: ir.Table, _tables: Tables) -> ir.Table:
    """Records whose rows do not cover all time: each must end where the next begins, and both outer ends be open."""
    whole = table.group_by("record_id").aggregate(
        rows=_.count(), beginnings=_.valid_from.isnull().sum(), ends=_.valid_to.isnull().sum()
    )
    unbounded = whole.filter((_.beginnings != 1) | (_.ends != 1)).select("record_id")
    ended = table.filter(_.valid_to.notnull()).select("record_id", at="valid_to")
    begun = table.filter(_.valid_from.notnull()).select("record_id", at="valid_from")
    loose = ended.anti_join(begun, ["record_id", "at"]).select("record_id")
    backwards = table.filter(_.valid_to <= _.valid_from).select("record_id")
    return unbounded.union(loose, backwards)


def _limits(rules: IdentityRules) -> Check:
    limited = {
        name: rule.limit
        for name, rule in rules.identifiers.items()
        if rule.limit is not None and rule.kind is not Kind.DEVICE and name != ADDRESS
    }

    def broken(table: ir.Table, tables: Tables) -> ir.Table:
        # Whose they are comes first: the table may be that of a few profiles.
        carried = tables["identifiers"].join(homes_of(table), "record_id")
        identifiers = _counting({**tables, "identifiers": carried}).anti_join(_excluded(tables), IDENTIFIER)
        most = identifiers.identifier_type.cases(*limited.items(), else_=None)
        held = identifiers.mutate(most=most).filter(_.most.notnull())
        of_profiles = _more_than_allowed(held, "profile_id", _joined_by_stewards(table, tables))
        # A record that breaks a limit by itself cannot be taken apart.
        alone = _more_than_allowed(held, "record_id").join(homes_of(table), "record_id").select("profile_id")
        return of_profiles.anti_join(alone, "profile_id")

    return Check(
        "limits_hold",
        "No profile has more identifiers of a type than its limit: one user id per namespace, five e-mails …; those "
        "whom stewards joined may have as many each.",
        (
            no_rows(
                broken, "No profile has more values of one identifier type than one person may have.", of="profile_id"
            ),
        ),
    )


def _more_than_allowed(held: ir.Table, holder: str, joined: ir.Table | None = None) -> ir.Table:
    counted = held.group_by(holder, "namespace", "identifier_type", "most").aggregate(
        values_held=_.identifier_value.nunique()
    )
    if joined is not None:
        counted = counted.left_join(joined, holder).mutate(most=_.most * (_.words.coalesce(0) + 1))
    return counted.filter(_.values_held > _.most).select(holder).distinct()


def _joined_by_stewards(table: ir.Table, tables: Tables) -> ir.Table:
    """profile_id, words: how many stewards' links a profile has."""
    said = tables["links"].filter(_.identifier_type == STEWARD).select(record_id="left_record_id")
    return said.join(homes_of(table), "record_id").group_by("profile_id").aggregate(words=_.count())


def _counting(tables: Tables) -> ir.Table:
    """Identifiers without those that stewards retracted."""
    identifiers, words = tables["identifiers"], tables["steward_words"]
    rules = words.filter(_.kind == RULE).select(identifier_type="subject")
    sources = words.filter(_.kind == SOURCE).select(source="subject")
    silent = tables["identity_records"].semi_join(sources, "source").select("record_id")
    taken_back = words.filter(_.kind == OBSERVATION).select("identifier_id", record_id="left_record_id")
    heard = identifiers.anti_join(rules, "identifier_type").anti_join(silent, "record_id")
    return without(heard, taken_back, Settings.from_env().hash_key)


def _excluded(tables: Tables) -> ir.Table:
    """Values that do not count: placeholders, hubs, and names that an alias replaced."""
    values = excluded_values(tables["identifiers"], tables["rejected_links"], Settings.from_env().hash_key)
    renamed = tables["identifier_aliases"].select("namespace", "identifier_type", identifier_value="old_value")
    return values.union(renamed).distinct()


def _links_across(table: ir.Table, tables: Tables) -> ir.Table:
    """Links whose ends never share a profile."""
    ends = table.select("left_record_id", "right_record_id").distinct()
    left = tables["profile_map"].select(left_record_id="record_id", profile_id="profile_id")
    right = tables["profile_map"].select(right_record_id="record_id", profile_id="profile_id")
    shared = ends.join(left, "left_record_id").join(right, ["right_record_id", "profile_id"])
    return ends.anti_join(shared, ["left_record_id", "right_record_id"])


def _refused_but_together(table: ir.Table, tables: Tables) -> ir.Table:
    refused = table.filter(_.right_record_id.notnull()).select("left_record_id", "right_record_id")
    homes = homes_of(tables["profile_map"])
    left = homes.select(left_record_id="record_id", profile_id="profile_id")
    right = homes.select(right_record_id="record_id", profile_id="profile_id")
    return refused.join(left, "left_record_id").join(right, ["right_record_id", "profile_id"])


def _without_a_beginning(table: ir.Table, tables: Tables) -> ir.Table:
    begun = table.filter(_.change.isin(["created", "split"]))
    return tables["profile_map"].select("profile_id").distinct().anti_join(begun, "profile_id")


def _gone_but_in_use(table: ir.Table, tables: Tables) -> ir.Table:
    return table.semi_join(tables["profile_map"], table.old_profile_id == tables["profile_map"].profile_id)


def _leading_nowhere(table: ir.Table, tables: Tables) -> ir.Table:
    return table.anti_join(tables["profile_map"], "profile_id")


def _contradictory(table: ir.Table, _tables: Tables) -> ir.Table:
    return table.filter(_.reason == CONTRADICTION)


def _of_nobody(*columns: str, among: str = "identity_records") -> Callable[[ir.Table, Tables], ir.Table]:
    """Records, in one of some columns, that another table does not have."""

    def found(table: ir.Table, tables: Tables) -> ir.Table:
        ends = [table.select(record_id=name).filter(_.record_id.notnull()) for name in columns]
        return stack(*ends).anti_join(tables[among], "record_id")

    return found


_unknown_records = _of_nobody("left_record_id", "right_record_id")


def _undecided_but_together(table: ir.Table, tables: Tables) -> ir.Table:
    homes = homes_of(tables["profile_map"])
    left = homes.select(label_l="record_id", profile_l="profile_id")
    right = homes.select(label_r="record_id", profile_r="profile_id")
    placed = table.select("label_l", "label_r").join(left, "label_l").join(right, "label_r")
    return placed.filter(placed.profile_l == placed.profile_r)


def _of_missing_records(table: ir.Table, tables: Tables) -> ir.Table:
    named = table.filter(_.kind.isin([SAME, DIFFERENT]))
    return _unknown_records(named, tables)


_STEWARD_WORDS = [
    Check(
        "records_exist",
        "Stewards' decisions are about records that exist; those about others wait until these come back.",
        (no_rows(_of_missing_records, "Both records of every decision exist."),),
        blocking=False,
    )
]
_LINKS = [
    Check(
        "ends_are_known_and_together",
        "Both ends of every link are records, and share a profile.",
        (
            no_rows(_unknown_records, "Both ends of every link are identity records.", by="left_record_id"),
            no_rows(_links_across, "The two ends of a link share a profile.", by="left_record_id"),
            expect("expect_column_values_to_be_between", column="strength", min_value=0, max_value=1),
        ),
    )
]
_REJECTED_LINKS = [
    Check(
        "ends_are_known_and_apart",
        "Both ends of every refused link are records, and are in different profiles.",
        (
            no_rows(_unknown_records, "Both ends of every refused link are identity records."),
            no_rows(_refused_but_together, "The two ends of a refused link are in different profiles."),
        ),
    ),
    Check(
        "stewards_agree",
        "No steward's word stands against another's; where one does, those that part people win.",
        (no_rows(_contradictory, "Everyone whom a steward joined is together."),),
        blocking=False,
    ),
]
_PROFILE_MAP = [
    Check(
        "covers_every_record",
        "Every record has a profile, and there are no others.",
        (
            no_rows(_without_a_profile, "Every identity record is in the map."),
            no_rows(_without_a_record, "The map has no record that does not exist."),
        ),
    ),
    Check(
        "no_gaps_no_overlaps",
        "At every instant a record belongs to exactly one profile, so that every fact has exactly one.",
        (
            no_rows(
                _gaps_and_overlaps, "The rows of a record follow one another without gap or overlap.", by="record_id"
            ),
        ),
    ),
]
_PROFILE_CHANGES = [
    Check(
        "reconciles_with_the_map",
        "Every profile in the map has its beginning in the log.",
        (no_rows(_without_a_beginning, "Every profile of the map was created or split off in the log."),),
    )
]
_REDIRECTS = [
    Check(
        "lead_to_profiles_in_use",
        "Ids given up are not in use, and lead to one that is.",
        (
            no_rows(_gone_but_in_use, "No id given up is in use."),
            no_rows(_leading_nowhere, "Every redirect leads to a profile of the map."),
        ),
    )
]
_REVIEW_QUEUE = [
    Check(
        "probabilities",
        "Probabilities lie between 0 and 1.",
        (expect("expect_column_values_to_be_between", column="probability", min_value=0, max_value=1),),
    ),
    Check(
        "records_in_their_profiles",
        "The two records of a pair are in the two profiles beside them.",
        (no_rows(_in_other_profiles, "No record of a pair is in another profile than the queue says."),),
        blocking=False,
    ),
]
_FACES = [
    Check(
        "remembers_those_there_are",
        "Every appearance that likeness remembers is of a record that there is, and so is the group that it is in.",
        (
            no_rows(
                _of_nobody("face", "label", among="components"),
                "Every appearance, and its group, is a record with a component.",
            ),
        ),
    )
]
_UNDECIDED = [
    Check(
        "of_groups_that_stand_apart",
        "Pairs that may be one person are of two groups that there are, and not yet of one profile.",
        (
            no_rows(_of_nobody("label_l", "label_r"), "Both groups are called like a record."),
            no_rows(_undecided_but_together, "Both groups are in different profiles."),
        ),
    )
]
