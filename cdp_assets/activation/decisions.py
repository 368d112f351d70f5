"""What becomes of each difference: sent, withheld with its reason, or only recorded.

Belongs here: the rules of modes, seeding, caps and the volume guard, as a function of differences. Does not belong
here: finding differences (`differences.py`) and writing (`outbox.py`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cdp_assets.activation import gates
from cdp_assets.activation.caps import Allowance
from cdp_assets.activation.differences import ENTERED, LEFT, UPDATED
from cdp_assets.activation.spec import DestinationSpec, VolumeGuard
from cdp_assets.ledger.outbox import SEED_ONLY

SEND = "send"
WITHHOLD = "withhold"
RECORD = "record"
HOLD = "hold"
"""What the volume guard makes of a `SEND` that can wait."""

_MESSAGES = {"enter": (ENTERED,), "leave": (LEFT,), "mirror": (ENTERED, UPDATED, LEFT)}

_USUAL_SHARE = 0.1


@dataclass(frozen=True)
class Difference:
    """One difference, as `differences` describes it.

    Args:
        person_id: The person, under the id of today.
        change: ``entered``, ``updated``, ``left`` or ``forgotten``.
        gate: The first gate that is shut for the person, or null.
        twin: Whether it is another id of a person than the one that messages use.
        withdrawn: Whether it is a removal because a gate has shut (suppression, consent, nowhere to ask for it).
        stays: Whether it leaves while its person stays under another id, or takes the place of one that leaves.
    """

    person_id: int
    change: str
    gate: str | None = None
    twin: bool = False
    withdrawn: bool = False
    stays: bool = False


@dataclass(frozen=True)
class Decision:
    """What becomes of one difference.

    Args:
        action: `SEND`, `WITHHOLD` or `RECORD` (no row in the outbox: the state alone changes).
        gate: Why it is withheld.
        gated: Whether the gates apply to it, also at the moment of sending.
        can_wait: Whether the volume guard may hold it; never what privacy asks for.
    """

    action: str
    gate: str | None = None
    gated: bool = True
    can_wait: bool = False


@dataclass(frozen=True)
class Activated:
    """What one comparison came to.

    Args:
        destination: Its name.
        differences: Differences found.
        sent: Rows put up for sending, by change.
        withheld: Rows withheld, by reason.
        held: Rows that the volume guard holds.
        recorded: Differences that concern the state alone.
    """

    destination: str
    differences: int
    sent: Counter[str] = field(default_factory=Counter)
    withheld: Counter[str] = field(default_factory=Counter)
    held: int = 0
    recorded: int = 0

    @property
    def rows(self) -> int:
        """Rows written to the outbox."""
        return self.sent.total() + self.withheld.total() + self.held


_RECORD = Decision(RECORD)


def decide(spec: DestinationSpec, difference: Difference, *, initial: bool, allowance: Allowance) -> Decision:
    """Decide on one difference.

    Args:
        spec: Its destination.
        difference: What differs.
        initial: Whether this is the destination's first activation.
        allowance: What the caps leave for each person; a message that is sent takes from it.
    """
    change, gate = difference.change, difference.gate
    if change == LEFT and spec.mode == "mirror":
        urgent = difference.withdrawn or (difference.twin and not difference.stays) or gates.refuses(gate)
        return Decision(SEND, gated=False, can_wait=not urgent)
    if change not in _MESSAGES[spec.mode] or difference.twin:
        return _RECORD
    if initial and spec.initial == SEED_ONLY:
        # A list kept equal may hold only whom it is allowed to; a message's seed is not told anything.
        return Decision(WITHHOLD, (gate if spec.mode == "mirror" else None) or SEED_ONLY)
    if gate is not None:
        return Decision(WITHHOLD, gate)
    if not difference.stays and (full := allowance.take(difference.person_id)):
        return Decision(WITHHOLD, full)
    return Decision(SEND, can_wait=True)


def usual_size(history: int | None, members: int) -> int:
    """How large a change usually is: as before, or a tenth of the members while there is no history."""
    return history if history is not None else round(members * _USUAL_SHARE)


def is_unusual(guard: VolumeGuard, changes: int, usual: int) -> bool:
    """Whether a change is so far above the usual that someone should look first."""
    return changes > guard.minimum and changes > guard.factor * usual
