"""One person's profile in the terminal: whole (`profile_text`) or as a card in a report (`profile_card`).

Belongs here: layout in rich. Does not belong here: queries (`read_profile.py`), the page (`profile_page.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cdp_assets.presentation import wording
from cdp_assets.presentation.profile_page import attribute_groups, permissions, tiles
from cdp_assets.presentation.read_profile import Match
from cdp_assets.presentation.terminal import facts, heading, indented, table
from cdp_assets.presentation.views import Moment, Profile

if TYPE_CHECKING:
    from cdp_assets.ledger.history import Message

_TONE = {"granted": "green", "denied": "red", "withdrawn": "red", "pending": "yellow", "expired": "yellow"}
_RECORDS_SHOWN = 20
_MESSAGES_SHOWN = 20
_MOMENTS_SHOWN = 15


def profile_card(profile: Profile) -> RenderableType:
    """A person in a few lines: who, key figures, segments, what may be done, the latest moments."""
    rows: list[tuple[str | Text, RenderableType]] = []
    for tile in tiles(profile):
        rows.append((tile.label, Text.assemble((tile.figure, "bold"), (f"  {tile.note}", "dim"))))
    origins = Counter(item.source for item in profile.survivals)
    if origins:
        told = (f"{wording.plural(number, 'value')} from {source}" for source, number in origins.most_common())
        rows.append(("Golden record", Text(", ".join(told))))
    if profile.segments:
        rows.append(("Segments", Text(", ".join(item.segment for item in profile.segments), "cyan")))
    if profile.consents:
        rows.append(("Consent", _consent_line(profile)))
    return Group(_who(profile), facts(rows), Text(), *_moments(_one_of_each(profile.timeline)[:6], profile.currency))


def profile_text(profile: Profile) -> RenderableType:
    """Everything the snapshot holds about one person, and of the timeline what is latest."""
    parts: list[RenderableType] = [Text(), _who(profile)]
    if profile.redirected_from:
        parts.append(Text(f"{profile.redirected_from} is an older id of this profile", "yellow"))
    if profile.survivals:
        parts += [heading("Golden record"), indented(_golden_record(profile))]
    for title, pairs in attribute_groups(profile):
        parts += [heading(title), indented(facts(pairs))]
    parts += [heading("Segments"), indented(_segments(profile))]
    parts += [heading("What may be done"), indented(_permissions(profile))]
    if profile.messages is not None:
        parts += [heading("What destinations were told"), indented(_messages(profile.messages, profile.profile_id))]
    parts += [heading("Identifiers"), indented(_identifiers(profile))]
    parts += [heading("Records"), indented(_records(profile))]
    parts += [heading(f"Timeline ({wording.plural(profile.moments, 'moment')})")]
    parts += [indented(line) for line in _moments(profile.timeline[:_MOMENTS_SHOWN], profile.currency)]
    return Group(*parts, Text())


def choice(identifier: str, matches: Iterable[Match]) -> RenderableType:
    """Several profiles answer to one identifier: which they are, and how to ask for one."""
    matches = list(matches)
    made = table("Profile", "Name", "E-mail", "City", "Matched by", whole=("Profile",))
    for match in matches:
        made.add_row(str(match.profile_id), match.name or "", match.email or "", match.city or "", match.by)
    head = Text(f"{wording.plural(len(matches), 'profile')} answer to {identifier}; ask for one by its id:")
    return Group(head, indented(made))


def _who(profile: Profile) -> Text:
    golden = profile.golden
    words = Text()
    words.append(profile.name, "bold cyan")
    words.append(f"  {profile.profile_id}", "dim")
    place = ", ".join(str(golden[part]) for part in ("city", "country") if golden.get(part))
    reach = [str(each) for each in (golden.get("email"), golden.get("phone"), place) if each]
    words.append(f"\n{' · '.join(reach)}" if reach else "")
    return words


def _one_of_each(timeline: tuple[Moment, ...]) -> tuple[Moment, ...]:
    """The latest moment of every kind, newest first."""
    latest: dict[str, Moment] = {}
    for moment in timeline:
        latest.setdefault(moment.kind, moment)
    return tuple(latest.values())


def _moments(timeline: Iterable[Moment], currency: str) -> Iterable[Text]:
    for moment in timeline:
        words = Text(no_wrap=True, overflow="ellipsis")
        words.append(f"{wording.instant(moment.occurred_at):<20}", "dim")
        words.append(f"{moment.kind:<13}", "cyan")
        words.append(wording.line(moment.title))
        if moment.amount is not None:
            words.append(f"  {wording.money(moment.amount, currency)}", "bold")
        words.append(f"  {moment.source}", "dim")
        yield words


def _golden_record(profile: Profile) -> RenderableType:
    made = table("Attribute", "Value", "From", "Because", "Seen")
    for item in profile.survivals:
        value = Text(item.value, "bold")
        if item.beaten:
            value.append(f"  (not {', '.join(other.value for other in item.beaten[:3])})", "dim not bold")
        made.add_row(wording.label(item.attribute), value, item.source, item.strategy, wording.day(item.observed_at))
    return made


def _identifiers(profile: Profile) -> RenderableType:
    made = table("Identifier", "Value", "Sources")
    for each in profile.identifiers:
        kind = wording.label(each.identifier_type) + ("" if each.namespace == "global" else f" in {each.namespace}")
        made.add_row(kind, each.value, ", ".join(each.sources))
    return made


def _messages(messages: tuple[Message, ...], profile_id: int) -> RenderableType:
    if not messages:
        return Text("nothing", "dim")
    made = table("As of", "Destination", "What", "By", "State", "Sent")
    for told in messages[:_MESSAGES_SHOWN]:
        when, sent = wording.day(told.created_at), wording.instant(told.sent_at)
        what = wording.message(told, profile_id)
        made.add_row(when, told.destination, what, told.channel, wording.state(told), sent)
    if len(messages) > _MESSAGES_SHOWN:
        made.add_row(f"and {len(messages) - _MESSAGES_SHOWN} more")
    return made


def _records(profile: Profile) -> RenderableType:
    made = table("Record", "Source", "Stream", "Native id", "Rows", numbers=("Rows",), whole=("Record",))
    for record in profile.records[:_RECORDS_SHOWN]:
        known = " · ".join(filter(None, (record.native_id, "closed" if record.closed else "")))
        made.add_row(str(record.record_id), record.source, record.stream, known, str(record.rows))
    if len(profile.records) > _RECORDS_SHOWN:
        made.add_row(f"and {len(profile.records) - _RECORDS_SHOWN} more")
    return made


def _consent_line(profile: Profile) -> Text:
    allowed = [wording.permission(item.purpose, item.channel) for item in profile.consents if item.status == "granted"]
    refused = [wording.permission(item.purpose, item.channel) for item in profile.consents if item.status != "granted"]
    words = Text(", ".join(dict.fromkeys(allowed)) or "none", "green" if allowed else "red")
    if refused:
        words = Text.assemble(words, (" · not for ", "dim"), (", ".join(dict.fromkeys(refused)), "red"))
    return words


def _segments(profile: Profile) -> RenderableType:
    if not profile.segments:
        return Text("in no segment", "dim")
    return facts(
        (Text(item.segment, "cyan"), Text(f"since {wording.day(item.entered_at)}", "dim")) for item in profile.segments
    )


def _permissions(profile: Profile) -> RenderableType:
    found = permissions(profile)
    if not found:
        return Text("no consent on record, so nothing may be sent", "dim")
    made = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for point, consents, suppressions in found:
        for stop in suppressions:
            made.add_row(point, f"anything by {stop.channel}", Text(f"suppressed: {stop.reason}", "red"), "")
        for item in consents:
            since = f"since {wording.day(item.since)}" if item.since else ""
            origin = "own word" if item.explicit else "from an export"
            made.add_row(
                point,
                wording.permission(item.purpose, item.channel),
                Text(item.status, _TONE.get(item.status, "")),
                Text(f"{origin} {since}", "dim"),
            )
    return made
