"""Everything that a folder of YAML definitions says: sources, rules, segments, destinations.

Belongs here: finding and loading definitions, and what they have to say to each other (no two of one name, no
destination for a segment that does not exist). Does not belong here: what one of them says by itself
(`definition_specs.py`).

A folder may lie anywhere. One definition is one YAML document in a file called ``defs.yaml``, in the form of Dagster's
components::

    type: cdp_assets.segments.component.Segment
    attributes:
      name: champions
      …
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdp_assets.definition_files import DefinitionError, Document, Problem, files_in, read
from cdp_assets.definition_specs import (
    CONTROL_GROUP,
    DESTINATION,
    FREQUENCY_CAP,
    IDENTITY_RULES,
    REPORTING,
    SEGMENT,
    SOURCE,
    SURVIVORSHIP,
    TRAIT,
    TYPES,
    default_of,
    is_owner,
    model_of,
    spec_of,
    type_of,
)
from cdp_assets.warehouse.sql_parsing import nearest

if TYPE_CHECKING:
    from cdp_assets.activation.spec import DestinationSpec
    from cdp_assets.attributes.trait_spec import TraitSpec
    from cdp_assets.canonical.schema import TableSchema
    from cdp_assets.identity.spec import IdentityRules
    from cdp_assets.normalised.spec import Reporting
    from cdp_assets.profiles.spec import SurvivorshipRules
    from cdp_assets.segments.spec import SegmentSpec
    from cdp_assets.sources.spec import SourceSpec

_NAME_SEGMENTS = {SEGMENT: ("all_of", "any_of", "none_of"), DESTINATION: ("segment",)}
"""Fields that name segments."""

_ONLY_ONCE = (IDENTITY_RULES, SURVIVORSHIP, REPORTING, CONTROL_GROUP, FREQUENCY_CAP)


@dataclass(frozen=True)
class Catalog:
    """What the definitions in a folder say; where one is absent, the defaults.

    Args:
        folder: The folder.
        files: The files that were read.
        sources: Sources by name.
        identity_rules: How records are linked.
        survivorship: Which values survive.
        reporting: The reporting currency.
        traits: Traits by name.
        customer_360: The wide row of a profile, with a column for every trait.
        segments: Segments by name.
        destinations: Destinations by name, with the control group they leave out and the cap they share.
    """

    folder: Path
    files: tuple[Path, ...]
    sources: tuple[SourceSpec, ...]
    identity_rules: IdentityRules
    survivorship: SurvivorshipRules
    reporting: Reporting
    traits: tuple[TraitSpec, ...]
    customer_360: TableSchema
    segments: tuple[SegmentSpec, ...]
    destinations: tuple[DestinationSpec, ...]


@dataclass(frozen=True)
class _Loaded:
    document: Document
    spec: Any


def load_catalog(defs: Path, beside: Path | None = None) -> Catalog:
    """Load all definitions of a folder.

    Args:
        defs: The folder; need not be part of any project. Two folders of one name can be loaded in one process.
        beside: A file of segments that are looked at as if they lay in the folder, in place of those of their name.

    Raises:
        DefinitionError: with file and line of every fault found, what is wrong, and the nearest valid name.
    """
    defs = _folder(defs)
    files = files_in(defs)
    documents, problems = _read_all(files)
    all_read = not problems
    if beside is not None:
        documents = _with_beside(documents, read(beside))
    loaded: dict[str, list[_Loaded]] = {type_name: [] for type_name in TYPES}
    traits = [document for document in documents if document.type_name == TRAIT]
    others = [document for document in documents if document.type_name != TRAIT]
    problems.extend(_load(traits, loaded, None))
    wide, faults = _wide(loaded[TRAIT])
    problems.extend(faults)
    problems.extend(_load(others, loaded, _with_moments(wide, documents)))
    if all_read:  # nobody is blamed for naming what stands in a file that cannot be read
        problems.extend(_faults_between(loaded, documents, wide))
    if problems:
        raise DefinitionError(problems)

    def only(type_name: str) -> Any:
        return loaded[type_name][0].spec if loaded[type_name] else default_of(type_name, defs)

    def named(type_name: str) -> tuple[Any, ...]:
        return tuple(sorted((item.spec for item in loaded[type_name]), key=lambda spec: spec.name))

    return Catalog(
        folder=defs,
        files=tuple(files),
        sources=named(SOURCE),
        identity_rules=only(IDENTITY_RULES),
        survivorship=only(SURVIVORSHIP),
        reporting=only(REPORTING),
        traits=named(TRAIT),
        customer_360=wide,
        segments=tuple(_composed(named(SEGMENT))),
        destinations=tuple(
            only(FREQUENCY_CAP).applied_to([only(CONTROL_GROUP).applied_to(spec) for spec in named(DESTINATION)])
        ),
    )


def load_identity_rules(defs: Path) -> IdentityRules:
    """The identity rules of a folder alone, in a fraction of the time; other definitions are not checked.

    Raises:
        DefinitionError: as from `load_catalog`.
    """
    defs = _folder(defs)
    documents, problems = _read_all(files_in(defs))
    loaded: dict[str, list[_Loaded]] = {type_name: [] for type_name in TYPES}
    rules = [document for document in documents if document.type_name == IDENTITY_RULES]
    problems.extend(_load(rules, loaded, None))
    problems.extend(_repeated(loaded))
    if problems:
        raise DefinitionError(problems)
    found: IdentityRules = (
        loaded[IDENTITY_RULES][0].spec if loaded[IDENTITY_RULES] else default_of(IDENTITY_RULES, defs)
    )
    return found


def _load(
    documents: Sequence[Document], loaded: dict[str, list[_Loaded]], customer: TableSchema | None
) -> Iterator[Problem]:
    for document in documents:
        try:
            same = loaded[type_of(document)]
            same.append(_Loaded(document, spec_of(document, customer)))
        except DefinitionError as error:
            yield from error.problems


def _wide(traits: Sequence[_Loaded]) -> tuple[TableSchema, list[Problem]]:
    """`customer_360` with the traits that can be used, and what is wrong with the others."""
    from cdp_assets.attributes.trait_spec import check_reads
    from cdp_assets.attributes.traits import wide_schema

    composed = {item.spec.name: item.spec for item in traits if item.spec.composed}
    usable: list[TraitSpec] = []
    problems: list[Problem] = []
    # Composed traits see the others only, so these come first.
    for item in sorted(traits, key=lambda item: (item.spec.composed, item.spec.name)):
        try:
            if item.spec.name in {spec.name for spec in usable}:
                continue
            if item.spec.composed:
                check_reads(item.spec, composed)
            wide_schema([*usable, item.spec])
            usable.append(item.spec)
        except ValueError as error:
            problems.append(item.document.problem_of(error))
    return wide_schema(sorted(usable, key=lambda spec: spec.name)), problems


def _with_beside(documents: Sequence[Document], others: Sequence[Document]) -> list[Document]:
    """The documents with those of a file beside them, which stand in for segments of their name."""
    names = {_name_in(other) for other in others if isinstance(other.value, dict)}
    return [each for each in documents if each.type_name != SEGMENT or _name_in(each) not in names] + list(others)


def _with_moments(customer: TableSchema, documents: Sequence[Document]) -> TableSchema:
    """`customer_360` with the times of entering and leaving that segments ask for of each other."""
    from cdp_assets.segments.journeys import widened

    attributes = [document.value.get("attributes") or {} for document in documents if document.type_name == SEGMENT]
    written = [each for each in attributes if isinstance(each, dict)]
    return widened(
        customer, [str(each.get("where", "")) for each in written], {str(each.get("name")) for each in written}
    )


def segment_names(defs: Path) -> list[str]:
    """The names of the segments in a folder, whether or not its definitions can be used."""
    documents, _ = _read_all(files_in(defs))
    return sorted({_name_in(document) for document in documents if document.type_name == SEGMENT} - {""})


def editor_schema(segments: Sequence[str] = ()) -> dict[str, Any]:
    """A JSON schema of definition files, for editors that complete and check YAML.

    Args:
        segments: Names that are offered where a definition names a segment.
    """
    from pydantic.json_schema import models_json_schema

    models = {type_name: model_of(type_name) for type_name in TYPES}
    references, definitions = models_json_schema([(model, "validation") for model in models.values()])
    if segments:
        for model, fields in _NAME_SEGMENTS.items():
            for field in fields:
                offered = definitions["$defs"][model_of(model).__name__]["properties"][field]
                offered["examples"] = [[name] for name in segments] if field.endswith("_of") else list(segments)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Definition of the customer data platform",
        "oneOf": [
            {
                "type": "object",
                "title": f"A {label}",
                "properties": {
                    "type": {"const": type_name},
                    "attributes": references[(models[type_name], "validation")],
                },
                "required": ["type"],
                "additionalProperties": False,
            }
            for type_name, label in TYPES.items()
        ],
        **definitions,
    }


def _folder(defs: Path) -> Path:
    defs = defs.resolve()
    if not defs.is_dir():
        raise DefinitionError([Problem(defs, 1, "is not a folder of definitions")])
    return defs


def _read_all(files: Sequence[Path]) -> tuple[list[Document], list[Problem]]:
    documents: list[Document] = []
    problems: list[Problem] = []
    for file in files:
        try:
            documents.extend(read(file))
        except DefinitionError as error:
            problems.extend(error.problems)
    return documents, problems


def _faults_between(
    loaded: dict[str, list[_Loaded]], documents: Sequence[Document], customer: TableSchema
) -> Iterator[Problem]:
    """What definitions have against each other."""
    yield from _repeated(loaded)
    yield from _unknown_owners(loaded)
    yield from _unknown_sources(loaded, {_name_in(document) for document in documents if document.type_name == SOURCE})
    segments = [_name_in(document) for document in documents if document.type_name == SEGMENT]
    yield from _faults_of_segments(loaded[SEGMENT], segments, customer)
    yield from _faults_of_destinations(loaded, segments, customer)


def _repeated(loaded: dict[str, list[_Loaded]]) -> Iterator[Problem]:
    """Definitions of one name, and second ones of what there is only one of."""
    for type_name, label in TYPES.items():
        first: dict[str, _Loaded] = {}
        for item in loaded[type_name]:
            name = "" if type_name in _ONLY_ONCE else str(item.spec.name)
            other = first.setdefault(name, item)
            if other is not item:
                at = ["attributes", "name"] if name else ["type"]
                place = other.document.problem("", at).place
                what = f"two {label}s are called `{name}`" if name else f"there is a second {label}"
                yield item.document.problem(f"{what}; the other is in {place}", at)


def _unknown_owners(loaded: dict[str, list[_Loaded]]) -> Iterator[Problem]:
    """Owners that are neither a team nor an e-mail address, which Dagster would refuse without file and line."""
    for item in chain.from_iterable(loaded.values()):
        owner = getattr(item.spec, "owner", None)
        if owner is not None and not is_owner(owner):
            what = f"owner: `{owner}` is neither a team nor an e-mail address; write `team:{owner or 'marketing'}`"
            yield item.document.problem(what, ["attributes", "owner"])


def _unknown_sources(loaded: dict[str, list[_Loaded]], sources: Collection[str]) -> Iterator[Problem]:
    """Sources that the rules of survivorship trust, and that there are not."""
    for item in loaded[SURVIVORSHIP]:
        try:
            item.spec.check_sources(sources)
        except ValueError as error:
            yield item.document.problem_of(error)


def _name_in(document: Document) -> str:
    """A definition's name as written, whether or not the rest of it can be used."""
    attributes = document.value.get("attributes")
    return str(attributes.get("name", "")) if isinstance(attributes, dict) else ""


def _composed(specs: Sequence[SegmentSpec]) -> list[SegmentSpec]:
    from cdp_assets.segments.composition import composed

    return composed(specs)


def _faults_of_segments(loaded: Sequence[_Loaded], names: Sequence[str], customer: TableSchema) -> Iterator[Problem]:
    """Segments that are made of one that does not exist, or of each other, or wait for each other's times; none is
    blamed for the fault of another, whose name is among ``names`` though it is not loaded."""
    from cdp_assets.segments.journeys import layers

    sound = {item.spec.name for item in loaded} >= set(names)
    for item in loaded:
        for attribute in ("all_of", "any_of", "none_of"):
            for name in getattr(item.spec, attribute):
                if name not in names:
                    sound = False
                    message = f"{attribute}: there is no segment `{name}`; {nearest(name, names)}"
                    yield item.document.problem(message, ["attributes", attribute])
    if sound:
        try:
            layers(_composed([item.spec for item in loaded]), customer.column_names)
        except ValueError as error:
            yield loaded[0].document.problem_of(error)


def _faults_of_destinations(
    loaded: dict[str, list[_Loaded]], segments: Sequence[str], customer: TableSchema
) -> Iterator[Problem]:
    if not loaded[DESTINATION]:
        return
    from cdp_assets.activation.spec import validate

    for item in loaded[DESTINATION]:
        try:
            validate(item.spec, customer, segments)
        except ValueError as error:
            yield item.document.problem_of(error)
