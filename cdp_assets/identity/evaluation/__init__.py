"""Identity resolution measured on any labelled table of people."""
