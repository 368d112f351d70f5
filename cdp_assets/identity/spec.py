"""The rules of identity, as data: which identifiers there are, and how far each is to be trusted.

Belongs here: the rules with their defaults, and what makes them contradictory. Does not belong here: YAML
(`component.py`), and how rules are applied.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class RulesError(ValueError):
    """Rules that contradict themselves."""


class Kind(StrEnum):
    """How far an identifier points at one person."""

    PERSONAL = "personal"  # one person's own in its namespace, or one document of theirs: links by itself
    SHAREABLE = "shareable"  # people may share it or hand it on: links unless something contradicts
    DEVICE = "device"  # passes from hand to hand: never links people, its anonymous events are given to them in time


def spoken(namespace: str, identifier_type: str) -> str:
    """An identifier type as people say it: ``e-mail``, ``shop customer number``."""
    kind = {"email": "e-mail", "email_base": "e-mail mailbox"}.get(identifier_type, identifier_type.replace("_", " "))
    return kind if namespace in ("global", identifier_type) else f"{namespace} {kind}"


@dataclass(frozen=True)
class IdentifierRule:
    """How one type of identifier is treated.

    Args:
        kind: `Kind`.
        limit: How many different values, per namespace, one profile may have; None for any number. A personal
            identifier without a limit is a document's (an order number): it ties the records of the order together,
            but says nothing of who the person is.
        hub: A value seen with more different names than this (or birth dates, or personal identifiers of one namespace)
            is nobody's own, and excluded. None for never.
        strength: How much a link by this type alone weighs, 0 to 1; stronger links are applied first.
        recycled_after_days: Days without use after which a value may have passed to somebody else; a link across such
            a gap needs names that agree. None for identifiers that are not handed on.
    """

    kind: Kind
    limit: int | None = None
    hub: int | None = 20
    strength: float = 0.9
    recycled_after_days: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.strength <= 1:
            raise RulesError(f"strength is {self.strength}, but must be above 0 and at most 1")
        for name in ("limit", "hub", "recycled_after_days"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise RulesError(f"{name} is {value}, but must be at least 1")
        if self.kind is Kind.DEVICE and self.limit is not None:
            raise RulesError("a device has no limit: it never links people")


_PERSONAL = IdentifierRule(Kind.PERSONAL, limit=1, strength=1.0)
_DOCUMENT = IdentifierRule(Kind.PERSONAL, strength=1.0)
_DEVICE = IdentifierRule(Kind.DEVICE, hub=8)  # no more than a household

DEFAULT_IDENTIFIERS: Mapping[str, IdentifierRule] = {
    "user_id": _PERSONAL,
    "customer_number": _PERSONAL,
    "loyalty_number": _PERSONAL,
    "contact_id": _PERSONAL,
    "subscriber_id": _PERSONAL,
    "profile_id": _PERSONAL,
    "external_id": _PERSONAL,
    "account_id": _PERSONAL,
    "lead_id": _DOCUMENT,
    "opportunity_id": _DOCUMENT,
    "order_number": _DOCUMENT,
    "payment_number": _DOCUMENT,
    "invoice_number": _DOCUMENT,
    "ticket_id": _DOCUMENT,
    "national_id": IdentifierRule(Kind.SHAREABLE, strength=0.95),
    "email": IdentifierRule(Kind.SHAREABLE, limit=5, strength=0.95),
    "phone": IdentifierRule(Kind.SHAREABLE, limit=5, strength=0.9, recycled_after_days=365),
    "email_base": IdentifierRule(Kind.SHAREABLE, strength=0.85),
    "address": IdentifierRule(Kind.SHAREABLE, hub=40, strength=0.8),
    "device_id": _DEVICE,
    "anonymous_id": _DEVICE,
    "click_id": _DEVICE,
}
"""Types known from the start; rules given in YAML are added to these or replace them."""

DOCUMENTS = frozenset(name for name, rule in DEFAULT_IDENTIFIERS.items() if rule is _DOCUMENT) - {"lead_id"}
"""Types of numbers of what somebody did: they hold together what belongs together, and tell nobody's name. A lead is a
person."""

DEFAULT_PLACEHOLDERS = (
    "-", "--", "-1", "0", "?", "n/a", "na", "nan", "nil", "none", "null", "undefined", "unknown", "unbekannt",
    "anonym", "anonymous", "guest", "gast", "test", "tester", "testing", "dummy", "default", "empty", "blank",
    "missing", "noname", "no name", "nobody", "kein", "keine", "keinemail", "inconnu", "desconocido", "false", "true",
    "nomail", "noemail", "no-email", "no.email", "noreply", "no-reply", "donotreply", "invalid", "xxx", "abc", "asdf",
    "qwerty", "tbd", "todo", r"\n", "#n/a", "(null)", "[null]", "<null>", "<na>", "nat", "(none)", "(not set)",
    "test1", "test2", "test3", "test12", "test123", "test1234", "demo", "fake", "foo", "foobar", "spam", "nospam",
    "email", "e-mail", "kunde", "customer", "sample", "example", "beispiel", "muster", "mustermann", "max.mustermann",
    "maxmustermann", "john.doe", "johndoe", "jane.doe", "janedoe", "firstname.lastname", "vorname.nachname",
    "max mustermann", "erika mustermann", "john doe", "jane doe", "test test", "test user", "n n", "x x", "- -",
    "unknown unknown", "unbekannt unbekannt", "guest guest", "vorname nachname", "first last",
)  # fmt: skip
"""Values that stand for "nothing known", in lower case; of e-mail addresses the part before the @ counts, of a name at
an address the name."""


NOT_COMPARED = -5.0
"""Weight, in bits, of two appearances of people that were not even worth comparing: 1 to 32 against."""


@dataclass(frozen=True)
class LinkageRules:
    """How far likeness without a shared identifier is trusted.

    Args:
        enabled: Whether profiles are compared at all.
        auto_weight: Two groups of records are joined from this mean weight on, in bits (log2 of the odds) over all
            pairs of what they say of the person; pairs that were not even worth comparing count −5. Among more than
            100,000 appearances of people half a bit more is asked for with each doubling (`linkage.model.Model.surer`).
        most_wrong: Instead of ``auto_weight``: the share of joins that may be wrong, such as 0.001 for one in a
            thousand. The weight is then the lowest at which the model expects no more; it expects too many rather than
            too few.
        review_weight: From this mean weight on a steward is asked.
        most_reviewed: No more pairs than this wait for a steward, the likeliest first.
        generation: Raise it to have the model trained anew.
    """

    enabled: bool = True
    auto_weight: float = 0.0
    most_wrong: float | None = None
    review_weight: float = -4.0
    most_reviewed: int = 10_000
    generation: int = 1

    def __post_init__(self) -> None:
        if self.review_weight > self.auto_weight:
            raise RulesError(
                f"review_weight is {self.review_weight}, but what is joined from {self.auto_weight} on needs no "
                "review; it must not be above auto_weight"
            )
        if self.review_weight <= NOT_COMPARED:
            raise RulesError(
                f"review_weight is {self.review_weight}, but pairs that were not even compared count {NOT_COMPARED:g}; "
                "it must be above that"
            )
        if self.most_wrong is not None and not 0 < self.most_wrong < 1:
            raise RulesError(f"most_wrong is {self.most_wrong}, but is a share above 0 and below 1, such as 0.001")
        if self.most_reviewed < 0:
            raise RulesError(f"most_reviewed is {self.most_reviewed}, but must be 0 or more")


@dataclass(frozen=True)
class ChangeGuard:
    """How many known profiles one run may merge or split before somebody has to look first.

    Args:
        share: At most this share of the known profiles that there were before (0 to 1) …
        minimum: … but so many always pass, so that small data work.
    """

    share: float = 0.05
    minimum: int = 20

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise RulesError(f"change_guard.share: {self.share} is no share; it lies between 0 and 1")
        if self.minimum < 0:
            raise RulesError(f"change_guard.minimum: {self.minimum} is below 0")

    def allowed(self, known: int) -> int:
        """How many of so many known profiles pass unasked."""
        return max(self.minimum, int(self.share * known))


@dataclass(frozen=True)
class IdentityRules:
    """All rules of the stage.

    Args:
        identifiers: Identifier type → its rule. A type without one is evidence of nothing (a check names it).
        placeholders: Values in lower case that stand for "nothing known"; see `DEFAULT_PLACEHOLDERS`. Zeros, five times
            the same character, e-mail addresses such as a@a.de, and (for phones) seven digits in a row always do.
        largest_rebuild: A component of more records than this is not rebuilt link by link; its personal links stand,
            what people share is refused. Protects a run against one enormous accident.
        linkage: How far likeness is trusted.
        change_guard: How much one run may change. Protects against a rule or a delivery with large consequences.
    """

    identifiers: Mapping[str, IdentifierRule] = field(default_factory=lambda: dict(DEFAULT_IDENTIFIERS))
    placeholders: tuple[str, ...] = DEFAULT_PLACEHOLDERS
    largest_rebuild: int = 200_000
    linkage: LinkageRules = field(default_factory=LinkageRules)
    change_guard: ChangeGuard = field(default_factory=ChangeGuard)

    def __post_init__(self) -> None:
        if not any(rule.kind is not Kind.DEVICE for rule in self.identifiers.values()):
            raise RulesError("there is no identifier that could link anything")
        uneven = [value for value in self.placeholders if value != value.strip().lower()]
        if uneven:
            raise RulesError(
                f"placeholders are compared in lower case and trimmed; write {uneven[0].strip().lower()!r}"
            )

    @classmethod
    def extended(
        cls,
        identifiers: Mapping[str, IdentifierRule],
        placeholders: Iterable[str] = (),
        **other: Any,
    ) -> IdentityRules:
        """The default rules with some identifier types added or replaced, and more placeholders."""
        return cls(
            identifiers={**DEFAULT_IDENTIFIERS, **identifiers},
            placeholders=tuple(dict.fromkeys((*DEFAULT_PLACEHOLDERS, *placeholders))),
            **other,
        )

    @property
    def telling(self) -> tuple[str, ...]:
        """The identifier types that say who a person is: not devices, and not numbers of documents."""
        return tuple(
            sorted(
                name
                for name, rule in self.identifiers.items()
                if rule.kind is Kind.SHAREABLE or (rule.kind is Kind.PERSONAL and rule.limit is not None)
            )
        )

    def types(self, kind: Kind) -> tuple[str, ...]:
        """The identifier types of a kind, in order of their strength."""
        found = [name for name, rule in self.identifiers.items() if rule.kind is kind]
        return tuple(sorted(found, key=lambda name: (-self.identifiers[name].strength, name)))
