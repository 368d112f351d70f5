"""Samples of unknown files become a source's definition that works as it is."""
