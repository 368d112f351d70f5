"""YAML definition files with the line of everything in them, and errors that a person can act on.

Belongs here: reading the files, what they take from the environment, and turning faults into ``file:line: what is
wrong``. Does not belong here: which definitions there are and what they may say (`definition_specs.py`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cdp_assets.warehouse.sql_parsing import ExpressionError

DEFINITION_FILES = ("defs.yaml", "component.yaml")
"""What a file of definitions is called; each lies in a folder of its own, and may hold several documents."""

FROM_ENVIRONMENT = re.compile(r"\{\{\s*env\.(\w+)\s*\}\}")
"""Where a value of a definition comes from a variable of the environment, without anything else in its stead."""

Key = str | int

_QUICK = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_LEADING_PATH = re.compile(r"^([A-Za-z_][\w ]*(?:\.[\w -]+|\[\d+\])*): ")
_QUOTED = re.compile(r"[`'\"]([^`'\"]+)[`'\"]")


def unset(value: Any) -> list[str]:
    """The environment variables that the texts in a value name, and that are not set."""
    if isinstance(value, str):
        return [name for name in FROM_ENVIRONMENT.findall(value) if name not in os.environ]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [name for each in inner for name in unset(each)]


@dataclass(frozen=True)
class Problem:
    """One fault: where, and what to do about it."""

    file: Path
    line: int
    message: str

    @property
    def place(self) -> str:
        return f"{_shown(self.file)}:{self.line}"

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class DefinitionError(ValueError):
    """Definitions cannot be used. Its text has one line a fault: ``file:line: what is wrong and what is valid``."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda problem: (str(problem.file), problem.line)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Document:
    """One YAML document of a file.

    Args:
        file: The file.
        node: Its parsed tree, with marks.
        value: The same as plain values.
    """

    file: Path
    node: yaml.Node
    value: Any

    @property
    def type_name(self) -> str:
        return str(self.value.get("type", "")) if isinstance(self.value, dict) else ""

    def line_of(self, path: Sequence[Key]) -> int:
        """The line, from 1, of the deepest part of a path that is there; for keys of mappings that of the key."""
        line, node = self._line(self.node), self.node
        for key in path:
            found = _child(node, key)
            if found is None:
                break
            line, node = self._line(found[0]), found[1]
        return line

    def has(self, path: Sequence[Key]) -> bool:
        """Whether there is something at the whole path."""
        return self.node_at(path) is not None

    def node_at(self, path: Sequence[Key]) -> yaml.Node | None:
        """The tree at a path, or None."""
        node: yaml.Node = self.node
        for key in path:
            found = _child(node, key)
            if found is None:
                return None
            node = found[1]
        return node

    def problem(self, message: str, path: Sequence[Key] = ()) -> Problem:
        """A fault at a path of this document."""
        return Problem(self.file, self.line_of(path), message)

    def problem_beside(self, message: str, text: str) -> Problem:
        """A fault in the value in which a text first stands."""
        node = next((node for node in _scalars(self.node) if text in node.value), None)
        return Problem(self.file, self._line(node) if node is not None else self.line_of(["type"]), message)

    def problem_of(self, error: BaseException) -> Problem:
        """Where an error that was raised about this document's attributes lies.

        An `ExpressionError` is found by its expression; any other error by the attribute that its text begins with
        (``streams.orders.key: …``), or else by the first quoted word in it that the document contains.
        """
        if isinstance(error, ExpressionError):
            return Problem(self.file, self._line_of_expression(error), str(error))
        text = str(error)
        leading = _LEADING_PATH.match(text)
        if leading:
            path = self._attribute_path(leading.group(1))
            if len(path) > 1:
                return self.problem(text, path)
        for word in _QUOTED.findall(text):
            for node in _scalars(self.node):
                if node.value == word:
                    return Problem(self.file, self._line(node), text)
        return self.problem(text, ["type"])

    def _attribute_path(self, dotted: str) -> list[Key]:
        """A dotted path as far as the document has it; items of lists may be given by their name."""
        path: list[Key] = ["attributes"]
        for part in re.findall(r"[^.\[\]]+", dotted):
            node = self.node_at(path)
            step: Key | None = part if node is not None and _child(node, part) is not None else None
            if step is None and isinstance(node, yaml.SequenceNode):
                step = int(part) if part.isdigit() and int(part) < len(node.value) else _index_of_named(node, part)
            if step is None:
                break
            path.append(step)
        return path

    def _line_of_expression(self, error: ExpressionError) -> int:
        candidates = [node for node in _scalars(self.node) if node.value.strip() == error.sql.strip()]
        at = self._attribute_path(error.where) if error.where else []
        inside = self.node_at(at) if len(at) > 1 else None
        nodes = [node for node in candidates if inside is None or _within(node, inside)] or candidates
        if not nodes:
            return self.line_of(at or ["type"])
        node = nodes[0]
        line = self._line(node)
        if node.style == "|":
            return line + 1 + error.sql[: error.position or 0].count("\n")
        return line + 1 if node.style == ">" else line

    @staticmethod
    def _line(node: yaml.Node) -> int:
        return int(node.start_mark.line) + 1


def read(file: Path) -> list[Document]:
    """Read a file's documents.

    Raises:
        DefinitionError: if it is empty, not UTF-8 or not YAML, or a document names a key twice.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DefinitionError([Problem(file, 1, f"is not UTF-8 text (byte {error.start}); save it as UTF-8")]) from None
    if not text.strip():
        raise DefinitionError([Problem(file, 1, "is empty; write `type:` and `attributes:`, or remove the file")])
    try:
        documents = [Document(file, node, value) for node, value in _parsed(text, _QUICK)]
    except yaml.YAMLError:
        documents = [Document(file, node, value) for node, value in _with_plain_words(file, text)]
    problems = [problem for document in documents for problem in _repeated_keys(document, document.node)]
    if problems:
        raise DefinitionError(problems)
    return documents


def _parsed(text: str, loader_class: Any) -> list[tuple[yaml.Node, Any]]:
    loader = loader_class(text)
    try:
        parsed = []
        while loader.check_node():
            node = loader.get_node()
            parsed.append((node, loader.construct_document(node)))
        return parsed
    finally:
        loader.dispose()


def _with_plain_words(file: Path, text: str) -> list[tuple[yaml.Node, Any]]:
    """Parse with the loader in Python, which is twenty times slower and says more of what is wrong."""
    try:
        return _parsed(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise DefinitionError([syntax_problem(file, error, text)]) from None
    except yaml.YAMLError as error:
        raise DefinitionError([Problem(file, 1, f"is not valid YAML: {error}")]) from None


def files_in(folder: Path) -> list[Path]:
    """The definition files of a folder, at any depth, in a stable order.

    Raises:
        DefinitionError: for a YAML file that would not be read: one of another name, or one that lies in the folder of
            another definition.
    """
    found: list[Path] = []
    problems: list[Problem] = []
    for file in sorted((*folder.rglob("*.yaml"), *folder.rglob("*.yml")), key=lambda f: (len(f.parts), f)):
        below = file.relative_to(folder).parts
        if any(part.startswith((".", "__")) for part in below):
            continue
        if file.name not in DEFINITION_FILES:
            message = f"is not read: call it `defs.yaml`, in a folder of its own such as `{file.stem}/defs.yaml`"
            problems.append(Problem(file, 1, message))
            continue
        above = next((f for f in found if f.parent != file.parent and f.parent in file.parents), None)
        if above is not None:
            problems.append(Problem(file, 1, f"is not read, since {_shown(above)} above it is one definition's folder"))
        found.append(file)
    if problems:
        raise DefinitionError(problems)
    return found


def _shown(file: Path) -> str:
    try:
        return str(file.relative_to(Path.cwd()))
    except ValueError:
        return str(file)


def _child(node: yaml.Node, key: Key) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next((pair for pair in node.value if str(pair[0].value) == str(key)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and 0 <= key < len(node.value):
        return node.value[key], node.value[key]
    return None


def _index_of_named(node: yaml.SequenceNode, name: str) -> int | None:
    """The place of the list's item whose name (or target) it is."""
    for position, item in enumerate(node.value):
        for key in ("name", "to", "type"):
            found = _child(item, key)
            if found is not None and found[1].value == name:
                return position
    return None


def _scalars(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(key)
            yield from _scalars(value)


def _within(node: yaml.Node, outer: yaml.Node) -> bool:
    return bool(outer.start_mark.index <= node.start_mark.index and node.end_mark.index <= outer.end_mark.index)


def _repeated_keys(document: Document, node: yaml.Node) -> Iterator[Problem]:
    """YAML lets the last of two equal keys win silently; here it is a fault."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(document, item)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            name, line = str(key.value), int(key.start_mark.line) + 1
            if name in lines:
                yield Problem(document.file, line, f"`{name}` is given twice (first in line {lines[name]})")
            lines.setdefault(name, line)
            yield from _repeated_keys(document, value)


def syntax_problem(file: Path, error: yaml.MarkedYAMLError, text: str) -> Problem:
    """What is wrong with a file that is no YAML, in a line.

    Args:
        file: Where it is.
        error: What the parser came up with.
        text: What the file says.
    """
    message = error.problem or error.context or "it cannot be read"
    mark = error.problem_mark or error.context_mark
    if "quoted scalar" in (error.context or "") and error.context_mark:
        message, mark = "a quote is not closed", error.context_mark
    elif "'\\t'" in message:
        message += "; indent with spaces, not tabs"
    elif "mapping values are not allowed" in message:
        message += "; put a text with a colon in quotes, or mend the indentation"
    lines = text.splitlines()
    shown = lines[mark.line].strip() if mark and mark.line < len(lines) else ""
    ending = f", in `{shown}`" if shown else ""
    return Problem(file, mark.line + 1 if mark else 1, f"is not valid YAML: {message}{ending}")
