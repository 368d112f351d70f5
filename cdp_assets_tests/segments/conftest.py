"""Fixtures of this folder's tests."""

from __future__ import annotations

import ibis
import pytest
from ibis.config import Config


class _SparkOptions(Config):
    treat_nan_as_null: bool = False


@pytest.fixture
def spark_dialect(monkeypatch: pytest.MonkeyPatch) -> str:
    """The dialect's name, for `ibis.to_sql`, which reads options that only an installed PySpark registers."""
    if ibis.options.pyspark is None:
        monkeypatch.setattr(ibis.options, "pyspark", _SparkOptions())
    return "pyspark"
