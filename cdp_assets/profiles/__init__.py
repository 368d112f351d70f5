"""One trusted record per person, every value traceable to where it came from, and everything they did in one table."""
