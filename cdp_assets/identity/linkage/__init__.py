"""Probabilistic linking: profiles that look like one person although they share no identifier."""
