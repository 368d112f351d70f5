"""The `cdp` command, driven as a person would."""
