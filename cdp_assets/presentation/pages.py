"""Rendering of the HTML pages. Values are escaped: names and subjects come from outside."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from cdp_assets.presentation import wording

if TYPE_CHECKING:
    from jinja2 import Environment


def render(template: str, **values: Any) -> str:
    """One page as HTML text; templates reach `wording` as ``words`` and JSON as ``pretty``.

    Raises:
        jinja2.UndefinedError: if a template names a value it was not given.
    """
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("cdp_assets.presentation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(words=wording, pretty=_pretty)
    return environment


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
