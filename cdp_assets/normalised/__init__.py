"""The second stage: raw rows become the canonical tables: typed, in UTC, deduplicated, each row accounted for."""
