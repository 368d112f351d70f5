"""Tests of the attributes stage."""
