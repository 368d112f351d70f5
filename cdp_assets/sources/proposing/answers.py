"""What cells say where somebody was asked for consent.

Belongs here: telling yes, no and withdrawals by their words. Does not belong here: which columns say so, and what
becomes of it (`consent.py`, `consent_log.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cdp_assets.sources.proposing import cells
from cdp_assets.sources.proposing.draft import Draft, among, quoted
from cdp_assets.sources.proposing.roles import Column
from cdp_assets.warehouse.sql_parsing import plain_name

GRANTING, DENYING = ("yes", "active", "granted", "signed_up"), ("no", "denied")
LEAVING = ("withdrawn", "signed_off")
_FEW_WORDS = 20


def known_answers(draft: Draft, column: Column, kinds: Sequence[str] = cells.ANSWERS) -> set[str]:
    """What a column of the sample says of consent, but for what is no word of some kinds."""
    return cells.words_in(draft.texts(column)) & cells.said_by(kinds)


def is_so(name: str, column: Column) -> str:
    """A condition: a column of this name, of truth values or numbers, says yes."""
    return name if column.values.type == "boolean" else f"{name} = 1"


def says_yes(draft: Draft, column: Column) -> str | None:
    """A condition for rows of which a column says yes, null where it says nothing; None if it is none that asks."""
    name, texts = plain_name(draft.names[column.address]), draft.texts(column)
    if column.values.type == "boolean" or (column.values.type == "integer" and texts <= {"0", "1"}):
        return is_so(name, column)
    asked = column.values.type == "string" and texts <= cells.said_by(("yes", "no"))
    return among(draft, column, "yes", seen=True) if asked else None


def answer_of(
    draft: Draft, column: Column, granting: Sequence[str] = GRANTING, *, seen: bool = False
) -> tuple[str, str] | None:
    """The status of what a column says on consent, and a condition for that something is said; None if no word of the
    sample is known. Of those that are not a doubt tells: they say nothing. What comes later in other words has no
    status, and so is refused, rather than passed over: it may be a withdrawal.

    Args:
        draft: The draft.
        column: The column.
        granting: The kinds of words that grant something.
        seen: Whether of words that grant those of the sample are enough, and of those that deny if it has any.
    """
    name = draft.names[column.address]
    if column.values.type == "boolean":
        flag = plain_name(name)
        return f"case when {flag} then 'granted' else 'denied' end", f"{flag} is not null"
    known = known_answers(draft, column)
    strange = cells.words_in(draft.texts(column)) - known
    unknown = strange - cells.refusing().keys()
    if not known and unknown < strange:
        return None  # it is spelled out
    if not known:
        draft.doubts.append(f"none of what {name} says is known to be yes or no: it is left out")
        return None
    if unknown:
        draft.doubts.append(f"{', '.join(sorted(unknown))} in {name} is taken neither for yes nor for no")
    meanings = (("pending", ("pending",)), ("denied", DENYING), ("granted", granting))
    leaving = [kind for kind in LEAVING if not seen or kind == "withdrawn" or known_answers(draft, column, (kind,))]
    left = " or ".join(among(draft, column, kind) for kind in leaving)
    cases = [f"when {left} then 'withdrawn'"]
    for status, kinds in meanings:
        there = [kind for kind in kinds if known_answers(draft, column, (kind,))] if seen else kinds
        if there or (status == "denied" and known_answers(draft, column, (*granting, *DENYING))):
            told = (among(draft, column, kind, seen=seen) for kind in there or kinds)
            cases.append(f"when {' or '.join(told)} then '{status}'")
    said = draft.derived(f"{name}_answer", f"case {' '.join(cases)} end")
    return said, where_known(plain_name(name), said, unknown)


def where_known(name: str, said: str, unknown: Collection[str]) -> str:
    """A condition for that a column says something, and none of the words that nobody knows.

    Args:
        name: The column, as an expression.
        said: What is made of it.
        unknown: Those words of the sample; where they are many, others are not known either.
    """
    if len(unknown) > _FEW_WORDS:
        return f"{said} is not null"
    others = f" and lower(trim({name}, '. ')) not in ({', '.join(map(quoted, sorted(unknown)))})"
    return f"{name} is not null{others if unknown else ''}"
