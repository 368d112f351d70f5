"""Who is who: from identifiers and names to profiles. Deterministic, conservative, explainable."""
