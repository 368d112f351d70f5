"""Everything that a folder of YAML definitions says: sources, rules, segments, destinations.

Belongs here: finding and loading definitions, what they have to say to each other (no two of one name, no destination
for a segment that does not exist), and saying in one line where they are wrong. Does not belong here: what a definition
may say by itself (the `component.py` and `spec.py` of its stage).

A folder may lie anywhere. One definition is one YAML document in a file called ``defs.yaml``, in the form of Dagster's
components::

    type: cdp_assets.segments.component.Segment
    attributes:
      name: champions
      …

The components are resolved one by one rather than through a `ComponentTree`: that would import the folder as a package,
and run any Python in it; definitions are data. It also keeps a fault's file and line, which the tree's errors bury.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdp_assets.definition_files import (
    FROM_ENVIRONMENT,
    DefinitionError,
    Document,
    Key,
    Problem,
    files_in,
    read,
    unset,
)
from cdp_assets.warehouse.sql_parsing import ExpressionError, nearest

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    from cdp_assets.activation.spec import DestinationSpec
    from cdp_assets.attributes.trait_spec import TraitSpec
    from cdp_assets.canonical.schema import TableSchema
    from cdp_assets.identity.spec import IdentityRules
    from cdp_assets.normalised.spec import Reporting
    from cdp_assets.profiles.spec import SurvivorshipRules
    from cdp_assets.segments.spec import SegmentSpec
    from cdp_assets.sources.spec import SourceSpec

__all__ = ["TYPES", "Catalog", "DefinitionError", "editor_schema", "load_catalog"]

_SOURCE = "cdp_assets.sources.component.Source"
_IDENTITY_RULES = "cdp_assets.identity.component.IdentityRules"
_SURVIVORSHIP = "cdp_assets.profiles.component.Survivorship"
_REPORTING = "cdp_assets.normalised.component.Reporting"
_TRAIT = "cdp_assets.attributes.component.Trait"
_SEGMENT = "cdp_assets.segments.component.Segment"
_DESTINATION = "cdp_assets.activation.component.Destination"
_CONTROL_GROUP = "cdp_assets.activation.component.ControlGroup"
_FREQUENCY_CAP = "cdp_assets.activation.component.FrequencyCap"

TYPES = {
    _SOURCE: "source",
    _IDENTITY_RULES: "set of identity rules",
    _SURVIVORSHIP: "set of survivorship rules",
    _REPORTING: "reporting definition",
    _TRAIT: "trait",
    _SEGMENT: "segment",
    _DESTINATION: "destination",
    _CONTROL_GROUP: "control group",
    _FREQUENCY_CAP: "frequency cap",
}
"""The types of definitions, and what a person calls them."""

_NAME_SEGMENTS = {_SEGMENT: ("all_of", "any_of", "none_of"), _DESTINATION: ("segment",)}
"""Fields that name segments."""

_ONLY_ONCE = (_IDENTITY_RULES, _SURVIVORSHIP, _REPORTING, _CONTROL_GROUP, _FREQUENCY_CAP)
_TOP_LEVEL = ("type", "attributes")


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
    if beside is not None:
        documents = _with_beside(documents, read(beside))
    loaded: dict[str, list[_Loaded]] = {type_name: [] for type_name in TYPES}
    traits = [document for document in documents if document.type_name == _TRAIT]
    others = [document for document in documents if document.type_name != _TRAIT]
    problems.extend(_load(traits, loaded, None))
    wide, faults = _wide(loaded[_TRAIT])
    problems.extend(faults)
    problems.extend(_load(others, loaded, _with_moments(wide, documents)))
    problems.extend(_faults_between(loaded, documents, wide))
    if problems:
        raise DefinitionError(problems)

    def only(type_name: str) -> Any:
        return loaded[type_name][0].spec if loaded[type_name] else _default(type_name, defs)

    def named(type_name: str) -> tuple[Any, ...]:
        return tuple(sorted((item.spec for item in loaded[type_name]), key=lambda spec: spec.name))

    return Catalog(
        folder=defs,
        files=tuple(files),
        sources=named(_SOURCE),
        identity_rules=only(_IDENTITY_RULES),
        survivorship=only(_SURVIVORSHIP),
        reporting=only(_REPORTING),
        traits=named(_TRAIT),
        customer_360=wide,
        segments=tuple(_composed(named(_SEGMENT))),
        destinations=tuple(
            only(_FREQUENCY_CAP).applied_to([only(_CONTROL_GROUP).applied_to(spec) for spec in named(_DESTINATION)])
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
    rules = [document for document in documents if document.type_name == _IDENTITY_RULES]
    problems.extend(_load(rules, loaded, None))
    problems.extend(_repeated(loaded))
    if problems:
        raise DefinitionError(problems)
    found: IdentityRules = (
        loaded[_IDENTITY_RULES][0].spec if loaded[_IDENTITY_RULES] else _default(_IDENTITY_RULES, defs)
    )
    return found


def _load(
    documents: Sequence[Document], loaded: dict[str, list[_Loaded]], customer: TableSchema | None
) -> Iterator[Problem]:
    for document in documents:
        try:
            same = loaded[_type_of(document)]
            same.append(_Loaded(document, _resolve(document, _validated(document), customer)))
        except DefinitionError as error:
            yield from error.problems


def _wide(traits: Sequence[_Loaded]) -> tuple[TableSchema, list[Problem]]:
    """`customer_360` with the traits that can be used, and what is wrong with the others."""
    from cdp_assets.attributes.traits import wide_schema

    usable: list[TraitSpec] = []
    problems: list[Problem] = []
    # Composed traits see the others only, so these come first.
    for item in sorted(traits, key=lambda item: (item.spec.composed, item.spec.name)):
        try:
            if item.spec.name in {spec.name for spec in usable}:
                continue
            wide_schema([*usable, item.spec])
            usable.append(item.spec)
        except ValueError as error:
            problems.append(item.document.problem_of(error))
    return wide_schema(sorted(usable, key=lambda spec: spec.name)), problems


def _with_beside(documents: Sequence[Document], others: Sequence[Document]) -> list[Document]:
    """The documents with those of a file beside them, which stand in for segments of their name."""
    names = {_name_in(other) for other in others if isinstance(other.value, dict)}
    return [each for each in documents if each.type_name != _SEGMENT or _name_in(each) not in names] + list(others)


def _with_moments(customer: TableSchema, documents: Sequence[Document]) -> TableSchema:
    """`customer_360` with the times of entering and leaving that segments ask for of each other."""
    from cdp_assets.segments.journeys import widened

    attributes = [document.value.get("attributes") or {} for document in documents if document.type_name == _SEGMENT]
    written = [each for each in attributes if isinstance(each, dict)]
    return widened(
        customer, [str(each.get("where", "")) for each in written], {str(each.get("name")) for each in written}
    )


def segment_names(defs: Path) -> list[str]:
    """The names of the segments in a folder, whether or not its definitions can be used."""
    documents, _ = _read_all(files_in(defs))
    return sorted({_name_in(document) for document in documents if document.type_name == _SEGMENT} - {""})


def editor_schema(segments: Sequence[str] = ()) -> dict[str, Any]:
    """A JSON schema of definition files, for editors that complete and check YAML.

    Args:
        segments: Names that are offered where a definition names a segment.
    """
    from pydantic.json_schema import models_json_schema

    models = {type_name: _model_of(type_name) for type_name in TYPES}
    references, definitions = models_json_schema([(model, "validation") for model in models.values()])
    if segments:
        for model, fields in _NAME_SEGMENTS.items():
            for field in fields:
                offered = definitions["$defs"][_model_of(model).__name__]["properties"][field]
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


def _resolve(document: Document, model: BaseModel, customer: TableSchema | None) -> Any:
    """The definition that a document's checked attributes describe, with everything checked that its stage checks.

    Args:
        document: The document.
        model: Its attributes.
        customer: `customer_360`, for definitions that are written over it.
    """
    from pydantic import ValidationError

    try:
        component = _class_of(document.type_name).resolve_from_model(_templates().at_path("attributes"), model)
        return component.spec_over(customer) if customer and hasattr(component, "spec_over") else component.spec
    except Exception as error:
        chain = list(_causes(error))
        expression = next((cause for cause in chain if isinstance(cause, ExpressionError)), None)
        if expression is not None:
            raise DefinitionError([document.problem_of(expression)]) from None
        for cause in chain:
            if isinstance(cause, ValidationError):
                raise DefinitionError(list(_invalid(document, cause))) from None
            if type(cause).__name__ == "ResolutionException":
                raise DefinitionError([_unresolved(document, str(cause))]) from None
        raise DefinitionError([document.problem_of(chain[-1])]) from None


@cache
def _templates() -> Any:
    """What `{{ … }}` means in definitions: Dagster's scope. A text without one is left as it is written: Dagster's
    templates give native values, and a name ``"007"`` would become a number.
    """
    import dagster as dg
    from dagster_shared.record import record

    @record
    class AsWritten(dg.ResolutionContext):
        def _resolve_inner_value(self, val: Any) -> Any:
            if isinstance(val, str):
                if "{{" not in val and "{%" not in val:
                    return val
                if not FROM_ENVIRONMENT.fullmatch(val) and (missing := unset(val)):
                    # Dagster would write "None" in its place.
                    raise ValueError(f"the environment variable {missing[0]} is not set")
            return dg.ResolutionContext._resolve_inner_value(self, val)

    return AsWritten(scope=dg.ResolutionContext.default().scope)


def _unresolved(document: Document, text: str) -> Problem:
    """Where Dagster could not make a value of what is written; its text names the path and goes on with a traceback."""
    found = re.search(r"for field '(\w+)'", text)
    said = re.search(r"(?:Value error, |\b\w*(?:Error|Exception): )(.+?)(?: \[type=|$)", text, re.MULTILINE)
    path = _path_of_field(document, found.group(1)) if found else ("attributes",)
    reason = said.group(1) if said and "has no attribute" not in said.group(1) else "this does not have the form needed"
    return document.problem(_mistyped(document, path, reason), path)


def _path_of_field(document: Document, field: str) -> tuple[Key, ...]:
    return ("attributes", field) if document.has(("attributes", field)) else ("attributes",)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what it was raised from, outermost first; includes what pydantic wraps."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        for detail in getattr(seen, "errors", list)() if type(seen).__name__ == "ValidationError" else ():
            inner = detail.get("ctx", {}).get("error")
            if isinstance(inner, BaseException):
                yield inner
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def _type_of(document: Document) -> str:
    """The document's type, if it has the form of a definition at all."""
    if not isinstance(document.value, dict):
        message = "this document is empty; remove a `---`"
        if document.value is not None:
            message = "is not a definition: write `type:` and `attributes:`"
        raise DefinitionError([document.problem(message)])
    unknown = [key for key in document.value if key not in _TOP_LEVEL]
    if unknown:
        raise DefinitionError(
            [document.problem(f"unknown field `{key}`; {nearest(str(key), _TOP_LEVEL)}", [key]) for key in unknown]
        )
    if not document.type_name:
        raise DefinitionError([document.problem(f"`type` is missing; there are: {', '.join(TYPES)}")])
    if document.type_name not in TYPES:
        hint = nearest(document.type_name, list(TYPES))
        raise DefinitionError([document.problem(f"unknown type `{document.type_name}`; {hint}", ["type"])])
    return document.type_name


def _validated(document: Document) -> BaseModel:
    """The attributes in the form that the type's fields ask for."""
    from pydantic import ValidationError

    try:
        return _model_of(document.type_name).model_validate(document.value.get("attributes") or {})
    except ValidationError as error:
        raise DefinitionError(list(_invalid(document, error))) from None


def _model_of(type_name: str) -> type[BaseModel]:
    model: type[BaseModel] = _class_of(type_name).get_model_cls()
    return model


def _class_of(type_name: str) -> Any:
    module, _, name = type_name.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _invalid(document: Document, error: ValidationError) -> Iterator[Problem]:
    """What pydantic found, in one line each. Its paths name the branches of unions too, which the document has not."""
    found: dict[tuple[Key, ...], list[Problem]] = {}
    for detail in error.errors():
        inner = detail.get("ctx", {}).get("error")
        path = _path_in(document, detail["loc"])
        if isinstance(inner, BaseException) and not isinstance(inner, str):
            found.setdefault(path, []).append(document.problem_of(inner))
        elif detail["type"] == "extra_forbidden":
            valid = _fields_at(_model_of(document.type_name), detail["loc"][:-1])
            message = f"unknown field `{detail['loc'][-1]}`; {nearest(str(detail['loc'][-1]), valid)}"
            found.setdefault(path, []).append(document.problem(message, path))
        elif detail["type"] == "missing":
            found.setdefault(path, []).append(document.problem(f"`{detail['loc'][-1]}` is missing", path))
        elif detail["type"] != "string_type":  # every field may also be a template, which is a text
            found.setdefault(path, []).append(document.problem(_mistyped(document, path, detail["msg"]), path))
    if not found:
        for detail in error.errors():
            path = _path_in(document, detail["loc"])
            found.setdefault(path, []).append(document.problem(_mistyped(document, path, detail["msg"]), path))
    for problems in found.values():
        yield problems[0]


def _mistyped(document: Document, path: tuple[Key, ...], message: str) -> str:
    node = document.node_at(path)
    variable = re.search(r"\{\{.*\benv\.(\w+)", str(node.value)) if node is not None else None
    if variable and variable.group(1) not in os.environ:
        return f"`{path[-1]}`: the environment variable {variable.group(1)} is not set"
    return f"`{path[-1]}`: {message[:1].lower()}{message[1:]}"


def _path_in(document: Document, location: Sequence[Key]) -> tuple[Key, ...]:
    path: list[Key] = ["attributes"]
    for key in location:
        if document.has([*path, key]):
            path.append(key)
    return tuple(path)


def _fields_at(model: type[BaseModel], location: Sequence[Key]) -> list[str]:
    """The fields that pydantic knows at a location of a model."""
    models = [model]
    for key in location:
        named = [found for m in models if key in m.model_fields for found in _models_in(m.model_fields[str(key)])]
        models = named or [m for m in models if key == m.__name__] or models
    return [name for m in models for name in m.model_fields]


def _models_in(field: Any) -> list[type[BaseModel]]:
    from typing import get_args

    from pydantic import BaseModel

    def inside(annotation: Any) -> Iterator[type[BaseModel]]:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        for argument in get_args(annotation):
            yield from inside(argument)

    return list(inside(field.annotation))


def _faults_between(
    loaded: dict[str, list[_Loaded]], documents: Sequence[Document], customer: TableSchema
) -> Iterator[Problem]:
    """What definitions have against each other."""
    yield from _repeated(loaded)
    yield from _faults_of_segments(loaded[_SEGMENT], customer)
    segments = [_name_in(document) for document in documents if document.type_name == _SEGMENT]
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


def _name_in(document: Document) -> str:
    """A definition's name as written, whether or not the rest of it can be used."""
    attributes = document.value.get("attributes")
    return str(attributes.get("name", "")) if isinstance(attributes, dict) else ""


def _composed(specs: Sequence[SegmentSpec]) -> list[SegmentSpec]:
    from cdp_assets.segments.composition import composed

    return composed(specs)


def _faults_of_segments(loaded: Sequence[_Loaded], customer: TableSchema) -> Iterator[Problem]:
    """Segments that are made of one that does not exist, or of each other, or wait for each other's times."""
    from cdp_assets.segments.journeys import layers

    names = [item.spec.name for item in loaded]
    sound = True
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
    if not loaded[_DESTINATION]:
        return
    from cdp_assets.activation.spec import validate

    for item in loaded[_DESTINATION]:
        try:
            validate(item.spec, customer, segments)
        except ValueError as error:
            yield item.document.problem_of(error)


def _default(type_name: str, defs: Path) -> Any:
    from pydantic import ValidationError

    try:
        return _class_of(type_name)().spec
    except ValidationError as error:
        needed = ", ".join(str(detail["loc"][0]) for detail in error.errors())
        message = f"there is no {TYPES[type_name]}, and it has no default: add one (`type: {type_name}`) with {needed}"
        raise DefinitionError([Problem(defs, 1, message)]) from None
