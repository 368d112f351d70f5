"""A small snapshot, written out: two people who share an e-mail, and one visitor.

Profile 1 is Ann Weber (shop customer 1001, CRM C-1; she was once profile 9), profile 2 is Bob Weber (shop customer
1002), who shares ann's e-mail; profile 3 is a device nobody is known on.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

_TABLES = """
CREATE SCHEMA normalised; CREATE SCHEMA identity; CREATE SCHEMA privacy; CREATE SCHEMA profiles;
CREATE SCHEMA attributes; CREATE SCHEMA segments; CREATE SCHEMA activation;

CREATE TABLE normalised.identity_records AS SELECT * FROM (VALUES
    (11, 'shop', 'customers', 'person', '1001', TIMESTAMPTZ '2024-01-02', TIMESTAMPTZ '2026-06-12', 3),
    (12, 'crm', 'contacts', 'person', 'C-1', TIMESTAMPTZ '2024-03-02', TIMESTAMPTZ '2026-03-02', 1),
    (21, 'shop', 'customers', 'person', '1002', TIMESTAMPTZ '2025-01-02', TIMESTAMPTZ '2026-06-01', 2),
    (31, 'web', 'events', 'fact', NULL, TIMESTAMPTZ '2026-06-20', TIMESTAMPTZ '2026-06-21', 40)
) AS t (record_id, source, stream, kind, native_id, first_seen_at, last_seen_at, rows);

CREATE TABLE normalised.identifiers AS SELECT *, TIMESTAMPTZ '2026-06-01' AS first_seen_at,
    TIMESTAMPTZ '2026-06-12' AS last_seen_at FROM (VALUES
    (11, 'shop', 'customer_number', '1001'), (11, 'global', 'email', 'weber@example.org'),
    (11, 'global', 'email_base', 'weber@example.org'), (12, 'global', 'email', 'ann@example.org'),
    (12, 'global', 'phone', '+4930123456'), (21, 'shop', 'customer_number', '1002'),
    (21, 'global', 'email', 'weber@example.org'), (31, 'web', 'anonymous_id', 'a-77')
) AS t (record_id, namespace, identifier_type, identifier_value);

CREATE TABLE normalised.exchange_rates AS SELECT * FROM (VALUES ('EUR', DATE '2020-01-01', 1.0, 'EUR'))
    AS t (currency, valid_from, rate, reporting_currency);
CREATE TABLE normalised.orders AS SELECT * FROM (VALUES
    ('EUR', 20.00, 20.00), ('SEK', 30.00, NULL), ('SEK', 40.00, NULL), ('USD', NULL, NULL)
) AS t (currency, net, net_reporting);
CREATE TABLE normalised.refunds AS SELECT * FROM (VALUES ('SEK', 5.00, NULL::DECIMAL(18, 2)))
    AS t (currency, amount, amount_reporting);
CREATE TABLE normalised.dispositions AS SELECT * FROM (VALUES
    ('shop', 'customers', 'l1', 'accepted', 2), ('shop', 'customers', 'l1', 'duplicate', 1),
    ('web', 'events', 'l2', 'quarantined', 1)
) AS t (source, stream, load_id, disposition, rows);
CREATE TABLE normalised.quarantine AS SELECT 'web' AS source, 'timestamp does not parse' AS reason;

CREATE TABLE identity.profile_map AS SELECT *, NULL::TIMESTAMPTZ AS valid_from, NULL::TIMESTAMPTZ AS valid_to
    FROM (VALUES (11, 1), (12, 1), (21, 2), (31, 3)) AS t (record_id, profile_id);
CREATE TABLE normalised.contacts AS SELECT *, NULL::BIGINT AS birth_year FROM (VALUES
    (11, 'Ann', 'Weber', NULL::VARCHAR, NULL::DATE, NULL::VARCHAR),
    (12, 'Ann', 'Weber', NULL, DATE '1980-02-03', 'Weber & Co'),
    (21, 'Bob', 'Weber', NULL, DATE '1979-02-03', NULL)
) AS t (record_id, given_name, family_name, full_name, birth_date, company);
CREATE TABLE normalised.contact_points AS SELECT * FROM (VALUES
    (11, 'postal', 'Hauptstr. 5', '10115', 'Berlin', 'DE')
) AS t (record_id, kind, line_1, postal_code, city, country);
CREATE TABLE identity.links AS SELECT * FROM (VALUES
    (12, 11, 'likeness', 'likeness', 5, 0.999::DOUBLE)
) AS t (left_record_id, right_record_id, namespace, identifier_type, identifier_id, strength);
CREATE TABLE identity.rejected_links AS SELECT * FROM (VALUES
    (1, 11, 21, 'global', 'email', 7, 'names_differ', 'the given names differ')
) AS t (link_id, left_record_id, right_record_id, namespace, identifier_type, identifier_id, reason, detail);
CREATE TABLE identity.review_queue AS SELECT * FROM (VALUES
    (1, 2, 0.87::DOUBLE, 'between the thresholds', TIMESTAMPTZ '2026-06-30', 12, 21,
     '[{"comparison": "family name", "level": "the same", "weight": 6.2},
       {"comparison": "given name", "level": "different", "weight": -3.0}]')
) AS t (left_profile_id, right_profile_id, probability, reason, since, left_record_id, right_record_id, evidence);
CREATE TABLE identity.steward_words AS SELECT 'd1' AS word, 'same' AS kind, NULL::VARCHAR AS subject,
    NULL::BIGINT AS left_record_id, NULL::BIGINT AS right_record_id, NULL::BIGINT AS identifier_id WHERE false;
CREATE TABLE identity.redirects AS SELECT 9 AS old_profile_id, 1 AS profile_id;
CREATE TABLE identity.profile_changes AS
    SELECT 9 AS other_profile_id, 1 AS profile_id, 'merged' AS change, TIMESTAMPTZ '2026-06-30' AS as_of;

CREATE TABLE privacy.consent_state AS SELECT * FROM (VALUES
    ('ann@example.org', 'marketing', 'email', 'granted', true, TIMESTAMPTZ '2025-01-01', NULL::TIMESTAMPTZ, 'consent',
     'crm')
) AS t (contact_point, purpose, channel, status, explicit, since, expires_at, legal_basis, source);
CREATE TABLE privacy.suppressions AS SELECT * FROM (VALUES
    ('weber@example.org', 'email', 'bounced', TIMESTAMPTZ '2026-01-01')
) AS t (contact_point, channel, reason, since);

CREATE TABLE profiles.golden_records AS SELECT * FROM (VALUES
    (1, false, 'Ann Weber', 'ann@example.org', '+4930123456', 'Berlin', 'DE', 2, 'crm,shop'),
    (2, false, 'Bob Weber', 'weber@example.org', NULL, 'Berlin', 'DE', 1, 'shop'),
    (3, true, NULL, NULL, NULL, NULL, NULL, 1, 'web')
) AS t (profile_id, anonymous, full_name, email, phone, city, country, records, sources);
CREATE TABLE profiles.provenance AS SELECT * FROM (VALUES
    (1, 'email', 'ann@example.org', 'crm', 12, TIMESTAMPTZ '2026-03-02', 'source_priority',
     '[{"value": "weber@example.org", "source": "shop", "observed_at": "2024-01-02"}]'),
    (1, 'full_name', 'Ann Weber', 'crm', 12, TIMESTAMPTZ '2026-03-02', 'most_recent', '[]')
) AS t (profile_id, attribute, value, source, record_id, observed_at, strategy, beaten);
CREATE TABLE profiles.timeline AS SELECT * FROM (VALUES
    (1, TIMESTAMPTZ '2026-05-12 09:30:00', 'order', 'shop', '7', 'Order 7', 40.00::DECIMAL(18,2)),
    (1, TIMESTAMPTZ '2026-05-20 09:30:00', 'refund', 'shop', '8', 'Refund of order 7', 10.00::DECIMAL(18,2)),
    (1, TIMESTAMPTZ '2026-06-20 10:00:00', 'event', 'web', '9', 'page /shoes', NULL)
) AS t (profile_id, occurred_at, kind, source, native_id, title, amount_reporting);

CREATE TABLE attributes.customer_360 AS
    SELECT golden.*, NULL::VARCHAR AS timezone, 1 AS orders,
        30.00::DECIMAL(18,2) AS net_spend, 0.2 AS churn_risk, 'low' AS risk_band
    FROM profiles.golden_records AS golden;
CREATE TABLE activation.deliveries AS SELECT * FROM (VALUES
    ('welcome', 'delivered', NULL), ('welcome', 'withheld', 'no_consent')
) AS t (destination, status, reason);
CREATE TABLE segments.memberships AS SELECT 'vip' AS segment, 1 AS profile_id, TIMESTAMPTZ '2026-06-30' AS entered_at;
CREATE TABLE segments.membership_changes AS
    SELECT 'vip' AS segment, 1 AS profile_id, 'entered' AS change, TIMESTAMPTZ '2026-06-30' AS changed_at;
CREATE TABLE segments.segment_sizes AS SELECT * FROM (VALUES
    ('vip', TIMESTAMPTZ '2026-06-29', 0, 0.0), ('vip', TIMESTAMPTZ '2026-06-30', 1, 0.5)
) AS t (segment, as_of, members, share);
"""


def write_snapshot(file: Path) -> Path:
    """Write the snapshot to ``file`` and return it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(_TABLES)
    return file
