"""One definition becomes the spec of its stage, or faults with their lines.

Belongs here: which types of definitions there are, the form of each, what `{{ … }}` means, and the words for what is
wrong. Does not belong here: files (`definition_files.py`), what definitions say to each other (`catalog.py`), and what
a definition may say (the `component.py` and `spec.py` of its stage).

The components are resolved one by one rather than through Dagster's `ComponentTree`: that would import the folder as a
package, and run any Python in it; definitions are data. It also keeps a fault's file and line, which the tree's errors
bury.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cdp_assets.definition_files import FROM_ENVIRONMENT, DefinitionError, Document, Key, Problem, unset
from cdp_assets.warehouse.sql_parsing import ExpressionError, nearest

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    from cdp_assets.canonical.schema import TableSchema

SOURCE = "cdp_assets.sources.component.Source"
IDENTITY_RULES = "cdp_assets.identity.component.IdentityRules"
SURVIVORSHIP = "cdp_assets.profiles.component.Survivorship"
REPORTING = "cdp_assets.normalised.component.Reporting"
TRAIT = "cdp_assets.attributes.component.Trait"
SEGMENT = "cdp_assets.segments.component.Segment"
DESTINATION = "cdp_assets.activation.component.Destination"
CONTROL_GROUP = "cdp_assets.activation.component.ControlGroup"
FREQUENCY_CAP = "cdp_assets.activation.component.FrequencyCap"

TYPES = {
    SOURCE: "source",
    IDENTITY_RULES: "set of identity rules",
    SURVIVORSHIP: "set of survivorship rules",
    REPORTING: "reporting definition",
    TRAIT: "trait",
    SEGMENT: "segment",
    DESTINATION: "destination",
    CONTROL_GROUP: "control group",
    FREQUENCY_CAP: "frequency cap",
}
"""The types of definitions, and what a person calls them."""

_TOP_LEVEL = ("type", "attributes")
_UNSET = re.compile(r"the environment variable (\w+) is not set")


def type_of(document: Document) -> str:
    """The document's type.

    Raises:
        DefinitionError: if it has not the form of a definition, or there is no such type.
    """
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


def spec_of(document: Document, customer: TableSchema | None) -> Any:
    """What a document describes, with everything checked that its stage checks.

    Args:
        document: The document, of a type that there is (`type_of`).
        customer: `customer_360`, for definitions that are written over it.

    Raises:
        DefinitionError: with every fault of it.
    """
    from pydantic import ValidationError

    model = _validated(document)
    try:
        component = _class_of(document.type_name).resolve_from_model(_templates().at_path("attributes"), model)
        return component.spec_over(customer) if customer and hasattr(component, "spec_over") else component.spec
    except Exception as error:
        chain = list(_causes(error))
        expression = next((cause for cause in chain if isinstance(cause, ExpressionError)), None)
        if expression is not None:
            raise DefinitionError([document.problem_of(expression)]) from None
        for cause in chain:
            if missing := _UNSET.search(str(cause)):
                raise DefinitionError([document.problem_beside(missing.group(), f"env.{missing.group(1)}")]) from None
            if isinstance(cause, ValidationError):
                raise DefinitionError(list(_invalid(document, cause))) from None
            if type(cause).__name__ == "ResolutionException":
                raise DefinitionError([_unresolved(document, str(cause))]) from None
        raise DefinitionError([document.problem_of(chain[-1])]) from None


def default_of(type_name: str, defs: Path) -> Any:
    """What holds where a folder has no definition of a type.

    Raises:
        DefinitionError: if the type cannot do without one.
    """
    from pydantic import ValidationError

    try:
        return _class_of(type_name)().spec
    except ValidationError as error:
        needed = ", ".join(str(detail["loc"][0]) for detail in error.errors())
        message = f"there is no {TYPES[type_name]}, and it has no default: add one (`type: {type_name}`) with {needed}"
        raise DefinitionError([Problem(defs, 1, message)]) from None


def model_of(type_name: str) -> type[BaseModel]:
    """The form of a type's attributes."""
    model: type[BaseModel] = _class_of(type_name).get_model_cls()
    return model


def _class_of(type_name: str) -> Any:
    module, _, name = type_name.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _validated(document: Document) -> BaseModel:
    """The attributes in the form that the type's fields ask for."""
    from pydantic import ValidationError

    try:
        return model_of(document.type_name).model_validate(document.value.get("attributes") or {})
    except ValidationError as error:
        raise DefinitionError(list(_invalid(document, error))) from None


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


_INSIDE = re.compile(
    r"validation error for \w+\n(?P<field>\w+)\n\s*(?P<said>.+?) \[type=\w+, input_value=(?P<written>'[^'\n]*'),"
)
"""What pydantic says of a field of an item of a list."""


def _unresolved(document: Document, text: str) -> Problem:
    """Where Dagster could not make a value of what is written; its text names the path and goes on with a traceback."""
    if inside := _INSIDE.search(text):
        return document.problem_of(
            ValueError(f"{inside['written']} is no `{inside['field']}`: {inside['said'].lower()}")
        )
    found = re.search(r"for field '(\w+)'", text)
    said = re.search(r"(?:Value error, |\b\w*(?:Error|Exception): )(.+?)(?: \[type=|$)", text, re.MULTILINE)
    path = _path_of_field(document, found.group(1)) if found else ("attributes",)
    reason = said.group(1) if said and "has no attribute" not in said.group(1) else "this does not have the form needed"
    return document.problem(_mistyped(document, path, reason), path)


def _path_of_field(document: Document, field: str) -> tuple[Key, ...]:
    return ("attributes", field) if document.has(("attributes", field)) else ("attributes",)


def _invalid(document: Document, error: ValidationError) -> Iterator[Problem]:
    """What pydantic found, in one line each. Its paths name the branches of unions too, which the document has not."""
    found: dict[tuple[Key, ...], list[Problem]] = {}
    for detail in error.errors():
        inner = detail.get("ctx", {}).get("error")
        path = _path_in(document, detail["loc"])
        if isinstance(inner, BaseException) and not isinstance(inner, str):
            found.setdefault(path, []).append(document.problem_of(inner))
        elif detail["type"] == "extra_forbidden":
            valid = _fields_at(model_of(document.type_name), detail["loc"][:-1])
            message = f"unknown field `{detail['loc'][-1]}`; {nearest(str(detail['loc'][-1]), valid)}"
            found.setdefault(path, []).append(document.problem(message, path))
        elif detail["type"] == "union_tag_invalid":
            field, known = (str(detail["ctx"][name]).strip("'") for name in ("discriminator", "expected_tags"))
            hint = nearest(str(detail["ctx"]["tag"]), [each.strip("' ") for each in known.split(",")])
            message = f"{path[-1]}: unknown {field} `{detail['ctx']['tag']}`; {hint}"
            found.setdefault(path, []).append(document.problem(message, [*path, field]))
        elif detail["type"] == "missing":
            found.setdefault(path, []).append(document.problem(f"`{detail['loc'][-1]}` is missing", path))
        elif detail["type"] == "string_type" and isinstance(detail["input"], bool):
            found.setdefault(path, []).append(document.problem(_mistyped(document, path, _BARE_WORD), path))
        elif detail["type"] != "string_type":  # every field may also be a template, which is a text
            found.setdefault(path, []).append(document.problem(_mistyped(document, path, detail["msg"]), path))
    if not found:
        for detail in error.errors():
            path = _path_in(document, detail["loc"])
            message = _BARE_NUMBER if isinstance(detail["input"], int | float) else detail["msg"]
            found.setdefault(path, []).append(document.problem(_mistyped(document, path, message), path))
        # What is around a fault has not its form either.
        found = {
            path: each
            for path, each in found.items()
            if not any(path == other[: len(path)] != other for other in found)
        }
    for problems in found.values():
        yield problems[0]


_BARE_NUMBER = "a bare number, or a time such as 21:00, is a number in YAML; put what is a text in quotes"
_BARE_WORD = "a bare yes, no, on or off is a truth value in YAML; put what is a text in quotes"


def _mistyped(document: Document, path: tuple[Key, ...], message: str) -> str:
    node = document.node_at(path)
    field = next(key for key in reversed(path) if isinstance(key, str))  # an item of a list has but a number
    variable = re.search(r"\{\{.*\benv\.(\w+)", str(node.value)) if node is not None else None
    if variable and variable.group(1) not in os.environ:
        return f"`{field}`: the environment variable {variable.group(1)} is not set"
    return f"`{field}`: {message[:1].lower()}{message[1:].replace('valid tuple', 'valid list')}"


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


def is_owner(text: str) -> bool:
    """Whether a text is a team or an e-mail address, which is what Dagster takes for an owner."""
    from dagster._core.definitions.utils import is_valid_owner

    return is_valid_owner(text)
