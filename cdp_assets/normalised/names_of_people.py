"""Names that are no person's: what is written where none is known, and the row's own company.

Belongs here: which names these are. Does not belong here: reading names and comparing them (`identity.names`), and what
columns of a file are (`sources.proposing`).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from cdp_assets.sources.proposing import cells

_NEVER = (
    "unknown|anonymous|anonym|anonymer?|anonymous donor|anonimo|anônimo|anónimo|unbekannt|inconnue?|desconocid[oa]|"
    "sconosciut[oa]|onbekend|desconhecid[oa]|nieznan[ya]|n a|no name|noname|name unknown|not (provided|given|known|"
    "available|specified|applicable)|ohne name|sin nombre|sans nom|senza nome|unspecified|undefined|tb[ad]"
)
"""Nobody is called so."""

_ALONE = (
    "guest|customer|client|user|visitor|member|donor|buyer|walk in|walkin|cash|none|null|gast|kunde|kundin|besucher|"
    "cliente|invitad[oa]|invité|ospite|klant|convidad[oa]"
)
"""Nobody is called by these alone: Christopher Guest is called by more."""

_NOT_LETTERS = r"[^\pL]+"
_NEVER_NAME, _NOBODY = rf"^({_NEVER})$", rf"^({_NEVER}|{_ALONE})( ({_NEVER}|{_ALONE}))*$"


def known_names(contacts: ir.Table) -> ir.Table:
    """Take out names that are nobody's (*Anonymous*, *Guest User*, *Unbekannt*), or by their legal form the company's
    (*Example Ltd* of the company Example Ltd). Who calls a company as they are called themselves keep their name.

    Args:
        contacts: given_name, family_name, full_name and company, among others.

    Returns:
        The same rows; such names are null. Whoever is called so loses a piece of evidence; taken as told, all whose
        name is not known would be namesakes.
    """
    given, family, full = (_plain(contacts[name]) for name in ("given_name", "family_name", "full_name"))
    nobody = (given.coalesce("") + " " + family.coalesce("")).strip().re_search(_NOBODY)
    alone = contacts.given_name.isnull()
    return contacts.mutate(
        given_name=_unless(nobody | given.re_search(_NEVER_NAME), contacts.given_name),
        family_name=_unless(
            nobody | family.re_search(_NEVER_NAME) | (alone & _is_the_company(contacts.family_name, contacts.company)),
            contacts.family_name,
        ),
        full_name=_unless(
            full.re_search(_NOBODY) | _is_the_company(contacts.full_name, contacts.company), contacts.full_name
        ),
    )


def _is_the_company(name: ir.StringValue, company: ir.StringValue) -> ir.BooleanValue:
    one, other = (text.lower().replace(".", "").re_replace(r"\s+", " ").strip() for text in (name, company))
    return ((one == other) & one.re_search(cells.legal_form())).fill_null(False)


def _plain(name: ir.StringValue) -> ir.StringValue:
    return name.lower().re_replace(_NOT_LETTERS, " ").strip()


def _unless(nothing: ir.BooleanValue, name: ir.StringValue) -> ir.StringValue:
    return ibis.ifelse(nothing.fill_null(False), ibis.null("string"), name)
