"""Contents of messages: Jinja2 templates over what a message tells.

Templates run in a sandbox, and a name that the payload does not hold is an error: half a sentence is never sent.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cdp_assets.activation.connectors.connector import REFUSED, ConnectorError, Outcome

if TYPE_CHECKING:
    from jinja2 import Template

    from cdp_assets.activation.message import Message


class Unwritable(ValueError):
    """A template cannot be filled from this message."""

    def __init__(self, error: str = "template") -> None:
        super().__init__(error)
        self.outcome = Outcome(REFUSED, error=error)


def written(source: str, message: Message, *, html: bool = False) -> str:
    """A template filled from a message; in HTML, values are escaped.

    Raises:
        ConnectorError: if the template itself is wrong.
        Unwritable: if the message lacks what it names.
    """
    from jinja2 import TemplateError

    template = _compiled(source, html)
    try:
        return template.render(
            {
                "profile_id": str(message.profile_id),
                "segment": message.segment,
                "change": message.change,
                "variant": message.variant,
                **message.fields,
            }
        )
    except TemplateError as error:
        raise Unwritable from error


def value_of(message: Message, field: str) -> Any:
    """The payload's value that a message is addressed to.

    Raises:
        Unwritable: if it is not there.
    """
    value = message.fields.get(field)
    if value in (None, ""):
        raise Unwritable(f"no_{field}")
    return value


@lru_cache(maxsize=256)
def _compiled(source: str, html: bool) -> Template:
    from jinja2 import StrictUndefined, TemplateSyntaxError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    try:
        return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=html).from_string(source)
    except TemplateSyntaxError as error:
        raise ConnectorError(f"template, line {error.lineno}: {error.message}") from error
