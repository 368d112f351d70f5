"""How messy the demo's data is: shares of people, devices, sessions and rows.

Belongs here: the rates, and only those that the project promises. Does not belong here: what a kind of mess looks like
(`typing_errors.py` for fields, `landing.py` for rows).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rates:
    """Shares, each from 0 to 1.

    Args:
        shared_email: Of people: share an e-mail within a family.
        shared_phone: Of people: share a phone within a family.
        shared_device: Of people: share a device within a family.
        changed_surname: Of people: changed their surname.
        nickname: Of people: appear under a nickname in some system.
        typo: Of name and e-mail fields typed by someone: carry a typo.
        moved: Of people: moved house.
        recycled_phone: Of phones: were another person's before.
        second_email: Of people: use two e-mails.
        anonymous_session: Of web sessions on identified devices: lie before the first identification.
        unidentified_device: Of devices: are never identified.
        duplicate_row: Of rows: are delivered twice.
        late_row: Of rows that arrive one after the other (those of a snapshot do not): arrive late or out of order.
        wrong_type: Of rows: have a value of the wrong type.
        broken_row: Of rows: cannot be split into columns.
        placeholder: Of identifier fields: hold a placeholder such as ``null`` or ``-1``.
    """

    shared_email: float = 0.10
    shared_phone: float = 0.12
    shared_device: float = 0.10
    changed_surname: float = 0.06
    nickname: float = 0.15
    typo: float = 0.08
    moved: float = 0.05
    recycled_phone: float = 0.04
    second_email: float = 0.25
    anonymous_session: float = 0.30
    unidentified_device: float = 0.40
    duplicate_row: float = 0.02
    late_row: float = 0.03
    wrong_type: float = 0.01
    broken_row: float = 0.003
    placeholder: float = 0.01


DEFAULT = Rates()
"""The rates of the demo."""
