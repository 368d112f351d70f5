"""What is known about each profile beyond its golden values: computed from facts, never summed from old aggregates."""
