"""Tests of the demo company's data and of the scores against its truth."""
