"""What a column seems to mean: its role, told by the words of its name and by what its values look like.

Belongs here: one column at a time. Does not belong here: what a file as a whole is about (`kinds.py`), which may read
one role in several ways.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cdp_assets.sources.proposing.values import Values, judge

CODES = re.compile(
    r"(\b(id|ids|no|nr|num|number|code|key|sku|euid|uuid|guid|zip|phone|mobile|tel|telephone|fax|digits|gclid|fbclid)"
    r"|postcode|plz|name|stockcode|\w+(nr|nummer))$"
)
"""Names of columns whose numbers are names: leading zeros matter, and sums mean nothing."""

_OTHERS = re.compile(
    r"\b(owner|agent|staff|assignee|employee|user name|created by|modified by|ship to|shipping|delivery|fulfillment|"
    r"fulfilled|default billing|default shipping|hash|password|account name|associated)\b"
)
"""Names that point at somebody or something else than the person of the row."""

_NAMES: tuple[tuple[str, str], ...] = (
    ("click_id", r"\b(gclid|fbclid|msclkid|(google )?click id)$"),
    ("anonymous_id", r"\b(anonymous id|user pseudo id|visitor id|client id|cookie( id)?)$"),
    ("previous_id", r"\bprevious id$"),
    ("device_id", r"\bdevice id$"),
    ("message_id", r"\b(message|event) id$"),
    ("ticket_id", r"\b(ticket|case) (id|no|nr|number)$"),
    ("lead_id", r"\blead id$"),
    ("campaign_id", r"\bcampaign id$"),
    ("utm_source", r"\b((utm|campaign|manual) source)$"),
    ("utm_medium", r"\b((utm|campaign|manual) medium)$"),
    ("utm_campaign", r"\b(utm campaign|campaign name|manual campaign name)$"),
    ("campaign", r"\bcampaign$"),
    ("utm_term", r"\b((utm|campaign|manual) term)$"),
    ("utm_content", r"\b((utm|campaign|manual) content)$"),
    ("session_id", r"\bsession id$|\bsession$"),
    ("refund_id", r"\brefund (id|no|nr|number)$"),
    ("order_id", r"\b(order|invoice|receipt|transaction) ?(id|no|nr|num|number)$|^(order|invoice|invoice ?no)$"
                 r"|^(bestell|auftrags|rechnungs) ?(nr|nummer)$"),
    ("payment_id", r"\bpayment (id|intent)$|^charge$"),
    ("opportunity_id", r"\b(opportunity|deal) (id|no|number)$"),
    ("loyalty_number", r"\b(loyalty (account )?(id|no|number)|card (no|number)|customer reference id)$"),
    ("person_id", r"\b(customer|client|user|contact|member|subscriber|person|profile|requester|unique email) ?"
                  r"(id|ids|no|nr|num|number|data id|reference)$"
                  r"|^customer$|\bprofile data id$|^kunden ?(id|nr|nummer)$"),
    ("external_id", r"\bexternal id$"),
    ("account_id", r"\b(account|company) id$"),
    ("parent_id", r"\bparent (account )?id$"),
    ("number", r"^number$"),
    ("id", r"^(id|record id|euid|uuid|guid|native id)$"),
    ("email", r"\be ?mail( address)?$"),
    ("phone", r"\b(mobile|cell|tele)? ?(phone|mobile|tel)( number)?$|\b(telephone|telefon|handy)$|\braw digits$"),
    ("given_name", r"^(vorname|prenom|nombre)$|\b(first|given|fore) ?name$|\bname first$"),
    ("family_name", r"^(nachname|familienname|nom|apellidos?)$|\b(last|family|sur) ?name$|\bname last$"),
    ("birth_date", r"\b(geburtsdatum|birth ?date|birthday|dob|date of birth)$"),
    ("gender", r"\b(gender|sex)$"),
    ("salutation", r"\bsalutation$|^(name )?prefix$"),
    ("company", r"\b(company|organi[sz]ation)( name)?$"),
    ("full_name", r"\b(full|person|customer|contact|billing|bill to|display) name$"),
    ("job_title", r"\bjob ?title$"),
    ("language", r"\b(preferred )?(language|locale|locales)$"),
    ("timezone", r"\btime ?zone$"),
    ("line_2", r"\b(address|line|street address)( line)? ?2$|\baddress2$"),
    ("line_1", r"\b(street address|address|line|address line) ?1$|\baddress line$"),
    ("street", r"\b(street( address)?|address|strasse|stra e|adresse)$"),
    ("city", r"\b(city|town|ort|stadt|ville|ciudad)$"),
    ("postal_code", r"\b(postal ?code|post ?code|zip( code)?|plz)$"),
    ("region", r"\b(state|region|province|subdivision)( code)?$"),
    ("country", r"^(land|pays|pais)$|\bcountry( region)?( code)?$|^cc$"),
    ("event_name", r"^(event|event name|metric|metric name|relationships metric name)$"),
    ("page_url", r"\b(page|page url|url|page location)$"),
    ("referrer", r"\brefer+er$"),
    ("ip", r"\bip( address)?$"),
    ("device_type", r"\bdevice (type|category)$"),
    ("currency", r"^(waehrung|w hrung|devise)$|\bcurrency( code| iso code)?$"),
    ("discount", r"\bdiscounts?( amount| total)?$|\bdiscount amount$"),
    ("shipping", r"\b(shipping|freight)( total| amount| cost| and handling)?$"),
    ("tax", r"^(?!.*\b(discount|shipping|cart)\b).*\b(tax|taxes|vat)( total| amount)?$"),
    ("gross", r"\b(sub ?total|gross( sales| amount)?)$|\bsubtotal amount$"),
    ("net", r"\bnet( sales| total| amount)?$"),
    ("refunded", r"\b(total refunded|refunded amount)$"),
    ("quantity", r"\b(quantity|qty|units|menge|anzahl)$"),
    ("unit_price", r"\b((unit|lineitem|item|variant|list) ?price|price|unit ?cost|preis|einzelpreis)$"),
    ("sku", r"\b(sku|stock ?code|product (id|code)|item (code|id)|article (no|number))$"),
    ("description", r"\bdescription$"),
    ("product_name", r"\b(product|item|lineitem|article)( name| title)?$"),
    ("category", r"\b(product |item )?category$"),
    ("amount", r"\b(amount|betrag|summe)$|^(grand )?total( amount| price| grand total)?( base)?$"
               r"|\bgrand total( base)?$"),
    ("points", r"^(?!.*\b(lifetime|balance|total)\b).*\bpoints$"),
    ("stage", r"\bstage( name)?$"),
    ("close_date", r"\bclosed? (date|at)$"),
    ("subject", r"\bsubject$"),
    ("priority", r"\bpriority$"),
    ("satisfaction", r"\b(satisfaction|satisfaction rating score)$"),
    ("score", r"\b(nps )?(score|rating)$"),
    ("comment", r"\b(comment|answer|feedback)$"),
    ("purpose", r"\bpurpose$"),
    ("channel", r"\bchannel$"),
    ("legal_basis", r"\blegal basis$"),
    ("evidence", r"\b(collection point|evidence)$"),
    ("direction", r"\bdirection$"),
    ("duration", r"\bduration( seconds)?$"),
    ("reason", r"\breason$"),
    ("plan", r"\b(plan|plan name)$"),
    ("industry", r"\bindustry$"),
    ("employees", r"\b(employees|number of employees)$"),
    ("website", r"\b(website|domain)$"),
    ("variant", r"\b(variant|variation|ad group|ad name)$"),
    ("action", r"\baction$"),
    ("survey", r"\bsurvey( type| name)?$"),
    ("status", r"\bstatus$|\btransaction type$"),
    ("properties", r"\b(properties|event params|event properties)$"),
    ("title", r"^(attributes )?title$"),
    ("name", r"^(attributes )?name$"),
    ("type", r"\btype$|^event type$"),
    ("anything", r"\bidentifier$"),
)  # fmt: skip
"""Role → words with which the name of a column ends."""

_TIMES = (
    ("birth_date", r"\b(birth|dob|geburts\w*)"),
    ("received_at", r"\breceived\b"),
    ("updated_at", r"\b(updated|modified|changed)\b"),
    ("created_at", r"\b(created|create|creation|registered|registration|optin|enrolled|joined|first visit|started|"
                   r"start|placed|opened|purchase|order|invoice)\b|^(bestell|auftrags|rechnungs|anlage|erstell|registr)"),
    ("resolved_at", r"\b(resolved|solved)\b"),
    ("ended_at", r"\b(ended|end|cancel+ed)\b"),
    ("expires_at", r"\b(expiry|expires|expiration)\b"),
    ("close_date", r"\bclosed?\b"),
    ("happened_at", r"^(timestamp|date|time|datetime|day|datum|zeit)$|"
                    r"\b(occurred|happened|event|interaction|transaction|datetime|timestamp)\b"),
)  # fmt: skip
"""Role of columns that hold instants → words of the name."""

_NO_PERSONS = re.compile(r"\b(paid|sent|original|last (event|activity|visit)|available|payout|fulfilled|cancelled)\b")


@dataclass(frozen=True)
class Column:
    """A column with what is believed of it.

    Args:
        address: Header or dotted path.
        words: The words of its name, in lower case.
        values: What its values are.
        role: What it means, or None.
        by_value: Whether its values say so, whatever it is called.
    """

    address: str
    words: str
    values: Values
    role: str | None = None
    by_value: bool = False


def columns_of(texts: Mapping[str, list[str | None]]) -> list[Column]:
    """Judge all columns of a sample."""
    found = []
    for address, values in texts.items():
        words = words_of(address)
        judged = judge(values, code=CODES.search(words) is not None)
        role, by_value = _role(words, judged)
        if role in _MONEY and judged.type == "integer":
            judged = replace(judged, type="decimal")
        found.append(Column(address, words, judged, role, by_value))
    return found


_MONEY = frozenset({"discount", "shipping", "tax", "gross", "net", "refunded", "unit_price", "amount"})


def words_of(name: str) -> str:
    """The words of a name: ``firstName``, ``FIRST_NAME`` and ``First Name`` are all ``first name``."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    spaced = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", spaced)
    plain = " ".join(re.findall(r"[a-z0-9]+", spaced.lower()))
    return re.sub(r"\b(first|last|family|given)(name)\b", r"\1 \2", plain)


def _role(words: str, values: Values) -> tuple[str | None, bool]:
    if not values.filled:
        return None, False
    if "email" in values.looks:
        return (
            ("anything", True) if words.endswith("identifier") else (None if _OTHERS.search(words) else "email", True)
        )
    if _OTHERS.search(words) and not re.search(r"^shipping( total| and handling)?$|shipping amount$", words):
        return None, False
    timed = values.type in ("date", "timestamp") or (values.epoch is not None and re.search(
        r"\b(at|date|time|timestamp|created|updated)$", words))  # fmt: skip
    if timed:
        if _NO_PERSONS.search(words):
            return None, False
        return next((role for role, pattern in _TIMES if re.search(pattern, words)), None), False
    if "number_sign" in values.looks and words == "name":
        return "order_id", True
    if "phone" in values.looks and "identifier" not in words:
        return "phone", True
    for role, pattern in _NAMES:
        if re.search(pattern, words) and _possible(role, values):
            return role, False
    return None, False


_NUMBERS = frozenset({
    "discount", "shipping", "tax", "gross", "net", "refunded", "quantity", "unit_price", "amount", "points", "score",
    "duration", "employees",
})  # fmt: skip


def _possible(role: str, values: Values) -> bool:
    """Whether a column of such values can have the role at all."""
    if role in _NUMBERS:
        return values.type in ("integer", "decimal", "float")
    if role == "country":
        return "country" in values.looks
    if role == "currency":
        return "currency" in values.looks
    if role == "email":
        return False
    if role == "properties":
        return values.type == "json"
    if role in ("page_url", "referrer"):
        return "url" in values.looks
    if role == "timezone":
        return "zone" in values.looks
    if role == "ip":
        return "ip" in values.looks
    return values.type != "json" and values.type != "boolean"
