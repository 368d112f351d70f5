"""Data-quality checks: expectations on a table, evaluated inside the engine. Knows no stage."""

import os

# Great Expectations reads this when it is imported, which is later: it would tell its makers what is being checked.
os.environ["GX_ANALYTICS_ENABLED"] = "false"
