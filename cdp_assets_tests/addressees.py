"""Who, of a demo company, may be told by e-mail of a cart that they have not left yet."""

WHO_MAY_BE_TOLD = """
    SELECT customers.profile_id, min(customers.email) AS email, min(identifiers.identifier_value) AS user_id
    FROM attributes.customer_360 AS customers
    JOIN privacy.consent_state AS consents ON consents.contact_point = customers.email
        AND consents.purpose = 'marketing' AND consents.channel = 'email' AND consents.status = 'granted'
    JOIN identity.profile_map AS profile_map ON profile_map.profile_id = customers.profile_id
    JOIN normalised.identifiers AS identifiers ON identifiers.record_id = profile_map.record_id
        AND identifiers.identifier_type = 'user_id' AND identifiers.namespace = 'web'
        AND identifiers.identifier_value IN (
            SELECT identifier_value FROM normalised.identifiers JOIN identity.profile_map USING (record_id)
            WHERE identifier_type = 'user_id' AND namespace = 'web'
            GROUP BY identifier_value HAVING count(DISTINCT profile_id) = 1
        )
    WHERE customers.email NOT IN (SELECT contact_point FROM privacy.suppressions)
      AND customers.profile_id NOT IN (SELECT profile_id FROM segments.memberships WHERE segment = 'cart_abandoners')
      AND customers.profile_id NOT IN (SELECT profile_id FROM activation.outbox WHERE destination <> 'crm_champions')
    GROUP BY customers.profile_id ORDER BY customers.profile_id LIMIT ?
"""
"""profile_id, email and user_id (nobody else's, as placeholders are) of so many people, in the order of their ids."""
