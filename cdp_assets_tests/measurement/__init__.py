"""Tests of the measurement stage."""
