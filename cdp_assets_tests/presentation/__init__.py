"""How reports and pages read, given what they show."""
