"""A customer data platform as a chain of Dagster assets. `definitions.py` holds the whole graph."""
