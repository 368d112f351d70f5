"""What may be done with whom: consent and suppression, as of any instant. Between identity and profiles."""
