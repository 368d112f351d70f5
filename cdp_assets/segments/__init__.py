"""Segments: who is in, who came and who left, and why. Conditions over `customer_360`, defined in YAML."""
