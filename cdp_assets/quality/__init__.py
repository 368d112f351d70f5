"""Data-quality checks: expectations on a table, evaluated inside the engine. Knows no stage."""
